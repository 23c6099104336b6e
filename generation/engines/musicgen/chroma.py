"""The melody of a clip as the melody models were trained to read it: the strongest pitch class of each frame.

The formula is that of transformers' MusicgenMelodyFeatureExtractor (which needs torchaudio): a power spectrogram with
a Hann window, normalised by the window's energy, folded onto pitch classes by transformers' own `chroma_filter_bank`
and reduced to the largest bin.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from generation.clip import Clip

WINDOW_SAMPLES = 16_384
HOP_SAMPLES = 4_096
NUM_CHROMA = 12
MAX_MELODY_S = 30.0


def chroma_of(clip: Clip, sample_rate_hz: int = 32_000) -> Tensor:
    """One-hot pitch classes of a clip, float32 [frames, 12], a frame for each 4,096 samples at 32 kHz (128 ms).

    At most `MAX_MELODY_S` are read; 30 s give 235 frames.
    """
    mono = clip.cut(0, MAX_MELODY_S).to_mono().resampled(sample_rate_hz)
    samples = torch.from_numpy(np.array(mono.samples[0]))
    if samples.shape[0] < WINDOW_SAMPLES:
        missing = WINDOW_SAMPLES - samples.shape[0]
        samples = torch.nn.functional.pad(samples, (missing // 2, missing - missing // 2))
    energies = chroma_filters(sample_rate_hz) @ power_spectrogram(samples)
    return torch.nn.functional.one_hot(energies.argmax(dim=0), NUM_CHROMA).float()


def power_spectrogram(samples: Tensor) -> Tensor:
    """Power [frequencies, frames] of float32 [samples]: Hann window, frames centred, reflected at the ends."""
    window = torch.hann_window(WINDOW_SAMPLES)
    spectrum = torch.stft(
        samples, WINDOW_SAMPLES, HOP_SAMPLES, window=window, center=True, pad_mode="reflect", return_complex=True
    )
    return spectrum.abs().square() / window.square().sum()


def chroma_filters(sample_rate_hz: int) -> Tensor:
    """transformers' filters from frequencies to pitch classes, float32 [12, frequencies]."""
    from transformers.audio_utils import chroma_filter_bank

    filters = chroma_filter_bank(WINDOW_SAMPLES, NUM_CHROMA, sample_rate_hz, tuning=0)
    return torch.from_numpy(filters).float()
