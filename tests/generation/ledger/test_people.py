"""Forgetting a person in the ledger: nothing of theirs is left, nobody else loses anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from generation.errors import TakeNotFound
from generation.hearing import Hearing
from generation.jobs import JobState
from generation.ledger import ClipRow, JobRow, Ledger
from generation.ledger.tables import metadata
from generation.request import Take
from tests.support.jobs import asker, leased, put_in_line, take_of

HUM = ClipRow("c" * 64, "c" * 64, 12.5, 48_000, 2, Hearing(12.5, -14.0))


async def made(ledger: Ledger, person: str, audio: str, parents: tuple[str, ...] = ()) -> Take:
    """A delivered take of a person."""
    await put_in_line(ledger, person)
    row = await leased(ledger)
    take = take_of(row, audio=audio, parents=parents)
    await ledger.leases.record_made(row.job_id, row.fence, [take])
    await ledger.answers.mark_delivered(row.job_id, "1")
    return take


async def everything(ledger: Ledger) -> str:
    """All rows of all tables as text."""

    async def work(connection: AsyncConnection) -> str:
        rows: list[Any] = []
        for table in metadata.sorted_tables:
            rows += [dict(row) for row in (await connection.execute(select(table))).mappings()]
        return json.dumps(rows)

    return await ledger.db.read(work)


async def test_nothing_of_a_forgotten_person_is_left_anywhere(ledger: Ledger) -> None:
    await ledger.clips.add(HUM, owner=asker("zelda"), name="zelda's hum.ogg")
    await ledger.preferences.choose("discord", ("person", "zelda"), {"remix": "nobody"})
    first = await made(ledger, "zelda", "a")
    await made(ledger, "ben", "b", parents=(first.take_id,))
    waiting, running = await put_in_line(ledger, "zelda"), await leased(ledger)
    assert waiting.job_id == running.job_id
    queued = await put_in_line(ledger, "zelda")

    known = await ledger.people.known("discord", "zelda")
    assert (known.num_clips, known.num_takes, known.num_choices) == (1, 1, 1) and known.since is not None
    forgotten = await ledger.people.forget("discord", "zelda")
    assert forgotten.known == known
    assert set(forgotten.job_ids) == {running.job_id, queued.job_id}
    assert forgotten.hashes == {letter * 64 for letter in "acde"}
    assert "zelda" not in (await everything(ledger)).lower()
    assert (await ledger.people.known("discord", "zelda")).num_takes == 0
    assert (await ledger.jobs.queue()).waiting == ()
    with pytest.raises(TakeNotFound):
        await ledger.leases.record_made(running.job_id, running.fence, [take_of(running)])


async def test_the_tree_keeps_an_anonymous_place_and_what_others_made(ledger: Ledger) -> None:
    root = await made(ledger, "ben", "1")
    middle = await made(ledger, "ann", "2", parents=(root.take_id,))
    leaf = await made(ledger, "ben", "3", parents=(middle.take_id,))
    alone = await made(ledger, "ann", "4", parents=(root.take_id,))
    await ledger.people.forget("discord", "ann")

    family = await ledger.families.around(leaf.take_id)
    assert {member.take_id for member in family.members} == {root.take_id, middle.take_id, leaf.take_id}
    place = family.member(middle.take_id)
    assert place is not None and place.parents == (root.take_id,)
    assert (place.operation, place.prompt, place.person_name, place.person_id) == (None, "", "", "")
    assert family.people == ("Ben",)
    assert await ledger.takes.get(leaf.take_id) == leaf
    assert await ledger.families.retracted([middle.take_id, leaf.take_id]) == {middle.take_id}
    with pytest.raises(TakeNotFound):
        await ledger.takes.get(alone.take_id)


async def test_a_clip_and_a_take_that_somebody_else_has_too_stay_theirs(ledger: Ledger) -> None:
    for person in ("ann", "ben"):
        await ledger.clips.add(HUM, owner=asker(person), name=f"{person}.ogg")
    ours, theirs = await made(ledger, "ann", "a"), await made(ledger, "ben", "a")
    assert ours.audio_hash == theirs.audio_hash
    forgotten = await ledger.people.forget("discord", "ann")
    assert forgotten.hashes == frozenset()
    assert await ledger.clips.get(HUM.clip_id) == HUM
    assert await ledger.takes.get(theirs.take_id) == theirs


async def test_forgetting_twice_or_nobody_is_fine_and_other_front_ends_are_other_people(ledger: Ledger) -> None:
    await made(ledger, "ann", "a")
    await ledger.people.forget("web", "ann")
    assert (await ledger.people.known("discord", "ann")).num_takes == 1
    await ledger.people.forget("discord", "ann")
    again = await ledger.people.forget("discord", "ann")
    assert (again.known.num_takes, again.hashes, again.job_ids) == (0, frozenset(), ())


async def test_a_cancelled_turn_frees_the_line_for_others(ledger: Ledger) -> None:
    await put_in_line(ledger, "ann")
    row: JobRow = await put_in_line(ledger, "ben")
    await ledger.people.forget("discord", "ann")
    assert (await leased(ledger)).job_id == row.job_id
    assert (await ledger.jobs.get(row.job_id)).state is JobState.RUNNING
