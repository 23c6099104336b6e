"""Hostile files: nothing is fetched, nothing crashes, nothing hangs, nothing is left running."""

from __future__ import annotations

import asyncio
import contextlib
import io
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen.id3 import ID3, TXXX

from generation.audio import sniff
from generation.audio.decode import DecodeLimits, _as_open_file, decode
from generation.audio.ffmpeg import decode_command, ffmpeg_path
from generation.audio.sandbox import ChildLimits, run_limited
from generation.clip import Clip
from generation.errors import ClipRefused
from tests.support import clips
from tests.support.loop_steps import beside
from tests.support.mutate import mutations
from tests.support.playlists import disguises, listening, playlists

CONTAINERS = (sniff.WAV, sniff.FLAC, sniff.OGG, sniff.MP3, sniff.AAC, sniff.MP4, sniff.MATROSKA, sniff.AIFF, sniff.CAF)
HANG_S = 60.0


@pytest.fixture
async def listener() -> AsyncIterator[tuple[str, list[str]]]:
    """A server on loopback: its URL, and a list that grows with every connection."""
    async with listening() as (url, touched):
        yield url, touched


async def test_the_listener_notices_an_unhardened_ffmpeg(listener: tuple[str, list[str]], tmp_path: Path) -> None:
    """The check of the check: what follows would see a connection."""
    url, touched = listener
    path = tmp_path / "song.mp3"
    path.write_bytes(playlists(url)["hls"])
    unhardened = ["-v", "quiet", "-protocol_whitelist", "file,http,tcp", "-f", "hls", "-i", str(path)]
    command = [ffmpeg_path(), *unhardened, "-f", "null", "-"]
    await asyncio.to_thread(subprocess.run, command, timeout=30, check=False, stdin=subprocess.DEVNULL)
    assert touched


@pytest.mark.parametrize("kind", playlists("http://127.0.0.1:1/a"))
async def test_playlists_are_refused_and_nothing_is_fetched(kind: str, listener: tuple[str, list[str]]) -> None:
    url, touched = listener
    for disguise, data in disguises(playlists(url)[kind]).items():
        with pytest.raises(ClipRefused) as error:
            await decode(data)
        if disguise in ("plain", "bom", "utf-16", "blank lines", "zeros") and kind not in ("avisynth", "ffmetadata"):
            assert "playlist" in str(error.value), (kind, disguise)
    assert not touched


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda container: container.name)
async def test_ffmpeg_itself_fetches_nothing_even_past_the_gate(
    container: sniff.Container, listener: tuple[str, list[str]]
) -> None:
    url, touched = listener
    limits = ChildLimits(memory_bytes=2**30, cpu_s=5, wall_s=5, output_bytes=2**20)
    for data in playlists(url).values():
        with _as_open_file(memoryview(data)) as fd:
            result = await run_limited(decode_command(ffmpeg_path(), container, fd, 5), limits, pass_fds=(fd,))
        assert not result.timed_out and len(result.stdout) < 1_000
    assert not touched


async def check_safe(name: str, data: bytes) -> None:
    """A file gives a clip or a sentence within the time, whatever it is."""
    try:
        async with asyncio.timeout(HANG_S):
            decoded = await decode(data, DecodeLimits(max_clip_s=5))
    except ClipRefused as error:
        assert str(error).endswith("."), name
    else:
        assert isinstance(decoded.clip, Clip) and decoded.used_s <= 5.01, name
        assert abs(decoded.clip.samples).max() <= 1, name


@pytest.mark.parametrize("format_name", clips.FORMATS)
async def test_damaged_files_give_a_clip_or_a_sentence(format_name: str) -> None:
    file = {format_name: clips.encoded(clips.little_song(150, 9, "minor", 1), format_name)}
    for name, data in mutations(file, 16, seed=1):
        await check_safe(name, data)


