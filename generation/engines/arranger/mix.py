"""Mixer: the parts' tracks become stems, sends and a bus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generation.clip import Clip
from generation.engines.arranger.effects_level import SILENT_LUFS, decibels, ducking_gain, loudness_lufs
from generation.engines.arranger.instruments import KICK_PITCHES, ROLE_LEVELS_DB
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave, pan_gains
from generation.engines.arranger.score import Part, Score

MixResult = tuple[Clip, dict[str, Clip]]
REFERENCE_LUFS = -18.0
"""Loudness of a part at 0 dB in the table of roles, at velocity 0.8."""
PEAK_DBFS = -2.0


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A part as it was played, dry: float32 [1 or 2, frames]."""

    part: Part
    dry: Wave


class Mixer:
    """Mixes one score's tracks. `tail` frames beyond the end are laid over the beginning (loops)."""

    def __init__(self, score: Score, seed: int, num_frames: int, tail: int) -> None:
        self._score, self._seed = score, seed
        self._num_frames, self._tail = num_frames, tail
        self._kicks_s = _kick_starts(score)

    def mix(self, tracks: list[Track]) -> Iterator[tuple[float, MixResult | None]]:
        """(share of the work done, result at the end)."""
        stems: dict[str, Wave] = {}
        for index, track in enumerate(tracks):
            name = track.part.name if track.part.name not in stems else f"{track.part.name} {index + 1}"
            stems[name] = self._strip(track)
            yield 0.8 * (index + 1) / len(tracks), None
        total = sum(stems.values(), np.zeros((2, self._num_frames), dtype=np.float32))
        peak = float(np.abs(total).max())
        mix = total * (decibels(PEAK_DBFS) / np.float32(max(peak, 1e-9)) if peak > 0 else np.float32(1))
        yield 1.0, (Clip(mix, SAMPLE_RATE_HZ), {name: Clip(stem, SAMPLE_RATE_HZ) for name, stem in stems.items()})

    def _strip(self, track: Track) -> Wave:
        sound, dry = track.part.sound, track.dry
        dry = dry * decibels(_level_db(track))
        if sound.duck > 0 and len(self._kicks_s) and not _is_kick(track.part):
            dry = dry * ducking_gain(self._kicks_s, sound.duck, _beat_s(self._score), dry.shape[1])
        left, right = pan_gains(sound.pan)
        stereo = np.stack([dry[0] * np.float32(left), dry[-1] * np.float32(right)])
        return stereo[:, : self._num_frames]


def _level_db(track: Track) -> float:
    lufs = loudness_lufs(track.dry)
    if lufs <= SILENT_LUFS:
        return 0.0
    role = track.part.name.lower().replace("_", " ").split(" ")[0]
    velocity = float(np.mean([note.velocity for note in track.part.notes]))
    wanted = REFERENCE_LUFS + ROLE_LEVELS_DB.get(role, ROLE_LEVELS_DB["chords"])
    return wanted + 20 * float(np.log10((max(velocity, 0.05) / 0.8) ** 2)) + track.part.sound.gain_db - lufs


def _is_kick(part: Part) -> bool:
    return part.is_drums or part.name == "kick"


def _kick_starts(score: Score) -> np.ndarray:
    starts = [
        note.start_s
        for part in score.parts
        for note in part.notes
        if part.name == "kick" or (part.is_drums and note.pitch in KICK_PITCHES)
    ]
    return np.unique(np.array(starts, dtype=np.float64))


def _beat_s(score: Score) -> float:
    return float(np.median(np.diff(score.beats_s))) if len(score.beats_s) > 1 else 0.5
