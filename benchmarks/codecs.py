"""Decoding and encoding per format: milliseconds for 30 s of stereo, and how many times real time that is.

The peer is pydub's `from_file_using_temporary_files` (its `from_file` wants an ffprobe), measured in the same run on
the same bytes. It has no limits at all; the decoder here pays for a child process with limits, for checking what comes
out and for staying off the event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import statistics
import tempfile
import time
import warnings
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from generation.audio.decode import DecodeLimits, decode
from generation.audio.encode import encode
from generation.audio.ffmpeg import ffmpeg_path
from generation.audio.finish import finish
from generation.audio.picture import waveform_png
from generation.audio.sandbox import isolation_report
from generation.audio.store import AudioStore
from generation.clip import Clip
from generation.request import AudioFormat
from tests.support import clips

SECONDS = 30.0


def song() -> Clip:
    """30 s at 120 BPM, 44.1 kHz stereo."""
    return clips.little_song(120, 0, "major", 15, channels=2)


async def median_ms(action: Callable[[], Awaitable[object]], runs: int) -> float:
    """The median of `runs` timings in milliseconds, after one that warms up."""
    times = []
    for run in range(runs + 1):
        start = time.perf_counter()
        await action()
        if run:
            times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def pydub_from_file(data: bytes, demuxer: str) -> object:
    """The peer: pydub's reading through the same ffmpeg, by the way that does not need the ffprobe that is not here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
    peer: Any = type("Peer", (AudioSegment,), {"converter": ffmpeg_path()})
    return peer.from_file_using_temporary_files(io.BytesIO(data), format=demuxer)


async def decode_table(runs: int) -> Table:
    """Decoding, a row a format."""
    table = Table(title=f"Decode {SECONDS:.0f} s of stereo")
    for column in ("format", "KiB", "ms", "x real time", "pydub ms", "ours / pydub"):
        table.add_column(column, justify="right" if column != "format" else "left")
    limits = DecodeLimits(max_clip_s=60)
    demuxers = {"m4a": "mp4", "m4a-alac": "mp4", "mkv": "matroska", "webm": "matroska", "aac": "aac"}
    for name in clips.FORMATS:
        data = clips.encoded(song(), name)
        ours = await median_ms(partial(decode, data, limits), runs)
        demuxer = demuxers.get(name, name.split("-")[0])
        peer = await median_ms(partial(asyncio.to_thread, pydub_from_file, data, demuxer), runs)
        row = [name, f"{len(data) / 1024:.0f}", f"{ours:.0f}", f"{1000 * SECONDS / ours:.0f}"]
        row += [f"{peer:.0f}", f"{ours / peer:.2f}"]
        table.add_row(*row)
    return table


async def encode_table(runs: int) -> Table:
    """Encoding, a row a format, and what else is done to every take."""
    clip = song()
    table = Table(title=f"Encode and finish {SECONDS:.0f} s of stereo")
    for column in ("what", "KiB", "ms", "x real time"):
        table.add_column(column, justify="right" if column != "what" else "left")
    for audio_format in AudioFormat:
        data = await encode(clip, audio_format)
        ms = await median_ms(partial(encode, clip, audio_format), runs)
        table.add_row(audio_format.value, f"{len(data) / 1024:.0f}", f"{ms:.0f}", f"{1000 * SECONDS / ms:.0f}")
    finishing = await median_ms(lambda: asyncio.to_thread(finish, clip), runs)
    table.add_row("finish (-14 LUFS, limiter)", "", f"{finishing:.0f}", f"{1000 * SECONDS / finishing:.0f}")
    picture = await median_ms(lambda: asyncio.to_thread(waveform_png, clip), runs)
    table.add_row("waveform picture", f"{len(waveform_png(clip)) / 1024:.0f}", f"{picture:.0f}", "")
    return table


async def store_row(table: Table, runs: int) -> None:
    """Keeping a clip (24-bit FLAC, fsync) and getting it back."""
    clip = song()
    with tempfile.TemporaryDirectory() as folder:
        store = AudioStore(Path(folder))
        digest = store.put(clip)

        async def keep() -> None:
            await asyncio.to_thread(store.remove, digest)
            await asyncio.to_thread(store.put, clip)

        put = await median_ms(keep, runs)
        get = await median_ms(lambda: asyncio.to_thread(store.get, digest), runs)
        size = sum(size for _, size in store.hashes())
    table.add_row("store: keep", f"{size / 1024:.0f}", f"{put:.0f}", f"{1000 * SECONDS / put:.0f}")
    table.add_row("store: get", "", f"{get:.0f}", f"{1000 * SECONDS / get:.0f}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="timings per row; the median is shown")
    runs = parser.parse_args().runs
    console = Console()
    console.print(isolation_report())
    console.print(await decode_table(runs))
    table = await encode_table(runs)
    await store_row(table, runs)
    console.print(table)


if __name__ == "__main__":
    asyncio.run(main())