MAGICS = (
    b"ID3\x04\0\0\0\0\0\0",
    b"\xff\xfb\x90\x00",
    b"\xff\xf1\x50\x80",
    b"OggS\0\2",
    b"fLaC\0\0\0\x22",
    b"RIFF\xff\xff\xff\xffWAVEfmt ",
    b"RF64\xff\xff\xff\xffWAVEds64",
    b"FORM\0\0\1\0AIFFCOMM",
    b"caff\0\1\0\0desc",
    b"\0\0\0\x18ftypM4A \0\0\0\0",
    b"\x1a\x45\xdf\xa3",
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(magic=st.sampled_from((*MAGICS, b"")), body=st.binary(max_size=2_000))
def test_any_bytes_give_a_clip_or_a_sentence(magic: bytes, body: bytes) -> None:
    asyncio.run(check_safe("hypothesis", magic + body))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    format_name=st.sampled_from(("wav", "flac", "mp3", "ogg-opus", "ogg-vorbis", "m4a", "aiff", "webm")),
    edits=st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=8)), max_size=6),
    keep=st.floats(0, 1),
)
def test_any_edit_gives_a_clip_or_a_sentence(format_name: str, edits: list[tuple[float, bytes]], keep: float) -> None:
    data = bytearray(clips.song_file(format_name))
    for place, piece in edits:
        start = int(place**3 * len(data))  # more often near the start, where the sizes are
        data[start : start + len(piece)] = piece
    asyncio.run(check_safe("hypothesis", bytes(data[: max(1, int(keep * len(data)))])))


@pytest.mark.parametrize("format_name", ["mp3", "aac", "flac"])
async def test_tags_of_megabytes_do_no_harm(format_name: str) -> None:
    tags = ID3()
    tags.add(TXXX(encoding=3, desc="x", text="Stream #0:0: Audio: none, 1 Hz\n" * 400_000))
    buffer = io.BytesIO()
    tags.save(buffer)
    assert len(buffer.getvalue()) > 12_000_000
    decoded = await decode(buffer.getvalue() + clips.song_file(format_name))
    assert decoded.source_rate_hz == 44_100 and decoded.used_s == pytest.approx(8, abs=0.1)


@pytest.mark.parametrize("piece", [b"ID3\x04\0\0\0\0\0\0", b"\n", b" ", b"\0", b"file '", b"<?xml "])
def test_the_gate_takes_no_time_whatever_stands_there(piece: bytes) -> None:
    data = piece * (20 * 2**20 // len(piece))
    start = time.thread_time()
    with contextlib.suppress(ClipRefused):
        sniff.sniff(data)
    assert time.thread_time() - start < 1


def slow_ffmpeg(tmp_path: Path, mark: str) -> Path:
    """A program that never ends, with a word in its command line by which it is found."""
    path = tmp_path / "ffmpeg"
    path.write_text(f"#!/bin/sh\nsleep 600 & exec tail -f /dev/null {mark}\n")
    path.chmod(0o755)
    return path


def running(mark: str) -> list[str]:
    """The ids of processes with a word in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            continue  # it ended while we looked
    return found


needs_proc = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc")


@needs_proc
async def test_a_cancel_kills_the_child(tmp_path: Path) -> None:
    mark = str(tmp_path)
    limits = DecodeLimits(ffmpeg_path=slow_ffmpeg(tmp_path, mark), bubblewrap=False)
    task = asyncio.create_task(decode(clips.song_file("wav"), limits))
    async with asyncio.timeout(HANG_S):
        while not running(f"tail\0-f\0/dev/null\0{mark}"):  # noqa: ASYNC110  another process
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not running(f"tail\0-f\0/dev/null\0{mark}")


@needs_proc
async def test_a_hanging_child_is_killed_and_told(tmp_path: Path) -> None:
    mark = str(tmp_path)
    limits = DecodeLimits(ffmpeg_path=slow_ffmpeg(tmp_path, mark), wall_s=0.5, bubblewrap=False)
    with pytest.raises(ClipRefused, match="took too long"):
        await decode(clips.song_file("wav"), limits)
    assert not running(f"tail\0-f\0/dev/null\0{mark}")


async def test_the_event_loop_goes_on_while_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    data = clips.wav_bytes(clips.noise(60))
    decoded = await beside(decode(data))
    assert decoded.result.used_s == pytest.approx(60)
    monkeypatch.setattr("generation.audio.decode.asyncio.to_thread", _in_the_way)
    blocked = await beside(decode(data))
    assert decoded.longest_s < blocked.longest_s / 2
    assert decoded.rounds > 5


async def _in_the_way(work: Callable[..., Any], *given: Any) -> Any:
    return work(*given)
