"""What people let others do with their clips, and orders that wait for a person."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Leave(StrEnum):
    """Who may build on a member's clips and takes; the default is anyone."""

    ANYONE = "anyone"
    ASKED = "asked"
    NOBODY = "nobody"


PENDING_LIFE_S = 7 * 24 * 3600.0
"""How long an order waits for a form to be sent or an owner to say yes."""


@dataclass(frozen=True, slots=True)
class PendingWish:
    """An order that waits for a person: `person_id` wishes; `owner_id` is whose yes it needs (None: a form is open).

    `body` is the front end's own plain JSON. `wish_id` is drawn anew: it can't be guessed.
    """

    front_end: str
    person_id: str
    body: dict[str, Any]
    owner_id: str | None = None
    wish_id: str = field(default_factory=lambda: secrets.token_hex(8))
