"""Layers of a room: who may do what, undo, names, and any story of changes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.errors import RequestRefused
from generation.jam import layers
from generation.jam.layers import MAX_LAYERS, add_layer, layer_named, set_gain, set_mute, set_solo, undo, without_take
from generation.jam.record import body_of, fields_of
from generation.jam.room import Room, close, credit_lines, hand_over
from tests.support.jam_rooms import ANN, BEN, CYD, MOD, room_of, with_layers


def names(room: Room) -> list[str]:
    return [layer.name for layer in room.layers]


def test_layers_have_names_of_their_own() -> None:
    room = with_layers(room_of(), "drums")
    room = add_layer(room, BEN, " Drums\u200b ", "other")
    room = add_layer(room, BEN, "\u202e", "third")
    assert names(room) == ["drums", "Drums 2", "layer 3"]
    assert layer_named(room, "DRUMS 2").owner_id == "ben" and layer_named(room, "#3").name == "layer 3"
    with pytest.raises(RequestRefused, match="drums, Drums 2, layer 3"):
        layer_named(room, "flute")


def test_the_same_audio_twice_and_too_many_are_refused() -> None:
    room = with_layers(room_of(), *(f"n{number}" for number in range(MAX_LAYERS)))
    with pytest.raises(RequestRefused, match="12 layers"):
        add_layer(room, ANN, "more", "new")
    with pytest.raises(RequestRefused, match="already"):
        add_layer(with_layers(room_of(), "a"), BEN, "again", "hash of a")


def test_solo_and_mute_decide_what_is_heard() -> None:
    room = with_layers(room_of(), "drums", "bass", "keys")

    def heard(changed: Room) -> list[str]:
        return [layer.name for layer in changed.audible_layers]

    assert heard(set_mute(room, ANN, 2, True)) == ["drums", "keys"]
    soloed = set_solo(set_solo(room, ANN, 1, True), ANN, 3, True)
    assert heard(soloed) == ["drums", "keys"]
    assert heard(set_mute(soloed, ANN, 1, True)) == ["keys"]


@pytest.mark.parametrize("gain_db", [-40.1, 12.5, float("nan"), float("inf")])
def test_gain_has_its_range(gain_db: float) -> None:
    with pytest.raises(RequestRefused, match="-40 to"):
        set_gain(with_layers(room_of(), "drums"), ANN, 1, gain_db)


def test_only_the_owner_the_host_and_moderators_change_a_layer() -> None:
    room = with_layers(room_of(host=ANN), "drums", by=BEN)
    for person in (ANN, BEN, MOD):
        assert set_gain(room, person, 1, -3).layers[0].gain_db == -3
    with pytest.raises(RequestRefused, match="Ben's"):
        set_mute(room, CYD, 1, True)
    with pytest.raises(RequestRefused, match="already"):
        set_mute(room, BEN, 1, False)


def test_undo_takes_back_ones_own_newest_change() -> None:
    room = with_layers(with_layers(room_of(), "drums", by=ANN), "bass", by=BEN)
    changed = set_gain(room, ANN, 1, 6)
    after_ann = undo(changed, ANN)
    assert after_ann.layers == room.layers
    after_ben = undo(after_ann, BEN)
    assert names(after_ben) == ["drums"] and ("ben", "bass") not in after_ben.contributions
    with pytest.raises(RequestRefused, match="nothing to undo"):
        undo(after_ben, CYD)
    with pytest.raises(RequestRefused, match="Only the host"):
        undo(after_ben, BEN, anyones=True)
    assert undo(after_ben, MOD, anyones=True).layers == ()


def test_what_somebody_else_changed_since_is_not_undone() -> None:
    room = with_layers(room_of(host=ANN), "drums", by=BEN)
    room = set_gain(room, ANN, 1, -6)
    with pytest.raises(RequestRefused, match="changed since"):
        undo(room, BEN)


def test_a_take_that_was_taken_back_leaves_the_room() -> None:
    room = add_layer(with_layers(room_of(), "drums"), BEN, "lead", "h", take_id="t1").changed(parent_take_id="t1")
    room = without_take(room, "t1")
    assert names(room) == ["drums"] and room.parent_take_id is None
    with pytest.raises(RequestRefused, match="nothing to undo"):
        undo(room, BEN)


def test_who_made_a_take_is_credited_beside_who_added_it() -> None:
    room = add_layer(room_of(), ANN, "lead", "h", take_id="t1", maker=BEN)
    assert credit_lines(room) == ("Ben: lead", "Ann: lead")
    assert credit_lines(add_layer(room, ANN, "bass", "i", maker=ANN))[1] == "Ann: lead, bass"
    assert credit_lines(undo(room, ANN)) == ()


def test_a_closed_room_takes_nothing() -> None:
    room = close(with_layers(room_of(), "drums"), ANN)
    for rule in (
        lambda: add_layer(room, ANN, "x", "x"),
        lambda: set_gain(room, ANN, 1, 1),
        lambda: undo(room, ANN),
        lambda: hand_over(room, ANN, BEN),
    ):
        with pytest.raises(RequestRefused, match="closed"):
            rule()
    assert close(room, ANN) == room  # the closing post may still be missing
    with pytest.raises(RequestRefused, match="closed already"):
        close(room.changed(closing_message_id="5"), ANN)


def test_the_host_hands_over_and_a_host_who_left_is_replaced() -> None:
    room = room_of(host=ANN)
    assert hand_over(room, ANN, BEN).host_id == "ben"
    with pytest.raises(RequestRefused, match="already"):
        hand_over(room, ANN, ANN)
    with pytest.raises(RequestRefused, match="Only the host"):
        hand_over(room, CYD, CYD)
    assert hand_over(room, CYD, CYD, host_has_left=True).host_id == "cyd"
    with pytest.raises(RequestRefused, match=r"host \(Ann\)"):
        close(room, BEN)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "gain", "mute", "unmute", "solo", "undo", "undo anyone's"]),
        st.sampled_from([ANN, BEN, CYD, MOD]),
        st.integers(1, 6),
        st.text(max_size=40),
        st.floats(-50, 20),
    ),
    max_size=40,
)


def _step(room: Room, what: str, by: object, number: int, text: str, gain_db: float) -> Room:
    rules = {
        "add": lambda: add_layer(room, by, text, f"hash {text} {number}"),
        "gain": lambda: set_gain(room, by, number, gain_db),
        "mute": lambda: set_mute(room, by, number, True),
        "unmute": lambda: set_mute(room, by, number, False),
        "solo": lambda: set_solo(room, by, number, True),
        "undo": lambda: undo(room, by),
        "undo anyone's": lambda: undo(room, by, anyones=True),
    }
    return rules[what]()


@settings(max_examples=150)
@given(STEPS)
def test_any_story_keeps_a_room_in_order(steps: list[tuple[str, object, int, str, float]]) -> None:
    room = room_of()
    for step in steps:
        try:
            room = _step(room, *step)
        except RequestRefused as refused:
            assert str(refused).endswith((".", "!"))
        assert len({name.casefold() for name in names(room)}) == len(room.layers) <= MAX_LAYERS
        assert all(layer.name and len(layer.name) <= layers.MAX_NAME_CHARACTERS for layer in room.layers)
        assert {layer.name for layer in room.layers} == {what for _, what in room.contributions}
    assert room.changed(**fields_of(json.loads(json.dumps(body_of(room))))) == room


@settings(max_examples=60)
@given(STEPS)
def test_undoing_everything_empties_the_room(steps: list[tuple[str, object, int, str, float]]) -> None:
    room = room_of()
    for step in steps[: layers.MAX_HISTORY]:
        try:
            room = _step(room, *step)
        except RequestRefused:
            continue
    while room.history:
        room = undo(room, MOD, anyones=True)
    assert room.layers == () and room.contributions == ()


def test_a_take_that_was_taken_back_is_no_longer_credited() -> None:
    room = add_layer(with_layers(room_of(), "drums"), BEN, "vary", "h2", take_id="t1", maker=CYD)
    assert {item for item in room.contributions if item[1] == "vary"} == {("ben", "vary"), ("cyd", "vary")}
    after = without_take(room, "t1")
    assert after.contributions == (("ann", "drums"),) and [layer.name for layer in after.layers] == ["drums"]
