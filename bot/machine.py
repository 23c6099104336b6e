"""What the settings say of this machine, held against it before anything starts: the chosen ffmpeg, the devices."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.settings import Settings, SettingsError, find_devices

_DEVICE = re.compile(r"cpu|mps|cuda(:(?P<index>\d+))?")
_CUDA_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_ROCM = Path("/dev/kfd")
"""Torch calls AMD's GPUs "cuda" too; how many there are only torch can tell."""
START_LIMIT_S = 10.0


def require_machine(settings: Settings) -> None:
    """Raises SettingsError when the settings name a program or a device that is not here."""
    for fault in (ffmpeg_fault(settings.clips.ffmpeg_path), device_fault(find_devices(settings.workers))):
        if fault:
            raise SettingsError(fault)


def ffmpeg_fault(chosen: Path | None) -> str:
    """What is wrong with the ffmpeg that the settings name, as a sentence; empty when it is one, or none is named."""
    if chosen is None:
        return ""
    remedy = "Correct it, or leave it out: Bandmate brings an ffmpeg of its own."
    try:
        shown = subprocess.run(  # noqa: S603 - the operator's own word, with a fixed argument
            [str(chosen), "-version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=START_LIMIT_S,
            check=False,
        )
    except FileNotFoundError:
        return f"clips.ffmpeg_path: there is no {chosen}. {remedy}"
    except OSError as error:
        return f"clips.ffmpeg_path: {chosen} can't be started ({error.strerror}). {remedy}"
    except subprocess.TimeoutExpired:
        return f"clips.ffmpeg_path: {chosen} does not answer when it is asked for its version. {remedy}"
    return "" if shown.stdout.startswith("ffmpeg version") else f"clips.ffmpeg_path: {chosen} is no ffmpeg. {remedy}"


def num_gpus() -> int:
    """How many NVIDIA GPUs the driver shows; 0 without a driver."""
    count = ctypes.c_int()
    try:
        driver = ctypes.CDLL(_CUDA_LIBRARY)
        failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    except (OSError, AttributeError):
        return 0
    return 0 if failed else count.value


def device_fault(devices: Sequence[str], count: Callable[[], int] = num_gpus) -> str:
    """What is wrong with the devices that the settings name, as a sentence; empty when they are all here."""
    for device in devices:
        known = _DEVICE.fullmatch(device)
        if known is None:
            return f"workers.devices: {device!r} is no device. Name cpu, cuda:0, cuda:1 and so on, or auto alone."
        if device.startswith("cuda") and not _ROCM.exists() and int(known["index"] or 0) >= (there := count()):
            gpus = (
                f"only {', '.join(f'cuda:{index}' for index in range(there))}"
                if there
                else "no GPU that a driver shows"
            )
            return f"workers.devices: there is no {device} here, {gpus}. Name cpu, or auto for all that there is."
    return ""
