"""Mixer: the parts' tracks become stems, an echo and a reverb of all, and a mix through the bus.

track ─ low cut ─ drive ─ low-pass ─ cabinet ─ compression ─┐
┌───────────────────────────────────────────────────────────┘
└─ level ─ chorus ─ duck ─ ride ─ pan ─┬─ stem ───────┐
                                       ├─ echo ──┐    ├─ sum ─ bus
                                       └─ room ──┴ "space"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generation.clip import Clip
from generation.engines.arranger.effects_bus import mixing_bus
from generation.engines.arranger.effects_cabinet import cabinet
from generation.engines.arranger.effects_level import (
    SILENT_LUFS,
    compressing,
    decibels,
    ducking_gain,
    measuring_energy,
    measuring_lufs,
)
from generation.engines.arranger.effects_pieces import Steps, added, peak, pieces, scaled
from generation.engines.arranger.effects_ride import riding_gain
from generation.engines.arranger.effects_space import echo, reverberate
from generation.engines.arranger.effects_tone import butterworth, chorusing, driving, filtering
from generation.engines.arranger.instruments import KICK_PITCHES, ROLE_LEVELS_DB
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave, pan_gains
from generation.engines.arranger.score import Part, Score
from generation.engines.arranger.stems import StemShelf

MixResult = tuple[Clip, dict[str, Clip]]
REFERENCE_LUFS = -20.0
"""Loudness of a part at 0 dB in the table of roles and velocity 0.8; five or six of them leave headroom in float."""
SPACE_STEM = "space"
END_FADE_S = 0.005
ENDING_SHARE, LONGEST_FADE_S = 0.25, 0.5
"""So much of a piece's ending is let die away, at most: what is held to the last moment else stops like a tape."""
NORMAL_VELOCITY = 0.8
LOW_ROLES = frozenset({"drums", "kick", "bass", "sub", "effects", "texture", "percussion"})
BASS_ROLES = frozenset({"bass", "sub"})
BASS_ENERGY_DB = 0.9
"""By how much a bass guitar's energy is over its loudness, which counts the lowest octave less (median of 30 parts on
the carried font's, 0.5 to 1.5 dB). An 808, a sine sub, a saw or a double bass lies at 1.8 to 2.9: brought to the same
loudness it would hold up to 2 dB more of the mix's energy, all of it where small speakers play nothing and limiters
choke first."""
UNRIDDEN_ROLES = frozenset({"effects", "texture"})
"""Risers and impacts have their own way through the form."""
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
        self._beat_s, self._fade_s = _beat_s(score), _fade_s(score)
        self._ride = riding_gain(score.markers, num_frames + tail)
        self._room = self._silence(tail)
        has_echo = any(part.sound.delay > 0 for part in score.parts)
        self._echo = np.zeros((1, num_frames + tail), dtype=np.float32) if has_echo else None  # goes from side to side
        self._mix = self._silence(0)
        self._stems = StemShelf()

    def _silence(self, tail: int) -> Wave:
        return np.zeros((2, self._num_frames + tail), dtype=np.float32)

    def add(self, track: Track) -> Steps[None]:
        """Takes a track through its channel strip, a little at a time, and keeps it as a stem. The track is used up."""
        yield from self._strip(track)
        yield from self._keep(self._stems.free_name(track.part.name), track.dry)
        track.dry = track.dry[:, :0]  # the memory is wanted for the next one

    def _keep(self, name: str, samples: Wave) -> Steps[None]:
        stem = self._ended(samples)
        yield from added(self._mix, stem, 1.0)
        self._stems.put(name, stem)
        yield

    def finish(self) -> Iterator[tuple[float, MixResult | None]]:
        """Echo, room and bus: (share of this work done, the result at the end)."""
        stems: dict[str, Clip] = {}
        for share in self._space():
            yield 0.4 * share, None
        for _ in self._keep(SPACE_STEM, self._room):
            yield 0.4, None
        self._room = self._room[:, :0]
        for _ in mixing_bus(self._mix, self._score.character, self._seed):
            yield 0.7, None
        for _ in self._handed_over(stems):
            yield 0.9, None
        yield 1.0, (Clip(self._mix, SAMPLE_RATE_HZ), stems)

    def _handed_over(self, stems: dict[str, Clip]) -> Steps[None]:
        stems.update((yield from self._stems.clips()))

    def _strip(self, track: Track) -> Steps[None]:
        """One part's channel strip, some hundredths of a second at a time."""
        part, sound, role = track.part, track.part.sound, role_of(track.part)
        low_cut_hz = sound.highpass_hz or (None if role in LOW_ROLES or part.is_drums else LOW_CUT_HZ)
        if low_cut_hz is not None:
            yield from filtering(track.dry, butterworth("highpass", float(low_cut_hz)))
        if sound.drive > 0:
            yield from driving(track.dry, min(sound.drive, 1.0))
        if sound.lowpass_hz is not None:  # after the drive, as a guitar's cabinet stands behind its amplifier
            yield from filtering(track.dry, butterworth("lowpass", float(sound.lowpass_hz)))
        yield from cabinet(track.dry, sound.instrument)
        if role in _COMPRESSION:
            yield from _evening(track.dry, *_COMPRESSION[role])
        lufs = yield from _measured(track.dry, role)
        yield from scaled(track.dry, decibels(level_db(part, lufs)))
        if sound.chorus > 0:
            track.dry = yield from chorusing(track.dry, min(sound.chorus, 1.0))
        if sound.duck > 0 and len(self._kicks_s) and role not in ("drums", "kick") and not part.is_drums:
            push = ducking_gain(self._kicks_s, min(sound.duck, 1.0), self._beat_s, track.dry.shape[1])
            yield from _moved(track.dry, push)
        if self._ride is not None and role not in UNRIDDEN_ROLES:
            yield from _moved(track.dry, self._ride)
        track.dry = _panned(track.dry, sound.pan)
        yield
        yield from self._send(track)

    def _send(self, track: Track) -> Steps[None]:
        sound = track.part.sound
        if sound.reverb > 0:
            yield from added(self._room, track.dry, min(sound.reverb, 1.0) * REVERB_SHARE)
        if sound.delay > 0 and self._echo is not None:
            for side in range(2):
                yield from added(self._echo, track.dry[side : side + 1], min(sound.delay, 1.0) * ECHO_SHARE / 2)

    def _space(self) -> Iterator[float]:
        """Turns the two sends into one return: the echo, and the room that hears the parts and a little of the echo."""
        wet = self._silence(self._tail)
        if self._echo is not None:
            for _ in echo(self._echo, self._beat_s, wet):
                yield 0.1
            self._echo = None
            for _ in added(self._room, wet, 0.25):
                yield 0.2
        for share in reverberate(self._room, self._score.space, wet):
            yield 0.2 + 0.8 * share
        self._room = wet

    def _ended(self, samples: Wave) -> Wave:
        """Stereo, as long as the score: what rings on is laid over the beginning (loops), or fades out."""
        if self._tail:
            out = samples[:, : self._num_frames].copy()
            folded = min(self._tail, self._num_frames)
            out[:, :folded] += samples[:, self._num_frames : self._num_frames + folded]
            return out
        fade = min(round(self._fade_s * SAMPLE_RATE_HZ), self._num_frames)
        samples[:, -fade:] *= np.cos(np.linspace(0, np.pi / 2, fade)).astype(np.float32)
        return samples


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


