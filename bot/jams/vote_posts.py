"""What a vote shows: takes with letters instead of names, and at the end the counts and the winner."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.files import MAX_REQUEST_BYTES, file_of, limit_in_guild
from bot.jams import thread
from bot.jams.card import when
from generation.errors import RequestRefused, TakeNotFound
from generation.jam import vote as rules
from generation.jam.room import Person, Room
from generation.jam.vote import LETTERS, Outcome
from generation.request import Take

if TYPE_CHECKING:
    from bot.client import BandmateClient


async def start(client: BandmateClient, room: Room, by: Person, takes: Sequence[Take], *, limit_s: float) -> None:
    """Begin a vote on these takes, in an order that tells nothing, and post them. Raises BandmateError."""
    take_ids = [take.take_id for take in takes]
    random.shuffle(take_ids)
    room = await client.service.jams.change(
        room.room_id, lambda newest, now: rules.start_vote(newest, by, take_ids, limit_s=limit_s, now=now)
    )
    await post(client, room)


async def post(client: BandmateClient, room: Room) -> None:
    """The takes of the room's vote with its buttons; their files say nothing of who made them."""
    from bot.views.jam_vote import vote_view

    vote = rules.voting(room)
    share_bytes = min(limit_in_guild(client, room.guild_id), MAX_REQUEST_BYTES // len(vote.take_ids))
    files = []
    for letter, take_id in zip(LETTERS, vote.take_ids, strict=False):
        rendered = await client.service.jams.render_blind(take_id, letter, share_bytes)
        files.append(file_of(rendered))
    title = "A tie: the run-off" if vote.is_runoff else "Which take goes on?"
    text = f"**{title}** Votes are hidden until {when(vote.ends_at)}; you can change yours until then."
    message = await thread.post(client, room, text, files=files, view=vote_view(room))

    def remember(newest: Room, now: float) -> Room:
        same = newest.vote is not None and newest.vote.number == vote.number
        return newest.changed(vote=replace(newest.vote, message_id=str(message.id))) if same else newest  # type: ignore[type-var]

    await client.service.jams.change(room.room_id, remember)
    client.jams.board.refresh(room.room_id)


async def end(client: BandmateClient, room: Room, number: int, by: Person | None = None) -> Room:
    """End a vote by its time, or (`by`) at once; post the counts and the winner, or the run-off."""
    before = rules.voting(room)
    after = await client.service.jams.change(
        room.room_id, lambda newest, now: rules.end_vote(newest, now=now, by=by, number=number)
    )
    outcome = after.outcomes[-1]
    if before.message_id is not None:
        await thread.settle(client, room, before.message_id, "**This vote is over.**")
    await thread.post(client, room, await _result(client, outcome))
    if after.vote is not None:
        await post(client, after)
    client.jams.board.refresh(room.room_id)
    return after


async def takes_to_vote_on(client: BandmateClient, room: Room, wanted: Sequence[str]) -> list[Take]:
    """The named takes of this room, or its newest ones. Raises RequestRefused."""
    made_here = await client.service.jams.takes_in(room)
    if not wanted:
        return made_here[: min(rules.MAX_VOTE_TAKES, 3)]
    by_id = {take.take_id: take for take in made_here}
    unknown = [take_id for take_id in wanted if take_id not in by_id]
    if unknown:
        raise RequestRefused("Only takes that were made in this room can be voted on.")
    return [by_id[take_id] for take_id in wanted]


async def _result(client: BandmateClient, outcome: Outcome) -> str:
    counts = ", ".join(f"{letter} {count}" for letter, count in zip(LETTERS, outcome.counts, strict=False))
    if outcome.winner is None:
        why = "It is a tie." if outcome.is_tie else "Nobody voted, so nothing has changed."
        return f"**The vote is over:** {counts}. {why}"
    take_id = outcome.take_ids[outcome.winner]
    tie = " (a tie again; the earlier letter wins)" if outcome.is_tie else ""
    people = []
    for letter, each in zip(LETTERS, outcome.take_ids, strict=False):
        people.append(f"{letter}: {await _maker(client, each)}")
    return (
        f"**The vote is over:** {counts}. Take {LETTERS[outcome.winner]} wins{tie} and goes on: `{take_id}`."
        f"\n-# {', '.join(people)}"
    )


async def _maker(client: BandmateClient, take_id: str) -> str:
    try:
        take = await client.service.take(take_id)
        return f"<@{(await client.service.origin(take.job_id)).person_id}>"
    except TakeNotFound:
        return "somebody"
