"""The family tree as a picture: who made what from what, from left to right."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generation.family import Family, Member
from generation.pictures import tree_cards as cards
from generation.pictures.lettering import Letters, drawable, shown_name
from generation.pictures.people import person_colour
from generation.pictures.tree_cards import BACKGROUND, FAINT, PALE, WHITE, Colour, Size
from generation.pictures.tree_layout import Block, Layout, lay_out
from generation.pictures.tree_lines import draw_line
from generation.request import Operation

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_SIDE_PX = 2800
"""Larger pictures are scaled down by Discord's preview until nothing can be read."""
MARGIN_PX, HEADER_PX, FOOTER_PX = 44, 84, 30
LEGEND_Y, LEGEND_PX = 70, 19
MIN_WIDTH_PX = 760
SCALE = 2
"""Lines and shapes are drawn twice as large and then reduced, which smooths their edges."""
PANEL = (36, 37, 41)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A laid out tree at one size of cards; all in finished pixels."""

    layout: Layout
    size: Size

    @property
    def width(self) -> int:
        inner = self.layout.num_columns * self.size.column_px - self.size.gap_px
        return max(MIN_WIDTH_PX, round(inner) + 2 * MARGIN_PX)

    @property
    def height(self) -> int:
        inner = self.layout.num_rows * self.size.row_px - self.size.row_gap_px
        return round(inner) + 2 * MARGIN_PX + self._header_px + FOOTER_PX

    @property
    def _header_px(self) -> int:
        return HEADER_PX + (30 if self.size.is_dot else 0)

    def corner(self, take_id: str) -> tuple[float, float]:
        """The upper left corner of a take's card."""
        column, row = self.layout.places[take_id]
        return self._at(column, row)

    def _at(self, column: float, row: float) -> tuple[float, float]:
        spare = self.width - 2 * MARGIN_PX - (self.layout.num_columns * self.size.column_px - self.size.gap_px)
        left = MARGIN_PX + max(spare, 0) / 2
        return left + column * self.size.column_px, self._header_px + MARGIN_PX + row * self.size.row_px

    def panel(self, block: Block) -> tuple[float, float, float, float]:
        """The box around a block: left, top, right, bottom."""
        pad = min(12.0, self.size.gap_px / 3, self.size.row_gap_px * 0.9)
        left, top = self._at(block.columns[0], block.rows[0])
        right, bottom = self._at(block.columns[1], block.rows[1])
        return left - pad, top - pad, right + self.size.width_px + pad, bottom + self.size.height_px + pad


def tree_png(family: Family) -> bytes:
    """The family as a PNG. The cards get smaller as the family grows, so that 200 takes still fit on one picture."""
    from PIL import Image

    sheet = _sheet_for(family)
    large = Image.new("RGB", (sheet.width * SCALE, sheet.height * SCALE), BACKGROUND)
    _draw_shapes(large, sheet, family)
    picture = large.resize((sheet.width, sheet.height), Image.Resampling.LANCZOS)
    _write(picture, sheet, family)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=6)
    return out.getvalue()


def _sheet_for(family: Family) -> _Sheet:
    """The largest cards with which the family fits."""
    parents = {member.take_id: member.parents for member in family.members}
    for size in cards.SIZES:
        sheet = _Sheet(lay_out(parents, block_aspect=size.block_aspect), size)
        if sheet.width <= MAX_SIDE_PX and sheet.height <= MAX_SIDE_PX:
            break
    return sheet


