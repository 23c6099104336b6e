"""The bass: patterns of chord degrees, walking lines, and lines that lock with the kick."""

from __future__ import annotations

from random import Random

from generation.engines.arranger.band import Player
from generation.engines.arranger.events import Event, Stroke, bar_of_pattern, own_pattern, strokes
from generation.engines.arranger.form import Section
from generation.engines.arranger.grid import Grid
from generation.engines.arranger.spans import ChordSpan, Harmony
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.theory import nearest_pitch, scale_walk

CHROMATIC_SHARE = 0.1
"""How many of a walking line's approach notes to a new chord come from a semitone outside the scale."""
BOOMING = "synth:bass808"
"""It rings on under all that follows: it plays roots and their octaves alone."""
HELD_ROOTS = ("1-------1-------", "1---------1---8-")
"""What it plays in a style whose bass walks."""
CHROMATIC_FROM_CHORDS = 4
"""In a line over fewer chords one note outside the scale sounds like a mistake."""


def play_bass(
    player: Player,
    form: tuple[Section, ...],
    harmony: Harmony,
    grid: Grid,
    kicks: dict[int, tuple[int, ...]],
    streams: Streams,
) -> tuple[Event, ...]:
    """The bass part for a whole form; `kicks` are the kick's steps by bar."""
    events: list[Event] = []
    style = player.style
    by_letter: dict[str, str] = {}
    patterns = style.patterns or HELD_ROOTS
    history: list[tuple[tuple[float, int], ...]] = []
    for section in form:
        if section.kind == "ending":
            events += _last_note(section, harmony, grid, player)
            continue
        if not plays_in(player, section):
            continue
        unused = [p for p in patterns if p not in by_letter.values()] or list(patterns)
        if section.letter not in by_letter:
            rng = streams.stream("bass", "pattern", section.letter)
            by_letter[section.letter] = own_pattern(unused, patterns, rng)
        for bar in range(section.first_bar, section.end_bar):
            rng = streams.stream("bass", section.letter, section.occurrence, bar - section.first_bar)
            last = events[-1].pitch if events else sum(style.register_) // 2 - 3
            if style.walking and player.instrument != BOOMING:
                events += _walk(bar, harmony, grid, player, last, rng)
                continue
            found = _strokes(player, by_letter[section.letter], bar, section, grid, kicks, rng)
            played = _play(found, bar, harmony, grid, player, kicks.get(bar, ()), last, rng)
            shape = tuple((event.start - bar * grid.beats_per_bar, event.pitch) for event in played)
            if history[-2:] == [shape, shape]:
                played = _turned(played, player, rng)
                shape = ()
            history.append(shape)
            events += played
    return tuple(events)


def _turned(played: list[Event], player: Player, rng: Random) -> list[Event]:
    """A third bar alike ends differently: its last note an octave away or, where it is long, struck once more."""
    if not played:
        return played
    last, (low, high) = played[-1], player.style.register_
    fits = [last.pitch + shift for shift in (12, -12) if low <= last.pitch + shift <= high + 2]
    if len(played) > 1 and fits:
        return [*played[:-1], Event(last.start, last.length, rng.choice(fits), last.velocity)]
    half = last.length / 2
    again = Event(last.start + half, half, last.pitch, last.velocity * 0.85)
    return [*played[:-1], Event(last.start, half, last.pitch, last.velocity), again]


def plays_in(player: Player, section: Section) -> bool:
    """Whether the part plays in a section: its energy lies in the part's range and its kind isn't left out."""
    style = player.style
    return style.enter <= section.energy <= max(style.leave, style.enter) and section.kind not in style.not_in


def _strokes(
    player: Player, pattern: str, bar: int, section: Section, grid: Grid, kicks: dict[int, tuple[int, ...]], rng: Random
) -> list[Stroke]:
    """The bar's strokes: the pattern's, another pattern's at the end of a phrase, or the kick's own rhythm."""
    index = bar - section.first_bar
    others = [other for other in player.style.patterns if other != pattern]
    if index % 4 == 3 and others and rng.random() < 0.7:
        pattern = rng.choice(others)
    own = strokes(bar_of_pattern(pattern, index, grid.steps_per_bar, grid.beats_per_bar))
    steps = kicks.get(bar, ())
    if not steps or rng.random() >= player.style.follow_kick:
        return own
    locked = []
    for step, following in zip(steps, (*steps[1:], grid.steps_per_bar), strict=True):
        sign = "1" if step < grid.steps_per_bar * 0.7 or len(steps) < 3 else rng.choice("185")
        locked.append(Stroke(step, max(1, min(following - step, 6)), sign))
    return locked if steps[0] == 0 else [Stroke(0, min(steps[0], 4), "1"), *locked]


