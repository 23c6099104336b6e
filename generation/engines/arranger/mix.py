"""Mixer: the parts' tracks become stems, an echo and a reverb of all, and a mix through the bus.

track ─ filters ─ drive ─ compression ─ level by role ─ chorus ─ duck ─ pan ─┬─ stem ───────────────┐
                                                                             ├─ echo send ─┐        ├─ sum ─ bus
                                                                             └─ room send ─┴ "space"┘
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip
from generation.engines.arranger.effects_bus import bus_stages
from generation.engines.arranger.effects_level import SILENT_LUFS, compressed, decibels, ducking_gain, loudness_lufs
from generation.engines.arranger.effects_space import echo, reverberate
from generation.engines.arranger.effects_tone import butterworth, chorused, driven, filtered_by
from generation.engines.arranger.instruments import KICK_PITCHES, ROLE_LEVELS_DB
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave, pan_gains
from generation.engines.arranger.score import Part, Score

MixResult = tuple[Clip, dict[str, Clip]]
REFERENCE_LUFS = -20.0
"""Loudness of a part at 0 dB in the table of roles and velocity 0.8; five or six of them leave headroom in float."""
SPACE_STEM = "space"
END_FADE_S = 0.005
NORMAL_VELOCITY = 0.8
LOW_ROLES = frozenset({"drums", "kick", "bass", "sub", "effects", "texture", "percussion"})
LOW_CUT_HZ = 120.0
"""Parts that are not meant to have a low end lose it, so that kick and bass have it for themselves."""
REVERB_SHARE, ECHO_SHARE = 0.7, 0.6
_COMPRESSION = {"drums": (7.0, 3.0, 0.012, 0.12), "bass": (8.0, 3.5, 0.02, 0.15), "lead": (6.0, 2.2, 0.015, 0.15)}
"""By role: decibels under the part's peaks where it starts, ratio, attack and release in seconds."""


@dataclass(slots=True, eq=False)
class Track:
    """A part as it was played, dry: float32 [1 or 2, frames]."""

    part: Part
    dry: Wave


