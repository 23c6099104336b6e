"""What a relay shows: whose turn it is, and at the end the whole song."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import discord

from bot import orders, texts
from bot.files import MAX_REQUEST_BYTES, file_of, limit_in_guild
from bot.jams import thread
from bot.jams.card import when
from bot.jams.inherit import IN_FRAME
from bot.jams.rooms import has_left, person_of
from generation.errors import BandmateError, RequestRefused
from generation.jam import relay as rules
from generation.jam.relay import Relay
from generation.jam.room import Room
from generation.request import Operation, Request

if TYPE_CHECKING:
    from bot.client import BandmateClient

Rule = Callable[[Room, float], Room]


async def play(interaction: discord.Interaction[BandmateClient], room: Room, words: str) -> None:
    """Take one's turn: claim it, order the next bars, follow them. The interaction is not answered yet."""
    client, key, by = interaction.client, str(interaction.id), person_of(interaction)
    await orders.defer(interaction)
    room = await client.service.jams.change(room.room_id, lambda newest, now: rules.claim_turn(newest, by, key))
    try:
        request = await _next_bars(interaction, room, rules.running(room), words)
        order = await orders.submit(interaction, request)
    except BaseException:
        await client.service.jams.change(room.room_id, lambda newest, now: rules.fail_turn(newest, key, now=now))
        raise
    client.jams.board.refresh(room.room_id)
    client.jams.clock.follow(room.room_id, key)
    await orders.reply(interaction, order)


async def _next_bars(interaction: discord.Interaction[BandmateClient], room: Room, relay: Relay, words: str) -> Request:
    """The first turn of a relay composes, each further one goes on from the last bars of the turn before."""
    client = interaction.client
    interaction.extras[IN_FRAME] = True
    if not relay.take_ids:
        if not words and not room.frame.style:
            raise RequestRefused("Yours are the first bars: say in a few words what they should be like.")
        return Request(Operation.COMPOSE, words or room.frame.style, engine=client.engine_for(Operation.COMPOSE))
    take = await client.service.take(relay.take_ids[-1])
    check_in = await client.service.jams.last_bars(room, take, orders.origin_of(interaction))
    return Request(
        Operation.EXTEND,
        words,
        clip_ids=(check_in.clip_id,),
        engine=client.engine_for(Operation.EXTEND),
        audio_format=client.config.default_format,
        parent_take_ids=(take.take_id,),
    )


async def show_turn(client: BandmateClient, room: Room, word: str = "") -> None:
    """Say whose turn it is in a new message, and take the buttons off the old one; at its end the song.

    Whoever has left the server leaves the relay.
    """
    room = await _without_the_gone(client, room)
    if room.relay is None:
        return
    if room.relay.is_over:
        await finish(client, room)
        return
    await _close_old(client, room, word)
    next_one = discord.Object(int(room.relay.person_id))
    message = await thread.post(client, room, turn_text(room), view=_view(room), mentioned=[next_one])
    await _remember(client, room, str(message.id))
    client.jams.board.refresh(room.room_id)


async def _without_the_gone(client: BandmateClient, room: Room) -> Room:
    """The room after whoever has left the server has left the relay, as far as it is their turn."""
    while room.relay is not None and not room.relay.is_over:
        gone = room.relay.person_id
        if not await has_left(client, int(room.guild_id or 0), gone):
            break
        room = await client.service.jams.change(room.room_id, partial(_leave, gone))
    return room


def _leave(person_id: str, room: Room, now: float) -> Room:
    return rules.leave_relay(room, person_id, now=now)


async def finish(client: BandmateClient, room: Room) -> None:
    """The relay is over: its song, and who played it. Whoever ends it in the ledger posts it."""
    relay = rules.running(room)
    await client.service.jams.change(room.room_id, lambda newest, now: rules.end_relay(newest))
    await post_song(client, room, relay)


async def post_song(client: BandmateClient, room: Room, relay: Relay) -> None:
    """The end of a relay in the room's thread."""
    await _close_old(client, room, "The relay is over.")
    client.jams.board.refresh(room.room_id)
    turns = relay.num_turns
    if not turns:
        await thread.post(client, room, "The relay is over: nobody played.")
        return
    text = f"The relay is over: {turns} turn{'s' if turns > 1 else ''} by {_people(relay)}."
    limit_bytes = min(limit_in_guild(client, room.guild_id), MAX_REQUEST_BYTES)
    try:
        song = await client.service.jams.render_relay(room, relay.take_ids, limit_bytes)
    except BandmateError as error:
        await thread.post(client, room, f"{text}\n{texts.escaped(str(error))}")
        return
    await thread.post(client, room, text, files=[file_of(song)])


def turn_text(room: Room) -> str:
    """Whose turn it is, until when, and what can be done."""
    relay = rules.running(room)
    verb = "goes on from the last bars" if relay.take_ids else "plays the first bars"
    return (
        f"Relay, round {relay.round_number} of {relay.num_rounds}: <@{relay.person_id}> {verb},"
        f" until {when(relay.turn_ends_at)}.\n-# In the relay: {_people(relay)}. Anybody may join."
    )


def _people(relay: Relay) -> str:
    return ", ".join(f"<@{person_id}>" for person_id in relay.order) or "nobody"


def _view(room: Room) -> discord.ui.View:
    from bot.views.jam_relay import turn_view

    return turn_view(room)


async def _close_old(client: BandmateClient, room: Room, word: str) -> None:
    """Take the buttons off the message of the turn before."""
    if room.relay is not None and room.relay.message_id is not None:
        await thread.settle(client, room, room.relay.message_id, word or "This turn is over.")


async def _remember(client: BandmateClient, room: Room, message_id: str) -> None:
    def rule(newest: Room, now: float) -> Room:
        relay = newest.relay
        return newest if relay is None else newest.changed(relay=replace(relay, message_id=message_id))

    await client.service.jams.change(room.room_id, rule)
