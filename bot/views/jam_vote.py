"""The buttons of a blind vote: one letter a take, and the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from bot import errors, orders
from bot.jams import vote_posts
from bot.jams.rooms import person_of, room_by_id
from generation.jam import vote as rules
from generation.jam.room import Room
from generation.jam.vote import LETTERS

if TYPE_CHECKING:
    from bot.client import BandmateClient


class VoteButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"bm:vote:(?P<choice>\d|end):(?P<number>\d{1,6}):(?P<id>[\w-]{1,40})",
):
    """A letter of a vote, or its end. The number tells a room's votes apart."""

    def __init__(self, choice: str, number: int, room_id: str) -> None:
        self.choice, self.number, self.room_id = choice, number, room_id
        is_end = choice == "end"
        label = "End the vote" if is_end else LETTERS[min(int(choice), len(LETTERS) - 1)]
        style = discord.ButtonStyle.secondary if is_end else discord.ButtonStyle.primary
        custom_id = f"bm:vote:{choice}:{number}:{room_id}"
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label, style=style, custom_id=custom_id, row=int(is_end)
        )
        super().__init__(button)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from its id whenever it is pressed."""
        return cls(match["choice"], int(match["number"]), match["id"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Check, act, answer; errors become sentences."""
        async with errors.answering(interaction):
            room = await room_by_id(interaction, self.room_id)
            if self.choice == "end":
                await end(interaction, room, self.number)
            else:
                await cast(interaction, room, self.number, int(self.choice))


def vote_view(room: Room) -> discord.ui.View:
    """What hangs under the message with the takes of a vote."""
    vote = rules.voting(room)
    view = discord.ui.View(timeout=None)
    for index in range(len(vote.take_ids)):
        view.add_item(VoteButton(str(index), vote.number, room.room_id))
    view.add_item(VoteButton("end", vote.number, room.room_id))
    return view


async def cast(interaction: discord.Interaction[BandmateClient], room: Room, number: int, choice: int) -> None:
    """A ballot; only the one who casts it is told."""
    by = person_of(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.client.service.jams.change(
        room.room_id, lambda newest, now: rules.cast(newest, by, number, choice, now=now)
    )
    await interaction.edit_original_response(content=f"Your vote: {LETTERS[choice]}. You can change it until the end.")


async def end(interaction: discord.Interaction[BandmateClient], room: Room, number: int) -> None:
    """The end before its time: by whoever started it, the host or a moderator."""
    await orders.defer(interaction)
    await vote_posts.end(interaction.client, room, number, person_of(interaction))
    await interaction.edit_original_response(content=f"<@{interaction.user.id}> has ended the vote.")
