"""Player: a score in, stage by stage a mix and its stems out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter

import numpy as np

from generation.clip import Clip
from generation.engines.arranger.effects_space import impulse_response
from generation.engines.arranger.mix import Mixer, Track
from generation.engines.arranger.sampler import Sampler
from generation.engines.arranger.sampler_balance import piece_gain
from generation.engines.arranger.sampler_kept import KeptWave, ToneCache
from generation.engines.arranger.sampler_tone import SAMPLE_RATE_HZ, Wave, lay
from generation.engines.arranger.score import Part, Score
from generation.engines.arranger.soundfont import SoundFont
from generation.engines.arranger.synth import Synth, has_voice
from generation.errors import EngineFailed
from generation.hearing import Note

STAGE_S = 0.12
"""A stage hands back after about this much work, so that a cancel is felt at once."""
PLAYING_SHARE = 0.7
"""Part of the whole work that playing and the channel strips take; the rest is echo, room and bus."""
WRAP_TAIL_S = 4.0
EARLY_S = 0.05
"""A drum that is struck so shortly before a chord changes is meant for the chord that comes."""
Roots = tuple[tuple[float, int], ...]
Timed = tuple[Note, int, int]
"""A note with its first frame and the frames it is held for."""
GLIDE_REST_S, GLIDE_SHORT_S, GLIDE_LEAP = 0.06, 0.4, 7


@dataclass(frozen=True, slots=True)
class Rendered:
    """`mix` is stereo with peaks at -2 dBFS, before loudness finishing. `stems` by part name, all stereo and as long.

    The stems sum to what goes into the mix bus, all turned down by one gain where one of them would pass full scale:
    `mixed_bus(sum of stems, score.character, seed)` is the mix to within 1e-4. Reverb and echo of all parts are a stem
    of their own, "space".
    """

    mix: Clip
    stems: dict[str, Clip]


@dataclass(frozen=True, slots=True)
class Stage:
    """A little of the work is done: a word for people, the share of the whole (0..1), at the end the result."""

    word: str
    fraction: float
    result: Rendered | None = None


class Player:
    """Plays scores with one font. Waves are kept between scores, so a second take of the same sounds is faster.

    One thread. Playing a part in a second one while the one before is mixed gives the same samples, but no gain worth
    its locks: 1.02 to 1.1 times as fast at best, as the work is thousands of short array operations between which the
    interpreter's lock changes hands. Decoding ahead of the playing could save at most a fifth of a first take.
    """

    def __init__(self, font: SoundFont, sample_rate_hz: int = SAMPLE_RATE_HZ) -> None:
        if sample_rate_hz != SAMPLE_RATE_HZ:
            raise ValueError(f"the player works at {SAMPLE_RATE_HZ} Hz (see sampler_tone), not at {sample_rate_hz} Hz")
        self.sample_rate_hz = sample_rate_hz
        self._font = font
        self._cache: ToneCache[KeptWave] = ToneCache()
        self._piece_gains: dict[tuple[str, int], float] = {}

    def warm_up(self) -> None:
        """Imports what playing needs (a second on a slow machine) and builds the usual room, before the first score."""
        for name in ("scipy.fft", "scipy.signal", "soundfile", "soxr"):
            import_module(name)
        impulse_response("room")

    def render(self, score: Score, seed: int, wrap: bool = False) -> Iterator[Stage]:
        """Stages of at most some tenths of a second; the last one has the result, `score.duration_s` long.

        The same score and seed give the same samples. `wrap` lays what rings on after the end over the beginning, for
        loops.

        Raises:
            EngineFailed: the score names an instrument that there is not.
            BrokenFont: a sample of the font is damaged.
        """
        num_frames = max(round(score.duration_s * SAMPLE_RATE_HZ), 1)
        tail = round(WRAP_TAIL_S * SAMPLE_RATE_HZ) if wrap else 0
        num_notes = sum(len(part.notes) for part in score.parts)
        mixer = Mixer(score, seed, num_frames, tail)
        done = 0
        for part in score.parts:
            instrument = self._instrument(part, score.tuning_cents)
            track = Track(part, np.zeros((2 if instrument.is_stereo else 1, num_frames + tail), dtype=np.float32))
            for num_played in self._play(track.dry, part, instrument, seed, score.roots):
                yield Stage(part.name, PLAYING_SHARE * (done + num_played) / max(num_notes, 1))
            done += len(part.notes)
            for _ in mixer.add(track):
                yield Stage(part.name, PLAYING_SHARE * done / max(num_notes, 1))
        for share, result in mixer.finish():
            rendered = Rendered(*result) if result else None
            yield Stage("mixing", PLAYING_SHARE + (1 - PLAYING_SHARE) * share, rendered)

    def dry(self, part: Part, num_frames: int, tuning_cents: float = 0.0, seed: int = 0) -> Wave:
        """A part without any mix, in one go: float32 [1 or 2, num_frames]."""
        instrument = self._instrument(part, tuning_cents)
        out = np.zeros((2 if instrument.is_stereo else 1, num_frames), dtype=np.float32)
        for _ in self._play(out, part, instrument, seed):
            pass
        return out

    def _play(self, out: Wave, part: Part, instrument: Sampler | Synth, seed: int, roots: Roots = ()) -> Iterator[int]:
        """Adds a part's notes to `out`, float32 [1 or 2, frames], dry; says how many are laid down, at least once."""
        notes = [timed for timed in map(_timed, sorted(part.notes, key=_order)) if timed[1] < out.shape[1]]
        instrument.expect((note.pitch, note.velocity, hold) for note, _, hold in notes)
        cuts = _cuts(instrument, notes) if instrument.is_kit else {}
        variant, before = seed, None
        since = perf_counter()
        for index, (note, start, hold) in enumerate(notes):
            variant = (variant * 1_103_515_245 + 12_345) % 2**31  # which hit of a drum, in a fixed random order
            level, glide = self._level(instrument, note.pitch), _glide(part.sound.glide_s, before, note)
            root = _root_at(roots, note)
            for tone in instrument.tones(note.pitch, note.velocity, hold, variant >> 16, glide, root):
                lay(out, tone, start, hold, level, cuts.get(index))
            before = note
            if perf_counter() - since > STAGE_S:
                yield index
                since = perf_counter()
        yield len(notes)

    def _level(self, instrument: Sampler | Synth, pitch: int) -> float:
        if not instrument.is_kit:
            return 1.0
        key = (instrument.name, pitch)
        if key not in self._piece_gains:
            self._piece_gains[key] = piece_gain(instrument, pitch)
        return self._piece_gains[key]

    def _instrument(self, part: Part, tuning_cents: float) -> Sampler | Synth:
        kind, _, name = part.sound.instrument.partition(":")
        if kind in ("gm", "kit") and name.isdecimal() and int(name) <= 127:
            return Sampler(self._font, self._cache, int(name), kind == "kit", tuning_cents)
        if kind == "synth" and has_voice(name):
            return Synth(name, self._cache, tuning_cents)
        raise EngineFailed(f"The arranger has no instrument called {part.sound.instrument!r}.")


