"""The one decoder: anyone's file in, a Clip or a sentence out, by ffmpeg in a child that can do little else."""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from generation.audio.ffmpeg import FfmpegReport, decode_command, downmix_filter, ffmpeg_path, read_report
from generation.audio.pcm import SampleCheck, check_samples, parse_wav
from generation.audio.phase import REMARK as INVERTED
from generation.audio.phase import turned_round
from generation.audio.sandbox import ChildLimits, ChildResult, run_limited
from generation.audio.sniff import Container, sniff, tags_end
from generation.audio.stall import Patience
from generation.clip import Clip
from generation.errors import BandmateError, ClipRefused

MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000
"""A clip keeps its own rate within these, and is resampled to MAX_RATE_HZ outside of them."""

MUSIC_RATE_HZ = 2_000
"""Below this rate there is no music in a file: nothing above 1 kHz is left."""

ABSURD_RATE_HZ = 768_000
"""Above this rate the header lies: converters end there."""

NOT_STARTED = (126, 127)
"""What a shell says of a program that is no program or is not there."""

PATIENCE = Patience(silent_s=0.09, s_per_byte=1e-7)
"""A file that costs more than this without a sample of sound is made to cost: the first sound of a real one comes after
0.01 to 0.02 s, of one with 4 MB of tags or pictures in it after 0.02 to 0.05 s. A byte of sound costs 3e-8 s at most.
(Processor seconds on the machine of the benchmarks; a slower or busier one gives more.)"""

CHATTER_BYTES = 131_072
"""ffmpeg prints the tags of a file, 60 ms a megabyte for lines of text. It is told to be quiet where they are long."""

