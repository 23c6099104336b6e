"""The cards of the family tree: one for each take, in three sizes, coloured by operation and by person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generation.family import Member
from generation.pictures.lettering import Letters, drawable, initials, shown_name
from generation.pictures.people import draw_figure, ink_on, person_colour
from generation.request import Operation

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

BACKGROUND = (30, 31, 34)
"""Discord's dark theme, as in the waveform's picture."""
CARD, CARD_GONE = (48, 50, 57), (38, 39, 43)
WHITE, LIGHT, PALE, FAINT = (255, 255, 255), (219, 222, 225), (160, 165, 176), (92, 96, 108)
COLOURS: dict[Operation, Colour] = {
    Operation.COMPOSE: (88, 101, 242),
    Operation.EXTEND: (35, 165, 190),
    Operation.RESTYLE: (235, 69, 158),
    Operation.VARY: (250, 166, 26),
    Operation.ACCOMPANY: (59, 165, 93),
    Operation.BLEND: (170, 110, 245),
    Operation.LOOP: (237, 105, 66),
}
LABELS = {operation: operation.value for operation in Operation}


@dataclass(frozen=True, slots=True)
class Size:
    """Cards of one size, in pixels: their box, the gaps to the next column and row, the sizes of the letters (0: none).

    `block_aspect`: see tree_layout.lay_out; about gap-to-gap width over height, so that a block is about square.
    """

    width_px: int
    height_px: int
    gap_px: int
    row_gap_px: int
    title_px: int
    line_px: int
    block_aspect: float

    @property
    def column_px(self) -> int:
        """From one card's left side to the next one's."""
        return self.width_px + self.gap_px

    @property
    def row_px(self) -> int:
        """From one card's upper side to the next one's."""
        return self.height_px + self.row_gap_px

    @property
    def is_dot(self) -> bool:
        """Whether a take is but a round mark."""
        return self.title_px == 0


SIZES = (
    Size(236, 76, 62, 22, 21, 17, 3.0),
    Size(168, 46, 44, 14, 17, 14, 3.5),
    Size(36, 36, 44, 10, 0, 15, 1.7),
    Size(28, 28, 38, 6, 0, 12, 1.9),
)
"""From roomy to crowded."""


def colour_of(member: Member | None) -> Colour:
    """The colour of what was done; grey for what is not there any more."""
    if member is None or member.operation is None or member.is_retracted:
        return FAINT
    return COLOURS[member.operation]


def blended(colour: Colour, ground: Colour, share: float) -> Colour:
    """The colour over a ground, `share` 0..1 of it."""
    red, green, blue = (round(a * share + b * (1 - share)) for a, b in zip(colour, ground, strict=True))
    return red, green, blue


def draw_shape(draw: ImageDraw, size: Size, corner: Point, member: Member, *, is_asked: bool, scale: int) -> None:
    """A card's shapes at `scale` times its size; the asked-for take has a bright rim."""
    x, y = corner
    box = (x, y, x + size.width_px, y + size.height_px)
    radius = size.height_px / 2 if size.is_dot else size.height_px / 6
    if is_asked:
        for reach, share in ((9, 0.12), (7, 0.25), (5, 1.0)):
            ring = (box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach)
            _rounded(draw, ring, radius + reach, blended(WHITE, BACKGROUND, share), scale)
        _rounded(draw, (box[0] - 2.5, box[1] - 2.5, box[2] + 2.5, box[3] + 2.5), radius + 2.5, BACKGROUND, scale)
    colour = colour_of(member)
    is_gone = member.operation is None or member.is_retracted
    if size.is_dot:
        _rounded(draw, box, radius, colour, scale)
        inner = (box[0] + 4, box[1] + 4, box[2] - 4, box[3] - 4)
        own = person_colour(member.person_id)
        _rounded(draw, inner, radius - 4, CARD_GONE if is_gone else own, scale)
        if not is_gone and not initials(member.person_name):
            left, top, right, bottom = (value * scale for value in inner)
            draw_figure(draw, (left, top, right, bottom), ink_on(own))
        return
    _rounded(draw, box, radius, blended(colour, CARD, 0.5), scale)
    bar = size.height_px / 12
    inner = (box[0] + bar, box[1] + 1.5, box[2] - 1.5, box[3] - 1.5)
    _rounded(draw, box, radius, blended(colour, BACKGROUND, 0.55 if is_gone else 1.0), scale)
    _rounded(draw, inner, radius - 1.5, CARD_GONE if is_gone else CARD, scale)
    if member.person_id:
        left, top, right, bottom = (value * scale for value in _avatar(size, corner))
        own = person_colour(member.person_id)
        draw.ellipse((left, top, right, bottom), own)
        if not initials(member.person_name):
            draw_figure(draw, (left, top, right, bottom), ink_on(own))


def write(draw: ImageDraw, size: Size, corner: Point, member: Member) -> None:
    """A card's letters."""
    if size.is_dot:
        left, top = corner
        middle = (left + size.width_px / 2, top + size.height_px / 2)
        is_gone = member.operation is None or member.is_retracted
        ink = FAINT if is_gone else ink_on(person_colour(member.person_id))
        Letters(size.line_px, bold=True).write(draw, middle, initials(member.person_name), ink, "mm")
        return
    left, top, right, bottom = _avatar(size, corner)
    if member.person_id:
        middle = ((left + right) / 2, (top + bottom) / 2)
        ink = ink_on(person_colour(member.person_id))
        Letters(size.line_px, bold=True).write(draw, middle, initials(member.person_name), ink, "mm")
    title, words, name = _lines(member, has_words=size is SIZES[0])
    x = right + size.height_px * 0.16 if member.person_id else left
    room = corner[0] + size.width_px - x - size.height_px * 0.12
    lines = [(title, size.title_px, True, LIGHT), (name, size.line_px, False, PALE)][: 2 if name else 1]
    if words:
        lines.insert(1, (words, size.line_px, False, LIGHT))
    height = sum(px for _, px, _, _ in lines) * 1.22
    y = corner[1] + (size.height_px - height) / 2
    for text, px, bold, colour in lines:
        letters = Letters(px, bold=bold)
        letters.write(draw, (x, y), letters.fitted(text, room), colour)
        y += px * 1.22


def _lines(member: Member, *, has_words: bool) -> tuple[str, str, str]:
    """What was done, with which words where there is room for them, by whom."""
    if member.operation is None:
        return "Not shown here", "", ""
    label, name = LABELS[member.operation].capitalize(), shown_name(member.person_name, member.person_id)
    if member.is_retracted:
        return (label, "taken back", name) if has_words else (label, "", "taken back")
    seconds = round(member.duration_s)
    length = f" · {seconds // 60}:{seconds % 60:02d}" if seconds else ""
    return label, drawable(member.prompt) if has_words else "", f"{name}{length}"


def _avatar(size: Size, corner: Point) -> tuple[float, float, float, float]:
    """The box of a person's round mark on a card."""
    diameter = size.height_px * 0.56
    left, top = corner[0] + size.height_px * 0.24, corner[1] + (size.height_px - diameter) / 2
    return left, top, left + diameter, top + diameter


def _rounded(draw: ImageDraw, box: tuple[float, float, float, float], radius: float, fill: Colour, scale: int) -> None:
    left, top, right, bottom = (value * scale for value in box)
    draw.rounded_rectangle((left, top, right, bottom), radius=radius * scale, fill=fill)
