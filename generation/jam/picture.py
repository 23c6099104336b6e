"""A room's card as a picture: the frame above, each layer a lane with its owner, state and waveform."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from generation.jam.frame import METRES
from generation.jam.room import Layer, Room
from generation.pictures.lettering import Letters, drawable, initials, shown_name
from generation.pictures.people import draw_figure, ink_on, person_colour

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]
Tell = Callable[[str], str]
"""An English text in the language of whoever looks at the picture."""
Box = tuple[float, float, float, float]

WIDTH, HEADER, LANE, FOOTER = 1200, 176, 92, 24
"""Pixels of the finished picture; it is drawn SCALE times as large and made smaller, so that edges are smooth."""
SCALE = 2
MARGIN, AVATAR = 28, 48
STRIP_LEFT, STRIP_RIGHT = 440, WIDTH - 150

BACKGROUND, PANEL, LINE = (30, 31, 34), (43, 45, 49), (62, 64, 70)
"""Discord's dark theme, as in the waveform picture."""
TEXT, DIM, FAINT = (242, 243, 245), (181, 186, 193), (110, 114, 122)
OPEN, CLOSED, MUTED, SOLO = (35, 165, 90), (128, 132, 142), (218, 55, 60), (240, 178, 50)


def card_png(room: Room, tell: Tell = str) -> bytes:
    """The card as a PNG, WIDTH wide and as high as its lanes need."""
    from PIL import Image, ImageDraw

    lanes = max(len(room.layers), 1)
    height = HEADER + lanes * LANE + FOOTER
    image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), BACKGROUND)
    draw = ImageDraw.Draw(image)
    _draw_header(draw, room, tell)
    if not room.layers:
        _draw_empty(draw, room, tell)
    for number, layer in enumerate(room.layers):
        _draw_lane(draw, room, layer, HEADER + number * LANE, tell)
    out = io.BytesIO()
    image.resize((WIDTH, height), Image.Resampling.LANCZOS).save(out, "PNG", compress_level=4)
    return out.getvalue()


def _draw_header(draw: ImageDraw, room: Room, tell: Tell) -> None:
    _text(draw, MARGIN, 20, drawable(room.title) or tell("Jam room"), 42, TEXT, WIDTH - 360, bold=True)
    state, colour = ("open", OPEN) if room.is_open else ("closed", CLOSED)
    _pill(draw, WIDTH - MARGIN, 32, tell(state), colour, (255, 255, 255), right=True)
    host = shown_name(room.name_of(room.host_id), room.host_id)
    _text(draw, MARGIN, 77, tell(f"hosted by {host}"), 23, DIM, WIDTH - 2 * MARGIN)
    frame = room.frame
    key = tell(str(frame.key) if frame.key else "any key")
    bars = tell(f"{frame.bars} bar{'s' if frame.bars > 1 else ''}")
    chips = [f"{frame.tempo_bpm:g} BPM", key, METRES[frame.beats_per_bar], bars, frame.style[:40], frame.engine or ""]
    left: float = MARGIN
    for chip in filter(None, chips):
        if left > WIDTH - 200:
            break
        left = _pill(draw, left, 120, chip, PANEL, TEXT) + 10


def _draw_empty(draw: ImageDraw, room: Room, tell: Tell) -> None:
    words = "Nothing here yet: /jam add brings the first layer" if room.is_open else "This room stayed empty"
    _panel(draw, (MARGIN, HEADER + 4, WIDTH - MARGIN, HEADER + LANE - 8), PANEL)
    _text(draw, MARGIN + 28, HEADER + 26, tell(words), 24, DIM, WIDTH - 4 * MARGIN)


