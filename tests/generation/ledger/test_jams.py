"""Jam rooms in the ledger: they come back whole, two at once lose nothing, a refusal changes nothing."""

from __future__ import annotations

import asyncio

import pytest

from generation.errors import RequestRefused
from generation.jam import layers, relay, vote
from generation.jam.room import Person, Room, close
from generation.ledger import Ledger
from tests.generation.ledger.conftest import Clock, OpenLedger
from tests.support.jam_rooms import ANN, BEN, room_of, with_layers
from tests.support.jobs import leased, put_in_line, take_of


async def test_a_room_comes_back_whole(ledger: Ledger, clock: Clock) -> None:
    await ledger.jams.add(room_of())

    def busy(room: Room, now: float) -> Room:
        room = layers.set_mute(with_layers(room, "drums", "bass \u0001 Zoë"), ANN, 1, True)
        room = relay.start_relay(room, ANN, turn_limit_s=60, num_rounds=2, now=now)
        room = relay.claim_turn(room, ANN, "key")
        room = vote.start_vote(room, BEN, ["a", "b"], limit_s=60, now=now)
        return vote.cast(room, BEN, 1, 1, now=now).changed(card_message_id="9")

    changed = await ledger.jams.change("r1", busy)
    assert changed.version == 1 and changed.opened_at == clock.now
    assert await ledger.jams.get("r1") == changed
    assert await ledger.jams.of_thread("discord", "77") == changed
    assert await ledger.jams.of_thread("discord", "78") is None
    assert await ledger.jams.open_rooms("discord", "1") == [changed]
    assert await ledger.jams.open_rooms("discord", "2") == []


async def test_many_adding_at_once_all_get_in(open_ledger: OpenLedger) -> None:
    ledgers = [await open_ledger() for _ in range(3)]
    await ledgers[0].jams.add(room_of())

    def adding(number: int) -> object:
        person = Person(str(number), f"P{number}")
        return lambda room, now: layers.add_layer(room, person, "drums", f"hash {number}")

    await asyncio.gather(*(ledgers[n % 3].jams.change("r1", adding(n)) for n in range(10)))  # type: ignore[arg-type]
    room = await ledgers[0].jams.get("r1")
    assert room.version == len(room.layers) == 10
    assert len({layer.name for layer in room.layers}) == len({layer.layer_id for layer in room.layers}) == 10


async def test_one_of_two_at_once_is_told_that_he_is_late(open_ledger: OpenLedger) -> None:
    ledgers = [await open_ledger() for _ in range(2)]
    await ledgers[0].jams.add(with_layers(room_of(), *(f"n{n}" for n in range(layers.MAX_LAYERS - 1))))
    tries = (
        ledgers[n].jams.change("r1", lambda room, now, n=n: layers.add_layer(room, ANN, "last", f"h{n}"))  # type: ignore[misc]
        for n in range(2)
    )
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["RequestRefused", "Room"]


async def test_a_refused_change_changes_nothing(ledger: Ledger) -> None:
    added = await ledger.jams.add(room_of())
    with pytest.raises(RequestRefused):
        await ledger.jams.change("r1", lambda room, now: close(room, BEN))
    assert await ledger.jams.get("r1") == added
    with pytest.raises(RequestRefused, match="no such room"):
        await ledger.jams.change("r2", lambda room, now: room)
    assert (await ledger.jams.change("r1", lambda room, now: room)).version == 0


async def test_one_room_a_thread_and_closed_rooms_are_not_open(ledger: Ledger) -> None:
    first = await ledger.jams.add(room_of())
    assert await ledger.jams.add(room_of()) == first
    with pytest.raises(RequestRefused, match="already"):
        await ledger.jams.add(room_of().changed(room_id="r2"))
    await ledger.jams.add(room_of().changed(room_id="r2", thread_id="78"))
    await ledger.jams.change("r1", lambda room, now: close(room, ANN))
    assert [room.room_id for room in await ledger.jams.open_rooms("discord")] == ["r2"]
    assert not (await ledger.jams.get("r1")).is_open


async def test_the_takes_of_a_place_and_the_rooms_of_a_take(ledger: Ledger, clock: Clock) -> None:
    made = []
    for _ in range(3):
        await put_in_line(ledger)
        row = await leased(ledger)
        await ledger.leases.record_made(row.job_id, row.fence, [take_of(row)])
        made.append(take_of(row).take_id)
        clock.now += 1
    channel_id = row.origin.channel_id or ""
    assert await ledger.jams.take_ids_in("discord", channel_id) == made[::-1]
    assert await ledger.jams.take_ids_in("discord", channel_id, limit=1) == made[-1:]
    assert await ledger.jams.take_ids_in("discord", "elsewhere") == []

    await ledger.jams.add(layers.add_layer(room_of(), ANN, "lead", "h", take_id=made[0]))
    assert [room.room_id for room in await ledger.jams.with_take(made[0])] == ["r1"]
    assert await ledger.jams.with_take(made[1]) == []
