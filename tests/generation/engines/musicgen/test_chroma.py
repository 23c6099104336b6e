"""The melody: notes come out as their pitch classes, and as in the published feature extractor."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
import torch

from generation.clip import Clip
from generation.engines.musicgen.chroma import chroma_of, power_spectrogram

RATE = 32_000


def tone(pitch_hz: float, duration_s: float) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * pitch_hz * np.arange(round(duration_s * RATE)) / RATE)


@pytest.mark.parametrize(("pitch_hz", "pitch_class"), [(261.63, 0), (329.63, 4), (440.0, 9), (220.0, 9), (493.88, 11)])
def test_a_note_is_its_pitch_class(pitch_hz: float, pitch_class: int) -> None:
    chroma = chroma_of(Clip(tone(pitch_hz, 2).astype(np.float32)[None], RATE))
    assert chroma.sum(1).eq(1).all()
    assert (chroma.argmax(1) == pitch_class).float().mean() > 0.95


def test_thirty_seconds_are_235_frames() -> None:
    assert chroma_of(Clip(tone(440, 40).astype(np.float32)[None], RATE)).shape == (235, 12)


@pytest.mark.parametrize("duration_s", [0.3, 5.0])
def test_equals_the_published_extractor(monkeypatch: pytest.MonkeyPatch, duration_s: float) -> None:
    """The extractor's own code runs, with torchaudio's Spectrogram written after torchaudio's source (2.8):
    stft with the window and centring given, divided by the root of the window's energy, magnitude to the power."""
    extractor = published_extractor(monkeypatch)
    melody = np.concatenate([tone(pitch, duration_s / 5) for pitch in (262, 330, 392, 440, 523)])
    noisy = (melody + 0.01 * np.random.default_rng(0).standard_normal(melody.shape)).astype(np.float32)
    expected = extractor(noisy, sampling_rate=RATE, return_tensors="pt")["input_features"][0]
    ours = chroma_of(Clip(noisy[None], RATE))
    assert ours.shape == expected.shape
    assert (ours == expected).all(1).float().mean() == 1


class Spectrogram:
    def __init__(self, *, n_fft: int, hop_length: int, power: int, normalized: bool, **_: object) -> None:
        self.n_fft, self.hop, self.power, self.normalized = n_fft, hop_length, power, normalized

    def __call__(self, waveform: torch.Tensor) -> torch.Tensor:
        window = torch.hann_window(self.n_fft)
        spectrum = torch.stft(
            waveform, self.n_fft, self.hop, self.n_fft, window, center=True, pad_mode="reflect", return_complex=True
        )
        return (spectrum / window.pow(2.0).sum().sqrt() if self.normalized else spectrum).abs().pow(self.power)


def published_extractor(monkeypatch: pytest.MonkeyPatch) -> object:
    import transformers.models.musicgen_melody.feature_extraction_musicgen_melody as published

    transforms = types.SimpleNamespace(Spectrogram=Spectrogram)
    monkeypatch.setattr(published, "torchaudio", types.SimpleNamespace(transforms=transforms), raising=False)
    cls = published.MusicgenMelodyFeatureExtractor
    return cls.__wrapped__() if hasattr(cls, "__wrapped__") else cls()


def test_power_of_a_tone_lies_at_its_frequency() -> None:
    power = power_spectrogram(torch.from_numpy(tone(1_000, 2).astype(np.float32)))
    assert power.shape == (8_193, 16)
    assert int(power[:, 8].argmax()) == round(1_000 * 16_384 / RATE)
    assert sys.float_info.epsilon < float(power.max())
