"""The drummer: grooves by energy, small variations from bar to bar, fills, builds and the last hit."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from generation.engines.arranger.events import Event, bar_of_pattern
from generation.engines.arranger.form import Section
from generation.engines.arranger.grid import Grid
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.style import DRUM_LEVELS, DRUMS, Drums, Fill, Groove

Bar = dict[str, str]
"""A bar of drums: a line of signs by drum name."""

_LEVEL_CHAINS = {
    "light": ("light", "main", "full"),
    "main": ("main", "full", "light"),
    "full": ("full", "main", "light"),
    "break": ("break", "light"),
    "build": ("build",),
}
OWN_CHANGES = 2
"""So many strokes of a groove are a take's own, so that two takes on one groove don't play the same."""
_HATS = ("hat", "ride", "shaker", "tambourine", "pedal", "cabasa", "bell", "triangle")
PLAIN_FILLS = (
    Fill(lines={"snare": "x.xxx.xx", "kick": "x...x..."}),
    Fill(
        lines={
            "snare": "xx......",
            "tomhigh": "..xx....",
            "tommid": "....xx..",
            "tomlow": "......xx",
            "kick": "x...x...",
        }
    ),
    Fill(lines={"snare": "..x.xxxx", "kick": "x..x...."}),
)


@dataclass(frozen=True, slots=True)
class DrumTrack:
    """The drums' events, and for each bar the steps of its kicks (what the bass locks to)."""

    events: tuple[Event, ...]
    kicks: dict[int, tuple[int, ...]]


def play_drums(drums: Drums, form: tuple[Section, ...], grid: Grid, streams: Streams, wild: float) -> DrumTrack:
    """Drums for a whole form. `wild` 0..2 is how much a bar strays from its groove (1 is usual)."""
    events: list[Event] = []
    kicks: dict[int, tuple[int, ...]] = {}
    chosen: dict[tuple[str, str], Groove] = {}
    history: list[Bar] = []
    for section in form:
        if section.energy < drums.enter or section.kind == "ending":
            events += _last_hit(section, drums, grid) if section.kind == "ending" else []
            continue
        groove = _groove_of(drums, section, chosen, streams)
        for index in range(section.num_bars):
            bar = section.first_bar + index
            lines = _bar_lines(groove, section, index, grid, streams, wild)
            kicks[bar] = tuple(step for step, sign in enumerate(lines.get("kick", "")) if sign in DRUM_LEVELS)
            lines = _with_fill(lines, section, index, grid, drums, streams)
            lines = _never_stuck(lines, history, streams.stream("groove", "stuck", bar))
            history.append(lines)
            events += _bar_events(lines, bar, grid, section, drums)
    return DrumTrack(tuple(events), kicks)


def _groove_of(drums: Drums, section: Section, chosen: dict[tuple[str, str], Groove], streams: Streams) -> Groove:
    """The section's groove: the same for sections of the same letter and level, another for other letters."""
    level = section.kind if section.kind in ("break", "build") else _level(section.energy)
    key = (level, section.letter)
    if key not in chosen:
        chain = _LEVEL_CHAINS[level]
        at_hand = next((found for name in chain if (found := [g for g in drums.grooves if g.level == name])), None)
        if at_hand is None:
            at_hand = [Groove(name="silence", level="light", lines={})]
        unused = [groove for groove in at_hand if groove not in chosen.values()] or at_hand
        chosen[key] = streams.stream("groove", level, section.letter).choice(unused)
    return chosen[key]


def _level(energy: float) -> str:
    return "light" if energy < 0.38 else "main" if energy < 0.76 else "full"


