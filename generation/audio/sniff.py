"""What a file is, from its first bytes: the gate that keeps playlists and all that is no audio from the decoder."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generation.errors import ClipRefused

READABLE = "mp3, wav, flac, ogg, m4a, aac, mp4, mov, webm, mkv, aiff or caf"
LEADING_ZEROS = 65_536
"""So many zero bytes may stand in front of MP3 frames; cut or streamed files have them."""

MAX_ID3_TAGS = 8
"""More tags than that, one behind the other, are not looked behind."""


@dataclass(frozen=True, slots=True)
class Container:
    """A file format by its name for people and by the name of ffmpeg's one demuxer for it.

    `has_pictures`: the file may hold a video, whose length is then the length that the file states.
    """

    name: str
    demuxer: str
    has_pictures: bool = False


WAV = Container("WAV", "wav")
FLAC = Container("FLAC", "flac")
OGG = Container("Ogg", "ogg")
MP3 = Container("MP3", "mp3")
AAC = Container("AAC", "aac")
MP4 = Container("MP4", "mov", has_pictures=True)
M4A = Container("M4A", "mov", has_pictures=True)
QUICKTIME = Container("QuickTime", "mov", has_pictures=True)
WEBM = Container("WebM", "matroska", has_pictures=True)
MATROSKA = Container("Matroska", "matroska", has_pictures=True)
AIFF = Container("AIFF", "aiff")
CAF = Container("CAF", "caf")

_MP4_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_EBML = b"\x1a\x45\xdf\xa3"
_NOT_AUDIO = (
    (b"MThd", "a MIDI file: notes without sound. Export it as audio first"),
    (b"RIFF....RMID", "a MIDI file: notes without sound. Export it as audio first"),
    (b"\x30\x26\xb2\x75", "a Windows Media file, which I can't read. Save it in another format"),
    (b"\x89PNG", "a picture, not audio"),
    (b"\xff\xd8\xff", "a picture, not audio"),
    (b"GIF8", "a picture, not audio"),
    (b"RIFF....WEBP", "a picture, not audio"),
    (b"%PDF", "a PDF, not audio"),
    (b"PK\x03\x04", "an archive, not audio. Unpack it first"),
    (b"7z\xbc\xaf", "an archive, not audio. Unpack it first"),
    (b"Rar!", "an archive, not audio. Unpack it first"),
    (b"\x1f\x8b", "an archive, not audio. Unpack it first"),
)
_PLAYLIST = re.compile(
    r"\A(#extm3u|ffconcat|\[playlist\]|\[reference\]|<mpd|<asx|<smil|<smoothstreamingmedia|v=0|rtsptext|#!rtp|rtsp://)"
    r"|<(mpd|asx|smil|smoothstreamingmedia|playlist|tracklist|assetmap|compositionplaylist|packinglist)[\s>]"
    r"|^[ \t]*(file\s+['\"]?)?"
    r"(https?|ftp|file|rtsp|rtmp|mms|data|concat|subfile|crypto|tcp|udp|icy|sftp|smb|hls)[:+,]\S",
    re.MULTILINE,
)


def sniff(data: bytes) -> Container:
    """The container of a file, by its magic bytes alone; names and content types are not trusted.

    Raises:
        ClipRefused: empty, a playlist or manifest, or not a format that is taken; the sentence says which.
    """
    if not data:
        raise ClipRefused("The attachment is empty (0 bytes). Send the clip again.")
    container = _by_magic(data)
    if container is None:
        raise ClipRefused(_why_not(data))
    return container


def tags_end(data: bytes) -> int:
    """Where the ID3v2 tags in front of a file end, in bytes: 0 where there are none.

    Nothing in them is used, and a decoder that prints megabytes of them works for longer than on the music.
    """
    start = 0
    for _ in range(MAX_ID3_TAGS):
        if data[start : start + 3] != b"ID3" or len(data) <= start + 10:
            break
        start += 10 + _syncsafe(data[start + 6 : start + 10])
    return start


def _by_magic(data: bytes) -> Container | None:
    if data[:4] in (b"RIFF", b"RF64", b"BW64") and data[8:12] == b"WAVE":
        return WAV
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return AIFF
    if data[4:8] in _MP4_ATOMS:
        return {b"M4A ": M4A, b"qt  ": QUICKTIME}.get(data[8:12], MP4 if data[4:8] == b"ftyp" else QUICKTIME)
    if data[:4] == _EBML:
        return WEBM if b"webm" in data[:64] else MATROSKA
    starts = {b"fLaC": FLAC, b"OggS": OGG, b"caff": CAF}
    return starts.get(data[:4]) or _mpeg(data)


def _mpeg(data: bytes) -> Container | None:
    """MP3 or AAC frames, or FLAC, behind ID3v2 tags or a run of zeros."""
    start = tags_end(data)
    frames = data[start : start + LEADING_ZEROS].lstrip(b"\0")[:4]
    if frames == b"fLaC":
        return FLAC
    if len(frames) >= 2 and frames[0] == 0xFF:
        if frames[1] & 0xF6 == 0xF0:  # ADTS: the layer bits are 0 (ISO 14496-3, 1.A.2)
            return AAC
        if frames[1] & 0xE0 == 0xE0 and (frames[1] >> 1) & 3 in (1, 2):  # layer III or II (ISO 11172-3, 2.4.2.3)
            return MP3
    return MP3 if start and frames else None  # a tag before nothing but zeros is not worth a decoder


def _syncsafe(size: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=True))


def _why_not(data: bytes) -> str:
    if _PLAYLIST.search(_as_text(data[:4096])):
        return "That is a playlist, not a recording: it only points to audio elsewhere. Attach the audio file itself."
    for magic, what in _NOT_AUDIO:
        if re.match(re.escape(magic).replace(rb"\.", b"."), data, re.DOTALL):
            return f"That is {what}. I read {READABLE}."
    return f"That is not audio that I can read. Send {READABLE}."


def _as_text(data: bytes) -> str:
    """The start of a text file in lower case, in whichever of the usual encodings its byte order mark tells."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace").strip("\ufeff \r\n\t").lower()
    return data.decode("utf-8", "replace").strip("\ufeff \r\n\t\0").lower()
