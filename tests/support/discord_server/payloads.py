"""From the server's objects to the JSON that Discord would send for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import permissions

if TYPE_CHECKING:
    from .messages import Message, StoredFile
    from .people import Member, Role, User
    from .places import Channel, Guild

MENTION = re.compile(r"<@!?(\d+)>")


def user(who: User) -> dict[str, Any]:
    return {
        "id": str(who.id),
        "username": who.name,
        "discriminator": "0",
        "global_name": None if who.bot else who.name.title(),
        "avatar": None,
        "bot": who.bot,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
    }


def member(of: Member, *, with_user: bool = True) -> dict[str, Any]:
    body = {
        "roles": [str(role_id) for role_id in of.role_ids],
        "nick": of.nick,
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "joined_at": of.joined_at,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return {**body, "user": user(of.user)} if with_user else body


def role(of: Role) -> dict[str, Any]:
    return {
        "id": str(of.id),
        "name": of.name,
        "description": None,
        "permissions": str(of.permissions),
        "position": of.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel(place: Channel) -> dict[str, Any]:
    """A guild channel, a thread or direct messages, by its type."""
    body: dict[str, Any] = {"id": str(place.id), "type": place.type, "flags": 0, "last_message_id": None}
    if place.by_id:
        body["last_message_id"] = str(max(place.by_id))
    if place.guild is None:
        return {**body, "recipients": [user(place.recipient)] if place.recipient else []}
    body |= {"guild_id": str(place.guild.id), "name": place.name, "rate_limit_per_user": 0}
    return body | (_thread(place) if place.is_thread else _guild_channel(place))


def _guild_channel(place: Channel) -> dict[str, Any]:
    guild = place.guild
    roles = guild.roles if guild else {}
    overwrites = [
        {"id": str(target), "type": 0 if target in roles else 1, "allow": str(allow), "deny": str(deny)}
        for target, (allow, deny) in place.overwrites.items()
    ]
    body = {"position": 0, "permission_overwrites": overwrites, "nsfw": False, "parent_id": None, "topic": place.topic}
    return {**body, "bitrate": 64000, "user_limit": place.user_limit} if place.type in (2, 13) else body


def _thread(place: Channel) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "archived": place.archived,
        "locked": place.locked,
        "auto_archive_duration": place.auto_archive_minutes,
        "archive_timestamp": place.archive_timestamp,
        "create_timestamp": place.archive_timestamp,
    }
    if place.type == 12:
        metadata["invitable"] = True
    return {
        "parent_id": str(place.parent.id) if place.parent else None,
        "owner_id": str(place.owner_id),
        "message_count": len(place.messages),
        "total_message_sent": len(place.by_id),
        "member_count": len(place.thread_members),
        "thread_metadata": metadata,
    }


def guild(of: Guild) -> dict[str, Any]:
    """What REST returns for a guild."""
    return {
        "id": str(of.id),
        "name": of.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(of.owner.id),
        "application_id": None,
        "region": "us-central",
        "afk_channel_id": str(of.afk_channel.id) if of.afk_channel else None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(each) for each in of.roles.values()],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": of.locale,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def guild_create(of: Guild) -> dict[str, Any]:
    """What the gateway sends when a guild becomes available; without the members intent only the bot and those in voice
    channels are in it."""
    bot = of.members.get(of.server.bot.id)
    return {
        **guild(of),
        "joined_at": of.joined_at,
        "large": False,
        "unavailable": False,
        "member_count": len(of.members),
        "members": ([member(bot)] if bot else []) + of.server.voice.members(of),
        "channels": [channel(place) for place in of.channels],
        "threads": [channel(place) for place in of.threads if not place.archived],
        "presences": [],
        "voice_states": of.server.voice.payloads(of),
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(file: StoredFile, url: str) -> dict[str, Any]:
    """An attachment with the URL that was signed for it just now."""
    body: dict[str, Any] = {"id": str(file.id), "filename": file.filename, "size": file.size}
    body |= {"url": url, "proxy_url": url}
    optional = {
        "content_type": file.content_type,
        "description": file.description,
        "title": file.title,
        "duration_secs": file.duration_s,
        "waveform": file.waveform,
        "ephemeral": file.ephemeral or None,
    }
    return body | {key: value for key, value in optional.items() if value is not None}


def message(of: Message) -> dict[str, Any]:
    """A whole message, its files freshly signed."""
    server = of.channel.server
    mentioned = [server.users[int(found)] for found in MENTION.findall(of.content) if int(found) in server.users]
    body: dict[str, Any] = {
        "id": str(of.id),
        "type": 20 if of.interaction and of.interaction.kind == 2 else 19 if of.reference else 0,
        "channel_id": str(of.channel.id),
        "author": user(of.author),
        "content": of.content,
        "timestamp": of.timestamp,
        "edited_timestamp": of.edited_timestamp,
        "tts": False,
        "mention_everyone": False,
        "mentions": [user(who) for who in dict.fromkeys(mentioned)],
        "mention_roles": [],
        "attachments": [attachment(file, server.cdn.url(file)) for file in of.attachments],
        "embeds": of.embeds,
        "components": of.components,
        "flags": of.flags,
        "pinned": of.pinned_at is not None,
    }
    return body | _optional_parts(of)


def _optional_parts(of: Message) -> dict[str, Any]:
    server = of.channel.server
    parts: dict[str, Any] = {}
    if of.nonce is not None:
        parts["nonce"] = of.nonce
    if of.reference is not None:
        parts["message_reference"] = of.reference
    if of.interaction is not None:
        parts["application_id"] = parts["webhook_id"] = str(server.application_id)
        parts["interaction_metadata"] = interaction_metadata(of)
    if of.reactions:
        parts["reactions"] = [reaction(name, who, server.bot.id) for name, who in of.reactions.items()]
    return parts


def reaction(name: str, who: list[int], bot_id: int) -> dict[str, Any]:
    counts = {"burst": 0, "normal": len(who)}
    emoji = {"id": None, "name": name}
    mine = bot_id in who
    return {
        "emoji": emoji,
        "count": len(who),
        "count_details": counts,
        "burst_colors": [],
        "me": mine,
        "me_burst": False,
    }


def interaction_metadata(of: Message) -> dict[str, Any]:
    """Where a message came from (reference "Message Interaction Metadata")."""
    source = of.interaction
    if source is None:
        return {}
    body: dict[str, Any] = {"id": str(source.id), "type": source.kind, "user": user(source.user)}
    body["authorizing_integration_owners"] = source.owners()
    if source.kind == 3 and source.message:
        body["interacted_message_id"] = str(source.message.id)
    if source.kind == 5 and source.opened_by:
        opener = source.opened_by
        body["triggering_interaction_metadata"] = {
            "id": str(opener.id),
            "type": opener.kind,
            "user": user(opener.user),
            "authorizing_integration_owners": opener.owners(),
        }
        if opener.kind == 3 and opener.message:
            body["triggering_interaction_metadata"]["interacted_message_id"] = str(opener.message.id)
    if source.original is not None and source.original is not of:
        body["original_response_message_id"] = str(source.original.id)
    return body


def partial_channel(place: Channel, who: User) -> dict[str, Any]:
    """A channel inside an interaction: with the permissions of the one who acts."""
    return {**channel(place), "permissions": str(permissions.allowed(who, place))}