def _bar_lines(groove: Groove, section: Section, index: int, grid: Grid, streams: Streams, wild: float) -> Bar:
    """A bar of the groove with its small variations; what the bass locks to."""
    steps = grid.steps_per_bar
    if section.kind == "build" and groove.level != "build":
        return _build(index, section.num_bars, steps)
    lines = {
        name: bar_of_pattern(line, index, steps, grid.beats_per_bar).replace("-", ".")
        for name, line in groove.lines.items()
    }
    lines = varied(lines, streams.stream("groove", "own", groove.name), OWN_CHANGES)  # the same in all its bars
    rng = streams.stream("groove", "variation", section.letter, section.occurrence, index)
    if index % 4 in (1, 3) or rng.random() < 0.25 * wild:
        lines = varied(lines, rng, 1 if wild < 1.3 else 2)
    return lines


def _with_fill(lines: Bar, section: Section, index: int, grid: Grid, drums: Drums, streams: Streams) -> Bar:
    """The bar with a fill where a phrase ends: a whole one before a new section, a small one every four bars."""
    is_last = index == section.num_bars - 1
    if section.kind == "build" or not _has_fill(section, index, is_last):
        return lines
    whole = is_last and section.energy > 0.5 and section.num_bars > 1
    return _filled(lines, drums, streams.stream("fills", section.first_bar + index), grid.steps_per_bar, whole)


def _has_fill(section: Section, index: int, is_last: bool) -> bool:
    return is_last or (index % 4 == 3 and section.energy > 0.35)


def varied(lines: Bar, rng: Random, changes: int = 1) -> Bar:
    """A bar with small changes that a drummer makes: a ghost note, a kick more, an open hat, a stroke left out."""
    out = dict(lines)
    for _ in range(changes):
        moves = [_ghost, _kick_more, _open_hat, _hat_accent]
        rng.shuffle(moves)
        changed = next((bar for move in (*moves, _one_less) if _hits(bar := move(out, rng)) != _hits(out)), out)
        out = changed
    return out


def _hits(lines: Bar) -> set[tuple[str, int]]:
    """Which drums are struck when."""
    return {(name, step) for name, line in lines.items() for step, sign in enumerate(line) if sign in DRUM_LEVELS}


def _one_less(lines: Bar, rng: Random) -> Bar:
    """Without one stroke off the beat (kicks stay)."""
    weak = sorted((name, step) for name, step in _hits(lines) if step % 4 and name != "kick")
    return _put(lines, *rng.choice(weak), ".") if weak else lines


def _put(lines: Bar, name: str, step: int, sign: str) -> Bar:
    if name not in lines:
        return lines
    line = lines[name]
    return {**lines, name: line[:step] + sign + line[step + 1 :]}


def _free_steps(lines: Bar, name: str, wanted: range) -> list[int]:
    line = lines.get(name, "")
    return [step for step in wanted if step < len(line) and line[step] == "."]


def _ghost(lines: Bar, rng: Random) -> Bar:
    name = "snare" if "snare" in lines else "rim" if "rim" in lines else "hat"
    length = len(next(iter(lines.values()), ""))
    free = [step for step in _free_steps(lines, name, range(1, length, 2)) if step % 4 != 0]
    return _put(lines, name, rng.choice(free), "g") if free else lines


