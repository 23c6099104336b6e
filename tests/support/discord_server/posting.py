"""Making and changing messages: the one place that all routes and the driver go through."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import components, errors, gateway, payloads, pings
from .messages import EPHEMERAL, LOADING, VOICE_MESSAGE, Message, StoredFile
from .rules import check_message

if TYPE_CHECKING:
    from .interactions import Interaction
    from .people import User
    from .places import Channel
    from .rest import Upload
    from .server import DiscordServer

# Flags that a sender may set: suppress embeds, ephemeral, suppress notifications, voice, components v2.
SETTABLE = 1 << 2 | EPHEMERAL | 1 << 12 | VOICE_MESSAGE | 1 << 15

# An edit may set two of them; components v2 can't be taken back.
SETTABLE_BY_EDIT = 1 << 2 | 1 << 15

# Within this time the same nonce gives the same message; Discord says "the past few minutes".
NONCE_LIFE_S = 300.0


def create(
    channel: Channel,
    author: User,
    body: dict[str, Any],
    uploads: Sequence[Upload] = (),
    *,
    interaction: Interaction | None = None,
) -> Message:
    """Post a message, after all rules. Raises ApiError."""
    twin = _twin(channel, author, body)
    if twin is not None:
        return twin
    check_message(body, uploads, channel.filesize_limit)
    server = channel.server
    message = Message(server.ids.next(), channel, author, timestamp=server.clock.iso(), interaction=interaction)
    message.flags = (body.get("flags") or 0) & SETTABLE
    message.nonce, message.reference = body.get("nonce"), _reference(channel, body)
    _fill(message, body, uploads)
    message.pings = pings.of(message, body.get("allowed_mentions"))
    publish(message)
    return message


def publish(message: Message) -> None:
    """Put a finished message into its channel and tell everyone."""
    channel = message.channel
    if channel.is_thread and channel.archived:
        channel.archived = False
    channel.by_id[message.id] = message
    if message.nonce is not None:
        channel.nonces[message.author.id, str(message.nonce)] = (message, channel.server.clock.now_s())
    _tell(message, "MESSAGE_CREATE")


def edit(message: Message, body: dict[str, Any], uploads: Sequence[Upload] = ()) -> None:
    """Change a message, after all rules; it stops "thinking". Raises ApiError."""
    flags = (body.get("flags") or 0) | message.flags & (1 << 15)
    kept = _kept(message, body)
    check_message({**body, "flags": flags}, uploads, message.channel.filesize_limit, kept=kept, old=message)
    message.flags = (message.flags | flags & SETTABLE_BY_EDIT) & ~LOADING
    message.attachments = kept
    _fill(message, body, uploads)
    message.edited_timestamp = message.channel.server.clock.iso()
    message.revisions += 1
    _tell(message, "MESSAGE_UPDATE")


def remove(message: Message) -> None:
    """Delete a message with its files."""
    message.deleted = True
    server = message.channel.server
    for file in message.attachments:
        server.cdn.remove(file)
    message.channel.by_id.pop(message.id, None)
    gone = {"id": str(message.id), "channel_id": str(message.channel.id)}
    if message.channel.guild:
        gone["guild_id"] = str(message.channel.guild.id)
    server.gateway.dispatch("MESSAGE_DELETE", gone, intent=_intent(message.channel))
    message.channel.changed.notify(message)


def _twin(channel: Channel, author: User, body: dict[str, Any]) -> Message | None:
    """The message that was sent with this nonce a moment ago, where the sender wants it enforced."""
    if not body.get("enforce_nonce") or body.get("nonce") is None:
        return None
    message, sent_s = channel.nonces.get((author.id, str(body["nonce"])), (None, 0.0))
    return message if message and channel.server.clock.now_s() - sent_s <= NONCE_LIFE_S else None


def _reference(channel: Channel, body: dict[str, Any]) -> dict[str, Any] | None:
    wanted = body.get("message_reference")
    if not wanted:
        return None
    if int(wanted["message_id"]) not in channel.by_id and wanted.get("fail_if_not_exists", True):
        raise errors.invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    return {"type": 0, "message_id": str(wanted["message_id"]), "channel_id": str(channel.id)}


def _kept(message: Message, body: dict[str, Any]) -> list[StoredFile]:
    """The files that stay through an edit: those named in `attachments`, all where it is not given."""
    if body.get("attachments") is None:
        return list(message.attachments)
    named = {str(entry["id"]) for entry in body["attachments"]}
    return [file for file in message.attachments if str(file.id) in named]


def _fill(message: Message, body: dict[str, Any], uploads: Sequence[Upload]) -> None:
    """Take over what the body says; what it does not mention stays."""
    if "content" in body:
        message.content = body["content"] or ""
    if "embeds" in body:
        message.embeds = [{"type": "rich", **embed} for embed in body["embeds"] or []]
    message.attachments += _store(message, body, uploads)
    if "components" in body:
        message.components = components.resolve(body["components"] or [], message)
    components.resolve_embeds(message)


def _store(message: Message, body: dict[str, Any], uploads: Sequence[Upload]) -> list[StoredFile]:
    server: DiscordServer = message.channel.server
    described = {str(entry["id"]): entry for entry in body.get("attachments") or []}
    stored = []
    for upload in uploads:
        entry = described.get(upload.field.removeprefix("files[").removesuffix("]"), {})
        given = entry.get("filename") or upload.filename
        file = server.cdn.store(message.channel.id, safe_name(given), upload.data)
        file.title = None if file.filename == given else given.rpartition(".")[0] or given
        file.description, file.ephemeral = entry.get("description"), message.ephemeral
        file.duration_s, file.waveform = entry.get("duration_secs"), entry.get("waveform")
        stored.append(file)
    return stored


def safe_name(given: str) -> str:
    """The name that Discord gives a file: blanks become underscores, all but plain characters go."""
    return re.sub(r"[^A-Za-z0-9._-]", "", given.replace(" ", "_")) or "unknown"


def _intent(channel: Channel) -> int:
    return gateway.GUILD_MESSAGES if channel.guild else gateway.DIRECT_MESSAGES


def _tell(message: Message, event: str) -> None:
    """Tell the gateway's clients (never of ephemeral messages) and everyone in the test who waits."""
    channel, server = message.channel, message.channel.server
    if not message.ephemeral:
        server.gateway.dispatch(event, lambda: event_body(message), intent=_intent(channel))
    channel.changed.notify(message)
    if message.interaction is not None:
        message.interaction.changed.notify(message.interaction)


def event_body(message: Message) -> dict[str, Any]:
    """A message as an event carries it: with its guild and member, and only what the bot may read."""
    body = readable(message)
    if message.nonce is not None:
        body["nonce"] = message.nonce
    guild = message.channel.guild
    if guild is not None:
        body["guild_id"] = str(guild.id)
        if message.author.id in guild.members:
            body["member"] = payloads.member(guild.members[message.author.id], with_user=False)
    return body


def readable(message: Message) -> dict[str, Any]:
    """A message as the bot may read it later: without its nonce, which Discord does not store.

    Without the message content intent, other people's guild messages that do not mention the bot come empty, over
    REST as over the gateway (reference "Message Content Intent").
    """
    body = payloads.message(message)
    body.pop("nonce", None)
    server = message.channel.server
    mine = message.author is server.bot or server.bot.mention in message.content
    if mine or message.channel.guild is None or server.privileged_intents & gateway.MESSAGE_CONTENT:
        return body
    return {**body, "content": "", "embeds": [], "attachments": [], "components": []}
