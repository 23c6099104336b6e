"""The lines of the family tree: soft curves from a parent's right side to a child's left side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from generation.pictures.tree_cards import BACKGROUND, Colour, blended

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Point = tuple[float, float]
NUM_STEPS = 40
DASH_PX, PAUSE_PX = 9.0, 7.0


def draw_line(draw: ImageDraw, start: Point, end: Point, colour: Colour, *, is_first: bool, scale: int) -> None:
    """A cubic Bézier curve that leaves and arrives level; dashed for a further parent (the second clip of a blend)."""
    bend = max(abs(end[0] - start[0]) * 0.5, 14.0)
    steps = NUM_STEPS if abs(end[1] - start[1]) > 0.5 else 1
    points = [_bezier(start, end, bend, step / steps, scale) for step in range(steps + 1)]
    if is_first:
        draw.line(points, fill=blended(colour, BACKGROUND, 0.75), width=round(2.6 * scale), joint="curve")
        return
    for dash in _dashes(points, DASH_PX * scale, PAUSE_PX * scale):
        draw.line(dash, fill=blended(colour, BACKGROUND, 0.5), width=round(1.8 * scale), joint="curve")


def _dashes(points: Sequence[Point], dash: float, pause: float) -> Iterator[list[Point]]:
    """The pieces of a line of points that are drawn, `dash` long with `pause` between them."""
    walked = 0.0
    piece: list[Point] = []
    for start, end in pairwise(points):
        length = math.dist(start, end)
        num_steps = max(1, math.ceil(length / 2))
        for step in range(num_steps):
            share = step / num_steps
            if walked % (dash + pause) < dash:
                piece.append((start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share))
            elif piece:
                yield piece
                piece = []
            walked += length / num_steps
    if len(piece) > 1:
        yield piece


def _bezier(start: Point, end: Point, bend: float, t: float, scale: int) -> Point:
    """The point at 0..1 of the curve with its handles `bend` to the right of the start and to the left of the end."""
    handles = (start, (start[0] + bend, start[1]), (end[0] - bend, end[1]), end)
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    x = sum(weight * point[0] for weight, point in zip(weights, handles, strict=True))
    y = sum(weight * point[1] for weight, point in zip(weights, handles, strict=True))
    return x * scale, y * scale
