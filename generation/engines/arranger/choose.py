"""Choosing the style: the one the prompt names, else the nearest to its words, else the nearest to the clip."""

from __future__ import annotations

import math
from dataclasses import dataclass

from generation.engines.arranger.prompt import Wish
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.style import Style, all_styles
from generation.engines.arranger.vocabulary import vocabulary
from generation.hearing import Hearing

DEFAULT_STYLE = "pop"
PLAIN_STYLE_GRACE = 0.35
"""How much farther from a clip the default style may lie than the nearest one and still be taken: it fits most."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A style, why it was taken (for the recipe), and a sentence for the user when it was not asked for by name."""

    style: Style
    reason: str
    remark: str = ""


def choose_style(wish: Wish, hearing: Hearing | None, prompt: str, streams: Streams) -> Choice:
    """Choose the style of a take."""
    styles = {key: style for key, style in all_styles().items() if key not in wish.unwanted_styles}
    named = [key for key in wish.styles if key in styles]
    if named:
        chosen = styles[named[0]]
        if len(named) == 1:
            return Choice(chosen, f"the prompt names {chosen.name}")
        others = " and ".join(styles[key].name for key in named[1:])
        return Choice(
            chosen,
            f"the prompt names {chosen.name} first",
            f"I took {chosen.name} as the style; {others} only colours it.",
        )
    scores = {key: nearness(style, wish) for key, style in styles.items()}
    best = max(scores.values())
    if best >= 1.0:
        near = [key for key in sorted(scores) if scores[key] >= best - 0.25]
        chosen = styles[streams.stream("style").choice(near)]
        words = ", ".join(wish.understood)
        return Choice(
            chosen, f"nearest to: {words}", f"You named no style, so I took {chosen.name} as the nearest to “{words}”."
        )
    if hearing is not None and hearing.duration_s > 0 and (hearing.has_beat or hearing.chords):
        usual = [style for style in styles.values() if style.for_any_clip] or list(styles.values())
        chosen = min(usual, key=lambda style: (likeness(style, hearing), style.key))
        plain = styles.get(DEFAULT_STYLE, chosen)
        if likeness(plain, hearing) <= likeness(chosen, hearing) + PLAIN_STYLE_GRACE:
            chosen = plain
        return Choice(
            chosen,
            "nearest to the clip's tempo and sound",
            f"You named no style, so I took {chosen.name}, which lies near the clip.",
        )
    default = styles.get(DEFAULT_STYLE) or next(iter(styles.values()))
    said = "You named no style that I know" if prompt.strip() else "You named no style"
    return Choice(default, "no style named: the default", f"{said}, so I took {default.name}.")


def nearness(style: Style, wish: Wish) -> float:
    """How well a style suits a prompt that names none: moods, eras, instruments, tempo, metre."""
    eras = vocabulary().settings.get("era", {})
    score = sum(1.0 for mood in wish.moods if mood in style.moods)
    score += sum(1.2 for era in wish.eras if style.key in eras[era]["styles"])
    typical = {part.instruments[0] for part in style.parts}
    possible = {sound for part in style.parts for sound in part.instruments}
    for instrument in wish.wanted:
        sounds = set(instrument.sounds)
        score += 1.0 if sounds & typical else 0.6 if sounds & possible else 0.0
        score += 0.4 * (instrument.role == "drums" and bool(style.drums.grooves))
    score -= sum(0.8 for w in wish.unwanted if w.role == "drums" and style.drums.grooves)
    if wish.tempo_bpm is not None:
        middle = math.sqrt(style.tempo_bpm[0] * style.tempo_bpm[1])
        score += 0.6 - 2.0 * abs(math.log2(wish.tempo_bpm / middle))
    if wish.beats_per_bar is not None:
        score += 1.1 if wish.beats_per_bar == style.beats_per_bar and style.beats_per_bar != 4 else 0.0
    if wish.energy and (wish.moods or wish.flags):
        score += 0.3 - abs(min(max(0.55 + wish.energy, 0), 1) - style.energy)
    return score


def likeness(style: Style, hearing: Hearing) -> float:
    """How far a style lies from a clip (0 is near): tempo in octaves, brightness, mode, metre."""
    distance = 0.0
    if hearing.has_beat and hearing.tempo_bpm:
        low, high = style.tempo_bpm
        tempo = hearing.tempo_bpm
        distance += (
            0.0 if low <= tempo <= high else 1.5 * min(abs(math.log2(tempo / low)), abs(math.log2(tempo / high)))
        )
        distance += 0.8 * (hearing.beats_per_bar != style.beats_per_bar)
    elif style.drums.grooves:
        distance += 0.3
    if hearing.brightness_hz and hearing.brightness_hz > 0:
        distance += 0.35 * abs(math.log2(hearing.brightness_hz / style.brightness_hz))
    if hearing.key is not None:
        distance += 0.15 * (hearing.key.mode != style.mode)
    return distance
