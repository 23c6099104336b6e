"""Channels: read, change, delete, typing; the permissions of a channel."""

from __future__ import annotations

from tests.support.discord_server import errors, payloads, permissions
from tests.support.discord_server.places import Channel
from tests.support.discord_server.rest import NO_CONTENT, Call, Reply, router

from .messages import channel_of


@router.add("GET", "/channels/{channel_id}")
def read(call: Call) -> Reply:
    return Reply(payloads.channel(channel_of(call)))


@router.add("PATCH", "/channels/{channel_id}")
def change(call: Call) -> Reply:
    channel = channel_of(call)
    if channel.is_thread:
        _change_thread(call, channel)
    else:
        permissions.require(call.server.bot, channel, "manage_channels")
        channel.topic = call.body.get("topic", channel.topic)
    channel.name = call.body.get("name", channel.name)
    channel.announce()
    return Reply(payloads.channel(channel))


def _change_thread(call: Call, thread: Channel) -> None:
    """Archive, lock, rename: the owner may, except for locking; an archived thread must be opened first."""
    body, bot = call.body, call.server.bot
    reopening = body.get("archived") is False
    if thread.archived and not reopening:
        raise errors.thread_archived()
    if "locked" in body or (thread.locked and reopening) or (thread.owner_id != bot.id and not reopening):
        permissions.require(bot, thread, "manage_threads")
    thread.archived = body.get("archived", thread.archived)
    thread.locked = body.get("locked", thread.locked)
    thread.auto_archive_minutes = body.get("auto_archive_duration", thread.auto_archive_minutes)
    thread.archive_timestamp = call.server.clock.iso()


@router.add("DELETE", "/channels/{channel_id}")
def delete(call: Call) -> Reply:
    channel = channel_of(call)
    permissions.require(call.server.bot, channel, "manage_threads" if channel.is_thread else "manage_channels")
    body = payloads.channel(channel)
    channel.delete()
    return Reply(body)


@router.add("POST", "/channels/{channel_id}/typing")
def typing(call: Call) -> Reply:
    channel = channel_of(call)
    permissions.require(call.server.bot, channel, "send_messages_in_threads" if channel.is_thread else "send_messages")
    return NO_CONTENT
