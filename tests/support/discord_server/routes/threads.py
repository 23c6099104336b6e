"""Threads: start one, join and leave, list those that are open."""

from __future__ import annotations

from typing import Any

from tests.support.discord_server import errors, payloads, permissions
from tests.support.discord_server.places import PRIVATE_THREAD, Channel
from tests.support.discord_server.rest import NO_CONTENT, Call, Reply, router

from .messages import channel_of, message_of

MEMBERS = "/channels/{channel_id}/thread-members"


def _start(call: Call, parent: Channel, message_id: int = 0) -> Reply:
    private = call.body.get("type", PRIVATE_THREAD) == PRIVATE_THREAD and not message_id
    permissions.require(call.server.bot, parent, "create_private_threads" if private else "create_public_threads")
    if parent.guild is None or parent.is_thread:
        raise errors.ApiError(400, 50024, "Cannot execute action on this channel type")
    name = call.body.get("name") or ""
    if not 1 <= len(name) <= 100:
        raise errors.invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    thread = parent.guild.add_thread(parent, name, call.server.bot, id=message_id, private=private)
    thread.auto_archive_minutes = call.body.get("auto_archive_duration") or 4320
    return Reply(payloads.channel(thread) | {"member": _member(call, thread, call.server.bot.id)}, 201)


@router.add("POST", "/channels/{channel_id}/threads")
def start(call: Call) -> Reply:
    return _start(call, channel_of(call))


@router.add("POST", "/channels/{channel_id}/messages/{message_id}/threads")
def start_from_message(call: Call) -> Reply:
    message = message_of(call)
    if message.id in call.server.channels:
        raise errors.ApiError(400, 160004, "A thread has already been created for this message")
    return _start(call, message.channel, message.id)


def _member(call: Call, thread: Channel, user_id: int) -> dict[str, Any]:
    joined = {"join_timestamp": call.server.clock.iso(), "flags": 0}
    return {"id": str(thread.id), "user_id": str(user_id), **joined}


@router.add("PUT", f"{MEMBERS}/@me")
@router.add("PUT", f"{MEMBERS}/{{user_id}}")
def join(call: Call) -> Reply:
    thread = channel_of(call)
    user_id = call.id("user_id") if "user_id" in call.params else call.server.bot.id
    if thread.archived:
        raise errors.thread_archived()
    if user_id not in thread.thread_members:
        thread.thread_members.append(user_id)
    return NO_CONTENT


@router.add("DELETE", f"{MEMBERS}/@me")
@router.add("DELETE", f"{MEMBERS}/{{user_id}}")
def leave(call: Call) -> Reply:
    thread = channel_of(call)
    user_id = call.id("user_id") if "user_id" in call.params else call.server.bot.id
    if user_id in thread.thread_members:
        thread.thread_members.remove(user_id)
    return NO_CONTENT


@router.add("GET", MEMBERS)
def members(call: Call) -> Reply:
    thread = channel_of(call)
    return Reply([_member(call, thread, user_id) for user_id in thread.thread_members])


@router.add("GET", "/channels/{channel_id}/threads/archived/public")
def archived(call: Call) -> Reply:
    parent = channel_of(call)
    permissions.require(call.server.bot, parent, "read_message_history")
    threads = [payloads.channel(thread) for thread in parent.threads if thread.archived]
    return Reply({"threads": threads, "members": [], "has_more": False})