def _kick_more(lines: Bar, rng: Random) -> Bar:
    length = len(lines.get("kick", ""))
    free = [s for s in _free_steps(lines, "kick", range(length // 2, length)) if s % 2 == 0 and not _backbeat(lines, s)]
    return _put(lines, "kick", rng.choice(free), "o") if free else lines


def _backbeat(lines: Bar, step: int) -> bool:
    return any(lines.get(name, "." * 32)[step] in "Xx" for name in ("snare", "clap"))


def _open_hat(lines: Bar, rng: Random) -> Bar:
    line = lines.get("hat", "")
    struck = [step for step, sign in enumerate(line) if sign in "xo" and step % 4 == 2]
    if not struck:
        return lines
    step = rng.choice(struck[-2:])
    out = _put(lines, "hat", step, ".")
    opened = out.get("openhat", "." * len(line))
    return {**out, "openhat": opened[:step] + "o" + opened[step + 1 :]}


def _hat_accent(lines: Bar, rng: Random) -> Bar:
    name = next((hat for hat in _HATS if hat in lines), None)
    if name is None:
        return lines
    free = _free_steps(lines, name, range(len(lines[name])))
    return _put(lines, name, rng.choice(free), "g") if free else lines


def _never_stuck(lines: Bar, history: list[Bar], rng: Random) -> Bar:
    """Vary a bar that would be the fourth alike in a row."""
    for _ in range(8):
        if len(history) < 3 or not lines or any(_hits(before) != _hits(lines) for before in history[-3:]):
            return lines
        lines = varied(lines, rng, 2)
    return lines


def _filled(lines: Bar, drums: Drums, rng: Random, steps: int, whole: bool) -> Bar:
    """The bar with a fill in its last steps; a small one keeps to the last beat's length."""
    fill = rng.choice(drums.fills or PLAIN_FILLS)
    if not fill.lines:  # the kit has none of what fills are played on
        return lines
    length = len(next(iter(fill.lines.values())))
    taken = min(length, steps) if whole else min(4, length, steps)
    out: Bar = {}
    for name in {**lines, **fill.lines}:
        line, ending = lines.get(name, "." * steps), fill.lines.get(name, "." * length)
        keep = name in _HATS and not whole
        out[name] = line if keep else line[: steps - taken] + ending[length - taken :]
    return out


def _build(index: int, num_bars: int, steps: int) -> Bar:
    """A snare roll that doubles its pace towards the end of the section, over a kick on every beat."""
    progress = (index + 1) / num_bars
    pace = 4 if progress <= 0.5 and num_bars > 1 else 2 if progress <= 0.75 else 1
    snare = "".join("o" if step % pace == 0 else "." for step in range(steps))
    kick = "".join("x" if step % 4 == 0 else "." for step in range(steps))
    if index == num_bars - 1:  # the breath before the drop
        quiet = steps // 4
        return {"snare": snare[:-quiet] + "r" * (quiet - 2) + "..", "kick": kick[:-quiet] + "." * quiet}
    return {"snare": snare, "kick": kick}


def _bar_events(lines: Bar, bar: int, grid: Grid, section: Section, drums: Drums) -> list[Event]:
    """The bar's events: velocities from the signs, shaped by the beat and the section's energy."""
    events: list[Event] = []
    start, step_beats = bar * grid.beats_per_bar, 1.0 / grid.steps_per_beat
    strength = drums.velocity * (0.78 + 0.26 * section.energy)
    swell = 0.55 + 0.45 * (bar - section.first_bar + 1) / section.num_bars if section.kind == "build" else 1.0
    for name, line in lines.items():
        for step, sign in enumerate(line):
            level = DRUM_LEVELS.get(sign)
            if level is None:
                continue
            accent = 1.0 if name not in _HATS or step % grid.steps_per_beat == 0 else 0.88
            velocity = min(level * strength * accent * (swell if name in ("snare", "clap") else 1.0), 1.0)
            times = (0.0, 0.5) if sign == "r" else (0.0,)
            events += [Event(start + (step + t) * step_beats, 0.5 * step_beats, DRUMS[name], velocity) for t in times]
    if drums.crash and bar == section.first_bar and section.energy >= 0.5 and section.kind != "build":
        events.append(Event(start, 2.0, DRUMS["crash"], 0.75 * strength))
    return events


def _last_hit(section: Section, drums: Drums, grid: Grid) -> list[Event]:
    start = float(section.first_bar * grid.beats_per_bar)
    if section.energy < drums.enter or not drums.grooves:
        return []
    names = {name for groove in drums.grooves for name in groove.lines}
    kick = "kick" if "kick" in names else next(iter(sorted(names)), "kick")
    hits = [Event(start, 0.5, DRUMS[kick], 0.85)]
    if drums.crash:
        hits.append(Event(start, 3.0, DRUMS["crash"], 0.7))
    return hits
