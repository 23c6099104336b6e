"""The frame of a take: tempo, key, metre, grid and length, decided from the request, the clip and the prompt."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import fmean

from generation.audio.analyse.overrides import OVERRIDE_TOLERANCE
from generation.engines.arranger.grid import Grid, heard_grid, steady_grid
from generation.engines.arranger.prompt import Wish
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.style import Style
from generation.engines.arranger.theory import key_of_chords
from generation.hearing import PITCH_NAMES, Hearing, Key
from generation.keys import key_asked
from generation.request import Operation, Request

DEFAULT_DURATION_S = 20.0
MIN_CLIP_S = 1.0
MIN_BEATS = 4
SHORT_CLIP_DURATION_S = 8.0
MIN_KEY_CONFIDENCE = 0.15
MAX_DURATION_S = 300.0
TEMPO_FIT_SHARE = 0.05
"""How far the drawn tempo may be moved so that whole phrases fill the length."""
CUT_AT_A_BEAT = 0.1
"""A clip that ends so near a beat, as a share of one, ends on it: the ear places beats to 20 ms or so."""
EXTEND_LEAD_S = 0.03
"""How long before its first beat the new part of an extension begins: the room for the crossfade."""

_FOLLOWING = frozenset({Operation.RESTYLE, Operation.VARY, Operation.ACCOMPANY, Operation.LOOP})
_KEEPS_CLIP = frozenset({Operation.ACCOMPANY, Operation.EXTEND})


@dataclass(frozen=True, slots=True)
class Frame:
    """What all parts are written on.

    `grid` is the band's grid, `counted` the one that people count (the band may feel it in half or double time).
    The music lies between `first_beat` and `last_beat`. `clock_shift_s` is what is taken off the grid's times to get
    the score's (extend begins in the middle of the clip's clock, at `join_s`). `transpose` are semitones from the
    clip's key to the take's. `source_grid` are the clip's own beats, None when there is no clip music; with
    `follows_clip` the take's beats are the clip's, one to one.
    """

    operation: Operation
    duration_s: float
    grid: Grid
    counted: Grid
    key: Key
    tempo_bpm: float
    first_beat: int = 0
    last_beat: int = 0
    clock_shift_s: float = 0.0
    join_s: float = 0.0
    transpose: int = 0
    tuning_cents: float = 0.0
    source_grid: Grid | None = None
    follows_clip: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def counted_bar_beats(self) -> float:
        """The length of a counted bar in the band's beats: its own bar's, or half or double that."""
        rate = self.counted.beat_s / self.grid.beat_s
        return self.grid.beats_per_bar * 2.0 ** round(math.log2(rate))

    @property
    def num_bars(self) -> int:
        """Bars from the grid's first to the one in which the music ends."""
        return max(1, math.ceil(self.last_beat / self.grid.beats_per_bar))


def find_frame(request: Request, hearing: Hearing | None, wish: Wish, style: Style, streams: Streams) -> Frame:
    """Decide the frame. `hearing` is None without a clip."""
    heard = hearing if hearing is not None else Hearing(0.0)
    remarks: list[str] = []
    key, transpose = _key(request, heard, wish, style, streams, remarks)
    duration_s = _duration(request, heard, wish, remarks)
    beats_per_bar = _metre(request, heard, wish, style)
    counted, source = _grids(request, heard, wish, style, streams, duration_s, beats_per_bar, remarks)
    moved = source is not None and source is not counted and heard.has_beat and len(heard.beats_s) >= MIN_BEATS
    if moved and source is not None and request.duration_s is None and request.operation in _FOLLOWING:
        duration_s = min(counted.seconds(source.beat_at(heard.duration_s)), MAX_DURATION_S)  # played at another tempo
    base = Frame(request.operation, duration_s, counted, counted, key, 60.0 / counted.beat_s, transpose=transpose)
    base = replace(base, tuning_cents=_tuning(heard), source_grid=source, follows_clip=_follows(request, source))
    if request.operation is Operation.EXTEND:
        base = _joined(base, heard)
    return _felt(base, style, wish, tuple(remarks))