SHORT_BY_S = 0.5
"""A file that gives this much less than it states has broken off; padding of codecs is well below."""


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What an upload may cost. Sizes in bytes, times in seconds; `memory_bytes` is the child's address space,
    of which ffmpeg's program itself takes nearly 300 MiB.

    max_bytes: Discord lets at most 25 MiB through. max_clip_s: what is longer is trimmed. min_clip_s: what is shorter
    is refused. cpu_s and wall_s: 30 s of any format decode in well under 0.2 s, so 10 s is a broken or hostile file.
    """

    max_bytes: int = 25 * 2**20
    max_clip_s: float = 60.0
    min_clip_s: float = 0.1
    memory_bytes: int = 2**30
    cpu_s: int = 10
    wall_s: float = 20.0
    ffmpeg_path: Path | None = None
    bubblewrap: bool = True


@dataclass(frozen=True, slots=True)
class Decoded:
    """A clip that was let in, and the sentences about it (what was trimmed, broken, turned down) for its owner.

    `source_rate_hz`, `container` and `codec` are the file's ("MP3", "mp3"); `used_s` is the clip's length.
    """

    clip: Clip
    used_s: float
    trimmed: bool
    source_rate_hz: int
    container: str
    codec: str
    remarks: tuple[str, ...] = ()


async def decode(data: bytes, limits: DecodeLimits | None = None) -> Decoded:
    """The audio of an uploaded file: float32, mono or stereo as it was (more channels are mixed to stereo).

    Nothing the file says is trusted and nothing it names is opened. The event loop is never blocked; a cancel kills
    the decoding child.

    Raises:
        ClipRefused: not audio, a playlist, no sound, silent, too large, too short or broken; the sentence says which.
        BandmateError: the decoder itself is missing or can't be started.
    """
    limits = limits or DecodeLimits()
    if len(data) > limits.max_bytes:
        raise ClipRefused(
            f"The file has {len(data) / 2**20:.1f} MiB; at most {limits.max_bytes / 2**20:.0f} MiB are read."
            " Send a shorter part, or as MP3 or Ogg."
        )
    container = sniff(data)
    with _as_open_file(memoryview(data)[tags_end(data) :]) as fd:
        result, report = await _to_pcm(fd, container, limits)
    return await asyncio.to_thread(_judge, result, report, container, limits)


@contextmanager
def _as_open_file(data: memoryview) -> Iterator[int]:
    """A file that has no name anywhere, open at its start: in memory where the system can, else an unlinked one."""
    in_memory = hasattr(os, "memfd_create")
    if in_memory:
        fd = os.memfd_create("clip", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    try:
        while data:
            data = data[os.write(fd, data) :]
        if in_memory:  # the child can read it and do nothing else to it
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        yield fd
    finally:
        os.close(fd)


async def _to_pcm(fd: int, container: Container, limits: DecodeLimits) -> tuple[ChildResult, FfmpegReport]:
    """Decode as it is; if that has too many channels or an odd rate, again with ffmpeg mixing and resampling it. Long
    tags are not listened to: then the report has only what went wrong."""
    result = await _run(fd, container, limits)
    if is_quiet := result.chattered:
        result = await _run(fd, container, limits, is_quiet=True)
    report = read_report(result.stderr)
    pcm = parse_wav(result.stdout)
    if pcm is None or not MUSIC_RATE_HZ <= pcm.sample_rate_hz <= ABSURD_RATE_HZ:
        return result, report
    fits = MIN_RATE_HZ <= pcm.sample_rate_hz <= MAX_RATE_HZ
    if fits and pcm.num_channels <= 2:
        return result, report
    filters = downmix_filter(report.layout, None if fits else MAX_RATE_HZ)
    return await _run(fd, container, limits, filters, is_quiet=is_quiet), report


async def _run(
    fd: int, container: Container, limits: DecodeLimits, filters: str = "", *, is_quiet: bool = False
) -> ChildResult:
    max_s = limits.max_clip_s + SHORT_BY_S  # a little more than is kept, to know whether there is more
    child_limits = ChildLimits(
        memory_bytes=limits.memory_bytes,
        cpu_s=limits.cpu_s,
        wall_s=limits.wall_s,
        output_bytes=round((max_s + 1) * MAX_RATE_HZ) * 2 * 4,  # stereo float32
        bubblewrap=limits.bubblewrap,
        patience=PATIENCE,
        chatter_bytes=float("inf") if is_quiet else CHATTER_BYTES,
    )
    os.lseek(fd, 0, os.SEEK_SET)
    command = decode_command(ffmpeg_path(limits.ffmpeg_path), container, fd, max_s, filters, is_quiet=is_quiet)
    return await run_limited(command, child_limits, pass_fds=(fd,))


def _judge(result: ChildResult, report: FfmpegReport, container: Container, limits: DecodeLimits) -> Decoded:
    """From raw output to a clip, or to the sentence that says why not."""
    if result.exit_code in NOT_STARTED or result.stderr.startswith("bwrap:"):
        raise BandmateError("The decoder could not be started here; `bandmate doctor` says what is missing.")
    pcm = parse_wav(result.stdout)
    _check_rate(report.sample_rate_hz or (pcm.sample_rate_hz if pcm else 0))
    if pcm is None or pcm.num_frames == 0:
        raise ClipRefused(_why_nothing(result, report, container))
    decoded_s = pcm.num_frames / pcm.sample_rate_hz
    trimmed = decoded_s > limits.max_clip_s
    used_s = min(decoded_s, limits.max_clip_s)
    if used_s < limits.min_clip_s:
        raise ClipRefused(_too_short(used_s, report, limits))
    checked = check_samples(pcm.samples(max_frames=round(used_s * pcm.sample_rate_hz)))
    if checked.silent:
        raise ClipRefused(f"The first {used_s:.0f} s of the clip are silent." if trimmed else "The clip is silent.")
    remarks = _remarks(result, report, container, used_s, trimmed, checked)
    samples, was_inverted = turned_round(checked.samples)
    if was_inverted:
        remarks = (*remarks, INVERTED)
    clip = Clip(samples, pcm.sample_rate_hz)
    rate_hz = report.sample_rate_hz or pcm.sample_rate_hz
    return Decoded(clip, clip.duration_s, trimmed, rate_hz, container.name, report.codec, remarks)


def _check_rate(sample_rate_hz: int) -> None:
    if 0 < sample_rate_hz < MUSIC_RATE_HZ:
        raise ClipRefused(
            f"The file has a sample rate of {sample_rate_hz} Hz: too low for music."
            f" At least {MUSIC_RATE_HZ} Hz is needed."
        )
    if sample_rate_hz > ABSURD_RATE_HZ:
        raise ClipRefused(f"The file claims a sample rate of {sample_rate_hz} Hz, which no recording has.")


def _why_nothing(result: ChildResult, report: FfmpegReport, container: Container) -> str:
    if result.timed_out:
        return f"The {container.name} file took too long to read. Save it again, or send it as WAV or MP3."
    if report.out_of_memory:
        return f"The {container.name} file needs more memory than one clip may take. Send it as WAV or MP3."
    if report.unreadable_codec:
        return f"The sound in the {container.name} file is in a coding that I don't read. Send it as WAV or MP3."
    if report.stated_no_sound and report.has_pictures:
        return "There is no sound in that file: it has pictures only."
    if report.damaged:
        return f"The {container.name} file is broken from the start: nothing in it could be read."
    return f"The {container.name} file is well formed but empty: it holds 0 samples of sound."


def _too_short(used_s: float, report: FfmpegReport, limits: DecodeLimits) -> str:
    if report.damaged:
        return f"The file is broken after {used_s:.2f} s, and the part before is too short to use."
    return f"The clip is only {used_s:.2f} s long. At least {limits.min_clip_s:g} s is needed."


def _remarks(
    result: ChildResult,
    report: FfmpegReport,
    container: Container,
    used_s: float,
    trimmed: bool,
    checked: SampleCheck,
) -> tuple[str, ...]:
    remarks = list(checked.remarks)
    stated_s = report.duration_s
    if trimmed:
        known = stated_s is not None and stated_s > used_s + SHORT_BY_S
        length = f"The clip is {_minutes(stated_s or 0)} long" if known else f"The clip is longer than {used_s:g} s"
        remarks.insert(0, f"{length}; I used the first {used_s:g} s.")
    elif result.timed_out:
        remarks.insert(0, f"The file took too long to read; I used the first {used_s:.1f} s.")
    elif stated_s and stated_s > used_s + SHORT_BY_S and (report.damaged or not container.has_pictures):
        # the stated length of MP4 and WebM is the pictures', which may rightly be longer
        remarks.insert(0, f"The file breaks off after {used_s:.1f} s of {stated_s:.1f} s; I used the part before.")
    elif report.damaged:
        remarks.insert(0, f"Parts of the file are damaged; I used the {used_s:.1f} s that could be read.")
    return tuple(remarks)


def _minutes(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    if hours:
        return f"{hours} h {rest // 60} min"
    return f"{rest // 60}:{rest % 60:02d} min" if rest >= 60 else f"{rest} s"
