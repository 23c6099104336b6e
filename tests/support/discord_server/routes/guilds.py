"""Guilds, as far as a bot reads them: members, roles, channels, open threads; leaving."""

from __future__ import annotations

from tests.support.discord_server import errors, payloads
from tests.support.discord_server.places import Guild
from tests.support.discord_server.rest import NO_CONTENT, Call, Reply, router

BASE = "/guilds/{guild_id}"


def _guild(call: Call) -> Guild:
    """The guild of the path, where the bot is in it. Raises 10004."""
    guild = call.server.guilds.get(call.id("guild_id"))
    if guild is None or call.server.bot.id not in guild.members:
        raise errors.unknown_guild()
    return guild


@router.add("GET", BASE)
def read(call: Call) -> Reply:
    return Reply(payloads.guild(_guild(call)))


@router.add("GET", f"{BASE}/channels")
def channels(call: Call) -> Reply:
    return Reply([payloads.channel(channel) for channel in _guild(call).channels])


@router.add("GET", f"{BASE}/roles")
def roles(call: Call) -> Reply:
    return Reply([payloads.role(role) for role in _guild(call).roles.values()])


@router.add("GET", f"{BASE}/members/{{user_id}}")
def member(call: Call) -> Reply:
    found = _guild(call).members.get(call.id("user_id"))
    if found is None:
        raise errors.unknown_member()
    return Reply(payloads.member(found))


@router.add("GET", f"{BASE}/members")
def members(call: Call) -> Reply:
    everyone = sorted(_guild(call).members.values(), key=lambda each: each.user.id)
    after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 1))
    return Reply([payloads.member(each) for each in everyone if each.user.id > after][:limit])


@router.add("GET", f"{BASE}/threads/active")
def active_threads(call: Call) -> Reply:
    threads = [payloads.channel(thread) for thread in _guild(call).threads if not thread.archived]
    return Reply({"threads": threads, "members": [], "has_more": False})


@router.add("DELETE", "/users/@me/guilds/{guild_id}")
def leave(call: Call) -> Reply:
    _guild(call).kick(call.server.bot)
    return NO_CONTENT
