"""Guilds, channels, threads and direct messages, with what a test does to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import payloads, permissions
from .clock import HANG_S, Watch
from .people import Member, Role, User

if TYPE_CHECKING:
    from .messages import Message
    from .server import DiscordServer

TEXT, DM, VOICE, PUBLIC_THREAD, PRIVATE_THREAD, STAGE = 0, 1, 2, 11, 12, 13

# What Discord lets everyone upload without boosts since 2024: 10 MiB.
DEFAULT_FILESIZE_LIMIT = 10 * 1024 * 1024


@dataclass(eq=False)
class Channel:
    """A text or voice channel, a thread or direct messages."""

    server: DiscordServer
    id: int
    type: int
    name: str
    guild: Guild | None = None
    parent: Channel | None = None
    owner_id: int = 0
    recipient: User | None = None
    overwrites: dict[int, tuple[int, int]] = field(default_factory=dict)
    archived: bool = False
    locked: bool = False
    auto_archive_minutes: int = 4320
    archive_timestamp: str = ""
    topic: str | None = None
    user_limit: int = 0
    thread_members: list[int] = field(default_factory=list)
    by_id: dict[int, Message] = field(default_factory=dict)
    nonces: dict[tuple[int, str], tuple[Message, float]] = field(default_factory=dict)
    changed: Watch[Message] = field(default_factory=Watch)

    @property
    def is_thread(self) -> bool:
        return self.type in (PUBLIC_THREAD, PRIVATE_THREAD)

    @property
    def messages(self) -> list[Message]:
        """What everyone in the channel sees, oldest first."""
        return [message for message in self.by_id.values() if not message.deleted and not message.ephemeral]

    @property
    def threads(self) -> list[Channel]:
        return [channel for channel in self.server.channels.values() if channel.parent is self]

    @property
    def filesize_limit(self) -> int:
        return self.guild.filesize_limit if self.guild else DEFAULT_FILESIZE_LIMIT

    async def wait_for_message(
        self,
        passes: Callable[[Message], bool] = lambda message: True,
        timeout: float = HANG_S,  # noqa: ASYNC109 - a test reads better with it
        *,
        after: Message | None = None,
        ephemeral: bool = False,
    ) -> Message:
        """The oldest message that passes, now or within `timeout` seconds; edits are looked at again.

        after: only messages younger than this one. ephemeral: those too that one person sees.
        Raises TimeoutError that lists what is in the channel.
        """

        def wanted(message: Message) -> bool:
            younger = after is None or message.id > after.id
            return younger and not message.deleted and (ephemeral or not message.ephemeral) and passes(message)

        for message in self.by_id.values():
            if wanted(message):
                return message
        try:
            return await self.changed.first(wanted, timeout)
        except TimeoutError:
            seen = "\n".join(f"  {message!r}" for message in self.by_id.values()) or "  nothing"
            raise TimeoutError(f"no such message in #{self.name} within {timeout} s; there is:\n{seen}") from None

    def deny(self, who: User | Role, *names: str) -> None:
        """Take permissions away here: `channel.deny(discord.bot, "send_messages")`."""
        allow, deny = self.overwrites.get(who.id, (0, 0))
        bits = sum(permissions.bit(name) for name in names)
        self.overwrites[who.id] = (allow & ~bits, deny | bits)
        self.announce()

    def allow(self, who: User | Role, *names: str) -> None:
        """Give permissions here, and take back an earlier `deny`."""
        allow, deny = self.overwrites.get(who.id, (0, 0))
        bits = sum(permissions.bit(name) for name in names)
        self.overwrites[who.id] = (allow | bits, deny & ~bits)
        self.announce()

    def archive(self, *, locked: bool = False) -> None:
        """Archive this thread as a moderator would."""
        self.archived, self.locked, self.archive_timestamp = True, locked, self.server.clock.iso()
        self.announce()

    def delete(self) -> None:
        """Delete the channel, with its threads."""
        for thread in self.threads:
            thread.delete()
        self.server.channels.pop(self.id, None)
        kind = "THREAD_DELETE" if self.is_thread else "CHANNEL_DELETE"
        self.server.gateway.dispatch(kind, payloads.channel(self))

    def announce(self) -> None:
        """Tell the bot how the channel is now."""
        self.server.gateway.dispatch("THREAD_UPDATE" if self.is_thread else "CHANNEL_UPDATE", payloads.channel(self))


@dataclass(eq=False)
class Guild:
    """A server of a community: members, roles, channels, the upload limit."""

    server: DiscordServer
    id: int
    name: str
    owner: User
    everyone: Role
    filesize_limit: int = DEFAULT_FILESIZE_LIMIT
    locale: str = "en-US"
    joined_at: str = ""
    afk_channel: Channel | None = None
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)

    @property
    def channels(self) -> list[Channel]:
        return [place for place in self.server.channels.values() if place.guild is self and not place.is_thread]

    @property
    def threads(self) -> list[Channel]:
        return [place for place in self.server.channels.values() if place.guild is self and place.is_thread]

    def add_channel(self, name: str = "general", type: int = TEXT) -> Channel:
        """A new channel; the bot is told when it is connected."""
        channel = Channel(self.server, self.server.ids.next(), type, name, self)
        self.server.channels[channel.id] = channel
        self.server.gateway.dispatch("CHANNEL_CREATE", payloads.channel(channel))
        return channel

    def add_thread(self, parent: Channel, name: str, owner: User, *, id: int = 0, private: bool = False) -> Channel:
        """A new thread under `parent`; `id` is the message's that it starts from."""
        kind = PRIVATE_THREAD if private else PUBLIC_THREAD
        thread = Channel(self.server, id or self.server.ids.next(), kind, name, self, parent, owner.id)
        thread.archive_timestamp = self.server.clock.iso()
        thread.thread_members = list({owner.id, self.server.bot.id})
        self.server.channels[thread.id] = thread
        self.server.gateway.dispatch("THREAD_CREATE", {**payloads.channel(thread), "newly_created": True})
        return thread

    def add_role(self, name: str, *permission_names: str) -> Role:
        bits = sum(permissions.bit(permission) for permission in permission_names)
        role = Role(self.server.ids.next(), name, bits, len(self.roles))
        self.roles[role.id] = role
        self.server.gateway.dispatch("GUILD_ROLE_CREATE", {"guild_id": str(self.id), "role": payloads.role(role)})
        return role

    def add_member(self, user: User, *roles: Role) -> Member:
        """Let a user in, or give them these roles."""
        member = self.members.setdefault(user.id, Member(user, joined_at=self.server.clock.iso()))
        member.role_ids = [role.id for role in roles]
        return member

    def kick(self, user: User) -> None:
        """Throw somebody out; for the bot this is the end of the guild."""
        del self.members[user.id]
        if user is self.server.bot:
            self.server.gateway.dispatch("GUILD_DELETE", {"id": str(self.id)})

    def settings(self) -> dict[str, Any]:
        """The part of the guild that goes with every interaction."""
        return {"id": str(self.id), "locale": self.locale, "features": []}
