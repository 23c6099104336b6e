"""Choosing the style: the one the prompt names, else the nearest to its words, else the nearest to the clip."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from generation.engines.arranger.nearest import NEAR, nearness
from generation.engines.arranger.streams import Streams
from generation.engines.arranger.style import Drums, PartStyle, Style, all_styles
from generation.engines.arranger.wish import Genre, Wish
from generation.hearing import Hearing

DEFAULT_STYLE = "pop"
PLAIN_STYLE_GRACE = 0.35
"""How much farther from a clip the default style may lie than the nearest one and still be taken: it fits most."""

LEAST_NEAR = 0.8
"""A style that lies farther from the words than this is no nearest one: the clip or the default decides."""
LESS_DB = 5.0
"""How much quieter an instrument is that the prompt wants less of: clearly heard, and still heard."""
LOWEST_GAIN_DB = -24.0
_Played = TypeVar("_Played", PartStyle, Drums)
_SECTION_FLAGS = {"drop": "drop", "build_up": "build", "break": "break"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A style, why it was taken (for the recipe), and a sentence for the user when it was not asked for by name."""

    style: Style
    reason: str
    remark: str = ""


def choose_style(wish: Wish, hearing: Hearing | None, prompt: str, streams: Streams) -> Choice:
    """Choose the style of a take."""
    styles = {key: style for key, style in all_styles().items() if key not in wish.unwanted_styles}
    choice = _named(wish, styles) or _nearest(wish, styles, streams) or _near_clip(hearing, styles)
    if choice is None:
        default = styles.get(DEFAULT_STYLE) or next(iter(styles.values()))
        said = "You named no style that I know" if prompt.strip() else "You named no style"
        choice = Choice(default, "no style named: the default", f"{said}, so I took {default.name}.")
    return replace(choice, style=_as_asked(choice.style, wish))


def _named(wish: Wish, styles: dict[str, Style]) -> Choice | None:
    """The style that the prompt names first, before one that stands in for a genre that the band has no style for."""
    genres = [genre for genre in wish.genres if genre.nearest in styles]
    standing_in = Counter(genre.nearest for genre in genres)
    # a style that is named itself is there more often than the genres that it stands in for
    own = [key for key in dict.fromkeys(wish.styles) if key in styles and wish.styles.count(key) > standing_in[key]]
    if not own:
        return _standing_in(genres, styles)
    chosen, others = styles[own[0]], [styles[key].name for key in own[1:]] + [genre.name for genre in genres]
    if not others:
        return Choice(chosen, f"the prompt names {chosen.name}")
    return Choice(
        chosen,
        f"the prompt names {chosen.name} first",
        f"I took {chosen.name} as the style; {' and '.join(others)} only colours it.",
    )


def _standing_in(genres: list[Genre], styles: dict[str, Style]) -> Choice | None:
    """The style nearest to a genre that is none of the styles, at the genre's own tempo and with its grooves."""
    if not genres:
        return None
    genre = genres[0]
    style = styles[genre.nearest]
    said = f"{genre.name} is not among the styles; the nearest is {style.name}: {genre.why}."
    changes: dict[str, Any] = {} if genre.tempo_bpm is None else {"tempo_bpm": genre.tempo_bpm}
    if genre.grooves:
        grooves = tuple(g for g in style.drums.grooves if g.level not in ("main", "full") or g.name in genre.grooves)
        changes["drums"] = style.drums.model_copy(update={"grooves": grooves})
    return Choice(style.model_copy(update=changes), said.rstrip("."), said)


def _nearest(wish: Wish, styles: dict[str, Style], streams: Streams) -> Choice | None:
    scores = {key: nearness(style, wish) for key, style in styles.items()}
    best = max(found.score for found in scores.values())
    if best < LEAST_NEAR:
        return None
    near = [key for key in sorted(scores) if scores[key].score >= best - NEAR]
    key = streams.stream("style").choice(near)
    words, chosen = ", ".join(wish.understood), styles[key]
    said = f"You named no style, so I took {chosen.name} as the nearest to “{words}”."
    return Choice(chosen, f"nearest to: {words} ({'; '.join(scores[key].reasons)})", said)


def _near_clip(hearing: Hearing | None, styles: dict[str, Style]) -> Choice | None:
    if hearing is None or hearing.duration_s <= 0 or not (hearing.has_beat or hearing.chords):
        return None
    usual = [style for style in styles.values() if style.for_any_clip] or list(styles.values())
    chosen = min(usual, key=lambda style: (likeness(style, hearing), style.key))
    plain = styles.get(DEFAULT_STYLE, chosen)
    if likeness(plain, hearing) <= likeness(chosen, hearing) + PLAIN_STYLE_GRACE:
        chosen = plain
    said = f"You named no style, so I took {chosen.name}, which lies near the clip."
    return Choice(chosen, "nearest to the clip's tempo and sound", said)


def _as_asked(style: Style, wish: Wish) -> Style:
    """The style with what the prompt wants less of made quieter, and without the sections that it excludes."""
    changes: dict[str, Any] = {}
    softer = {sound for instrument in wish.softer for sound in instrument.sounds}
    parts = _parts_left(style, wish)
    changes["parts"] = tuple(_softened(part) if softer & set(part.instruments) else part for part in parts)
    if any(instrument.name == "drums" for instrument in wish.softer):
        changes["drums"] = _softened(style.drums)
    if unwanted := wish.unwanted_flags & _SECTION_FLAGS.keys():
        gone = {_SECTION_FLAGS[flag] for flag in unwanted}
        changes["form"] = tuple(kind for kind in style.form if kind not in gone)
        changes["effects"] = style.effects and not gone & {"build", "drop"}
    return style.model_copy(update=changes)


def _parts_left(style: Style, wish: Wish) -> tuple[PartStyle, ...]:
    """The parts without those that play a role nobody wants; all of them where nothing would be left to be heard."""
    unwanted = {instrument.name for instrument in wish.unwanted}
    left = tuple(part for part in style.parts if part.role not in wish.unwanted_roles)
    has_drums = bool(style.drums.grooves) and "drums" not in unwanted
    is_heard = has_drums or wish.wanted or any(part.role != "bass" or "bass" not in unwanted for part in left)
    return left if is_heard else style.parts


def _softened(played: _Played) -> _Played:
    quieter = played.mix.model_copy(update={"gain_db": max(played.mix.gain_db - LESS_DB, LOWEST_GAIN_DB)})
    return played.model_copy(update={"mix": quieter})


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
