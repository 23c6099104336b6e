"""Letters on pictures: Source Sans Pro, and where it lacks a character a font of this machine that has it.

A run of characters from one font is drawn at once; all runs of a line stand on one baseline:

    "Zoë 小林"  ->  [("Zoë ", Source Sans Pro), ("小林", Noto Sans CJK)]

What no font here can draw (most emoji, and on a machine without such fonts Chinese or Korean) is left out; a name of
which nothing is left becomes a word and a number, never a row of empty boxes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

Ink = tuple[int, int, int]

FONTS = Path(__file__).parent / "fonts"
"""Source Sans Pro by Paul D. Hunt for Adobe, SIL Open Font License 1.1 (fonts/LICENSE.md)."""
OTHERS = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc", "DroidSansFallbackFull.ttf",
    "wqy-microhei.ttc", "wqy-zenhei.ttc", "NotoEmoji-Regular.ttf", "Symbola.ttf",
    "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf",
    "msyh.ttc", "msgothic.ttc", "malgun.ttf", "seguisym.ttf",
)  # fmt: skip
"""What Linux, macOS and Windows usually have, looked for by name when a character is missing."""
_PROBE_PX = 20
_NO_GLYPH = "\uffff"
"""A character that no font has: what is drawn for it stands for every missing glyph."""
_SHAPED = frozenset({"R", "AL"})
"""Directions of scripts whose letters join and run from the right: drawn one by one they can't be read."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Letters of one size in pixels, regular or bold (where a script has only one weight, that one)."""

    size_px: int
    bold: bool = False

    def width(self, text: str) -> float:
        """How wide a text is, in pixels."""
        return sum(letters.getlength(part) for part, letters in self._runs(text))

    def fitted(self, text: str, width_px: float) -> str:
        """The drawable part of the text, cut with an ellipsis so that it is at most `width_px` wide."""
        shown = drawable(text)
        if self.width(shown) <= width_px:
            return shown
        low, high = 0, len(shown)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(shown[:middle].rstrip() + "…") <= width_px:
                low = middle
            else:
                high = middle - 1
        return shown[:low].rstrip() + "…" if low else ""

    def write(self, draw: ImageDraw, at: tuple[float, float], text: str, ink: Ink, anchor: str = "la") -> None:
        """Draw one line. `anchor` as in Pillow: l, m or r, then a (from the ascender on) or m (around the middle)."""
        ascent, descent = _font(0, self.size_px, self.bold).getmetrics()
        x = at[0] - {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]] * self.width(text)
        baseline = at[1] + (ascent if anchor[1] == "a" else (ascent - descent) / 2)
        for part, letters in self._runs(text):
            draw.text((x, baseline), part, ink, letters, anchor="ls")
            x += letters.getlength(part)

    def _runs(self, text: str) -> Iterator[tuple[str, FreeTypeFont]]:
        """The text in parts that one font can draw; what none can is drawn by the first."""
        for index, part in groupby(text, key=lambda character: _font_for(character) or 0):
            yield "".join(part), _font(index, self.size_px, self.bold)


def drawable(text: str) -> str:
    """The text without what no font here can draw, as one line."""
    return " ".join("".join(character for character in text if has_glyph(character)).split())


def has_glyph(character: str) -> bool:
    """Whether some font here can draw a character."""
    return _font_for(character) is not None


def shown_name(name: str, person_id: str) -> str:
    """A person's name as far as it can be drawn; where nothing is left of it a word and the end of their id."""
    shown = drawable(name)
    if any(character.isalnum() for character in shown):
        return shown
    return f"member {person_id[-4:]}" if person_id else ""


def initials(name: str) -> str:
    """One or two letters that stand for a person; empty when no font has any of theirs."""
    words = [word for word in drawable(name).replace("_", " ").replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()


@lru_cache(maxsize=4096)
def _font_for(character: str) -> int | None:
    """The number of the first font that has a character: 0 is the carried one, others count OTHERS from 1."""
    if character.isspace() or _draws(0, character):
        return 0
    if unicodedata.bidirectional(character) in _SHAPED and not _can_shape():
        return None
    numbers = range(1, len(OTHERS) + 1)
    return next((number for number in numbers if _is_there(number) and _draws(number, character)), None)


def _draws(number: int, character: str) -> bool:
    letters = _font(number, _PROBE_PX, False)
    return bytes(letters.getmask(character)) != bytes(letters.getmask(_NO_GLYPH))


@lru_cache(maxsize=len(OTHERS) + 1)
def _is_there(number: int) -> bool:
    try:
        _font(number, _PROBE_PX, False)
    except OSError:
        return False
    return True


@lru_cache(maxsize=64)
def _font(number: int, size_px: int, bold: bool) -> FreeTypeFont:
    """A font at a size. Raises OSError where this machine does not have it."""
    from PIL import ImageFont

    if number:
        return ImageFont.truetype(OTHERS[number - 1], size_px)
    name = "SourceSansPro-Semibold.otf" if bold else "SourceSansPro-Regular.otf"
    return ImageFont.truetype(FONTS / name, size_px)


@lru_cache(maxsize=1)
def _can_shape() -> bool:
    from PIL import features

    return bool(features.check("raqm"))