def _follows(request: Request, source: Grid | None) -> bool:
    return source is not None and request.operation in _FOLLOWING


def _tuning(heard: Hearing) -> float:
    return min(max(heard.tuning_cents, -50.0), 50.0) if heard.key is not None or heard.chords else 0.0


def _duration(request: Request, heard: Hearing, wish: Wish, remarks: list[str]) -> float:
    if request.operation in _FOLLOWING:
        if request.duration_s is not None:
            return request.duration_s
        if heard.duration_s >= MIN_CLIP_S:
            return min(heard.duration_s, MAX_DURATION_S)
        remarks.append(f"The clip is only {heard.duration_s:.1f} s long, so I made {SHORT_CLIP_DURATION_S:.0f} s.")
        return SHORT_CLIP_DURATION_S
    return request.duration_s or wish.duration_s or DEFAULT_DURATION_S


def _metre(request: Request, heard: Hearing, wish: Wish, style: Style) -> int:
    if request.beats_per_bar is not None:
        return request.beats_per_bar
    if heard.has_beat and request.operation is not Operation.COMPOSE:
        return heard.beats_per_bar
    if wish.beats_per_bar is not None:
        return wish.beats_per_bar
    return heard.beats_per_bar if heard.has_beat else style.beats_per_bar


def _key(
    request: Request, heard: Hearing, wish: Wish, style: Style, streams: Streams, remarks: list[str]
) -> tuple[Key, int]:
    """The take's key and how many semitones the clip's music must move to reach it."""
    asked = key_asked(request.key)
    found = _heard_key(heard)
    wanted = asked or wish.key
    if found is None:
        mode = wish.mode or style.mode
        return wanted or Key(streams.stream("key").choice((0, 2, 3, 5, 7, 9, 10)), mode), 0
    if wanted is None or _same_notes(wanted, found):
        return wanted or found, 0
    if request.operation in _KEEPS_CLIP:
        if asked is not None:
            return asked, 0  # the user corrects what was heard
        remarks.append(f"The clip is in {found}, so I stayed there instead of {wanted}.")
        return found, 0
    shift = (wanted.tonic - found.tonic + 5) % 12 - 5
    return Key(wanted.tonic, found.mode) if heard.chords else wanted, shift


def _heard_key(heard: Hearing) -> Key | None:
    if heard.key is not None and heard.key_confidence >= MIN_KEY_CONFIDENCE:
        return heard.key
    if heard.chords:
        spans = ((c.root, c.quality, c.end_s - c.start_s) for c in heard.chords if c.root is not None)
        return key_of_chords(spans) or heard.key
    return heard.key


def _same_notes(one: Key, other: Key) -> bool:
    """Whether two keys are the same or relatives (A minor and C major)."""
    return (one.tonic + 3 * (one.mode == "minor")) % 12 == (other.tonic + 3 * (other.mode == "minor")) % 12