def _measured(samples: Wave, role: str) -> Steps[float]:
    """A part's loudness in LUFS; a bass that is nearly all fundamental counts by its energy instead."""
    lufs = yield from measuring_lufs(samples)
    if role not in BASS_ROLES:
        return lufs
    energy = yield from measuring_energy(samples)
    return max(lufs, energy - BASS_ENERGY_DB)


def _evening(samples: Wave, depth_db: float, ratio: float, attack_s: float, release_s: float) -> Steps[None]:
    highest = peak(samples)
    if highest >= 1e-6:
        yield from compressing(samples, 20 * float(np.log10(highest)) - depth_db, ratio, attack_s, release_s)


def _moved(samples: Wave, gains: Wave) -> Steps[None]:
    """The samples times one gain a frame, in place."""
    for span in pieces(samples.shape[1]):
        samples[:, span] *= gains[span]
        yield


def _panned(samples: Wave, pan: float) -> Wave:
    """float32 [2, frames]; a stereo track is balanced instead of collapsed."""
    out = samples if len(samples) == 2 else np.repeat(samples, 2, axis=0)
    for side, gain in zip(out, pan_gains(pan), strict=True):
        side *= np.float32(gain)
    return out


def _kick_starts(score: Score) -> NDArray[np.float64]:
    """When a kick sounds, in seconds."""
    starts = [
        note.start_s
        for part in score.parts
        for note in part.notes
        if role_of(part) == "kick" or (part.is_drums and note.pitch in KICK_PITCHES)
    ]
    return np.unique(np.array(starts, dtype=np.float64))


def _fade_s(score: Score) -> float:
    """How long the last moment takes to die away: a part of the ending, where the piece has one."""
    ending_s = next((score.duration_s - start_s for start_s, kind in score.markers if kind == "ending"), 0.0)
    return min(max(ENDING_SHARE * ending_s, END_FADE_S), LONGEST_FADE_S)


def _beat_s(score: Score) -> float:
    return float(np.median(np.diff(score.beats_s))) if len(score.beats_s) > 1 else 0.5
