"""A person on a picture: their own colour, the same on every one, and a mark where no font has their letters."""

from __future__ import annotations

import colorsys
import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]
DARK, WHITE = (24, 25, 28), (255, 255, 255)
LIGHT_FROM = 0.32
"""From this relative luminance on (WCAG 2) dark letters stand out more than white ones."""


def person_colour(person_id: str) -> Colour:
    """A person's own colour."""
    drawn = hashlib.sha256(person_id.encode()).digest()
    lightness, saturation = 0.45 + drawn[1] / 256 * 0.2, 0.4 + drawn[2] / 256 * 0.35
    red, green, blue = colorsys.hls_to_rgb(drawn[0] / 256, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def ink_on(colour: Colour) -> Colour:
    """White or dark, whichever can be read on a colour."""
    linear = [((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return DARK if 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > LIGHT_FROM else WHITE


def draw_figure(draw: ImageDraw, box: tuple[float, float, float, float], ink: Colour) -> None:
    """A head and shoulders in a round box, in place of initials."""
    left, top, right, bottom = box
    middle, width, height = (left + right) / 2, right - left, bottom - top
    head, chest = width * 0.17, width * 0.29
    head_y, chest_y = top + height * 0.36, top + height * 0.83
    draw.ellipse((middle - head, head_y - head, middle + head, head_y + head), ink)
    draw.pieslice((middle - chest, chest_y - chest, middle + chest, chest_y + chest), 180, 360, ink)
