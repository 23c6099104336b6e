"""Users, members and roles, as the server knows them; a user is also what a test acts through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import acting
from .clock import HANG_S

if TYPE_CHECKING:
    from .interactions import Interaction
    from .messages import Attachment, Message
    from .places import Channel
    from .server import DiscordServer


@dataclass
class Role:
    """A role of a guild; `permissions` are Discord's bits."""

    id: int
    name: str
    permissions: int
    position: int = 0


@dataclass
class Member:
    """A user's place in one guild."""

    user: User
    role_ids: list[int] = field(default_factory=list)
    nick: str | None = None
    joined_at: str = ""


@dataclass(eq=False)
class User:
    """A person (or a bot). Every method is something that a person does in the Discord client."""

    server: DiscordServer
    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    dms_open: bool = True

    @property
    def dm(self) -> Channel:
        """The direct messages between this user and the bot."""
        return self.server.dm_with(self)

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    async def slash(
        self, channel: Channel, command: str, /, options: dict[str, Any] | None = None, **more: Any
    ) -> Interaction:
        """Send a slash command; "jam start" is a subcommand. Options are checked against what the bot has synced.

        Returns as soon as the event is on its way. Raises acting.NotPossible where Discord's client would not let a
        person send this (no such command or option, wrong type, out of range, required option missing).
        """
        return acting.slash(self, channel, command, {**(options or {}), **more})

    async def autocomplete(
        self,
        channel: Channel,
        command: str,
        option: str,
        typed: Any = "",
        *,
        timeout: float = HANG_S,  # noqa: ASYNC109 - reads better in a test
        **others: Any,
    ) -> list[dict[str, Any]]:
        """Type into an option: the choices that the bot offers, as [{"name": …, "value": …}, …]."""
        interaction = acting.autocomplete(self, channel, command, option, typed, others)
        return await interaction.wait_choices(timeout)

    async def context_menu(self, target: Message | User, name: str, channel: Channel | None = None) -> Interaction:
        """Choose the bot's entry `name` in the menu of a message, or of a user (then give the channel)."""
        return acting.context_menu(self, target, name, channel)

    async def press(self, message: Message, label: str | None = None, *, custom_id: str | None = None) -> Interaction:
        """Press a button, found by its label (emoji counts) or its custom id, as the message is now."""
        return acting.press(self, message, label, custom_id)

    async def forge(self, message: Message, custom_id: str, component_type: int = 2) -> Interaction:
        """Send a component interaction with a custom id that the message does not have (a hostile client)."""
        return acting.component(self, message, {"custom_id": custom_id, "component_type": component_type})

    async def select(
        self, message: Message, *values: str | User | Channel | Role, custom_id: str | None = None
    ) -> Interaction:
        """Choose values in a select menu: option labels or values, or users, channels, roles."""
        return acting.select(self, message, values, custom_id)

    async def submit_modal(self, opened: Interaction, values: dict[str, Any]) -> Interaction:
        """Fill in the form that `opened` was answered with and send it; keys are labels or custom ids.

        A value is text, a list of choices, a bool, or Attachments, as the field asks.
        """
        return acting.submit_modal(self, opened, values)

    def join_voice(self, channel: Channel) -> None:
        """Sit down in a voice channel, or change to another."""
        self.server.voice.join(self, channel)

    def leave_voice(self) -> None:
        """Leave the voice channel."""
        self.server.voice.leave(self)

    async def post(self, channel: Channel, content: str = "", *files: Attachment, flags: int = 0) -> Message:
        """Post a message as a person; an Attachment with voice=True makes it a voice message."""
        return acting.post(self, channel, content, files, flags)
