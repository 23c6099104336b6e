"""What comes in: every format gives its music back, everything else gets its own sentence."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
import soundfile
from scipy.signal import fftconvolve

from generation.audio.decode import DecodeLimits, decode
from generation.clip import Clip
from generation.errors import BandmateError, ClipRefused
from tests.support import bombs, clips

SHORT = DecodeLimits(max_clip_s=3.0)


def wav(samples: np.ndarray, rate_hz: int = 44_100, subtype: str = "FLOAT") -> bytes:
    """A WAV of samples [frames, channels]."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate_hz, format="WAV", subtype=subtype)
    return buffer.getvalue()


async def refusal(data: bytes, limits: DecodeLimits | None = None) -> str:
    with pytest.raises(ClipRefused) as error:
        await decode(data, limits)
    sentence = str(error.value)
    assert sentence[0].isupper() and sentence.endswith(".") and "\n" not in sentence
    return sentence


def similarity(one: Clip, other: Clip) -> float:
    """Correlation of two clips 0..1 at 44.1 kHz at the best shift within 0.1 s (codecs delay)."""
    first, second = (clip.resampled(44_100).to_mono().samples[0] for clip in (one, other))
    length = min(len(first), len(second)) - 9_000
    middle = first[4_500 : 4_500 + length]
    products = fftconvolve(second[: length + 9_000], middle[::-1], "valid")
    best = int(products.argmax())
    return float(products[best] / np.linalg.norm(middle) / np.linalg.norm(second[best : best + length]))


@pytest.mark.parametrize("name", clips.FORMATS)
async def test_every_format_gives_its_music_back(name: str) -> None:
    decoded = await decode(clips.song_file(name))
    song = clips.little_song(120, 0, "major", 4, channels=2)
    assert decoded.used_s == pytest.approx(8.0, abs=0.06)
    assert decoded.clip.num_channels == 2
    assert decoded.clip.sample_rate_hz in (44_100, 48_000)
    assert decoded.remarks == () and not decoded.trimmed
    part = 4.0  # seconds, to keep the comparison short
    assert similarity(song.cut(0, part), decoded.clip.cut(0, part)) > 0.97


@pytest.mark.parametrize("name", clips.LOSSLESS)
async def test_lossless_formats_are_exact(name: str) -> None:
    decoded = await decode(clips.song_file(name))
    song = clips.little_song(120, 0, "major", 4, channels=2)
    bits = 24 if name in ("wav-24", "wav-float", "flac") else 16
    np.testing.assert_allclose(decoded.clip.samples, song.samples, atol=1.01 / 2 ** (bits - 1))


async def test_mono_stays_mono() -> None:
    decoded = await decode(clips.encoded(clips.tone(1, channels=1), "mp3"))
    assert decoded.clip.num_channels == 1
    assert (decoded.container, decoded.codec, decoded.source_rate_hz) == ("MP3", "mp3", 44_100)


async def test_surround_is_mixed_to_stereo_and_keeps_its_sides() -> None:
    left_only = ["-f", "lavfi", "-i", "sine=440:d=1", "-af", "pan=5.1|FL=c0|BL=c0", "-c:a", "flac"]
    decoded = await decode(clips.run_ffmpeg(left_only, ".flac"))
    left, right = np.abs(decoded.clip.samples).max(axis=1)
    assert left > 0.05 and right < 0.01 * left


async def test_32_channels_of_no_known_place_become_stereo() -> None:
    tone = clips.tone(1, channels=1, level=0.5).samples[0]
    samples = np.zeros((len(tone), 32), np.float32)
    samples[:, 0::2] = tone[:, None]  # every odd channel, counted from one
    decoded = await decode(wav(samples))
    left, right = np.abs(decoded.clip.samples).max(axis=1)
    assert left > 0.3 and right < 0.01


@pytest.mark.parametrize(("rate_hz", "kept_hz"), [(8_000, 8_000), (11_025, 11_025), (4_000, 48_000), (96_000, 48_000)])
async def test_unusual_rates_keep_their_length_and_pitch(rate_hz: int, kept_hz: int) -> None:
    decoded = await decode(clips.wav_bytes(clips.tone(1.0, 440, rate_hz=rate_hz, channels=1)))
    assert decoded.clip.sample_rate_hz == kept_hz and decoded.source_rate_hz == rate_hz
    assert decoded.used_s == pytest.approx(1.0, abs=0.01)
    spectrum = np.abs(np.fft.rfft(decoded.clip.samples[0]))
    assert spectrum.argmax() / decoded.used_s == pytest.approx(440, abs=2)


async def test_a_long_clip_is_trimmed_and_says_so() -> None:
    decoded = await decode(clips.song_file("mp3"), SHORT)
    assert decoded.trimmed and decoded.used_s == pytest.approx(3.0, abs=1e-3)
    assert decoded.remarks == ("The clip is 8 s long; I used the first 3 s.",)


async def test_a_long_clip_of_unknown_length_is_trimmed_too() -> None:
    decoded = await decode(clips.song_file("aac"), SHORT)
    assert decoded.remarks == ("The clip is longer than 3 s; I used the first 3 s.",)


