"""A room without somebody who wants to be forgotten: no layer, name, vote or credit of theirs is left."""

from __future__ import annotations

from dataclasses import replace

from generation.jam.relay import end_relay, leave_relay
from generation.jam.room import Room

NOBODY = "nobody"
"""Who hosts and started what they hosted and started: no id of a person looks like this, so moderators lead."""


def knows(room: Room, person_id: str) -> bool:
    """Whether a room has anything of a person."""
    owners = {layer.owner_id for layer in room.layers} | {change.person_id for change in room.history}
    voters = room.vote.ballots.keys() | {room.vote.started_by} if room.vote else set()
    players = set(room.relay.order) if room.relay else set()
    credited = {item[0] for item in room.contributions}
    return person_id in {room.host_id, *room.people, *owners, *voters, *players, *credited}


def without_person(room: Room, person_id: str, *, now: float) -> Room:
    """The room without them; a relay goes on with the next one, or ends with its last player."""
    gone = {layer.layer_id for layer in room.layers if layer.owner_id == person_id}
    room = room.changed(
        layers=tuple(layer for layer in room.layers if layer.layer_id not in gone),
        history=tuple(
            change for change in room.history if change.person_id != person_id and change.after.layer_id not in gone
        ),
        people={known: name for known, name in room.people.items() if known != person_id},
        contributions=tuple(item for item in room.contributions if item[0] != person_id),
        host_id=NOBODY if room.host_id == person_id else room.host_id,
    )
    return _without_player(_without_voter(room, person_id), person_id, now)


def _without_voter(room: Room, person_id: str) -> Room:
    if room.vote is None:
        return room
    ballots = {voter: choice for voter, choice in room.vote.ballots.items() if voter != person_id}
    started_by = NOBODY if room.vote.started_by == person_id else room.vote.started_by
    return room.changed(vote=replace(room.vote, ballots=ballots, started_by=started_by))


def _without_player(room: Room, person_id: str, now: float) -> Room:
    if room.relay is None or not room.is_open or person_id not in room.relay.order:
        return room
    return end_relay(room) if len(room.relay.order) == 1 else leave_relay(room, person_id, now=now)