def _order(note: Note) -> tuple[float, int]:
    return note.start_s, note.pitch


def _cuts(instrument: Sampler | Synth, notes: list[Timed]) -> dict[int, int]:
    """Frame where a note's exclusive class is taken over by a later note, by the note's index."""
    cuts: dict[int, int] = {}
    sounding: dict[int, list[int]] = {}
    for index, (note, start, _) in enumerate(notes):
        if number := instrument.exclusive_class(note.pitch, note.velocity):
            earlier = [other for other in sounding.get(number, []) if notes[other][1] < start]
            cuts.update(dict.fromkeys(earlier, start))
            sounding[number] = [other for other in sounding.get(number, []) if other not in earlier] + [index]
    return cuts


def _glide(glide_s: float, before: Note | None, note: Note) -> tuple[int, float] | None:
    """(pitch to slide from, seconds): into a leap or a short note that follows without a rest."""
    if glide_s <= 0 or before is None or note.start_s - before.end_s > GLIDE_REST_S or before.pitch == note.pitch:
        return None
    slides = abs(note.pitch - before.pitch) >= GLIDE_LEAP or note.end_s - note.start_s < GLIDE_SHORT_S
    return (before.pitch, glide_s) if slides else None


def _root_at(roots: Roots, note: Note) -> int | None:
    """The root of the chord that a note is struck in; a hand that is early means the chord that comes."""
    index = bisect_right(roots, (note.start_s + EARLY_S, 12)) - 1
    return roots[max(index, 0)][1] if roots else None


def _timed(note: Note) -> Timed:
    start = _frame(note.start_s)
    return note, start, max(_frame(note.end_s) - start, 1)


def _frame(time_s: float) -> int:
    return max(round(time_s * SAMPLE_RATE_HZ), 0)
