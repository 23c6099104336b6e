"""Who the bot is, where the gateway is, other users, direct messages."""

from __future__ import annotations

from typing import Any

from tests.support.discord_server import errors, payloads
from tests.support.discord_server.rest import Call, Reply, router


@router.add("GET", "/users/@me")
def own_user(call: Call) -> Reply:
    extra = {"mfa_enabled": False, "locale": "en-US", "verified": True, "email": None}
    return Reply({**payloads.user(call.server.bot), **extra})


@router.add("GET", "/users/{user_id}")
def user(call: Call) -> Reply:
    who = call.server.users.get(call.id("user_id"))
    if who is None:
        raise errors.unknown_user()
    return Reply(payloads.user(who))


@router.add("GET", "/users/@me/guilds")
def own_guilds(call: Call) -> Reply:
    server = call.server
    mine = [guild for guild in server.guilds.values() if server.bot.id in guild.members]
    extra = {"banner": None, "owner": False, "permissions": "0"}
    keys = ("id", "name", "icon", "features")
    return Reply([{key: payloads.guild(guild)[key] for key in keys} | extra for guild in mine])


@router.add("POST", "/users/@me/channels")
def open_dm(call: Call) -> Reply:
    recipient = call.server.users.get(int(call.body["recipient_id"]))
    if recipient is None or recipient is call.server.bot:
        raise errors.ApiError(400, 50033, "Invalid Recipient(s)")
    return Reply(payloads.channel(recipient.dm))


@router.add("GET", "/gateway/bot")
def gateway_bot(call: Call) -> Reply:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return Reply({"url": call.server.gateway_url, "shards": 1, "session_start_limit": limit})


@router.add("GET", "/gateway", public=True)
def gateway(call: Call) -> Reply:
    return Reply({"url": call.server.gateway_url})


@router.add("GET", "/applications/@me")
def application(call: Call) -> Reply:
    return Reply(_application(call))


@router.add("GET", "/oauth2/applications/@me")
def own_application(call: Call) -> Reply:
    return Reply({**_application(call), "eligible_oauth2_scopes": []})


@router.add("PATCH", "/applications/@me")
def edit_application(call: Call) -> Reply:
    if "description" in call.body:
        call.server.application_description = call.body["description"] or ""
    return Reply(_application(call))


def _application(call: Call) -> dict[str, Any]:
    server = call.server
    return {
        "id": str(server.application_id),
        "name": server.bot.name,
        "icon": None,
        "description": server.application_description,
        "type": None,
        "bot": payloads.user(server.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": server.application_flags,
        "flags_new": str(server.application_flags),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": payloads.user(server.operator),
        "approximate_guild_count": len(server.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "event_webhooks_url": None,
        "event_webhooks_status": 1,
        "event_webhooks_types": [],
        "explicit_content_filter": 0,
        "team": None,
        "integration_types_config": {"0": {}},
        "internal_guild_restriction": 1,
        "rpc_origins": [],
        "tags": [],
    }