def _play(
    found: list[Stroke],
    bar: int,
    harmony: Harmony,
    grid: Grid,
    player: Player,
    kicks: tuple[int, ...],
    last: int,
    rng: Random,
) -> list[Event]:
    """Strokes to notes of the chords that sound; a held note gives way where its chord ends."""
    events: list[Event] = []
    step_beats, start_of_bar = 1.0 / grid.steps_per_beat, bar * grid.beats_per_bar
    for stroke in found:
        start = start_of_bar + stroke.step * step_beats
        end = start + stroke.steps * step_beats
        on_kick = stroke.step in kicks
        velocity = min(player.style.velocity * (1.06 if on_kick else 0.94) * (1.05 if stroke.step == 0 else 1.0), 1.0)
        for span in harmony.between(start, end):
            sign = _on_the_beat(stroke, span, harmony, grid)
            sign = sign if player.instrument != BOOMING or sign in "18" else "1"
            pitch = _pitch(sign, span, harmony, player, last, rng)
            length = (span.end - span.start) * player.style.legato
            events.append(Event(span.start, max(length, 0.1), pitch, velocity))
            last = pitch if sign == "1" else last
    return events


def _on_the_beat(stroke: Stroke, span: ChordSpan, harmony: Harmony, grid: Grid) -> str:
    """The stroke's sign; under a clip's triads sixths and sevenths give way to the fifth and the octave on a beat, so
    that a boogie passes through them and does not turn the clip's chords into others."""
    if not harmony.from_clip or stroke.step % grid.steps_per_beat or len(span.pitch_classes) > 3:
        return stroke.sign
    return {"6": "5", "7": "8", "4": "3"}.get(stroke.sign, stroke.sign)


def _root(span: ChordSpan, player: Player, last: int) -> int:
    """The root in the lower part of the register, near to where the bass is."""
    low, high = player.style.register_
    return nearest_pitch(min(last, low + 9), (span.root,), low, min(high, low + 14))


def _pitch(sign: str, span: ChordSpan, harmony: Harmony, player: Player, last: int, rng: Random) -> int:
    root, high = _root(span, player, last), player.style.register_[1]
    tones = span.pitch_classes
    if sign == "a":
        following = harmony.next_after(span.start)
        return _approach(_root(following, player, root), harmony, span.start, rng, 0.0)
    if sign in "3567" and sign != "5":
        degree = {"3": (3, 4, 2, 5), "6": (9, 8), "7": (10, 11)}[sign]
        scale = harmony.scale_at(span.start)
        fitting = [d for d in degree if (root + d) % 12 in tones] or [d for d in degree if (root + d) % 12 in scale]
        pitch = root + fitting[0] if fitting else root
    elif sign == "4":
        pitch = nearest_pitch(root + 5, harmony.scale_at(span.start))
    else:
        fifth = next((d for d in (7, 6, 8) if (root + d) % 12 in tones), 7)
        pitch = root + {"1": 0, "8": 12, "5": fifth}[sign]
    return pitch - 12 if pitch > high + 2 else pitch


def _approach(target: int, harmony: Harmony, beat: float, rng: Random, chromatic: float) -> int:
    """A step above or below the target: mostly of the scale, sometimes a semitone."""
    direction = rng.choice((-1, -1, 1))
    if rng.random() < chromatic:
        return target + direction
    return (
        scale_walk(target + direction, 0, harmony.scale_at(beat))
        if direction < 0
        else scale_walk(target, 1, harmony.scale_at(beat))
    )


def _walk(bar: int, harmony: Harmony, grid: Grid, player: Player, last: int, rng: Random) -> list[Event]:
    """A walking bar: the root where a chord begins, chord and scale notes towards the next root, a step into it."""
    events: list[Event] = []
    pulse = 3 if grid.beats_per_bar == 6 else 1
    low, high = player.style.register_
    is_a_line = len(harmony.spans) >= CHROMATIC_FROM_CHORDS
    for beat in range(bar * grid.beats_per_bar, (bar + 1) * grid.beats_per_bar, pulse):
        span, following = harmony.at(beat), harmony.at(beat + pulse)
        if span.start == beat or (not events and beat % grid.beats_per_bar == 0):
            pitch = nearest_pitch(last, span.pitch_classes[:1], low, high)
        elif (following.start == beat + pulse and following is not span) or (beat + pulse) % grid.beats_per_bar == 0:
            target = nearest_pitch(last, (following.root,), low, high)
            leads_on = is_a_line and following.root != span.root
            pitch = _approach(target, harmony, beat, rng, CHROMATIC_SHARE if leads_on else 0.0)
        else:
            strong = beat % grid.beats_per_bar % 2 == 0  # there the line says the chord, between it may pass
            tones = (
                span.pitch_classes
                if strong or rng.random() < (0.85 if harmony.from_clip else 0.6)
                else harmony.scale_at(beat)
            )
            aim = last + rng.choice((-4, -2, 2, 3, 4)) if low + 5 < last < high - 5 else (low + high) // 2
            pitch = nearest_pitch(aim, [pc for pc in tones if pc != last % 12], low, high)
        velocity = player.style.velocity * (1.05 if beat % 2 else 0.97)
        events.append(Event(beat, pulse * player.style.legato, pitch, velocity))
        if rng.random() < 0.08:
            events.append(Event(beat + pulse / 2, 0.3, pitch, velocity * 0.6))
        last = pitch
    return events


def _last_note(section: Section, harmony: Harmony, grid: Grid, player: Player) -> list[Event]:
    start = float(section.first_bar * grid.beats_per_bar)
    low, high = player.style.register_
    pitch = nearest_pitch(low + 6, (harmony.at(start).root,), low, high)
    return [Event(start, section.num_bars * grid.beats_per_bar, pitch, player.style.velocity)]
