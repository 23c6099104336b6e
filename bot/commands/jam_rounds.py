"""/jam relay and /jam vote: people in turn, and which take goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import answers, orders, texts
from bot.jams import relay_posts, vote_posts
from bot.jams.rooms import person_of, room_here
from bot.preferences import FRONT_END
from bot.views import jam_relay, jam_vote
from generation.jam import relay as rules
from generation.jam import vote as vote_rules
from generation.jam.relay import MAX_ROUNDS
from generation.request import MAX_PROMPT_CHARACTERS

if TYPE_CHECKING:
    from bot.client import BandmateClient

Minutes = app_commands.Range[float, 1.0, 1440.0]

relay_group = app_commands.Group(name="relay", description="Each in turn goes on from the last bars")
vote_group = app_commands.Group(name="vote", description="Which take goes on: a blind vote")


@relay_group.command(name="start", description="Begin a relay; you have the first turn, others join")
@app_commands.describe(
    minutes="How long a turn may take, 1 to 1440 minutes; 10 unless said otherwise",
    rounds="How often everybody has a turn, 1 to 8",
    fresh="True begins with nothing, also where the room has a take to go on from",
)
async def relay_start(
    interaction: discord.Interaction[BandmateClient],
    minutes: Minutes = 10.0,
    rounds: app_commands.Range[int, 1, MAX_ROUNDS] = 1,
    fresh: bool = False,
) -> None:
    """A relay from the take that goes on, or from nothing."""
    room = await room_here(interaction)
    by, client = person_of(interaction), interaction.client
    start_take_id = None if fresh else room.parent_take_id
    await orders.defer(interaction)
    after = await client.service.jams.change(
        room.room_id,
        lambda newest, now: rules.start_relay(
            newest, by, turn_limit_s=minutes * 60, num_rounds=rounds, now=now, start_take_id=start_take_id
        ),
    )
    await answers.show(interaction, f"<@{by.person_id}> begins a relay.")
    await relay_posts.show_turn(client, after)


@relay_group.command(name="play", description="Play your turn: the next bars")
@app_commands.describe(prompt="How it should go on, in a few words")
async def relay_play(
    interaction: discord.Interaction[BandmateClient],
    prompt: app_commands.Range[str, 0, MAX_PROMPT_CHARACTERS] | None = None,
) -> None:
    """One's own turn."""
    await relay_posts.play(interaction, await room_here(interaction), (prompt or "").strip())


@relay_group.command(name="join", description="Join the relay, at the end of the order")
async def relay_join(interaction: discord.Interaction[BandmateClient]) -> None:
    """One more in the relay."""
    await jam_relay.join(interaction, await room_here(interaction))


@relay_group.command(name="pass", description="Pass the turn on")
async def relay_pass(interaction: discord.Interaction[BandmateClient]) -> None:
    """The turn passed over."""
    await jam_relay.skip(interaction, await room_here(interaction))


@relay_group.command(name="leave", description="Leave the relay")
async def relay_leave(interaction: discord.Interaction[BandmateClient]) -> None:
    """Out of the relay."""
    await jam_relay.leave(interaction, await room_here(interaction))


@relay_group.command(name="end", description="End the relay now; what was played is posted as one song")
async def relay_end(interaction: discord.Interaction[BandmateClient]) -> None:
    """The end of a relay, by the host or a moderator."""
    room = await room_here(interaction)
    by, client, relay = person_of(interaction), interaction.client, rules.running(room)
    await orders.defer(interaction)
    await client.service.jams.change(room.room_id, lambda newest, now: rules.end_relay(newest, by))
    await answers.show(interaction, f"<@{by.person_id}> has ended the relay.")
    await relay_posts.post_song(client, room, relay)


@vote_group.command(name="start", description="Vote on takes of this room; nobody sees whose they are")
@app_commands.describe(
    takes="The takes' ids, with spaces between; the newest three unless said otherwise",
    minutes="How long the vote lasts, 1 to 1440 minutes; 5 unless said otherwise",
)
async def vote_start(
    interaction: discord.Interaction[BandmateClient], takes: str | None = None, minutes: Minutes = 5.0
) -> None:
    """A blind vote."""
    room = await room_here(interaction)
    await orders.defer(interaction)
    wanted = [word.strip("`,") for word in (takes or "").split()]
    found = await vote_posts.takes_to_vote_on(interaction.client, room, wanted)
    await vote_posts.start(interaction.client, room, person_of(interaction), found, limit_s=minutes * 60)
    await answers.show(interaction, f"<@{interaction.user.id}> calls a vote.")


@vote_group.command(name="end", description="End the vote now and show the counts")
async def vote_end(interaction: discord.Interaction[BandmateClient]) -> None:
    """The end before its time."""
    room = await room_here(interaction)
    await jam_vote.end(interaction, room, vote_rules.voting(room).number)


async def take_choices(
    interaction: discord.Interaction[BandmateClient], current: str
) -> list[app_commands.Choice[str]]:
    """The takes that were made in this room, the newest first."""
    jams = interaction.client.service.jams
    room = await jams.of_thread(FRONT_END, str(interaction.channel_id))
    found = []
    for take in await jams.takes_in(room) if room else []:
        request = take.recipe.request
        name = texts.plain(f"{request.operation.value} {request.prompt}", 60) + f" ({take.take_id})"
        if current.lower() in name.lower():
            found.append(app_commands.Choice(name=name[:100], value=take.take_id))
    return found[:25]


def add_to(group: app_commands.Group) -> None:
    """Add both groups to /jam."""
    group.add_command(relay_group)
    group.add_command(vote_group)