def _grids(
    request: Request,
    heard: Hearing,
    wish: Wish,
    style: Style,
    streams: Streams,
    duration_s: float,
    beats_per_bar: int,
    remarks: list[str],
) -> tuple[Grid, Grid | None]:
    """The grid that is counted, and the clip's own one (None when the clip has no beat or no part in it)."""
    if not heard.has_beat or len(heard.beats_s) < MIN_BEATS:
        if heard.duration_s > 0 and request.operation is not Operation.COMPOSE:
            remarks.append("I heard no steady beat in the clip, so the band keeps its own time.")
        tempo = request.tempo_bpm or _own_tempo(wish, style, streams, duration_s, beats_per_bar)
        own = _steady(tempo, duration_s, beats_per_bar)
        return own, steady_grid(own.beat_s, heard.duration_s, beats_per_bar) if heard.duration_s >= MIN_CLIP_S else None
    source = heard_grid(heard.beats_s, heard.downbeats_s, beats_per_bar, max(heard.duration_s, duration_s))
    heard_bpm = 60.0 / source.beat_s
    asked = request.tempo_bpm or (wish.tempo_bpm if request.operation not in _KEEPS_CLIP else None)
    if asked is not None and (rate := _octave(asked, heard_bpm)) != 1:
        source = source.rescaled(rate)
        heard_bpm *= rate
    if request.operation is Operation.COMPOSE:
        return _steady(_compose_tempo(asked, heard_bpm), duration_s, beats_per_bar), source
    if request.operation is Operation.EXTEND:
        return _going_on(source, heard.duration_s, heard.duration_s + duration_s, asked), source
    said_bpm = asked or wish.tempo_bpm
    if said_bpm is not None and request.operation is Operation.ACCOMPANY and _octave(said_bpm, heard_bpm) == 1:
        if abs(said_bpm / heard_bpm - 1) > OVERRIDE_TOLERANCE and beats_per_bar != 6:
            remarks.append(f"The clip runs at {heard_bpm:.0f} BPM, so I stayed there.")
        return source, source
    if asked is not None and request.operation is not Operation.ACCOMPANY and abs(asked / heard_bpm - 1) > 0.03:
        length_s = max(duration_s, heard.duration_s * heard_bpm / asked)
        return steady_grid(60.0 / asked, length_s, beats_per_bar, source.beat_at(0.0)), source
    return source, source


def _going_on(source: Grid, heard_s: float, duration_s: float, asked_bpm: float | None) -> Grid:
    """The clip's beats, then on at the tempo that was said where it is about the one that was heard, else at that.

    The last two bars say where the beats lie that follow; a clip that ends near one of them was cut at it.
    """
    beats_s, downbeats_s = source.beats_s, source.downbeats_s()
    if asked_bpm is None or abs(asked_bpm * source.beat_s / 60 - 1) > OVERRIDE_TOLERANCE:
        return heard_grid(beats_s, downbeats_s, source.beats_per_bar, duration_s)
    beat_s, heard = 60.0 / asked_bpm, [time_s for time_s in beats_s if time_s <= heard_s]
    last_s = fmean(time_s + index * beat_s for index, time_s in enumerate(heard[:-9:-1]))
    left = (heard_s - last_s) / beat_s
    if abs(left - round(left)) <= CUT_AT_A_BEAT:
        last_s = heard_s - round(left) * beat_s
    onward = [last_s + index * beat_s for index in range(1, int((duration_s - last_s) / beat_s) + 2)]
    bars_s = [time_s for time_s in downbeats_s if time_s <= heard_s]
    return heard_grid([*heard, *onward], bars_s, source.beats_per_bar, duration_s)


def _octave(asked: float, heard: float) -> float:
    """2 or 0.5 when the tempo asked for is about the double or half of the heard one, otherwise 1."""
    return next((rate for rate in (2.0, 0.5) if abs(asked / (heard * rate) - 1) < OVERRIDE_TOLERANCE), 1.0)


def _steady(tempo_bpm: float, duration_s: float, beats_per_bar: int) -> Grid:
    """A steady grid; 6/8 at a tempo up to 100 is counted in dotted quarters of three eighth-note beats."""
    rate = 3 if beats_per_bar == 6 and tempo_bpm <= 100 else 1
    beat_s = 60.0 / (tempo_bpm * rate)
    bar_s = beat_s * beats_per_bar
    if duration_s >= bar_s + ring_s(beat_s):
        return steady_grid(beat_s, duration_s, beats_per_bar)
    upbeats = max(0, int((duration_s - ring_s(beat_s)) / beat_s))
    return steady_grid(beat_s, duration_s, beats_per_bar, (-upbeats) % beats_per_bar)


