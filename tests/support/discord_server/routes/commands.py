"""Application commands: what the bot has synced, globally and for a guild, with every write counted."""

from __future__ import annotations

from typing import Any

from tests.support.discord_server import errors
from tests.support.discord_server.rest import NO_CONTENT, Call, Reply, router

GLOBAL, GUILD = "/applications/{application_id}/commands", "/applications/{application_id}/guilds/{guild_id}/commands"


def _scope(call: Call) -> int:
    """The guild's id, 0 for global commands."""
    if call.params["application_id"] != str(call.server.application_id):
        raise errors.ApiError(404, 10002, "Unknown Application")
    if "guild_id" not in call.params:
        return 0
    if call.id("guild_id") not in call.server.guilds:
        raise errors.missing_access()
    return call.id("guild_id")


def _list(call: Call) -> Reply:
    with_localizations = call.query.get("with_localizations") in ("1", "true")
    listed = call.server.commands.listed(_scope(call))
    return Reply([command if with_localizations else _without_localizations(command) for command in listed])


def _without_localizations(command: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in command.items() if not key.endswith("_localizations")}


def _replace_all(call: Call) -> Reply:
    return Reply(call.server.commands.replace_all(_scope(call), call.json or []))


def _create(call: Call) -> Reply:
    command, is_new = call.server.commands.put(_scope(call), call.body)
    return Reply(command, 201 if is_new else 200)


def _one(call: Call) -> Reply:
    return Reply(call.server.commands.get(_scope(call), call.id("command_id")))


def _edit(call: Call) -> Reply:
    return Reply(call.server.commands.edit(_scope(call), call.id("command_id"), call.body))


def _delete(call: Call) -> Reply:
    call.server.commands.delete(_scope(call), call.id("command_id"))
    return NO_CONTENT


for _base in (GLOBAL, GUILD):
    router.add("GET", _base)(_list)
    router.add("PUT", _base)(_replace_all)
    router.add("POST", _base)(_create)
    router.add("GET", f"{_base}/{{command_id}}")(_one)
    router.add("PATCH", f"{_base}/{{command_id}}")(_edit)
    router.add("DELETE", f"{_base}/{{command_id}}")(_delete)
