"""Messages of a channel: post, read, list, edit, delete, pin, react."""

from __future__ import annotations

from urllib.parse import unquote

from tests.support.discord_server import errors, payloads, permissions, posting
from tests.support.discord_server.messages import VOICE_MESSAGE, Message
from tests.support.discord_server.places import Channel
from tests.support.discord_server.rest import NO_CONTENT, Call, Reply, router

ALL, ONE = "/channels/{channel_id}/messages", "/channels/{channel_id}/messages/{message_id}"
PINS = "/channels/{channel_id}/messages/pins"
REACTION = f"{ONE}/reactions/{{emoji_name}}/@me"


def channel_of(call: Call) -> Channel:
    """The channel of the path, where the bot can see it. Raises 10003 or 50001."""
    channel = call.server.channels.get(call.id("channel_id"))
    if channel is None:
        raise errors.unknown_channel()
    permissions.require(call.server.bot, channel)
    return channel


def message_of(call: Call) -> Message:
    """The message of the path. Raises 10008; ephemeral messages are not found here."""
    message = channel_of(call).by_id.get(call.id("message_id"))
    if message is None or message.ephemeral:
        raise errors.unknown_message()
    return message


@router.add("POST", ALL)
def post(call: Call) -> Reply:
    channel = channel_of(call)
    _check_may_send(call, channel)
    return Reply(payloads.message(posting.create(channel, call.server.bot, call.body, call.files)))


def _check_may_send(call: Call, channel: Channel) -> None:
    """Permissions by what is sent; closed direct messages; locked threads."""
    bot, body = call.server.bot, call.body
    if channel.recipient is not None and not channel.recipient.dms_open:
        raise errors.cannot_message_user()
    permissions.require(bot, channel, "send_messages_in_threads" if channel.is_thread else "send_messages")
    if channel.is_thread and channel.archived and channel.locked:
        _require_moderator(call, channel)
    if call.files:
        permissions.require(bot, channel, "attach_files")
    if body.get("embeds"):
        permissions.require(bot, channel, "embed_links")
    if body.get("message_reference"):
        permissions.require(bot, channel, "read_message_history")
    if (body.get("flags") or 0) & VOICE_MESSAGE:
        permissions.require(bot, channel, "send_voice_messages")


def _require_moderator(call: Call, channel: Channel) -> None:
    if not permissions.allowed(call.server.bot, channel) & permissions.bit("manage_threads"):
        raise errors.thread_archived()


@router.add("GET", ALL)
def listing(call: Call) -> Reply:
    channel = channel_of(call)
    if not permissions.allowed(call.server.bot, channel) & permissions.bit("read_message_history"):
        return Reply([])
    found = sorted(channel.messages, key=lambda message: message.id, reverse=True)
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise errors.invalid_form("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    if "before" in call.query:
        found = [message for message in found if message.id < int(call.query["before"])]
    if "after" in call.query:
        found = [message for message in found if message.id > int(call.query["after"])][-limit:]
    if "around" in call.query:
        middle = int(call.query["around"])
        nearest = sorted(found, key=lambda message: abs(message.id - middle))[:limit]
        found = sorted(nearest, key=lambda message: message.id, reverse=True)
    return Reply([posting.readable(message) for message in found[:limit]])


@router.add("GET", ONE)
def read(call: Call) -> Reply:
    message = message_of(call)
    permissions.require(call.server.bot, message.channel, "read_message_history")
    return Reply(posting.readable(message))


@router.add("PATCH", ONE)
def change(call: Call) -> Reply:
    message = message_of(call)
    if message.author is not call.server.bot:
        raise errors.not_your_message()
    if message.channel.is_thread and message.channel.archived:
        raise errors.thread_archived()
    if message.flags & VOICE_MESSAGE:
        raise errors.ApiError(400, 50162, "Voice messages cannot be edited.")
    if call.files:
        permissions.require(call.server.bot, message.channel, "attach_files")
    posting.edit(message, call.body, call.files)
    return Reply(posting.readable(message))


@router.add("DELETE", ONE)
def delete(call: Call) -> Reply:
    message = message_of(call)
    if message.author is not call.server.bot:
        permissions.require(call.server.bot, message.channel, "manage_messages")
    posting.remove(message)
    return NO_CONTENT


@router.add("GET", PINS)
def pinned(call: Call) -> Reply:
    pins = [message for message in channel_of(call).messages if message.pinned_at]
    pins.sort(key=lambda message: message.pinned_at or "", reverse=True)
    items = [{"pinned_at": message.pinned_at, "message": posting.readable(message)} for message in pins]
    return Reply({"items": items, "has_more": False})


@router.add("PUT", f"{PINS}/{{message_id}}")
@router.add("PUT", "/channels/{channel_id}/pins/{message_id}")
def pin(call: Call) -> Reply:
    message = message_of(call)
    _require_pinning(call, message.channel)
    if sum(each.pinned_at is not None for each in message.channel.messages) >= 250:
        raise errors.ApiError(400, 30003, "Maximum number of pins reached for the channel (250)")
    message.pinned_at = call.server.clock.iso()
    message.channel.changed.notify(message)
    return NO_CONTENT


@router.add("DELETE", f"{PINS}/{{message_id}}")
@router.add("DELETE", "/channels/{channel_id}/pins/{message_id}")
def unpin(call: Call) -> Reply:
    message = message_of(call)
    _require_pinning(call, message.channel)
    message.pinned_at = None
    message.channel.changed.notify(message)
    return NO_CONTENT


def _require_pinning(call: Call, channel: Channel) -> None:
    """Pinning has had a permission of its own since 2026; before that it was "manage messages"."""
    if channel.guild is not None:
        permissions.require(call.server.bot, channel, "pin_messages")


@router.add("PUT", REACTION)
def react(call: Call) -> Reply:
    message = message_of(call)
    permissions.require(call.server.bot, message.channel, "read_message_history", "add_reactions")
    who = message.reactions.setdefault(unquote(call.params["emoji_name"]), [])
    if call.server.bot.id not in who:
        who.append(call.server.bot.id)
    return NO_CONTENT


@router.add("DELETE", REACTION)
def unreact(call: Call) -> Reply:
    who = message_of(call).reactions.get(unquote(call.params["emoji_name"]), [])
    if call.server.bot.id in who:
        who.remove(call.server.bot.id)
    return NO_CONTENT
