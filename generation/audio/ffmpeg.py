"""How ffmpeg is told to decode one file and nothing else, and what it says about it."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from generation.audio.sniff import Container
from generation.errors import BandmateError
from generation.install import pip_install

CODECS = (
    "mp3float,mp3,mp2float,mp2,aac,alac,flac,opus,libopus,vorbis,libvorbis,amrnb,amrwb,libopencore_amrnb,"
    "libopencore_amrwb,gsm_ms,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,"
    "pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw"
)
"""The decoders that may run; no picture decoder is among them, so not even the probing of a video starts one."""

MAX_ALLOC_BYTES = 64 * 2**20
"""The largest single block that ffmpeg may ask for: no audio packet comes near it."""

MAX_STREAMS = 64
"""More streams than that in one file are an attack."""

MAX_PROBE_PACKETS = 4
"""So many packets of a WAV's 16-bit samples are searched for what pretends to be samples (DTS, S/PDIF): ffmpeg's own
choice, 32, costs 30 ms of processor time, more than all the rest before the first sound."""


@dataclass(frozen=True, slots=True)
class FfmpegReport:
    """What ffmpeg said about a file. `duration_s` is as stated by the file and can't be trusted; None when unstated.

    `layout` is ffmpeg's name for the channels ("stereo", "5.1", "32 channels"); `damaged` says that parts could not be
    read or that the file ends too early.
    """

    has_pictures: bool = False
    codec: str = ""
    sample_rate_hz: int = 0
    layout: str = ""
    duration_s: float | None = None
    damaged: bool = False
    unreadable_codec: bool = False
    stated_no_sound: bool = False
    out_of_memory: bool = False


def ffmpeg_path(path: Path | None = None) -> str:
    """The ffmpeg to use: the given one, the one that comes with imageio-ffmpeg, or the system's.

    No program is started to find it. imageio-ffmpeg's own search asks for the version and keeps the answer: when that
    one process is killed, every take after it would find no ffmpeg until the next start.

    Raises:
        BandmateError: there is none; the sentence says how to get one.
    """
    if path is not None:
        if not path.is_file():
            raise BandmateError(f"There is no ffmpeg at {path}: correct the setting or leave it empty.")
        return str(path)
    found = _packaged_ffmpeg() or shutil.which("ffmpeg")
    if found is None:
        mend = pip_install("--force-reinstall", "imageio-ffmpeg")
        raise BandmateError(f"No ffmpeg was found: {mend}")
    return found


def _packaged_ffmpeg() -> str | None:
    """The program in imageio-ffmpeg's wheel ("ffmpeg-linux-x86_64-v7.1"); None where it came without one."""
    package = find_spec("imageio_ffmpeg")
    folders = package.submodule_search_locations if package else None
    programs = (path for folder in folders or () for path in sorted(Path(folder, "binaries").glob("ffmpeg-*")))
    return next((str(path) for path in programs if os.access(path, os.X_OK)), None)


def decode_command(
    ffmpeg: str, container: Container, fd: int, max_s: float, filters: str = "", *, is_quiet: bool = False
) -> list[str]:
    """ffmpeg's arguments to turn the file open at `fd` into a float WAV on stdout. `is_quiet`: it says what goes wrong,
    not what is in the file.

    The demuxer is named, so nothing is probed, and it alone is whitelisted, so no playlist can be opened from within;
    the `fd` protocol alone is whitelisted, so no path, URL or other file can be opened at all.
    """
    source = [
        *("-threads", "1", "-max_alloc", str(MAX_ALLOC_BYTES), "-max_streams", str(MAX_STREAMS)),
        *("-max_probe_packets", str(MAX_PROBE_PACKETS)),
        *("-protocol_whitelist", "fd", "-format_whitelist", container.demuxer, "-codec_whitelist", CODECS),
        *("-f", container.demuxer, "-t", f"{max_s:.3f}", "-fd", str(fd), "-i", "fd:"),
    ]
    sink = ["-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1"]
    sink += ["-af", filters] if filters else []
    sink += ["-c:a", "pcm_f32le", "-bitexact", "-f", "wav", "pipe:1"]
    level = "level+warning" if is_quiet else "level+info"
    general = ["-nostdin", "-hide_banner", "-nostats", "-loglevel", level, "-filter_threads", "1"]
    return [ffmpeg, *general, *source, *sink]


def downmix_filter(layout: str, sample_rate_hz: int | None) -> str:
    """The filter that brings any layout to stereo and, when a rate in Hz is given, resamples to it.

    A layout without a name ("32 channels") has no known places: odd channels go left, even ones right.
    """
    unnamed = re.fullmatch(r"(\d+) channels.*", layout)
    if unnamed:
        channels = range(int(unnamed[1]))
        sides = ("+".join(f"c{channel}" for channel in channels[side::2]) for side in (0, 1))
        mix = "pan=stereo|" + "|".join(f"c{side}<{sources}" for side, sources in enumerate(sides))
    else:
        mix = "aformat=channel_layouts=mono|stereo"
    return f"{mix},aresample={sample_rate_hz}:filter_size=64" if sample_rate_hz else mix


_STREAM = re.compile(r"^\[info\]   Stream #0:\d+\S*: Audio: (\w+)([^\n]*?), (\d+) Hz, ([^,\n]+)", re.MULTILINE)
_DURATION = re.compile(r"^\[info\]   Duration: (\d+):(\d\d):(\d\d\.\d+)", re.MULTILINE)
_DAMAGE = (
    re.compile(  # all errors but the whitelist's word on picture codecs, and the warnings that tell of missing data
        r"^(?:\[[^\n]*? @ \w+\] )*(?:\[(?:error|fatal)\] (?!Codec \()"
        r"|\[warning\] (?:Packet corrupt|corrupt input packet|filesize and duration do not match))",
        re.MULTILINE,
    )
)


def read_report(stderr: str) -> FfmpegReport:
    """What ffmpeg's messages say (of `-loglevel level+info`)."""
    said = stderr.split("[info] Output #0", 1)[0]
    stream, duration = _STREAM.search(said), _DURATION.search(said)
    estimated = "Estimating duration from bitrate" in said
    stated_s = None
    if duration and not estimated:
        stated_s = int(duration[1]) * 3600 + int(duration[2]) * 60 + float(duration[3])
    return FfmpegReport(
        has_pictures=": Video: " in said,
        codec=stream[1] if stream else "",
        sample_rate_hz=int(stream[3]) if stream and len(stream[3]) < 12 else 0,
        layout=stream[4] if stream else "",
        duration_s=stated_s,
        damaged=bool(_DAMAGE.search(stderr)),
        unreadable_codec=_is_unreadable(stream[1] + stream[2] if stream else "none", stderr),
        out_of_memory=bool(re.search("Cannot allocate memory|Resource temporarily unavailable", stderr)),
        stated_no_sound="matches no streams" in stderr,
    )


def _is_unreadable(coding: str, stderr: str) -> bool:
    """`coding`: its name, then in brackets what else there is to say, like a decoder of another name: "dts (dca)"."""
    not_let_in = (f"Codec ({name}) not on whitelist" for name in re.findall(r"\w+", coding))
    return any(words in stderr for words in (*not_let_in, "Decoding requested, but no decoder found"))
