"""A jam room on the simulated Discord, and what one does and sees there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
import simcord

from generation.jam.room import Layer, Room
from tests.bot.discord_stage import Stage

CARD_EDIT_S = 6
"""After this time every change is on the card."""


def ogg(name: str = "drums") -> tuple[str, bytes]:
    """An upload that the stand-in service takes for audio."""
    return f"{name}.ogg", b"OggS " + name.encode()


@dataclass
class Den:
    """An open room: its thread, its card, its people."""

    stage: Stage

    def __post_init__(self) -> None:
        self.thread: simcord.ChannelHandle = self.stage.channel.threads[-1]  # the newest room's

    @property
    def room(self) -> Room:
        return next(room for room in self.stage.service.jams.rooms.all if room.thread_id == str(self.thread.id))

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.room.layers

    def messages(self) -> list[discord.Message]:
        """What is in the thread, oldest first."""
        return sorted(self.thread.history(), key=lambda message: message.id)

    async def card(self) -> discord.Message:
        """The card with every change on it."""
        await self.stage.env.advance_time(CARD_EDIT_S)
        return next(message for message in self.messages() if str(message.id) == self.room.card_message_id)

    @staticmethod
    def labels(message: discord.Message) -> list[str]:
        """The labels of a message's buttons; a menu counts by its placeholder."""
        items = [item for row in message.components for item in row.children]  # type: ignore[union-attr]
        return [getattr(item, "label", None) or item.placeholder for item in items]

    async def say(self, who: simcord.MemberActor, command: str, **options: Any) -> str:
        """Use a command in the thread; what it answers."""
        result = await who.slash(self.thread, f"jam {command}", **options)
        assert result.response is not None
        return str(result.response.content).replace("\\", "")  # as Discord shows it

    async def made(self) -> None:
        """The newest job is made and posted."""
        self.stage.service.finish(self.stage.service.last_job_id)
        await self.stage.env.settle()
