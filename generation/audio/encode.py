"""Audio out: a clip as mp3, ogg, wav or flac with its tags, going down a ladder of formats until it fits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from generation.audio.export import export
from generation.audio.ffmpeg import ffmpeg_path
from generation.audio.tags import Tags, write_tags
from generation.clip import Clip
from generation.errors import BandmateError, EncodingFailed
from generation.request import AudioFormat

OPUS_RATE_HZ = 48_000
"""What Opus works at (RFC 6716, 2.1.3); giving it that saves it a resampling of its own."""

TIME_LIMIT_S = 120.0

BITRATES_KBPS: dict[AudioFormat, tuple[int, ...]] = {
    AudioFormat.MP3: (192, 128, 96, 64, 48),
    AudioFormat.OGG: (128, 96, 64, 48, 32),
}
"""From the one that is used when nothing presses down to the lowest that is still music."""

_CODECS: dict[AudioFormat, str | None] = {
    AudioFormat.MP3: "libmp3lame",
    AudioFormat.OGG: "libopus",
    AudioFormat.FLAC: "flac",
    AudioFormat.WAV: None,
}


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: a format and, where it has one, its bit rate in kbit/s."""

    audio_format: AudioFormat
    bitrate_kbps: int | None = None

    def __str__(self) -> str:
        name = "Ogg/Opus" if self.audio_format is AudioFormat.OGG else self.audio_format.value.upper()
        return f"{name} at {self.bitrate_kbps} kbit/s" if self.bitrate_kbps else name

    def least_bytes(self, clip: Clip) -> float:
        """The least that the file will have; 0 when only trying can tell. Opus may stay under its bit rate."""
        if self.audio_format is AudioFormat.WAV:
            return 44 + clip.num_frames * clip.num_channels * 2
        share = 0.8 if self.audio_format is AudioFormat.OGG else 1.0
        return share * (self.bitrate_kbps or 0) * 1000 / 8 * clip.duration_s


@dataclass(frozen=True, slots=True)
class Encoded:
    """A file's bytes, the format it came out in, and the sentence that says so when it isn't the one asked for."""

    data: bytes
    audio_format: AudioFormat
    remark: str = ""


async def encode(
    clip: Clip,
    audio_format: AudioFormat,
    *,
    tags: Tags | None = None,
    bitrate_kbps: int | None = None,
    ffmpeg: Path | None = None,
    folder: Path | None = None,
) -> bytes:
    """The clip as a file, in a thread. `bitrate_kbps` None: the format's default; `folder`: for temporary files.

    Raises:
        EncodingFailed: the encoder failed, took longer than TIME_LIMIT_S, or the disk is full.
    """
    rung = Rung(audio_format, bitrate_kbps or next(iter(BITRATES_KBPS.get(audio_format, ())), None))
    try:
        async with asyncio.timeout(TIME_LIMIT_S):
            return await asyncio.to_thread(_encode_rung, clip, rung, tags, ffmpeg, folder)
    except TimeoutError as error:
        raise EncodingFailed(f"Writing the {rung} took too long. Try another format.") from error


async def encode_to_fit(
    clip: Clip,
    audio_format: AudioFormat,
    max_bytes: int | None,
    tags: Tags | None = None,
    *,
    ffmpeg: Path | None = None,
    folder: Path | None = None,
) -> Encoded:
    """The clip in the format asked for, or in the next smaller one that has at most `max_bytes` (None: no limit).

    WAV falls back to FLAC, FLAC to MP3, MP3 and Ogg to lower bit rates.

    Raises:
        BandmateError: not even the smallest fits, or see `encode`.
    """
    wanted, *fallbacks = ladder(audio_format)
    smallest = 0
    for rung in (wanted, *fallbacks):
        if max_bytes is not None and rung.least_bytes(clip) > max_bytes:
            smallest = round(rung.least_bytes(clip))
            continue
        data = await encode(
            clip, rung.audio_format, tags=tags, bitrate_kbps=rung.bitrate_kbps, ffmpeg=ffmpeg, folder=folder
        )
        if max_bytes is None or len(data) <= max_bytes:
            return Encoded(data, rung.audio_format, "" if rung == wanted else _fallback(wanted, rung, max_bytes or 0))
        smallest = len(data)
    raise BandmateError(
        f"The take is too long to be sent: even as {fallbacks[-1]} it has {_mib(smallest)},"
        f" and at most {_mib(max_bytes or 0)} fit here."
    )


def ladder(audio_format: AudioFormat) -> tuple[Rung, ...]:
    """The rungs from a format down, the format itself first."""
    lossless = {AudioFormat.WAV: (AudioFormat.WAV, AudioFormat.FLAC), AudioFormat.FLAC: (AudioFormat.FLAC,)}
    above = tuple(Rung(step) for step in lossless.get(audio_format, ()))
    lossy = audio_format if audio_format in BITRATES_KBPS else AudioFormat.MP3
    return above + tuple(Rung(lossy, kbps) for kbps in BITRATES_KBPS[lossy])


def _encode_rung(clip: Clip, rung: Rung, tags: Tags | None, ffmpeg: Path | None, folder: Path | None) -> bytes:
    if rung.audio_format is AudioFormat.OGG:
        clip = clip.resampled(OPUS_RATE_HZ)
    container, codec = rung.audio_format.value, _CODECS[rung.audio_format]
    data = export(clip, container, codec, rung.bitrate_kbps, ffmpeg_path(ffmpeg), folder)
    return write_tags(data, rung.audio_format, tags) if tags else data


def _fallback(wanted: Rung, rung: Rung, max_bytes: int) -> str:
    return f"As {wanted} the file would be larger than the {_mib(max_bytes)} that fit here, so this is {rung}."


def _mib(num_bytes: int) -> str:
    return f"{num_bytes / 2**20:.1f} MiB"
