"""Real test clips with known contents, in every format that Bandmate takes: made here, by numpy and ffmpeg."""

from __future__ import annotations

import io
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import soundfile

from generation.clip import Clip

SCALES = {"major": (0, 4, 7), "minor": (0, 3, 7)}
"""The triad on the tonic, in semitones."""

PROGRESSIONS = {
    "major": ((0, "major"), (7, "major"), (9, "minor"), (5, "major")),
    "minor": ((0, "minor"), (8, "major"), (3, "major"), (10, "major")),
}
"""Four chords, one a bar: semitones above the tonic and the chord's mode (I V vi IV; i VI III VII)."""

FORMATS: dict[str, tuple[str, ...]] = {
    "wav": (".wav", "-c:a", "pcm_s16le"),
    "wav-24": (".wav", "-c:a", "pcm_s24le"),
    "wav-float": (".wav", "-c:a", "pcm_f32le"),
    "wav-adpcm": (".wav", "-c:a", "adpcm_ms"),
    "flac": (".flac", "-c:a", "flac"),
    "mp3": (".mp3", "-c:a", "libmp3lame", "-b:a", "128k"),
    "mp3-vbr": (".mp3", "-c:a", "libmp3lame", "-q:a", "4"),
    "ogg-vorbis": (".ogg", "-c:a", "libvorbis", "-q:a", "5"),
    "ogg-opus": (".ogg", "-c:a", "libopus", "-b:a", "64k"),
    "m4a": (".m4a", "-c:a", "aac", "-b:a", "128k"),
    "m4a-alac": (".m4a", "-c:a", "alac"),
    "aac": (".aac", "-c:a", "aac", "-b:a", "128k"),
    "aiff": (".aiff", "-c:a", "pcm_s16be"),
    "caf": (".caf", "-c:a", "pcm_s16le"),
    "mp4": (".mp4", "VIDEO", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"),
    "mov": (".mov", "VIDEO", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le"),
    "webm": (".webm", "VIDEO", "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
    "mkv": (".mkv", "VIDEO", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libvorbis"),
}
"""Name -> file extension and what ffmpeg is told; VIDEO puts a small picture track beside the sound."""

LOSSLESS = ("wav", "wav-24", "wav-float", "flac", "m4a-alac", "aiff", "caf", "mov")
"""Those of FORMATS that give the samples back to within their bit depth."""


def tone(
    duration_s: float = 2.0,
    frequency_hz: float = 440.0,
    *,
    rate_hz: int = 44_100,
    channels: int = 2,
    level: float = 0.5,
) -> Clip:
    """A sine of peak `level` (0..1); the second channel, if any, is a quarter period behind."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    phases = [2 * np.pi * frequency_hz * time_s - channel * np.pi / 2 for channel in range(channels)]
    return Clip((level * np.sin(np.stack(phases))).astype(np.float32), rate_hz)


def silence(duration_s: float = 1.0, *, rate_hz: int = 44_100, channels: int = 2) -> Clip:
    """Digital silence."""
    return Clip(np.zeros((channels, round(duration_s * rate_hz)), np.float32), rate_hz)


def noise(
    duration_s: float = 2.0, *, rate_hz: int = 44_100, channels: int = 2, level: float = 0.1, seed: int = 0
) -> Clip:
    """White noise of RMS `level`, cut to -1..1."""
    samples = np.random.default_rng(seed).normal(0.0, level, (channels, round(duration_s * rate_hz)))
    return Clip(np.clip(samples, -1, 1).astype(np.float32), rate_hz)


def click_track(tempo_bpm: float, num_beats: int, *, beats_per_bar: int = 4, rate_hz: int = 44_100) -> Clip:
    """Short clicks on every beat from time 0, higher and louder on each bar's first."""
    out = np.zeros(round((num_beats * 60 / tempo_bpm) * rate_hz) + 1)
    for beat in range(num_beats):
        first = beat % beats_per_bar == 0
        _add(
            out,
            beat * 60 / tempo_bpm,
            _decaying(1760 if first else 880, 0.05, rate_hz, 0.012),
            0.9 if first else 0.5,
            rate_hz,
        )
    return Clip(out[None].astype(np.float32), rate_hz)


def little_song(
    tempo_bpm: float = 120.0,
    tonic: int = 0,
    mode: str = "major",
    num_bars: int = 8,
    *,
    beats_per_bar: int = 4,
    rate_hz: int = 44_100,
    drums: bool = True,
    channels: int = 1,
) -> Clip:
    """Kick, snare and hat, bass and chords of known tempo, key (`tonic` 0 = C) and downbeats; it starts on a downbeat.

    One chord a bar, as PROGRESSIONS says; exactly num_bars long, peak 0.8.
    """
    beat_s = 60 / tempo_bpm
    out = np.zeros(round(num_bars * beats_per_bar * beat_s * rate_hz))
    for bar in range(num_bars):
        root, quality = PROGRESSIONS[mode][bar % 4]
        start_s = bar * beats_per_bar * beat_s
        _add_chord(out, start_s, beats_per_bar * beat_s, tonic + root, quality, rate_hz)
        for beat in range(beats_per_bar):
            at_s = start_s + beat * beat_s
            _add(out, at_s, _decaying(_pitch_hz(36 + (tonic + root) % 12), beat_s, rate_hz, 0.25), 0.5, rate_hz)
            if drums:
                _add_drums(out, at_s, beat, beat_s, rate_hz)
    out *= 0.8 / np.abs(out).max()
    return Clip(np.repeat(out[None], channels, axis=0).astype(np.float32), rate_hz)


def hum(
    pitches: tuple[int, ...] = (60, 62, 64, 65, 67, 69, 71, 72), note_s: float = 0.5, *, rate_hz: int = 44_100
) -> Clip:
    """A single voice that hums MIDI pitches one after the other, with vibrato and soft starts, mono."""
    out = np.zeros(round(len(pitches) * note_s * rate_hz))
    time_s = np.arange(round(note_s * rate_hz)) / rate_hz
    envelope = np.minimum(1, time_s / 0.04) * np.minimum(1, (note_s - time_s) / 0.06)
    for index, pitch in enumerate(pitches):
        phase = 2 * np.pi * _pitch_hz(pitch) * time_s + 0.15 * np.sin(2 * np.pi * 5.5 * time_s)
        voice = np.asarray(sum(np.sin(k * phase) / k**1.5 for k in range(1, 7)))
        _add(out, index * note_s, voice * envelope, 0.3, rate_hz)
    return Clip(out[None].astype(np.float32), rate_hz)


def wav_bytes(clip: Clip, subtype: str = "PCM_16") -> bytes:
    """The clip as a WAV file, by soundfile."""
    buffer = io.BytesIO()
    soundfile.write(buffer, clip.samples.T, clip.sample_rate_hz, format="WAV", subtype=subtype)
    return buffer.getvalue()


def encoded(clip: Clip, format_name: str, *, extra: tuple[str, ...] = ()) -> bytes:
    """The clip as a file of one of FORMATS; `extra` goes to ffmpeg before the output."""
    extension, *arguments = FORMATS[format_name]
    video: list[str] = []
    if arguments[0] == "VIDEO":
        arguments = arguments[1:]
        video = ["-f", "lavfi", "-i", "testsrc=size=96x64:rate=5"]
    return run_ffmpeg(
        ["-f", "wav", "-i", "pipe:0", *video, *arguments, "-shortest", *extra], extension, wav_bytes(clip, "FLOAT")
    )


def video_without_sound(duration_s: float = 1.0) -> bytes:
    """An MP4 with a picture track alone."""
    return run_ffmpeg(
        ["-f", "lavfi", "-i", f"testsrc=size=96x64:rate=5:duration={duration_s}", "-c:v", "libx264"], ".mp4"
    )


@cache
def song_file(format_name: str) -> bytes:
    """Four bars of `little_song` at 120 BPM in C major (8 s) as a file of one of FORMATS; made once."""
    return encoded(little_song(120, 0, "major", 4, channels=2), format_name)


def run_ffmpeg(arguments: list[str], extension: str, stdin: bytes = b"") -> bytes:
    """The file that ffmpeg writes; the file's name has the extension."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"out{extension}"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments, "-threads", "1", str(path)]
        subprocess.run(command, input=stdin, check=True, capture_output=True)
        return path.read_bytes()


def _add_chord(out: np.ndarray, start_s: float, length_s: float, root: int, mode: str, rate_hz: int) -> None:
    time_s = np.arange(round(length_s * rate_hz)) / rate_hz
    envelope = np.minimum(1, time_s / 0.02) * np.exp(-time_s / 1.5)
    for interval in SCALES[mode]:
        frequency_hz = _pitch_hz(60 + (root + interval) % 12)
        _add(
            out,
            start_s,
            envelope * np.asarray(sum(np.sin(2 * np.pi * k * frequency_hz * time_s) / k**2 for k in (1, 2, 3))),
            0.15,
            rate_hz,
        )


def _add_drums(out: np.ndarray, at_s: float, beat: int, beat_s: float, rate_hz: int) -> None:
    random = np.random.default_rng(beat)
    hiss = random.normal(0, 1, rate_hz // 8) * np.exp(-np.arange(rate_hz // 8) / (0.02 * rate_hz))
    if beat % 2 == 0:
        _add(out, at_s, _decaying(55, 0.2, rate_hz, 0.06), 1.0, rate_hz)
    else:
        _add(out, at_s, hiss, 0.35, rate_hz)
    for eighth in (0, 0.5):
        _add(out, at_s + eighth * beat_s, hiss[: rate_hz // 25] * np.linspace(1, 0, rate_hz // 25), 0.12, rate_hz)


def _decaying(frequency_hz: float, length_s: float, rate_hz: int, decay_s: float) -> np.ndarray:
    time_s = np.arange(round(length_s * rate_hz)) / rate_hz
    return np.sin(2 * np.pi * frequency_hz * time_s) * np.exp(-time_s / decay_s)


def _pitch_hz(midi_pitch: float) -> float:
    return float(440 * 2 ** ((midi_pitch - 69) / 12))


def _add(out: np.ndarray, at_s: float, sound: np.ndarray, gain: float, rate_hz: int) -> None:
    start = round(at_s * rate_hz)
    room = len(out) - start
    out[start : start + len(sound)] += gain * sound[: max(room, 0)]
