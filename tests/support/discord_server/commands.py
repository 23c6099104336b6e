"""The commands that the bot has synced: kept as Discord keeps them, every write counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors

if TYPE_CHECKING:
    from .server import DiscordServer

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
MAX_SLASH, MAX_MENUS = 100, 15  # the menus' limit was raised from 5 in 2025


class Commands:
    """By scope (a guild's id, 0 for global) and command id.

    `writes` counts requests that changed something or might have: a bot that syncs only when its commands have
    changed leaves it at 1 over any number of starts.
    """

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self._by_scope: dict[int, dict[int, dict[str, Any]]] = {}
        self.writes = 0

    def listed(self, scope: int = 0) -> list[dict[str, Any]]:
        return list(self._by_scope.get(scope, {}).values())

    def find(self, name: str, kind: int, guild_id: int | None) -> dict[str, Any] | None:
        """The command a person sees: the guild's own before the global one."""
        for scope in (guild_id or 0, 0):
            for command in self.listed(scope):
                if command["name"] == name and command["type"] == kind:
                    return command
        return None

    def replace_all(self, scope: int, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """All commands of the scope are these from now on; those that stay by name and type keep their ids."""
        self.writes += 1
        for kind, limit in ((SLASH, MAX_SLASH), (USER_MENU, MAX_MENUS), (MESSAGE_MENU, MAX_MENUS)):
            if sum((body.get("type") or SLASH) == kind for body in bodies) > limit:
                raise errors.ApiError(400, 30032, f"Maximum number of application commands reached ({limit}).")
        names = [(body["name"], body.get("type") or SLASH) for body in bodies]
        if len(names) != len(set(names)):
            raise errors.invalid_form("name", "APPLICATION_COMMANDS_DUPLICATE_NAME", "Command names must be unique")
        old = self._by_scope.get(scope, {})
        self._by_scope[scope] = {}
        for body in bodies:
            self._keep(scope, body, self._same(old, body))
        return self.listed(scope)

    def put(self, scope: int, body: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Create a command, or replace the one of its name and type. (command, whether it is new)."""
        self.writes += 1
        known = self._same(self._by_scope.get(scope, {}), body)
        return self._keep(scope, body, known), known is None

    def get(self, scope: int, command_id: int) -> dict[str, Any]:
        command = self._by_scope.get(scope, {}).get(command_id)
        if command is None:
            raise errors.unknown_command()
        return command

    def edit(self, scope: int, command_id: int, body: dict[str, Any]) -> dict[str, Any]:
        self.writes += 1
        old = self.get(scope, command_id)
        return self._keep(scope, {**old, **body}, command_id)

    def delete(self, scope: int, command_id: int) -> None:
        self.writes += 1
        self.get(scope, command_id)
        del self._by_scope[scope][command_id]

    def _same(self, known: dict[int, dict[str, Any]], body: dict[str, Any]) -> int | None:
        key = (body["name"], body.get("type") or SLASH)
        return next((each for each, command in known.items() if (command["name"], command["type"]) == key), None)

    def _keep(self, scope: int, body: dict[str, Any], command_id: int | None) -> dict[str, Any]:
        """Store a command with what Discord adds to it."""
        new_id = command_id or self._server.ids.next()
        permissions = body.get("default_member_permissions")
        command = {
            "id": str(new_id),
            "application_id": str(self._server.application_id),
            "version": str(self._server.ids.next()),
            "type": body.get("type") or SLASH,
            "name": body["name"],
            "name_localizations": body.get("name_localizations"),
            "description": body.get("description") or "",
            "description_localizations": body.get("description_localizations"),
            "default_member_permissions": None if permissions is None else str(permissions),
            "dm_permission": body.get("dm_permission") is not False,
            "contexts": body.get("contexts"),
            "integration_types": body.get("integration_types") or [0],
            "nsfw": bool(body.get("nsfw")),
            "options": [_option(option) for option in body.get("options") or []],
        }
        if scope:
            command["guild_id"] = str(scope)
        self._by_scope.setdefault(scope, {})[new_id] = command
        return command


def _option(option: dict[str, Any]) -> dict[str, Any]:
    """An option without what was sent as null or is false anyway, as Discord returns it."""
    kept = {key: value for key, value in option.items() if value not in (None, False, [])}
    if option.get("options"):
        kept["options"] = [_option(inner) for inner in option["options"]]
    return kept
