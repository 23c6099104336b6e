"""A room as plain JSON for the ledger, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from generation.jam.frame import Frame
from generation.jam.relay import Relay
from generation.jam.room import Change, Layer, Room
from generation.jam.vote import Outcome, Vote

BODY = (
    "layers",
    "history",
    "num_layers_made",
    "parent_take_id",
    "relay",
    "vote",
    "outcomes",
    "people",
    "contributions",
    "language",
)
"""The fields of a room that the ledger keeps as one JSON value; the others have columns."""


def body_of(room: Room) -> dict[str, Any]:
    """The room's changing part as plain lists, numbers and strings."""
    whole = asdict(room)
    return {name: whole[name] for name in BODY}


def fields_of(body: dict[str, Any]) -> dict[str, Any]:
    """The inverse of `body_of`: what a Room is made with."""
    return {
        **body,
        "layers": tuple(_layer(item) for item in body["layers"]),
        "history": tuple(_change(item) for item in body["history"]),
        "relay": _relay(body["relay"]) if body["relay"] else None,
        "vote": _vote(body["vote"]) if body["vote"] else None,
        "outcomes": tuple(_outcome(item) for item in body["outcomes"]),
        "contributions": tuple((person_id, what) for person_id, what in body["contributions"]),
    }


def frame_of(data: dict[str, Any]) -> Frame:
    """A frame from its JSON."""
    return Frame.from_json(data)


def _layer(data: dict[str, Any]) -> Layer:
    return Layer(**{**data, "strip": tuple(data["strip"])})


def _change(data: dict[str, Any]) -> Change:
    before = _layer(data["before"]) if data["before"] else None
    return Change(**{**data, "before": before, "after": _layer(data["after"])})


def _relay(data: dict[str, Any]) -> Relay:
    return Relay(**{**data, "order": tuple(data["order"]), "take_ids": tuple(data["take_ids"])})


def _vote(data: dict[str, Any]) -> Vote:
    return Vote(**{**data, "take_ids": tuple(data["take_ids"])})


def _outcome(data: dict[str, Any]) -> Outcome:
    return Outcome(**{**data, "take_ids": tuple(data["take_ids"]), "counts": tuple(data["counts"])})
