"""A person's command options against what the bot has synced: as strict as Discord's client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import payloads
from .messages import Attachment

if TYPE_CHECKING:
    from .people import User
    from .places import Channel
    from .server import DiscordServer

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)


class NotPossible(Exception):
    """Discord's client would not have let a person do this."""


class Resolved:
    """What an interaction refers to: users, members, roles, channels, messages, attachments by id."""

    def __init__(self, server: DiscordServer, channel: Channel, who: User) -> None:
        self._server, self._channel, self._who = server, channel, who
        self.body: dict[str, dict[str, Any]] = {}

    def add(self, thing: Any) -> str:
        """Refer to a user, role, channel or an attachment (uploaded now); its id. Raises NotPossible."""
        if isinstance(thing, Attachment):
            return self._attachment(thing)
        kind = type(thing).__name__
        if kind == "User":
            self._put("users", thing.id, payloads.user(thing))
            guild = self._channel.guild
            if guild and thing.id in guild.members:
                self._put("members", thing.id, payloads.member(guild.members[thing.id], with_user=False))
        elif kind == "Role":
            self._put("roles", thing.id, payloads.role(thing))
        elif kind == "Channel":
            self._put("channels", thing.id, payloads.partial_channel(thing, self._who))
        elif kind == "Message":
            self._put("messages", thing.id, payloads.message(thing))
        else:
            raise NotPossible(f"{thing!r} can't be chosen in Discord")
        return str(thing.id)

    def _attachment(self, upload: Attachment) -> str:
        file = self._server.upload(self._channel, upload)
        file.ephemeral = True
        self._put("attachments", file.id, payloads.attachment(file, self._server.cdn.url(file)))
        return str(file.id)

    def _put(self, group: str, key: int, body: dict[str, Any]) -> None:
        self.body.setdefault(group, {})[str(key)] = body


def descend(command: dict[str, Any], path: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Follow subcommand names. (The options that the last one takes, the chain of subcommands). Raises NotPossible."""
    chain: list[dict[str, Any]] = []
    options: list[dict[str, Any]] = command["options"]
    for name in path:
        inner = next((one for one in options if one["name"] == name and one["type"] in (SUBCOMMAND, GROUP)), None)
        if inner is None:
            known = [one["name"] for one in options if one["type"] in (SUBCOMMAND, GROUP)]
            raise NotPossible(f"/{command['name']} has no subcommand {name!r}; it has {known}")
        chain.append(inner)
        options = inner.get("options", [])
    if any(one["type"] in (SUBCOMMAND, GROUP) for one in options):
        raise NotPossible(f"/{command['name']} needs a subcommand: {[one['name'] for one in options]}")
    return options, chain


def fill(known: list[dict[str, Any]], given: dict[str, Any], resolved: Resolved, command: str) -> list[dict[str, Any]]:
    """The options of a finished command. Raises NotPossible."""
    by_name = {option["name"]: option for option in known}
    unknown = sorted(set(given) - set(by_name))
    if unknown:
        raise NotPossible(f"/{command} has no option {unknown}; it has {sorted(by_name)}")
    missing = [name for name, option in by_name.items() if option.get("required") and given.get(name) is None]
    if missing:
        raise NotPossible(f"/{command} can't be sent without {missing}")
    return [
        {"name": name, "type": by_name[name]["type"], "value": _value(by_name[name], value, resolved)}
        for name, value in given.items()
        if value is not None
    ]


def _value(option: dict[str, Any], value: Any, resolved: Resolved) -> Any:
    """The value as it is sent; choices may be given by name or value."""
    kind = option["type"]
    if kind in (USER, CHANNEL, ROLE, MENTIONABLE, ATTACHMENT):
        wanted = {USER: "User", CHANNEL: "Channel", ROLE: "Role", ATTACHMENT: "Attachment"}
        if kind != MENTIONABLE and type(value).__name__ != wanted[kind]:
            raise NotPossible(f"option {option['name']!r} takes a {wanted[kind]}, not {value!r}")
        return resolved.add(value)
    if option.get("choices"):
        for choice in option["choices"]:
            if value in (choice["name"], choice["value"]):
                return choice["value"]
        raise NotPossible(f"option {option['name']!r} offers {option['choices']}, not {value!r}")
    _check_plain(option, value)
    return value


def _check_plain(option: dict[str, Any], value: Any) -> None:
    """Raise NotPossible where a text, number or truth value has the wrong type or is out of range."""
    types: dict[int, tuple[type, ...]] = {STRING: (str,), INTEGER: (int,), BOOLEAN: (bool,), NUMBER: (int, float)}
    wrong_bool = isinstance(value, bool) and option["type"] != BOOLEAN
    if not isinstance(value, types[option["type"]]) or wrong_bool:
        raise NotPossible(f"option {option['name']!r} takes {types[option['type']]}, not {value!r}")
    size = len(value) if isinstance(value, str) else value
    low, high = ("min_length", "max_length") if isinstance(value, str) else ("min_value", "max_value")
    high_default = 6000 if isinstance(value, str) else float("inf")
    if not option.get(low, float("-inf")) <= size <= option.get(high, high_default):
        raise NotPossible(f"option {option['name']!r}: {size} is out of range {option.get(low)}–{option.get(high)}")
