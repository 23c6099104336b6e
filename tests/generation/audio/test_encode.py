"""What goes out: every format decodes to what went in, fits the limit, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import numpy as np
import pytest

from generation.audio.decode import decode
from generation.audio.encode import encode, encode_to_fit, ladder
from generation.audio.export import dithered_pcm
from generation.audio.tags import Tags
from generation.clip import Clip
from generation.errors import BandmateError, TryAgain
from generation.request import AudioFormat
from tests.support import clips
from tests.support.loop_steps import beside


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize("audio_format", AudioFormat)
@pytest.mark.parametrize("rate_hz", [32_000, 44_100])
async def test_every_format_comes_back_at_its_length_and_level(audio_format: AudioFormat, rate_hz: int) -> None:
    clip = clips.little_song(120, 0, "major", 2, rate_hz=rate_hz, channels=2)
    decoded = await decode(await encode(clip, audio_format))
    assert decoded.used_s == pytest.approx(clip.duration_s, abs=0.06)
    assert decoded.clip.num_channels == 2 and decoded.remarks == ()
    before, after = (np.sqrt(np.mean(c.samples**2)) for c in (clip, decoded.clip))
    assert after == pytest.approx(before, rel=0.05)


@pytest.mark.parametrize("audio_format", AudioFormat)
async def test_the_same_clip_always_gives_the_same_file(audio_format: AudioFormat) -> None:
    clip = clips.tone(1)
    first, second = [await encode(clip, audio_format, tags=Tags(title="tone")) for _ in range(2)]
    assert first == second  # a player that seeks fetches parts of several encodings


@pytest.mark.parametrize("audio_format", [AudioFormat.WAV, AudioFormat.FLAC])
async def test_lossless_formats_are_exact_but_for_the_dither(audio_format: AudioFormat) -> None:
    clip = clips.tone(1)
    decoded = await decode(await encode(clip, audio_format, tags=Tags(title="tone")))
    np.testing.assert_allclose(decoded.clip.samples, clip.samples, atol=2.1 / 32_768)
    assert decoded.clip.num_frames == clip.num_frames


async def test_the_codecs_are_those_that_discord_plays() -> None:
    decoded = await decode(await encode(clips.tone(1), AudioFormat.OGG))
    assert (decoded.container, decoded.codec, decoded.source_rate_hz) == ("Ogg", "opus", 48_000)
    assert (await decode(await encode(clips.tone(1), AudioFormat.MP3))).codec == "mp3"


async def test_equal_clips_give_equal_files() -> None:
    assert await encode(clips.hum(), AudioFormat.MP3) == await encode(clips.hum(), AudioFormat.MP3)


def test_dither_takes_the_distortion_out_of_a_soft_tone() -> None:
    soft = clips.tone(4, 441, channels=1, level=1.4 / 32_767)
    spectrum = np.abs(np.fft.rfft(dithered_pcm(soft)[:, 0] * np.hanning(soft.num_frames)))
    bare = np.abs(np.fft.rfft(np.rint(soft.samples[0] * 32_767) * np.hanning(soft.num_frames)))
    third = round(3 * 441 * soft.duration_s)
    assert bare[third] > 0.05 * bare.max(), "without dither there is a third harmonic"
    assert spectrum[third] < 0.02 * spectrum.max()


def test_digital_silence_stays_silent_and_full_scale_does_not_wrap() -> None:
    assert not dithered_pcm(clips.silence(0.1)).any()
    loud = dithered_pcm(Clip(np.array([[1.0, -1.0] * 1_000], np.float32), 44_100))[:, 0]
    assert (loud[::2] > 32_000).all() and (loud[1::2] < -32_000).all()


async def test_a_file_that_fits_is_what_was_asked_for() -> None:
    encoded = await encode_to_fit(clips.hum(), AudioFormat.WAV, 10 * 2**20)
    assert (encoded.audio_format, encoded.remark) == (AudioFormat.WAV, "")
    assert encoded.data[:4] == b"RIFF"


@pytest.mark.parametrize(
    ("asked", "max_bytes", "got"),
    [
        (AudioFormat.WAV, 300_000, AudioFormat.FLAC),
        (AudioFormat.WAV, 60_000, AudioFormat.MP3),
        (AudioFormat.FLAC, 60_000, AudioFormat.MP3),
        (AudioFormat.MP3, 60_000, AudioFormat.MP3),
        (AudioFormat.OGG, 40_000, AudioFormat.OGG),
    ],
)
async def test_a_file_too_large_goes_down_the_ladder_and_says_so(
    asked: AudioFormat, max_bytes: int, got: AudioFormat
) -> None:
    encoded = await encode_to_fit(clips.hum(), asked, max_bytes, Tags(title="hum"))
    assert encoded.audio_format is got
    assert len(encoded.data) <= max_bytes
    assert "larger than" in encoded.remark and "so this is" in encoded.remark
    assert (await decode(encoded.data)).used_s == pytest.approx(4.0, abs=0.06)


async def test_what_can_not_fit_says_how_large_it_is() -> None:
    with pytest.raises(BandmateError, match=r"even as MP3 at 48 kbit/s it has 0\.0 MiB"):
        await encode_to_fit(clips.hum(), AudioFormat.WAV, 10_000)


def test_every_ladder_goes_down() -> None:
    for audio_format in AudioFormat:
        rungs = ladder(audio_format)
        assert rungs[0].audio_format is audio_format
        sizes = [rung.least_bytes(clips.hum()) for rung in rungs if rung.bitrate_kbps]
        assert sizes == sorted(sizes, reverse=True) and len(sizes) >= 5


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    await encode(clips.hum(), AudioFormat.MP3, folder=tmp_path)
    assert files_in(tmp_path) == []


async def test_a_failing_encoder_leaves_nothing_behind_either(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    folder = tmp_path / "private"
    folder.mkdir()
    with pytest.raises(BandmateError, match="could not be written as mp3"):
        await encode(clips.hum(), AudioFormat.MP3, ffmpeg=broken, folder=folder)
    assert files_in(folder) == []


@pytest.mark.parametrize("fails", ["ffmpeg", "the file before"])
async def test_a_full_disk_may_pass(fails: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another try may go well: the answer waits for room in place of telling that the take can't be written."""
    full = tmp_path / "ffmpeg"
    full.write_text("#!/bin/sh\necho 'out: No space left on device' >&2\nexit 1\n")
    full.chmod(0o755)
    if fails != "ffmpeg":

        def no_room(*args: object, **options: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("generation.audio.export.tempfile.TemporaryDirectory", no_room)
    with pytest.raises(TryAgain, match="the disk is full"):
        await encode(clips.hum(), AudioFormat.MP3, ffmpeg=full, folder=tmp_path)


async def test_no_room_for_temporary_files_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BandmateError, match="could not be written: No such file"):
        await encode(clips.hum(), AudioFormat.MP3, folder=tmp_path / "missing")


async def test_pydubs_own_setting_is_left_alone() -> None:
    from pydub import AudioSegment

    before = AudioSegment.converter
    await encode(clips.tone(0.2), AudioFormat.MP3)
    assert AudioSegment.converter == before


async def test_many_at_once_do_not_mix_and_do_not_block_the_loop() -> None:
    tones = [clips.tone(1, 300 + 100 * index, channels=1) for index in range(6)]
    encoded = await beside(asyncio.gather(*(encode(tone, AudioFormat.OGG) for tone in tones)))
    for index, data in enumerate(encoded.result):
        samples = (await decode(data)).clip.samples[0]
        peak_hz = np.abs(np.fft.rfft(samples)).argmax() / len(samples) * 48_000
        assert peak_hz == pytest.approx(300 + 100 * index, abs=3)
    assert encoded.rounds > 2 * len(tones)  # a loop that waits for each makes one round for each
