"""The listening page: clips and takes side by side, waveforms and piano rolls drawn into one static HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from benchmarks.arranging.sheet import Sheet, read_sheet
from generation.clip import Clip

WIDTH, WAVE_HEIGHT, ROLL_HEIGHT, DRUM_HEIGHT = 600, 64, 150, 40
NUM_COLUMNS = 300
COLOURS = ("#4f7cff", "#e4572e", "#17a398", "#b15be0", "#d99a00", "#e0457b", "#5b8c2a", "#0e94c4", "#8d6e63")
DRUM_COLOUR = "#7a8296"
TEMPLATE = Path(__file__).with_name("listening_page.html")


@dataclass(frozen=True)
class Shown:
    """One example: its files' name, what was asked for, the clip and what was heard in it, the take and its MIDI."""

    name: str
    operation: str
    prompt: str
    clip: Clip | None
    heard: str | None
    take: Clip
    midi: bytes
    details: dict[str, Any]
    written: Sheet | None = None
    """The notes of the clip, which were written for it."""


def page(examples: list[Shown]) -> str:
    """The whole page; its audio files lie beside it."""
    cards = "\n".join(_card(number, example) for number, example in enumerate(examples, start=1))
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(cards=cards, count=len(examples))


def _card(number: int, example: Shown) -> str:
    details = example.details
    facts = (details["style"], f"{details['tempo_bpm']:.0f} BPM", details["key"], f"{example.take.duration_s:.0f} s")
    return f"""<article id="{escape(example.name)}">
<header><span class="number">{number:02d}</span><div><h2>“{escape(example.prompt)}”</h2>
<p class="facts"><b>{escape(example.operation)}</b>{"".join(f"<span>{escape(str(fact))}</span>" for fact in facts)}</p>
</div></header>
<div class="sides">{_clip_side(example)}{_take_side(example)}</div>
</article>"""


def _clip_side(example: Shown) -> str:
    if example.clip is None:
        return '<section class="clip none"><h3>Clip</h3><p class="nothing">none: from words alone</p></section>'
    return f"""<section class="clip"><h3>Clip</h3>{waveform(example.clip, "clipwave")}
<audio controls preload="none" src="{escape(example.name)}-clip.mp3"></audio>
{piano_roll(example.written) if example.written else ""}
<p class="heard">heard: {escape(example.heard or "")}</p></section>"""


def _take_side(example: Shown) -> str:
    sheet, name = read_sheet(example.midi), escape(example.name)
    roll = piano_roll(sheet, example.take.duration_s)
    return f"""<section class="take"><h3>Take</h3>{waveform(example.take, "takewave")}
<audio controls preload="none" src="{name}.mp3"></audio>
{roll}
<p class="legend">{_legend(sheet)}<a href="{name}.mid" download>MIDI</a></p></section>"""


def _legend(sheet: Sheet) -> str:
    tracks = sorted({note.track for note in sheet.notes})
    drums = {note.track for note in sheet.notes if note.is_drum}
    return "".join(
        f'<span><i style="background:{_colour(track, drums)}"></i>{escape(sheet.names[track])}</span>'
        for track in tracks
    )


def _colour(track: int, drums: set[int]) -> str:
    return DRUM_COLOUR if track in drums else COLOURS[track % len(COLOURS)]


def waveform(clip: Clip, kind: str) -> str:
    """The peaks of a sound as one filled shape."""
    mono = np.abs(clip.to_mono().samples[0])
    edges = np.linspace(0, mono.size, NUM_COLUMNS + 1).astype(int)
    peaks = [float(mono[a : max(b, a + 1)].max()) for a, b in pairwise(edges)]
    middle, step = WAVE_HEIGHT / 2, WIDTH / NUM_COLUMNS
    strokes = "".join(
        f"M{(column + 0.5) * step:.1f} {middle - max(peak, 0.02) * middle:.1f}v{2 * max(peak, 0.02) * middle:.1f}"
        for column, peak in enumerate(peaks)
    )
    return (
        f'<svg class="{kind}" viewBox="0 0 {WIDTH} {WAVE_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="waveform, {clip.duration_s:.0f} seconds"><path d="{strokes}"/></svg>'
    )


def piano_roll(sheet: Sheet, length_s: float | None = None) -> str:
    """Every note as a bar in the colour of its part, bar lines behind them, drums as ticks below; `length_s` are shown
    (as much as there are notes, where it is not given)."""
    end_s = length_s or max(sheet.seconds(note.start + note.length) for note in sheet.notes)
    pitched = [note.pitch for note in sheet.notes if not note.is_drum] or [60]
    low, high = min(pitched) - 1, max(pitched) + 1
    row, drums = ROLL_HEIGHT / (high - low + 1), sorted({note.pitch for note in sheet.notes if note.is_drum})
    scale = WIDTH / end_s
    paths: dict[int, list[str]] = {}
    for note in sheet.notes:
        x, width = sheet.seconds(note.start) * scale, 1.2
        if note.is_drum:
            y = ROLL_HEIGHT + 6 + (len(drums) - 1 - drums.index(note.pitch)) * DRUM_HEIGHT / len(drums)
            height = max(DRUM_HEIGHT / len(drums) - 1, 1.0)
        else:
            width = max((sheet.seconds(note.start + note.length) - sheet.seconds(note.start)) * scale - 0.4, 0.8)
            y, height = (high - note.pitch) * row, max(row - 0.3, 1.2)
        paths.setdefault(note.track, []).append(f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z")
    ticks = {note.track for note in sheet.notes if note.is_drum}
    height = ROLL_HEIGHT + (DRUM_HEIGHT + 6 if drums else 0)
    bars_s = sheet.downbeats_s[sheet.downbeats_s < end_s]
    lines = "".join(f"M{time * scale:.1f} 0V{height}" for time in bars_s)
    notes = "".join(f'<path fill="{_colour(track, ticks)}" d="{"".join(d)}"/>' for track, d in sorted(paths.items()))
    return (
        f'<svg class="roll" viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="piano roll"><path class="bars" d="{lines}"/>{notes}</svg>'
    )
