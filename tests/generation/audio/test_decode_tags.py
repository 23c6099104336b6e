"""Megabytes of words and pictures in a file's tags cost little and refuse nobody, in whichever format."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mutagen.aiff import AIFF
from mutagen.flac import FLAC, Picture
from mutagen.id3 import TXXX
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from generation.audio.decode import DecodeLimits, decode
from tests.support import clips

LINES = "Stream #0:0: Audio: none, 1 Hz\n" * (4 * 2**20 // 31)
"""4 MB of what the decoder itself says about files: it prints them, and its words are read."""
PICTURE = bytes(range(256)) * (4 * 2**20 // 256)
LIMITS = DecodeLimits(wall_s=300)


def in_comment(tags: Any) -> None:
    tags["comment"] = LINES


def in_mp4_comment(tags: Any) -> None:
    tags["\xa9cmt"] = LINES


def in_id3_chunk(tags: Any) -> None:
    tags.add_tags()
    tags.tags.add(TXXX(encoding=3, desc="x", text=LINES))


def as_ogg_picture(tags: Any) -> None:
    picture = Picture()
    picture.data, picture.mime, picture.type = PICTURE, "image/jpeg", 3
    tags["metadata_block_picture"] = [base64.b64encode(picture.write()).decode()]


def as_mp4_cover(tags: Any) -> None:
    tags["covr"] = [MP4Cover(PICTURE, MP4Cover.FORMAT_JPEG)]


def tagged(folder: Path, format_name: str, opened: Callable[[Path], Any], put_in: Callable[[Any], None]) -> bytes:
    """The little song with tags put in by mutagen."""
    path = folder / f"song{clips.FORMATS[format_name][0]}"
    path.write_bytes(clips.song_file(format_name))
    tags = opened(path)
    put_in(tags)
    tags.save()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("format_name", "opened", "put_in"),
    [
        ("ogg-vorbis", OggVorbis, in_comment),
        ("ogg-opus", OggOpus, in_comment),
        ("flac", FLAC, in_comment),
        ("m4a", MP4, in_mp4_comment),
        ("mp4", MP4, in_mp4_comment),
        ("wav", WAVE, in_id3_chunk),
        ("aiff", AIFF, in_id3_chunk),
        ("ogg-vorbis", OggVorbis, as_ogg_picture),
        ("m4a", MP4, as_mp4_cover),
    ],
)
async def test_tags_of_megabytes_refuse_nobody(
    tmp_path: Path, format_name: str, opened: Callable[[Path], Any], put_in: Callable[[Any], None]
) -> None:
    data = tagged(tmp_path, format_name, opened, put_in)
    assert len(data) > 4_000_000
    decoded = await decode(data, LIMITS)
    assert decoded.used_s == pytest.approx(8, abs=0.2)
    assert decoded.source_rate_hz == (48_000 if format_name == "ogg-opus" else 44_100)
    assert not decoded.remarks
