"""Writing what a phrase says into the draft of a wish, plainly or in the sense that a negation before it gives it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from generation.engines.arranger.prompt_reach import Sense
from generation.engines.arranger.vocabulary import Meaning, Vocabulary, tokens_of
from generation.engines.arranger.wish import InstrumentWish, WishDraft

CONTRARY_SHARE = 0.5
"""How much of a word's effect on tempo and energy a negation turns round: "not fast" is rather slow, not slow."""

INSTRUMENT_KINDS = frozenset({"instrument", "lacking", "piece", "kit"})
_OTHER_MODE = {"major": "minor", "minor": "major"}


def note(draft: WishDraft, words: Vocabulary, meaning: Meaning, phrase: str, sense: Sense) -> None:
    """Write one understood phrase into the draft."""
    entry = words.settings.get(meaning.kind, {}).get(meaning.name, {})
    if meaning.kind in INSTRUMENT_KINDS:
        _note_instrument(draft, words, meaning, phrase, sense)
        return
    draft.understood.append(phrase if sense == "plain" else f"{'less' if sense == 'less' else 'no'} {phrase}")
    if meaning.kind in ("style", "genre"):
        _note_style(draft, words, meaning, phrase, sense)
    elif meaning.kind == "unsupported":
        if sense == "plain":
            draft.remarks.append(entry["sentence"])
    elif meaning.kind == "role":
        draft.unwanted_roles |= set(entry["parts"]) if sense == "no" else set()
    elif meaning.kind == "flag":
        _note_flag(draft, meaning.name, sense)
    elif sense == "plain":
        _note_setting(draft, meaning, entry)
    elif meaning.kind in ("tempo", "energy", "mood"):
        _note_contrary(draft, meaning, entry)


def note_solo(draft: WishDraft, sense: Sense) -> None:
    """The instrument named last leads; after "no" it just doesn't get a solo."""
    if sense == "plain" and draft.wanted:
        if draft.wanted[-1].role != "drums":  # a drummer leads no tune
            draft.wanted[-1] = replace(draft.wanted[-1], role="lead")
    elif sense == "no" and draft.unwanted:
        draft.softer.append(draft.unwanted.pop())
    draft.understood[-1] += " solo"


def _note_instrument(draft: WishDraft, words: Vocabulary, meaning: Meaning, phrase: str, sense: Sense) -> None:
    entry = words.settings["instrument" if meaning.kind == "lacking" else meaning.kind][meaning.name]
    wish = _wish_of(meaning, entry)
    if meaning.kind == "lacking":
        draft.understood.append(f"no {meaning.name}")
        draft.unwanted.append(wish)
    elif sense == "plain":
        draft.understood.append(phrase)
        draft.wanted.append(wish)
        if phrase in entry.get("near", ()):
            name = meaning.name.replace("_", " ")
            draft.remarks.append(f"There is no “{draft.as_typed(phrase)}” in the band: the {name} stands in for it.")
    elif sense == "no":
        draft.understood.append(f"no {phrase}")
        draft.unwanted.append(wish)
    else:
        draft.understood.append(f"less {phrase} (quieter)" if sense == "less" else f"{phrase} (left to the style)")
        draft.softer += [wish] if sense == "less" else []


def _wish_of(meaning: Meaning, entry: dict[str, Any]) -> InstrumentWish:
    if meaning.kind == "piece":
        return InstrumentWish(meaning.name, (), "drums", tuple(entry["drums"]), tuple(entry["lines"].items()))
    if meaning.kind == "kit":
        return InstrumentWish(meaning.name, tuple(entry["kits"]), "drums")
    return InstrumentWish(meaning.name, tuple(entry["sounds"]), entry["role"])


def _note_style(draft: WishDraft, words: Vocabulary, meaning: Meaning, phrase: str, sense: Sense) -> None:
    """A style by name, or a genre by the style that stands in for it; what excludes a genre excludes no style."""
    genre = words.genre(meaning.name) if meaning.kind == "genre" else None
    key = genre.nearest if genre is not None else meaning.name
    if sense != "plain":
        draft.unwanted_styles |= {key} if genre is None and sense == "no" else set()
        return
    draft.styles.append(key)
    if genre is not None:
        draft.genres.append(replace(genre, name=_name_as_typed(draft, genre.name, phrase)))


def _name_as_typed(draft: WishDraft, name: str, phrase: str) -> str:
    """The genre's name, or the word for it or for one of its kin that was typed ("Choro" for "Samba")."""
    if tokens_of(name) == phrase.split():
        return name
    typed = " ".join(draft.as_typed(word) for word in phrase.split())
    return typed[:1].upper() + typed[1:]


def _note_flag(draft: WishDraft, name: str, sense: Sense) -> None:
    if name in _OTHER_MODE and sense in ("plain", "no"):
        draft.fields["mode"] = name if sense == "plain" else _OTHER_MODE[name]
    if sense == "plain":
        draft.flags.add(name)
    elif sense == "no":
        draft.unwanted_flags.add(name)


def _note_setting(draft: WishDraft, meaning: Meaning, entry: dict[str, Any]) -> None:
    """Moods, tempo and energy words, eras and metres."""
    fields = draft.fields
    if meaning.kind == "mood":
        if meaning.name in draft.moods:
            return  # said twice it is still one mood: "happy, joyful"
        draft.moods.append(meaning.name)
        if "mode" in entry:
            fields.setdefault("mode", entry["mode"])
    if meaning.kind == "era":
        draft.eras.append(meaning.name)
    if meaning.kind == "metre" and meaning.name == "odd":
        draft.remarks.append("The band counts 3/4, 4/4 and 6/8; I took the style's own metre instead.")
    elif meaning.kind == "metre":
        fields["beats_per_bar"] = int(meaning.name)
    _push(draft, _energy_of(entry), _tempo_of(entry))


def _note_contrary(draft: WishDraft, meaning: Meaning, entry: dict[str, Any]) -> None:
    """ "Not too fast", "less aggressive": half of the word's effect the other way; a mood moves the energy alone."""
    factor = _tempo_of(entry) ** -CONTRARY_SHARE if meaning.kind == "tempo" else 1.0
    _push(draft, -CONTRARY_SHARE * _energy_of(entry), factor)


def _push(draft: WishDraft, energy: float, factor: float) -> None:
    draft.fields["energy"] = draft.fields.get("energy", 0.0) + energy
    draft.fields["tempo_factor"] = draft.fields.get("tempo_factor", 1.0) * factor


def _energy_of(entry: dict[str, Any]) -> float:
    return float(entry.get("energy", 0.0) + entry.get("delta", 0.0))


def _tempo_of(entry: dict[str, Any]) -> float:
    return float(entry.get("tempo", 1.0) * entry.get("factor", 1.0))