@pytest.mark.parametrize("name", ["wav", "wav-float", "flac", "mp3", "aac", "aiff", "webm"])
async def test_a_broken_file_is_used_up_to_the_break(name: str) -> None:
    data = clips.song_file(name)
    decoded = await decode(data[: len(data) // 2])
    assert 3.5 < decoded.used_s < 4.5
    assert len(decoded.remarks) == 1
    assert "breaks off after" in decoded.remarks[0] or "damaged" in decoded.remarks[0]


async def test_a_file_broken_from_the_start_is_refused() -> None:
    data = clips.song_file("m4a")  # its index is at the end
    assert "broken from the start" in await refusal(data[: len(data) // 2])


async def test_a_file_broken_at_once_says_that_the_rest_is_too_short() -> None:
    assert "broken after 0.0" in await refusal(clips.song_file("wav")[:8_000])


async def test_empty() -> None:
    assert "0 bytes" in await refusal(b"")


async def test_not_audio() -> None:
    assert "not audio" in await refusal(b"Dear band, here is my song")
    assert "not audio" in await refusal(b"A recipe goes into every\nfile, and the\ndata: are kept")
    assert "a picture" in await refusal(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "MIDI" in await refusal(b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk")
    assert "archive" in await refusal(b"PK\x03\x04" + bytes(100))


async def test_a_tag_before_nothing_but_zeros() -> None:
    assert "not audio" in await refusal(b"ID3\x04\0\0\0\0\0\0" + bytes(24 * 2**20))


async def test_a_video_without_sound() -> None:
    assert "no sound" in await refusal(clips.video_without_sound())


async def test_too_large() -> None:
    sentence = await refusal(clips.song_file("wav"), DecodeLimits(max_bytes=2**20))
    assert "1.3 MiB" in sentence and "1 MiB" in sentence


async def test_silent() -> None:
    assert await refusal(clips.encoded(clips.silence(1), "mp3")) == "The clip is silent."


async def test_zero_samples() -> None:
    assert "0 samples" in await refusal(wav(np.zeros((0, 1), np.float32)))


async def test_too_short() -> None:
    assert "only 0.02 s" in await refusal(clips.wav_bytes(clips.tone(0.02)))


@pytest.mark.parametrize("rate_hz", [1, 1_999, 2**31 - 1])
async def test_absurd_rates(rate_hz: int) -> None:
    assert f"{rate_hz} Hz" in await refusal(wav(np.full((4_000, 1), 0.5, np.float32), rate_hz, "PCM_16"))


async def test_a_coding_that_is_not_read() -> None:
    ac3 = clips.run_ffmpeg(["-f", "lavfi", "-i", "sine=440:d=1", "-c:a", "ac3"], ".mov")
    assert "coding that I don't read" in await refusal(ac3)


@pytest.mark.parametrize("coding", [["-c:a", "dca", "-strict", "-2", "-f", "dts"], ["-c:a", "ac3", "-f", "spdif"]])
async def test_what_pretends_to_be_samples_is_not_played_as_noise(coding: list[str]) -> None:
    """What a film's sound becomes on a CD, or in a recording of a digital output: a WAV by its header."""
    noise = ["-f", "lavfi", "-i", "anoisesrc=d=2:a=0.3", "-ac", "2", "-ar", "44100"]
    words = np.frombuffer(clips.run_ffmpeg([*noise, *coding], ".bin"), "<i2")
    pretending = wav(words[: len(words) // 2 * 2].reshape(-1, 2), subtype="PCM_16")
    assert "coding that I don't read" in await refusal(pretending)


async def test_numbers_that_are_none_are_silenced() -> None:
    samples = clips.tone(1, channels=1).samples[0].copy()
    samples[::100] = np.nan
    samples[7] = np.inf
    decoded = await decode(wav(samples[:, None]))
    assert np.isfinite(decoded.clip.samples).all() and decoded.clip.samples[0, 100] == 0
    assert "not numbers" in decoded.remarks[0]
    assert await refusal(wav(np.full((44_100, 1), np.nan, np.float32))) == "The clip is silent."


async def test_too_loud_floats_are_turned_down_without_clipping() -> None:
    decoded = await decode(wav(clips.tone(1, channels=1, level=0.5).samples.T * 6))
    assert "9.5 dB too loud" in decoded.remarks[0]
    assert np.abs(decoded.clip.samples).max() == pytest.approx(1.0)
    assert similarity(clips.tone(1, channels=1), decoded.clip) > 0.999


async def test_a_single_wild_sample_does_not_silence_the_rest() -> None:
    samples = clips.tone(1, channels=1).samples.T.copy()
    samples[1_000] = 1e30
    decoded = await decode(wav(samples))
    assert np.abs(decoded.clip.samples).mean() > 0.2 and np.abs(decoded.clip.samples).max() == 1.0


async def test_a_missing_ffmpeg_is_named(tmp_path) -> None:
    with pytest.raises(BandmateError, match="no ffmpeg at"):
        await decode(clips.song_file("wav"), DecodeLimits(ffmpeg_path=tmp_path / "nothing"))


async def test_a_decoder_that_does_not_start_is_no_fault_of_the_clip(tmp_path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("not a program")
    with pytest.raises(BandmateError, match="could not be started") as error:
        await decode(clips.song_file("wav"), DecodeLimits(ffmpeg_path=broken, bubblewrap=False))
    assert not isinstance(error.value, ClipRefused)


async def test_too_little_memory_is_not_called_damage() -> None:
    assert "more memory" in await refusal(clips.song_file("m4a"), DecodeLimits(memory_bytes=200 * 2**20))


async def test_thirty_hours_of_silence_are_bounded_in_time_and_memory() -> None:
    bomb = bombs.long_silent_flac(30 * 3600)
    assert 1_000_000 < len(bomb) < 1_200_000
    limits = DecodeLimits(memory_bytes=400 * 2**20)  # address space, of which the program itself takes the most
    async with asyncio.timeout(60):
        assert await refusal(bomb, limits) == "The first 60 s of the clip are silent."