def _draw_shapes(large: Image, sheet: _Sheet, family: Family) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(large)
    for x, y, _, colour in _legend(sheet, family):
        draw.ellipse((x * SCALE, (y + 6) * SCALE, (x + 12) * SCALE, (y + 18) * SCALE), colour)
    for panel_of in sheet.layout.blocks:
        box = tuple(value * SCALE for value in sheet.panel(panel_of))
        draw.rounded_rectangle(box, radius=14 * SCALE, fill=PANEL)
    in_block = {member: block for block in sheet.layout.blocks for member in block.members}
    drawn: set[tuple[str, int]] = set()
    for parent_id, take_id, is_first in reversed(sheet.layout.links):
        block = in_block.get(take_id) if is_first else None
        if block is not None and (parent_id, id(block)) in drawn:
            continue
        end = _entrance(sheet, take_id, block)
        colour = cards.colour_of(family.member(take_id)) if block is None else FAINT
        draw_line(draw, _exit(sheet, parent_id), end, colour, is_first=is_first, scale=SCALE)
        if block is not None:
            drawn.add((parent_id, id(block)))
    for member in family.members:
        is_asked = member.take_id == family.take_id
        cards.draw_shape(draw, sheet.size, sheet.corner(member.take_id), member, is_asked=is_asked, scale=SCALE)


def _exit(sheet: _Sheet, take_id: str) -> tuple[float, float]:
    left, top = sheet.corner(take_id)
    return left + sheet.size.width_px, top + sheet.size.height_px / 2


def _entrance(sheet: _Sheet, take_id: str, block: Block | None) -> tuple[float, float]:
    if block is not None:
        left, top, _, bottom = sheet.panel(block)
        return left, (top + bottom) / 2
    left, top = sheet.corner(take_id)
    return left, top + sheet.size.height_px / 2


def _write(picture: Image, sheet: _Sheet, family: Family) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(picture)
    for member in family.members:
        cards.write(draw, sheet.size, sheet.corner(member.take_id), member)
    title, legend = Letters(30, bold=True), Letters(LEGEND_PX)
    words = title.fitted(f"The family of {_name(family.member(family.take_id))}", _room(sheet))
    title.write(draw, (MARGIN_PX, 26), words, WHITE)
    legend.write(draw, (MARGIN_PX, LEGEND_Y), _count(family), PALE)
    for x, y, label, _ in _legend(sheet, family):
        legend.write(draw, (x + 19, y), label, PALE)
    if family.num_more:
        more = f"and {family.num_more} more behind the edge"
        Letters(17).write(draw, (MARGIN_PX, sheet.height - FOOTER_PX - 6), more, PALE)


def _room(sheet: _Sheet) -> int:
    return sheet.width - 2 * MARGIN_PX


def _count(family: Family) -> str:
    num_takes, num_people = len(family.members) + family.num_more, len(family.people)
    takes = "1 take" if num_takes == 1 else f"{num_takes}{'+' if family.num_more else ''} takes"
    return f"{takes} by {'1 person' if num_people == 1 else f'{num_people} people'}"


def _legend(sheet: _Sheet, family: Family) -> list[tuple[float, float, str, Colour]]:
    """The colours of the operations, and where only initials stand those of the people: place, label, colour."""
    letters = Letters(LEGEND_PX)
    there = {member.operation for member in family.members}
    operations = [(cards.LABELS[item], cards.COLOURS[item]) for item in Operation if item in there]
    people = {member.person_id: member.person_name for member in family.members if member.person_id}
    named = [(shown_name(name, who), person_colour(who)) for who, name in people.items()]
    start = MARGIN_PX + letters.width(_count(family)) + 28
    rows = [(start, LEGEND_Y, operations)]
    if sheet.size.is_dot:
        rows.append((MARGIN_PX, LEGEND_Y + 30, [(label, colour) for label, colour in named if label]))
    found: list[tuple[float, float, str, Colour]] = []
    for x, y, items in rows:
        for label, colour in items:
            width = 20 + letters.width(label)
            if x + width > sheet.width - MARGIN_PX:
                break
            found.append((x, y, label, colour))
            x += width + 20
    return found


def _name(member: Member | None) -> str:
    """A take in a title: its words, or what was done."""
    if member is None or member.operation is None:
        return "a take"
    words = drawable(member.prompt)
    return f"“{words}”" if words else f"a take ({member.operation.value})"
