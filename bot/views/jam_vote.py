"""The buttons of a blind vote: one letter a take, and the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot import answers, orders
from bot.jams import vote_posts
from bot.jams.rooms import person_of, room_by_id
from bot.views.kept import KeptButton, view_of
from generation.jam import vote as rules
from generation.jam.room import Room
from generation.jam.vote import LETTERS

if TYPE_CHECKING:
    from bot.client import BandmateClient


class VoteButton(KeptButton, template=r"bm:vote:(?P<choice>\d|end):(?P<number>\d{1,6}):(?P<room_id>[\w-]{1,40})"):
    """A letter of a vote, or its end. The number tells a room's votes apart."""

    def __init__(self, choice: str, number: int | str, room_id: str) -> None:
        self.choice, self.number, self.room_id = choice, int(number), room_id
        is_end = choice == "end"
        label = "End the vote" if is_end else LETTERS[min(int(choice), len(LETTERS) - 1)]
        style = discord.ButtonStyle.secondary if is_end else discord.ButtonStyle.primary
        super().__init__(f"bm:vote:{choice}:{number}:{room_id}", label, style, row=int(is_end))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Cast a ballot, or end the vote."""
        room = await room_by_id(interaction, self.room_id)
        if self.choice == "end":
            await end(interaction, room, self.number)
        else:
            await cast(interaction, room, self.number, int(self.choice))


def vote_view(room: Room) -> discord.ui.View:
    """What hangs under the message with the takes of a vote."""
    vote = rules.voting(room)
    choices = [*map(str, range(len(vote.take_ids))), "end"]
    return view_of(VoteButton(choice, vote.number, room.room_id) for choice in choices)


async def cast(interaction: discord.Interaction[BandmateClient], room: Room, number: int, choice: int) -> None:
    """A ballot; only the one who casts it is told."""
    by = person_of(interaction)
    await answers.think(interaction)
    await interaction.client.service.jams.change(
        room.room_id, lambda newest, now: rules.cast(newest, by, number, choice, now=now)
    )
    await answers.show(interaction, f"Your vote: {LETTERS[choice]}. You can change it until the end.")


async def end(interaction: discord.Interaction[BandmateClient], room: Room, number: int) -> None:
    """The end before its time: by whoever started it, the host or a moderator."""
    await orders.defer(interaction)
    await vote_posts.end(interaction.client, room, number, person_of(interaction))
    await answers.show(interaction, f"<@{interaction.user.id}> has ended the vote.")
