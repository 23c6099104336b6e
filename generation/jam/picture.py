"""A room's card as a picture: the frame above, each layer a lane with its owner, state and waveform."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from generation.jam.frame import METRES
from generation.jam.room import Layer, Room

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

    Font = FreeTypeFont | ImageFont

Colour = tuple[int, int, int]
Tell = Callable[[str], str]
"""An English text in the language of whoever looks at the picture."""
Box = tuple[float, float, float, float]

WIDTH, HEADER, LANE, FOOTER = 1200, 176, 92, 24
"""Pixels of the finished picture; it is drawn SCALE times as large and made smaller, so that edges are smooth."""
SCALE = 2
MARGIN = 28
STRIP_LEFT, STRIP_RIGHT = 440, WIDTH - 150

BACKGROUND, PANEL, LINE = (30, 31, 34), (43, 45, 49), (62, 64, 70)
"""Discord's dark theme, as in the waveform picture."""
TEXT, DIM, FAINT = (242, 243, 245), (181, 186, 193), (110, 114, 122)
OPEN, CLOSED, MUTED, SOLO = (35, 165, 90), (128, 132, 142), (218, 55, 60), (240, 178, 50)
PEOPLE: tuple[Colour, ...] = (
    (88, 101, 242),
    (235, 69, 158),
    (87, 242, 135),
    (254, 231, 92),
    (69, 200, 235),
    (245, 130, 72),
    (178, 120, 250),
    (120, 220, 190),
)
FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "arial.ttf", "Arial.ttf")
"""Looked for in the machine's font folders, for names in many scripts; else Pillow's own Latin font."""


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
    _text(draw, MARGIN, 26, room.title or tell("Jam room"), 40, TEXT, WIDTH - 360)
    state, colour = ("open", OPEN) if room.is_open else ("closed", CLOSED)
    _pill(draw, WIDTH - MARGIN, 32, tell(state), colour, (255, 255, 255), right=True)
    _text(draw, MARGIN, 80, tell(f"hosted by {room.name_of(room.host_id)}"), 20, DIM, WIDTH - 2 * MARGIN)
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
    colour = colour_of(layer.owner_id) if heard else FAINT
    _panel(draw, (MARGIN, top + 4, WIDTH - MARGIN, top + LANE - 8), PANEL)
    _panel(draw, (MARGIN, top + 4, MARGIN + 8, top + LANE - 8), colour)
    _text(draw, MARGIN + 28, top + 14, layer.name, 25, TEXT if heard else FAINT, STRIP_LEFT - MARGIN - 60)
    _text(draw, MARGIN + 28, top + 48, room.name_of(layer.owner_id), 18, DIM if heard else FAINT, STRIP_LEFT - 110)
    _draw_strip(draw, layer, room.frame.bars, top, colour)
    right = WIDTH - MARGIN - 16
    if layer.is_muted or layer.is_solo:
        word, mark = ("mute", MUTED) if layer.is_muted else ("solo", SOLO)
        ink = (255, 255, 255) if layer.is_muted else BACKGROUND
        _pill(draw, right, top + 12, tell(word), mark, ink, right=True, size=16)
    if layer.gain_db:
        _text(draw, right - 78, top + 50, f"{layer.gain_db:+.1f} dB", 17, DIM, 90)


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


def colour_of(person_id: str) -> Colour:
    """A person's own colour, the same in every room."""
    return PEOPLE[zlib.crc32(person_id.encode()) % len(PEOPLE)]


def _pill(
    draw: ImageDraw,
    x: float,
    y: float,
    words: str,
    fill: Colour,
    ink: Colour,
    *,
    right: bool = False,
    size: int = 20,
) -> float:
    """Words in a rounded box that begins (or with `right` ends) at x; gives its right end."""
    font = _font(size)
    length = font.getlength(words) / SCALE + size
    left = x - length if right else x
    draw.rounded_rectangle(_scaled((left, y, left + length, y + size * 1.7)), radius=size * 0.85 * SCALE, fill=fill)
    draw.text(((left + size / 2) * SCALE, (y + size * 0.85) * SCALE), words, ink, font, anchor="lm")
    return left + length


def _text(draw: ImageDraw, x: float, y: float, words: str, size: int, ink: Colour, max_width: float) -> None:
    """One line of words from (x, y) on, cut where it would be wider than `max_width`."""
    font = _font(size)
    shown = words
    while shown and font.getlength(shown) > max_width * SCALE:
        shown = shown[:-1]
    shown = shown if shown == words else shown[:-1].rstrip() + "…"
    draw.text((x * SCALE, y * SCALE), shown, ink, font)


def _panel(draw: ImageDraw, box: Box, fill: Colour) -> None:
    draw.rounded_rectangle(_scaled(box), radius=(4 if box[2] - box[0] < 20 else 10) * SCALE, fill=fill)


def _line(draw: ImageDraw, box: Box, fill: Colour) -> None:
    draw.line(_scaled(box), fill=fill, width=SCALE)


def _scaled(box: Box) -> Box:
    left, top, right, bottom = (value * SCALE for value in box)
    return left, top, right, bottom


def _font(size: int) -> Font:
    """A font of this size in finished pixels."""
    from PIL import ImageFont

    for name in FONTS:
        try:
            return ImageFont.truetype(name, size * SCALE)
        except OSError:
            continue
    return ImageFont.load_default(size * SCALE)