def _draw_lane(draw: ImageDraw, room: Room, layer: Layer, top: int, tell: Tell) -> None:
    """Name and owner at the left, the waveform over the room's bars, gain and marks at the right."""
    heard = layer in room.audible_layers
    colour = person_colour(layer.owner_id) if heard else FAINT
    _panel(draw, (MARGIN, top + 4, WIDTH - MARGIN, top + LANE - 8), PANEL)
    _panel(draw, (MARGIN, top + 4, MARGIN + 8, top + LANE - 8), colour)
    owner = shown_name(room.name_of(layer.owner_id), layer.owner_id)
    _draw_avatar(draw, (MARGIN + 26, top + 20), room.name_of(layer.owner_id), colour)
    name, left = drawable(layer.name) or tell(f"layer {layer.layer_id}"), MARGIN + 90
    _text(draw, left, top + 10, name, 28, TEXT if heard else FAINT, STRIP_LEFT - left - 22, bold=True)
    _text(draw, left, top + 47, owner, 21, DIM if heard else FAINT, STRIP_LEFT - left - 22)
    _draw_strip(draw, layer, room.frame.bars, top, colour)
    right = WIDTH - MARGIN - 16
    if layer.is_muted or layer.is_solo:
        word, mark = ("mute", MUTED) if layer.is_muted else ("solo", SOLO)
        ink = (255, 255, 255) if layer.is_muted else BACKGROUND
        _pill(draw, right, top + 12, tell(word), mark, ink, right=True, size=18)
    if layer.gain_db:
        _text(draw, right - 72, top + 46, f"{layer.gain_db:+.1f} dB", 20, DIM, 94)


def _draw_avatar(draw: ImageDraw, corner: tuple[float, float], name: str, colour: Colour) -> None:
    """The owner's round mark, with initials where a font has them."""
    left, top = corner
    box = _scaled((left, top, left + AVATAR, top + AVATAR))
    draw.ellipse(box, colour)
    if letters := initials(name):
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        Letters(20 * SCALE, bold=True).write(draw, middle, letters, ink_on(colour), "mm")
    else:
        draw_figure(draw, box, ink_on(colour))


def _draw_strip(draw: ImageDraw, layer: Layer, bars: int, top: int, colour: Colour) -> None:
    width, middle, reach = STRIP_RIGHT - STRIP_LEFT, top + LANE / 2 - 2, LANE / 2 - 16
    for bar in range(bars + 1):
        x = STRIP_LEFT + width * bar / bars
        _line(draw, (x, top + 12, x, top + LANE - 16), LINE)
    step = width / max(len(layer.strip), 1)
    for index, peak in enumerate(layer.strip):
        x, half = STRIP_LEFT + index * step, max(peak / 255 * reach, 1.0)
        box = (x + step * 0.15, middle - half, x + step * 0.85, middle + half)
        draw.rounded_rectangle(_scaled(box), radius=step * 0.3 * SCALE, fill=colour)


def _pill(
    draw: ImageDraw,
    x: float,
    y: float,
    words: str,
    fill: Colour,
    ink: Colour,
    *,
    right: bool = False,
    size: int = 22,
) -> float:
    """Words in a rounded box that begins (or with `right` ends) at x; gives its right end."""
    letters = Letters(size * SCALE)
    shown = letters.fitted(words, (WIDTH - 2 * MARGIN) * SCALE)
    length = letters.width(shown) / SCALE + size
    left = x - length if right else x
    draw.rounded_rectangle(_scaled((left, y, left + length, y + size * 1.7)), radius=size * 0.85 * SCALE, fill=fill)
    letters.write(draw, ((left + size / 2) * SCALE, (y + size * 0.85) * SCALE), shown, ink, "lm")
    return left + length


def _text(
    draw: ImageDraw, x: float, y: float, words: str, size: int, ink: Colour, max_width: float, *, bold: bool = False
) -> None:
    """One line of words from (x, y) on, cut where it would be wider than `max_width`."""
    letters = Letters(size * SCALE, bold)
    letters.write(draw, (x * SCALE, y * SCALE), letters.fitted(words, max_width * SCALE), ink)


def _panel(draw: ImageDraw, box: Box, fill: Colour) -> None:
    draw.rounded_rectangle(_scaled(box), radius=(4 if box[2] - box[0] < 20 else 10) * SCALE, fill=fill)


def _line(draw: ImageDraw, box: Box, fill: Colour) -> None:
    draw.line(_scaled(box), fill=fill, width=SCALE)


def _scaled(box: Box) -> Box:
    left, top, right, bottom = (value * SCALE for value in box)
    return left, top, right, bottom
