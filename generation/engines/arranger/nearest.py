"""How near a style lies to a prompt that names none: its moods, who plays in front, tempo, metre, era, drums."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from generation.engines.arranger.instruments import is_synth
from generation.engines.arranger.style import PartStyle, Style
from generation.engines.arranger.vocabulary import vocabulary
from generation.engines.arranger.wish import InstrumentWish, Wish

NEAR = 0.08
"""Styles that lie within so much of the nearest one are taken turn about, by the seed."""
FIRST_MOOD, LAST_MOOD, MOOD_STEP = 1.2, 0.5, 0.1
"""A style's moods count by their order in its file: the first is what the style stands for."""
LACKING_MOOD, LACKING_INSTRUMENT, OTHER_METRE = 0.3, 0.2, 0.3
FRONT = {"chords": 1.0, "lead": 1.0, "riff": 1.0, "bass": 1.0, "arp": 0.9, "pad": 0.75, "counter": 0.5}
"""What an instrument is worth by the part that it typically plays: what is heard in front counts most."""
POSSIBLE_SHARE = 0.6
"""Of that, where the instrument is only one of the part's choices."""
MOST_OF_THE_BAND = 0.9
"""For an instrument that all melodic parts of the style are typically played on; for fewer of them a share of it."""
NICHE = 0.3
"""Taken off a style that people name when they mean it."""
LACKING_FRONT = 0.5
ALONE = 1.5
"""How much more an instrument counts that is to be the whole band."""
FOREIGN = 0.6
"""Taken off a style whose melodic parts are all synthesisers where only acoustic instruments are asked for, or are all
acoustic where only synthesisers are; less where fewer of them are."""
GUESTS = 1 / 3
"""Up to this share they belong to the style: lo-fi's soft pad behind its electric piano."""
SLOW_BELOW_BPM, FAST_ABOVE_BPM = 100.0, 126.0
"""Where people who say slow or fast expect a piece to lie: at most, at least."""
PLAINLY = 0.2
"""By so much a plain "slow" or "fast" changes the tempo; moods that do so by less count less."""


@dataclass(slots=True)
class Nearness:
    """How near (more is nearer), and the reasons for it in words for the recipe."""

    score: float = 0.0
    reasons: list[str] = field(default_factory=list)

    def add(self, score: float, reason: str = "") -> None:
        """Counts something; what speaks for the style is a reason."""
        self.score += score
        if reason and score > 0:
            self.reasons.append(reason)


def nearness(style: Style, wish: Wish) -> Nearness:
    """How well a style suits a prompt that names none; about 1 for each thing that it has of what is wished for."""
    found = Nearness()
    _by_moods(found, style, wish)
    _by_era(found, style, wish)
    for instrument in wish.wanted:
        _by_instrument(found, style, instrument, ALONE if wish.only else 1.0)
    _by_drums(found, style, wish)
    _by_synths(found, style, wish)
    _by_tempo(found, style, wish)
    if style.beats_per_bar != 4:
        fits = wish.beats_per_bar == style.beats_per_bar
        found.add(1.1 if fits else -OTHER_METRE, f"{style.beats_per_bar} beats to the bar")
    found.add(-NICHE * style.niche)
    if wish.only and not _is_played(style, wish):
        found.add(-LACKING_FRONT)
    if wish.energy and (wish.moods or wish.flags):
        found.add(0.3 - 1.2 * abs(min(max(0.55 + wish.energy, 0), 1) - style.energy))
    return found


def _by_moods(found: Nearness, style: Style, wish: Wish) -> None:
    for mood in wish.moods:
        if mood in style.moods:
            found.add(max(FIRST_MOOD - MOOD_STEP * style.moods.index(mood), LAST_MOOD), mood)
        else:
            found.add(-LACKING_MOOD)


def _by_era(found: Nearness, style: Style, wish: Wish) -> None:
    eras = vocabulary().settings.get("era", {})
    for era in wish.eras:
        found.add(1.2 * (style.key in eras[era]["styles"]), f"of the {era.replace('_', ' ')}")


def _by_instrument(found: Nearness, style: Style, wish: InstrumentWish, weight: float) -> None:
    if not wish.sounds or wish.role == "drums":
        return
    worth = max((_worth(part, wish) for part in style.parts), default=0.0)
    melodic = _melodic(style)
    share = sum(part.instruments[0] in wish.sounds for part in melodic) / max(len(melodic), 1)
    name = wish.name.replace("_", " ")
    if worth == 0:
        found.add(-LACKING_INSTRUMENT)
    else:
        found.add(weight * (worth + MOST_OF_THE_BAND * share), f"{name} in front" if share >= 0.5 else f"it has {name}")


def _is_played(style: Style, wish: Wish) -> bool:
    """Whether what the style is mostly played on, where there is such a thing, is among the wanted instruments."""
    typical = Counter(part.instruments[0] for part in _melodic(style)).most_common(1)
    return not typical or typical[0][1] < 0.5 * len(_melodic(style)) or typical[0][0] in wish.wanted_sounds


def _worth(part: PartStyle, wish: InstrumentWish) -> float:
    typical = part.instruments[0] in wish.sounds
    share = 1.0 if typical else POSSIBLE_SHARE if set(part.instruments) & set(wish.sounds) else 0.0
    return share * FRONT[part.role]


def _by_drums(found: Nearness, style: Style, wish: Wish) -> None:
    has_drums = bool(style.drums.grooves)
    if any(w.role == "drums" and not w.pieces for w in wish.wanted):
        found.add(0.4 if has_drums else -0.4, "drums")
    if wish.excludes("drums"):
        found.add(-0.8 if has_drums else 0.3, "no drums")


def _by_synths(found: Nearness, style: Style, wish: Wish) -> None:
    """Takes off a style of synthesisers where acoustic instruments alone are asked for, and the other way round."""
    wanted = [w for w in wish.wanted if w.sounds and w.role != "drums"]
    melodic = _melodic(style)
    share = sum(is_synth(part.instruments[0]) for part in melodic) / max(len(melodic), 1)
    if wanted and not any(is_synth(w.sounds[0]) for w in wanted):
        found.add(-FOREIGN * _foreign(share))
    elif wanted and all(is_synth(sound) for w in wanted for sound in w.sounds):
        found.add(-FOREIGN * _foreign(1 - share))


def _foreign(share: float) -> float:
    return share if share > GUESTS else 0.0


def _melodic(style: Style) -> list[PartStyle]:
    return [part for part in style.parts if part.role != "bass"]


def _by_tempo(found: Nearness, style: Style, wish: Wish) -> None:
    low, high = style.tempo_bpm
    middle = math.sqrt(low * high)
    if wish.tempo_bpm is not None:
        found.add(0.6 - 2.0 * abs(math.log2(wish.tempo_bpm / middle)), f"usually {low:g} to {high:g} BPM")
        return
    slow, fast = (min(max(change, 0.0) / PLAINLY, 1.0) for change in (1 - wish.tempo_factor, wish.tempo_factor - 1))
    found.add(-slow * max(math.log2(middle / SLOW_BELOW_BPM), 0.0))
    found.add(-fast * max(math.log2(FAST_ABOVE_BPM / middle), 0.0))
