"""pydub, held by the hand: our own PCM to a file's bytes, in a private folder that never stays behind."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation.audio.store import FULL
from generation.clip import Clip
from generation.errors import EncodingFailed, TryAgain

DITHER_SEED = 0
"""Fixed, so that the same clip always gives the same file."""

CPU_LIMIT_S = 60
"""30 s of music take 0.5 s at most; ffmpeg ends itself at this CPU time."""

_SAME = ("-fflags", "+bitexact")
"""Without it each Ogg stream gets a number drawn by lot, and parts of two downloads don't fit together."""

_FULL_DISK = "The take could not be written: the disk is full. Tell whoever runs this Bandmate."
_NO_ROOM = os.strerror(errno.ENOSPC)
"""What ffmpeg says then."""

_private = threading.local()


def export(
    clip: Clip, container: str, codec: str | None, bitrate_kbps: int | None, ffmpeg: str, folder: Path | None = None
) -> bytes:
    """The clip as 16 bits with dither, encoded by pydub and the given ffmpeg. Blocks: call it in a thread.

    `container` and `codec` are ffmpeg's names; `folder` is where the private temporary folder is made.

    Raises:
        EncodingFailed: the encoder failed.
        TryAgain: the disk is full.
    """
    segment = _pydub_segment(ffmpeg)(
        data=dithered_pcm(clip).tobytes(), sample_width=2, frame_rate=clip.sample_rate_hz, channels=clip.num_channels
    )
    from pydub.exceptions import CouldntEncodeError

    parameters = (
        None if container == "wav" else ["-timelimit", str(CPU_LIMIT_S), "-threads", "1", "-map_metadata", "-1", *_SAME]
    )
    bitrate = f"{bitrate_kbps}k" if bitrate_kbps else None
    try:
        with tempfile.TemporaryDirectory(prefix="bandmate-", dir=folder) as private:
            _private.folder = private
            target = Path(private) / "out"
            segment.export(target, format=container, codec=codec, bitrate=bitrate, parameters=parameters).close()
            return target.read_bytes()
    except CouldntEncodeError as error:
        if _NO_ROOM in str(error):
            raise TryAgain(_FULL_DISK) from error
        raise EncodingFailed(f"The take could not be written as {container}. Try another format.") from error
    except OSError as error:
        if error.errno in FULL:
            raise TryAgain(_FULL_DISK) from error
        raise EncodingFailed(f"The take could not be written: {error.strerror or 'the disk failed'}.") from error
    finally:
        _private.folder = None


def dithered_pcm(clip: Clip) -> NDArray[np.int16]:
    """16-bit samples [frames, channels] with triangular dither of one step to each side; digital silence stays silent.

    (Lipshitz, Wannamaker, Vanderkooy, "Quantization and Dither", JAES 40(5), 1992: the rounding error then is noise
    that does not depend on the music.)
    """
    random = np.random.default_rng(DITHER_SEED)
    shape = clip.samples.T.shape
    dither = random.random(shape, np.float32) - random.random(shape, np.float32)
    steps = clip.samples.T * np.float32(32_767)
    return np.asarray(np.clip(np.rint(steps + dither * (steps != 0)), -32_768, 32_767), np.int16)


@cache
def _pydub_segment(ffmpeg: str) -> Any:
    """pydub's class with our ffmpeg, on a subclass of our own: the library's own setting is left as it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it warns of a missing ffmpeg on PATH, where none is needed
        from pydub import AudioSegment, audio_segment
    # pydub makes its two files in the shared temporary folder and leaves them there when an export fails
    audio_segment.NamedTemporaryFile = _named_file
    return type("Segment", (AudioSegment,), {"converter": ffmpeg})


def _named_file(*args: Any, **kwargs: Any) -> Any:
    return tempfile.NamedTemporaryFile(*args, **{**kwargs, "dir": getattr(_private, "folder", None)})
