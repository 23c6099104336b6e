"""Keys by their names, as they stand in an order: "D minor", "F# major", "Bbm", "E♭", "Es-Dur"."""

from __future__ import annotations

import re

from generation.errors import RequestRefused
from generation.hearing import Key

_OWN = frozenset({"none", "keep", "off", "own"})
_NAME = re.compile(
    r"\s*([a-gA-G])\s*(?:([#b])|((?i:sharp|flat|is|es|s)))?[\s-]*"
    r"(m|M|(?i:min|minor|menor|mineur|moll|maj|major|mayor|majeur|dur))?\s*",
    re.ASCII,
)
_LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SIGNS = {"#": 1, "sharp": 1, "is": 1, "b": -1, "flat": -1, "es": -1, "s": -1}
_MINOR = frozenset({"min", "minor", "menor", "mineur", "moll"})


def is_own_key(name: str) -> bool:
    """Whether a blend's words in place of a key leave each clip in its own."""
    return name.strip().lower() in _OWN


def key_asked(name: str | None) -> Key | None:
    """The key that a request names; None where it names none or leaves each clip in its own. Raises RequestRefused."""
    return None if not name or is_own_key(name) else key_named(name)


def key_named(name: str) -> Key:
    """A key by its name. Raises RequestRefused.

    A German B or H is refused, not guessed: there B is B flat, and H is B.
    """
    match = _NAME.fullmatch(name.replace("♯", "#").replace("♭", "b"))
    letter, sign, mode = ("", "", "") if match is None else (match[1], match[2] or match[3] or "", match[4] or "")
    is_german_b = letter.lower() == "b" and not sign and mode.lower() in ("moll", "dur")
    if not letter or is_german_b:
        hint = " (the German H is B, the German B is Bb)" if is_german_b or name.strip()[:1].lower() == "h" else ""
        raise RequestRefused(f"I don't know the key {name[:40]!r}: write it like D minor, F# major or Bbm{hint}.")
    is_minor = mode == "m" or mode.lower() in _MINOR
    return Key((_LETTERS[letter.lower()] + _SIGNS.get(sign.lower(), 0)) % 12, "minor" if is_minor else "major")
