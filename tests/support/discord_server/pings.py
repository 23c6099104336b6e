"""Whom a message would ping: its mentions, less what its sender does not allow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .messages import Message

USERS, ROLES, EVERYONE = re.compile(r"<@!?(\d+)>"), re.compile(r"<@&(\d+)>"), re.compile(r"@(everyone|here)")
DEFAULT = {"parse": ["users", "roles", "everyone"]}


def of(message: Message, allowed: dict[str, Any] | None) -> set[str]:
    """Ids of users and roles, and "everyone", that are pinged (reference "Allowed Mentions Object").

    Embeds never ping; text components do.
    """
    rules: dict[str, Any] = DEFAULT if allowed is None else allowed
    parse, text = rules.get("parse") or [], message.spoken
    users, roles = set(USERS.findall(text)), set(ROLES.findall(text))
    if "users" not in parse:
        users &= {str(each) for each in rules.get("users") or []}
    if "roles" not in parse:
        roles &= {str(each) for each in rules.get("roles") or []}
    everyone = {"everyone"} if "everyone" in parse and EVERYONE.search(text) else set()
    return users | roles | everyone
