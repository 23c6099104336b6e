"""What an era does to the sound: its kits, its instruments, its rooms and its mix, for whatever style is played."""

from __future__ import annotations

from typing import Any

from generation.engines.arranger.instruments import is_synth
from generation.engines.arranger.style import Drums, Mix, PartStyle, Style
from generation.engines.arranger.vocabulary import vocabulary
from generation.engines.arranger.wish import Wish


def in_era(style: Style, wish: Wish) -> tuple[Style, tuple[str, ...]]:
    """The style as it was recorded in the era that the prompt names first, and in words what that changed.

    What the prompt asks for by name is not exchanged, what it excludes not taken in. An era without records changes
    nothing.
    """
    entries = (vocabulary().settings["era"][era] for era in wish.eras)
    entry = next((entry for entry in entries if "sound" in entry), None)
    if entry is None:
        return style, ()
    exchanged = _exchanged(entry.get("instruments", {}), wish)
    changed = style.model_copy(
        update={
            "character": entry.get("character", {}).get(style.character, style.character),
            "space": entry.get("space", {}).get(style.space, style.space),
            "parts": tuple(_part(part, exchanged, float(entry.get("width", 1.0))) for part in style.parts),
            "drums": _drums(style.drums, entry),
        }
    )
    return changed, tuple(words for field, words in entry["sound"].items() if _is_heard(field, style, changed))


def remark_of(told: tuple[str, ...]) -> str:
    """A sentence for the user; empty where an era changed nothing."""
    return f"The sound is of that time: {', '.join(told)}." if told else ""


def _exchanged(instruments: dict[str, str], wish: Wish) -> dict[str, str]:
    return {
        old: new
        for old, new in instruments.items()
        if old not in wish.wanted_sounds
        and new not in wish.unwanted_sounds
        and not (wish.excludes("synth") and is_synth(new))
    }


def _part(part: PartStyle, exchanged: dict[str, str], width: float) -> PartStyle:
    instruments = tuple(dict.fromkeys(exchanged.get(sound, sound) for sound in part.instruments))
    return part.model_copy(update={"instruments": instruments, "mix": _widened(part.mix, width)})


def _widened(mix: Mix, width: float) -> Mix:
    return mix.model_copy(update={"pan": min(max(mix.pan * width, -1.0), 1.0)})


def _drums(drums: Drums, entry: dict[str, Any]) -> Drums:
    kits = tuple(dict.fromkeys(entry.get("kits", {}).get(kit, kit) for kit in drums.kits))
    return drums.model_copy(update={"kits": kits, "mix": drums.mix.model_copy(update=entry.get("drums", {}))})


def _is_heard(field: str, before: Style, after: Style) -> bool:
    """Whether an era changed this of a style."""
    if field in ("kits", "drums") and not before.drums.grooves:
        return False
    if field == "kits":
        return before.drums.kits[0] != after.drums.kits[0]
    if field == "drums":
        return before.drums.mix != after.drums.mix
    if field == "instruments":
        return any(one.instruments[0] != two.instruments[0] for one, two in zip(before.parts, after.parts, strict=True))
    if field == "width":
        return any(one.mix.pan != two.mix.pan for one, two in zip(before.parts, after.parts, strict=True))
    return bool(getattr(before, field) != getattr(after, field))
