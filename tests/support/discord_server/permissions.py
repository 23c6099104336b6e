"""Who may do what where: Discord's permission bits and the order in which they are worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from . import errors

if TYPE_CHECKING:
    from .people import User
    from .places import Channel

ALL_CHANNEL = discord.Permissions.all().value
DEFAULT_EVERYONE = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    create_private_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
    add_reactions=True,
    use_external_emojis=True,
    use_application_commands=True,
    send_voice_messages=True,
    connect=True,
    speak=True,
).value


def bit(name: str) -> int:
    """The bit of a permission by discord.py's name for it, "attach_files". Raises TypeError for a name unknown."""
    return discord.Permissions(**{name: True}).value


def allowed(user: User, channel: Channel) -> int:
    """Permission bits of `user` in `channel` (reference "Permissions", permission overwrites)."""
    guild = channel.guild
    if guild is None:
        return ALL_CHANNEL
    member = guild.members.get(user.id)
    if member is None:
        return 0
    roles = [guild.everyone, *(guild.roles[role_id] for role_id in member.role_ids)]
    base = 0
    for role in roles:
        base |= role.permissions
    if user.id == guild.owner.id or base & bit("administrator"):
        return ALL_CHANNEL
    return _with_overwrites(base, (channel.parent or channel).overwrites, [role.id for role in roles], user.id)


def _with_overwrites(base: int, overwrites: dict[int, tuple[int, int]], role_ids: list[int], user_id: int) -> int:
    """Apply (allow, deny) pairs: @everyone first, then all roles together, then the member."""
    everyone_id, *others = role_ids
    allow, deny = overwrites.get(everyone_id, (0, 0))
    base = base & ~deny | allow
    role_allow = role_deny = 0
    for role_id in others:
        allow, deny = overwrites.get(role_id, (0, 0))
        role_allow, role_deny = role_allow | allow, role_deny | deny
    base = base & ~role_deny | role_allow
    allow, deny = overwrites.get(user_id, (0, 0))
    return base & ~deny | allow


def require(user: User, channel: Channel, *names: str) -> None:
    """Raise 50001 where the channel can't be seen, 50013 where one of the named permissions is missing."""
    have = allowed(user, channel)
    if not have & bit("view_channel"):
        raise errors.missing_access()
    if any(not have & bit(name) for name in names):
        raise errors.missing_permissions()