class Mixer:
    """Mixes one score's tracks: `add` each as it is played, then `finish`.

    `tail` frames beyond the end are laid over the beginning (loops).
    """

    def __init__(self, score: Score, seed: int, num_frames: int, tail: int) -> None:
        self._score, self._seed = score, seed
        self._num_frames, self._tail = num_frames, tail
        self._kicks_s = _kick_starts(score)
        self._beat_s = _beat_s(score)
        self._room = np.zeros((2, num_frames + tail), dtype=np.float32)
        self._echo = np.zeros((2, num_frames + tail), dtype=np.float32)
        self._stems: dict[str, Wave] = {}

    def add(self, track: Track) -> Iterator[None]:
        """Takes a track through its channel strip, a little at a time, and keeps it as a stem. The track is used up."""
        name = track.part.name
        if name in self._stems:
            name = f"{name} {len(self._stems) + 1}"
        yield from self._strip(track)
        self._stems[name] = self._ended(track.dry)
        track.dry = self._stems[name][:, :0]  # the memory is wanted for the next one

    def finish(self) -> Iterator[tuple[float, MixResult | None]]:
        """Echo, room and bus: (share of this work done, the result at the end)."""
        for share in self._space():
            yield 0.4 * share, None
        stems = {**self._stems, SPACE_STEM: self._ended(self._room)}
        mix = np.zeros((2, self._num_frames), dtype=np.float32)
        for stem in stems.values():
            mix += stem
        for step in bus_stages(mix, self._score.character, self._seed):
            mix = step
            yield 0.7, None
        yield 1.0, (Clip(mix, SAMPLE_RATE_HZ), {name: Clip(stem, SAMPLE_RATE_HZ) for name, stem in stems.items()})

    def _strip(self, track: Track) -> Iterator[None]:
        """One part's channel strip, in place, some tenths of a second at a time."""
        part, sound, role = track.part, track.part.sound, role_of(track.part)
        low_cut_hz = sound.highpass_hz or (None if role in LOW_ROLES or part.is_drums else LOW_CUT_HZ)
        for kind, cutoff_hz in (("highpass", low_cut_hz), ("lowpass", sound.lowpass_hz)):
            if cutoff_hz is not None:
                track.dry = filtered_by(track.dry, butterworth(kind, float(cutoff_hz)))
                yield
        if sound.drive > 0:
            track.dry = driven(track.dry, min(sound.drive, 1.0))
            yield
        if role in _COMPRESSION:
            track.dry = _even(track.dry, *_COMPRESSION[role])
            yield
        track.dry *= decibels(level_db(part, loudness_lufs(track.dry)))
        yield
        if sound.chorus > 0:
            track.dry = chorused(track.dry, min(sound.chorus, 1.0))
            yield
        if sound.duck > 0 and len(self._kicks_s) and role not in ("drums", "kick") and not part.is_drums:
            track.dry *= ducking_gain(self._kicks_s, min(sound.duck, 1.0), self._beat_s, track.dry.shape[1])
        track.dry = _panned(track.dry, sound.pan)
        self._send(track)
        yield

    def _send(self, track: Track) -> None:
        sound = track.part.sound
        if sound.reverb > 0:
            self._room += track.dry * np.float32(min(sound.reverb, 1.0) * REVERB_SHARE)
        if sound.delay > 0:
            self._echo += track.dry * np.float32(min(sound.delay, 1.0) * ECHO_SHARE)

    def _space(self) -> Iterator[float]:
        """Turns the two sends into one return: the echo, and the room that hears the parts and a little of the echo."""
        wet = np.zeros_like(self._echo)
        if np.any(self._echo):
            for _ in echo(self._echo, self._beat_s, wet):
                yield 0.1
        self._room += np.float32(0.25) * wet
        for share in reverberate(self._room, self._score.space, wet):
            yield 0.2 + 0.8 * share
        self._room = wet

    def _ended(self, samples: Wave) -> Wave:
        """Stereo, as long as the score: what rings on is laid over the beginning (loops), or cut with a short fade."""
        out = samples[:, : self._num_frames].copy()
        if self._tail:
            folded = min(self._tail, self._num_frames)
            out[:, :folded] += samples[:, self._num_frames : self._num_frames + folded]
            return out
        fade = min(round(END_FADE_S * SAMPLE_RATE_HZ), self._num_frames)
        out[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        return out


def role_of(part: Part) -> str:
    """The role in a part's name: "lead" of "lead 2" and "lead_octave"; "chords" for names without one."""
    if part.sound.instrument.startswith("kit:"):
        return "drums"
    role = part.name.lower().replace("_", " ").split(" ")[0]
    return role if role in ROLE_LEVELS_DB else "chords"


def level_db(part: Part, lufs: float) -> float:
    """The gain that brings a part of this loudness to its role's place.

    The strength it is played with is heard by half: a part at velocity 0.4 comes 6 dB under one at 0.8, not 12, as a
    mixing engineer would bring up what is played softly.
    """
    if lufs <= SILENT_LUFS or not part.notes:
        return 0.0
    velocity = max(float(np.mean([note.velocity for note in part.notes])), 0.1)
    strength_db = 20 * float(np.log10(velocity / NORMAL_VELOCITY))
    wanted = REFERENCE_LUFS + ROLE_LEVELS_DB[role_of(part)] + strength_db + part.sound.gain_db
    return min(wanted - lufs, 40.0)


def _even(samples: Wave, depth_db: float, ratio: float, attack_s: float, release_s: float) -> Wave:
    peak = float(np.abs(samples).max())
    if peak < 1e-6:
        return samples
    return compressed(samples, 20 * float(np.log10(peak)) - depth_db, ratio, attack_s, release_s)


def _panned(samples: Wave, pan: float) -> Wave:
    """float32 [2, frames]; a stereo track is balanced instead of collapsed."""
    left, right = pan_gains(pan)
    return np.stack([samples[0] * np.float32(left), samples[-1] * np.float32(right)])


def _kick_starts(score: Score) -> NDArray[np.float64]:
    """When a kick sounds, in seconds."""
    starts = [
        note.start_s
        for part in score.parts
        for note in part.notes
        if role_of(part) == "kick" or (part.is_drums and note.pitch in KICK_PITCHES)
    ]
    return np.unique(np.array(starts, dtype=np.float64))


def _beat_s(score: Score) -> float:
    return float(np.median(np.diff(score.beats_s))) if len(score.beats_s) > 1 else 0.5
