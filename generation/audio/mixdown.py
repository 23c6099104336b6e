"""Mixdown: layers with gain, pan, mute and fades become one clip at one loudness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generation.audio.finish import CEILING_DBFS, TARGET_LUFS, finish
from generation.clip import Clip, Samples
from generation.errors import RequestRefused

MAX_LENGTH_S = 1_200.0
"""A mixdown holds all of its sound in memory: 20 min of stereo at 48 kHz are 460 MB."""

EDGE_FADE_S = 0.003
"""A layer that begins or ends in the middle of a wave would click: it is faded at least so long."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A clip in a mix.

    start_s: when it begins, 0 or later. gain_db: -60..24. pan: -1 (left) .. 1 (right). fade_in_s and fade_out_s: 0 or
    more, equal power. A muted layer is not heard, but it counts for the length of the mix.

    Raises:
        RequestRefused: a value outside its range.
    """

    clip: Clip
    gain_db: float = 0.0
    pan: float = 0.0
    muted: bool = False
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    start_s: float = 0.0

    def __post_init__(self) -> None:
        if not -60 <= self.gain_db <= 24:
            raise RequestRefused(f"A layer's gain must be between -60 and 24 dB, not {self.gain_db:g} dB.")
        if not -1 <= self.pan <= 1:
            raise RequestRefused(f"A layer's pan must be between -1 (left) and 1 (right), not {self.pan:g}.")
        if min(self.fade_in_s, self.fade_out_s, self.start_s) < 0:
            raise RequestRefused("A layer's fades and its start can't be negative.")

    @property
    def end_s(self) -> float:
        """When it ends, in seconds."""
        return self.start_s + self.clip.duration_s


def mixdown(
    layers: Sequence[Layer], target_lufs: float | None = TARGET_LUFS, ceiling_dbfs: float = CEILING_DBFS
) -> Clip:
    """All layers as one stereo clip at the highest of their rates, at one loudness (`target_lufs` None: as it comes).

    Raises:
        RequestRefused: no layers, all of them muted, or more than MAX_LENGTH_S.
    """
    if not layers:
        raise RequestRefused("There is nothing to mix down yet: add a layer first.")
    if all(layer.muted for layer in layers):
        raise RequestRefused("All layers are muted: let at least one be heard.")
    length_s = max(layer.end_s for layer in layers)
    if length_s > MAX_LENGTH_S:
        raise RequestRefused(f"The mix would be {length_s / 60:.0f} min long; at most {MAX_LENGTH_S / 60:.0f} fit.")
    rate_hz = max(layer.clip.sample_rate_hz for layer in layers)
    out = np.zeros((2, max(round(length_s * rate_hz), 1)), np.float32)
    for layer in layers:
        if not layer.muted:
            _add(out, _played(layer, rate_hz), round(layer.start_s * rate_hz))
    mix = Clip(out, rate_hz)
    return mix if target_lufs is None else finish(mix, target_lufs, ceiling_dbfs)


def _played(layer: Layer, rate_hz: int) -> Samples:
    """float32 [2, frames]: the layer with its gain, fades and pan."""
    samples = layer.clip.resampled(rate_hz).to_stereo().samples * np.float32(10 ** (layer.gain_db / 20))
    samples = faded(samples, rate_hz, max(layer.fade_in_s, EDGE_FADE_S), max(layer.fade_out_s, EDGE_FADE_S))
    left, right = _balance(layer.pan)
    return samples * np.array([[left], [right]], np.float32)


def faded(samples: Samples, rate_hz: int, in_s: float, out_s: float) -> Samples:
    """float32 [channels, frames] with a sine fade in and out, each at most half as long as the whole."""
    out = samples.copy()
    half = samples.shape[1] // 2
    for seconds, where in ((in_s, slice(None)), (out_s, slice(None, None, -1))):
        num_frames = min(round(seconds * rate_hz), half)
        ramp = np.sin((np.arange(num_frames, dtype=np.float32) + 0.5) / max(num_frames, 1) * np.float32(np.pi / 2))
        out[:, where][:, :num_frames] *= ramp
    return out


def _balance(pan: float) -> tuple[float, float]:
    """Gains of left and right: constant power, 1 on both sides in the middle, the far side silent at the ends."""
    angle = (pan + 1) * np.pi / 4
    return float(np.sqrt(2) * np.cos(angle)), float(np.sqrt(2) * np.sin(angle))


def _add(out: Samples, part: Samples, first: int) -> None:
    num_frames = min(part.shape[1], out.shape[1] - first)
    out[:, first : first + num_frames] += part[:, :num_frames]
