"""Letters on pictures: Source Sans Pro, cut to a width, without the characters that it has no glyph for."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FONTS = Path(__file__).parent / "fonts"
"""Source Sans Pro by Paul D. Hunt for Adobe, SIL Open Font License 1.1 (fonts/LICENSE.md)."""
_NO_GLYPH = "\uffff"
"""A character that no font has: what is drawn for it stands for every missing glyph."""


@lru_cache(maxsize=32)
def font(size_px: int, *, bold: bool = False) -> FreeTypeFont:
    """The font at a size in pixels."""
    from PIL import ImageFont

    name = "SourceSansPro-Semibold.otf" if bold else "SourceSansPro-Regular.otf"
    return ImageFont.truetype(FONTS / name, size_px)


@lru_cache(maxsize=4096)
def has_glyph(character: str) -> bool:
    """Whether the font can draw a character."""
    letters = font(20)
    return character.isspace() or bytes(letters.getmask(character)) != bytes(letters.getmask(_NO_GLYPH))


def drawable(text: str) -> str:
    """The text without what the font can't draw (emoji, scripts it does not have), as one line."""
    return " ".join("".join(character for character in text if has_glyph(character)).split())


def fitted(text: str, letters: FreeTypeFont, width_px: float) -> str:
    """The drawable part of the text, cut with an ellipsis so that it is at most `width_px` wide."""
    shown = drawable(text)
    if letters.getlength(shown) <= width_px:
        return shown
    low, high = 0, len(shown)
    while low < high:
        middle = (low + high + 1) // 2
        if letters.getlength(shown[:middle].rstrip() + "…") <= width_px:
            low = middle
        else:
            high = middle - 1
    return shown[:low].rstrip() + "…" if low else ""


def initials(name: str) -> str:
    """One or two letters that stand for a person; empty when the font has none of theirs."""
    words = [word for word in drawable(name).replace("_", " ").replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper()
