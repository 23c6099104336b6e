"""The family tree: nobody stands on somebody else, parents stand left of their children, 200 takes make a picture."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from generation.family import Family
from generation.pictures.lettering import Letters, drawable, initials, shown_name
from generation.pictures.tree import MAX_SIDE_PX, tree_png
from generation.pictures.tree_layout import MIN_IN_BLOCK, lay_out
from generation.request import Operation
from tests.support.families import family_of, grown, member


@st.composite
def families(draw: st.DrawFn) -> dict[str, list[str]]:
    """Parents of each take, none or several, also such that are not there."""
    parents: dict[str, list[str]] = {}
    for number in range(draw(st.integers(1, 40))):
        ids = [*parents, "forgotten"]
        parents[f"t{number}"] = draw(st.lists(st.sampled_from(ids), max_size=2, unique=True))
    return parents


@given(families())
@settings(max_examples=150)
def test_nobody_stands_on_somebody_else_and_parents_stand_left(parents: dict[str, list[str]]) -> None:
    layout = lay_out(parents)
    assert set(layout.places) == set(parents)
    for one, other in itertools.combinations(layout.places.values(), 2):
        assert one[0] != other[0] or abs(one[1] - other[1]) >= 1 - 1e-9
    for take_id, ids in parents.items():
        for parent in set(ids) & set(parents):
            assert layout.places[parent][0] < layout.places[take_id][0]
    assert all(0 <= column < layout.num_columns for column, _ in layout.places.values())
    assert all(0 <= row <= layout.num_rows - 1 + 1e-9 for _, row in layout.places.values())
    num_links = sum(parent in parents for ids in parents.values() for parent in ids)
    assert len(layout.links) == num_links


def test_a_parent_stands_in_the_middle_of_its_children() -> None:
    layout = lay_out({"a": [], "b": ["a"], "c": ["a"], "d": ["a"]})
    assert layout.places == {"a": (0, 1.0), "b": (1, 0.0), "c": (1, 1.0), "d": (1, 2.0)}


def test_many_childless_siblings_stand_in_a_block() -> None:
    layout = lay_out({"a": [], **{f"b{number}": ["a"] for number in range(30)}})
    (block,) = layout.blocks
    assert len(block.members) == 30 >= MIN_IN_BLOCK and block.columns == (1, 3) and layout.num_rows == 10


def test_a_parent_that_comes_later_is_left_out() -> None:
    layout = lay_out({"a": ["b"], "b": ["a"], "c": ["b"]})
    assert [column for column, _ in layout.places.values()] == [0, 1, 2]


def picture(family: Family) -> Image.Image:
    return Image.open(io.BytesIO(tree_png(family)))


@pytest.mark.parametrize("num_takes", [1, 7, 60, 200])
def test_families_of_any_size_fit_on_a_picture(num_takes: int) -> None:
    data = tree_png(grown(num_takes, seed=3))
    drawn = Image.open(io.BytesIO(data))
    assert max(drawn.size) <= MAX_SIDE_PX and min(drawn.size) >= 200
    assert len(data) < 2 * 1024**2


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    found = image.convert("RGB").getcolors(1_000_000)
    assert found is not None
    return {colour for _, colour in found}  # type: ignore[misc]


def test_what_was_taken_back_or_hidden_shows_neither_words_nor_colour() -> None:
    family = family_of({"a": [], "b": ["a"]}, "a")
    hidden = replace(family, members=(family.members[0], family.members[1].hidden()))
    unnamed = replace(family.members[1], prompt="other words", person_name="Somebody Else").hidden()
    assert tree_png(hidden) == tree_png(replace(hidden, members=(family.members[0], unnamed)))
    kept = colours(picture(family))
    taken_back = replace(family.members[1], is_retracted=True)
    after = picture(replace(family, members=(family.members[0], taken_back)))
    other = replace(taken_back, prompt="other words")
    assert colours(after) != kept
    assert tree_png(replace(family, members=(family.members[0], other))) == tree_png(
        replace(family, members=(family.members[0], taken_back))
    )


def test_the_asked_take_is_marked() -> None:
    one, other = (family_of({"a": [], "b": ["a"], "c": ["a"]}, asked) for asked in "bc")
    left, right = picture(one), picture(other)
    assert left.size == right.size and left.tobytes() != right.tobytes()
    assert (255, 255, 255) in colours(left)


@pytest.mark.parametrize("name", ["", "🎷🎷", "小林", "a" * 300, "..\n..", "\u202eabc"])
def test_any_name_and_words_can_be_drawn(name: str) -> None:
    odd = member("a", Operation.COMPOSE, prompt=name, person_name=name)
    assert picture(Family("a", (odd,))).format == "PNG"


def test_lettering_is_cut_to_its_width_and_leaves_out_what_it_has_not() -> None:
    letters = Letters(20)
    shown = letters.fitted("a very long line of words that does not fit", 120)
    assert shown.endswith("…") and letters.width(shown) <= 120
    assert letters.fitted("short", 120) == "short" and letters.fitted("short", 1) == ""
    assert drawable("\U0010fffd funk \uffff") == "funk" and drawable("Ludmiła Ж") == "Ludmiła Ж"
    assert initials("ben okafor") == "BO" and initials("\U0010fffd") == "" and initials("dee_") == "D"


def test_a_name_that_no_font_here_has_becomes_a_word_and_a_number() -> None:
    assert shown_name("Zoë", "123456") == "Zoë" and shown_name("Zoë \U0010fffd", "123456") == "Zoë"
    assert shown_name("\U0010fffd\U0010fffd", "123456") == "member 3456" and shown_name("", "") == ""