def ring_s(beat_s: float) -> float:
    """How long the last hit needs to ring at least."""
    return min(max(2 * beat_s, 0.8), 2.0)


def _compose_tempo(asked: float | None, heard_bpm: float) -> float:
    if asked is not None:
        return asked
    return min(max(heard_bpm, 30.0), 300.0)


def _own_tempo(wish: Wish, style: Style, streams: Streams, duration_s: float, beats_per_bar: int) -> float:
    """The prompt's tempo, or a round one of the style's range at which whole phrases fill the length best."""
    if wish.tempo_bpm is not None:
        return wish.tempo_bpm
    low, high = (min(max(edge * wish.tempo_factor, 35), 260) for edge in style.tempo_bpm)
    drawn = streams.stream("tempo").uniform(low, high)
    quarters = 2 if beats_per_bar == 6 else beats_per_bar

    def misfit(tempo: int) -> float:
        bar_s = quarters * 60.0 / tempo
        bars = (duration_s - 0.75 * bar_s) / bar_s
        phrase = 4 if bars >= 6 else 2 if bars >= 3 else 1
        off = abs(bars / phrase - round(bars / phrase)) * phrase
        return off + abs(tempo - drawn) / drawn

    near = [t for t in range(math.ceil(low), math.floor(high) + 1) if abs(t / drawn - 1) <= TEMPO_FIT_SHARE]
    return float(min(near, key=misfit, default=round(drawn)))


def _joined(base: Frame, heard: Hearing) -> Frame:
    """Set an extension's clock: the new part begins at the last beat of the clip, on its bar line's phase."""
    grid = base.grid
    beat = int(grid.beat_at(heard.duration_s) + 1e-6)
    while beat > 0 and grid.seconds(beat) > heard.duration_s:
        beat -= 1
    join_s = max(grid.seconds(beat), 0.0)
    total_s = (heard.duration_s if heard.has_beat else join_s) + base.duration_s  # see engine: played out, then joined
    lead = min(EXTEND_LEAD_S, join_s)
    shift = join_s - lead
    return replace(base, join_s=join_s, first_beat=beat, clock_shift_s=shift, duration_s=total_s - shift)


def _felt(base: Frame, style: Style, wish: Wish, remarks: tuple[str, ...]) -> Frame:
    """Let the band feel the counted grid in half or double time where that is the style's own tempo."""
    pulse = base.tempo_bpm / 3 if base.grid.beats_per_bar == 6 else base.tempo_bpm
    low, high = (edge * wish.tempo_factor for edge in style.tempo_bpm)
    target = math.sqrt(low * high)
    # three beats have no half: a bar felt at another rate would have its chords on the wrong side of the bar line
    rates = (1.0, 2.0, 0.5) if base.grid.beats_per_bar == 4 else (1.0,)
    explicit = wish.tempo_bpm is not None and low * 0.6 <= pulse <= high * 1.6
    rate = 1.0 if explicit else min(rates, key=lambda r: abs(math.log2(pulse * r / target)) + 0.15 * (r != 1))
    if len(rates) > 1:
        rate *= 0.5 if "half_time" in wish.flags else 2.0 if "double_time" in wish.flags else 1.0
    grid = base.counted.rescaled(rate)
    first = grid.beat_at(base.join_s) if base.join_s else grid.beat_at(0.0)
    end = grid.beat_at(base.clock_shift_s + base.duration_s)
    source = base.source_grid.rescaled(rate) if base.source_grid is not None else None
    start = max(0, round(first) if base.join_s else math.ceil(first - 1e-6))
    last = max(1, math.ceil(end - 1e-6))
    return replace(base, grid=grid, source_grid=source, first_beat=start, last_beat=last, remarks=remarks)


def key_name(key: Key) -> str:
    """A key for people: "D minor"."""
    return f"{PITCH_NAMES[key.tonic]} {key.mode}"
