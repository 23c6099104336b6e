"""The card of a room: its size, its lanes, and that mute, gain and owner can be seen."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image

from generation.jam.layers import add_layer, set_mute, set_solo
from generation.jam.picture import CLOSED, FOOTER, HEADER, LANE, OPEN, WIDTH, card_png
from generation.jam.room import Person, Room, close
from generation.pictures.people import person_colour
from tests.support.jam_rooms import ANN, BEN, room_of

STRIP = tuple(round(255 * abs(math.sin(step / 4))) for step in range(96))


def drawn(room: Room) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(card_png(room))).convert("RGB")).astype(int)


def share_of(picture: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((np.abs(picture - colour).sum(axis=2) < 12).mean())


def lane(picture: np.ndarray, number: int) -> np.ndarray:
    return picture[HEADER + number * LANE : HEADER + (number + 1) * LANE]


def two_layers() -> Room:
    room = add_layer(room_of(), ANN, "drums", "h1", strip=STRIP)
    return add_layer(room, BEN, "bass", "h2", strip=STRIP)


def test_it_grows_with_its_lanes() -> None:
    assert drawn(room_of()).shape == (HEADER + LANE + FOOTER, WIDTH, 3)
    assert drawn(two_layers()).shape == (HEADER + 2 * LANE + FOOTER, WIDTH, 3)


def test_a_lane_has_its_owners_colour_until_it_is_not_heard() -> None:
    room = two_layers()
    for number, person in enumerate((ANN, BEN)):
        assert share_of(lane(drawn(room), number), person_colour(person.person_id)) > 0.03
    muted = drawn(set_mute(room, ANN, 1, True))
    assert share_of(lane(muted, 0), person_colour("ann")) == 0
    assert share_of(lane(muted, 1), person_colour("ben")) > 0.03
    solo = drawn(set_solo(room, BEN, 2, True))
    assert share_of(lane(solo, 0), person_colour("ann")) == 0


def test_open_and_closed_look_different() -> None:
    room = two_layers()
    assert share_of(drawn(room), OPEN) > share_of(drawn(close(room, ANN)), OPEN) == 0
    assert share_of(drawn(close(room, ANN)), CLOSED) > 0


def test_long_and_foreign_names_stay_in_their_place() -> None:
    person = Person("zoë", "Zoë 日本 " + "W" * 80)
    picture = drawn(add_layer(room_of(title="M" * 200), person, "W" * 32, "h"))
    assert picture.shape[1] == WIDTH
    beside = lane(picture, 0)[10:-20, 425:436]
    assert np.ptp(beside.reshape(-1, 3), axis=0).max() < 12  # nothing is written into the waveform


def test_names_that_no_font_has_become_a_figure_and_a_number() -> None:
    nameless = Person("123456", "\U0010fffd\U0010fffd")
    room = add_layer(room_of(nameless, title="\U0010fffd"), nameless, "\U0010fffd", "h", strip=STRIP)
    named = Person("123456", "member 3456")
    same = add_layer(room_of(named, title="Jam room"), named, "layer 1", "h", strip=STRIP)
    beside = slice(120, 420)  # right of the round mark, which has a figure in the one and initials in the other
    assert np.array_equal(lane(drawn(room), 0)[:, beside], lane(drawn(same), 0)[:, beside])
    assert not np.array_equal(lane(drawn(room), 0)[:, :120], lane(drawn(same), 0)[:, :120])
