"""A room's card: what it says, and the buttons under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot import texts
from generation.jam.layers import MAX_LAYERS
from generation.jam.room import Layer, Room

if TYPE_CHECKING:
    import discord


def card_text(room: Room) -> str:
    """The card's words: title, frame, host, what is under way. The picture says the rest."""
    lines = [f"**{texts.escaped(room.title)}** · {texts.escaped(room.frame.sentence())}"]
    if not room.is_open:
        return texts.cut([*lines, f"Closed. It was hosted by <@{room.host_id}>."])
    lines.append(f"Host <@{room.host_id}> · {len(room.layers)} of {MAX_LAYERS} layers")
    if room.relay is not None and room.relay.person_id:
        lines.append(f"Relay, round {room.relay.round_number} of {room.relay.num_rounds}: {_turn(room)}")
    if room.vote is not None:
        kind = "Run-off" if room.vote.is_runoff else "Vote"
        lines.append(f"{kind} on {len(room.vote.take_ids)} takes, until {when(room.vote.ends_at)}")
    lines.append("-# Everything made in this thread has this tempo, key and length. `/jam add` brings a layer.")
    return texts.cut(lines)


def _turn(room: Room) -> str:
    relay = room.relay
    if relay is None:
        return ""
    if relay.playing_key is not None:
        return f"<@{relay.person_id}> is being played"
    return f"<@{relay.person_id}>'s turn, until {when(relay.turn_ends_at)}"


def when(epoch_s: float) -> str:
    """A time that Discord shows as "in 5 minutes", in everybody's own language."""
    return f"<t:{round(epoch_s)}:R>"


def layer_lines(room: Room) -> list[str]:
    """The layers as text, for those who don't see the picture."""
    return [layer_line(room, layer) for layer in room.layers] or ["There are no layers yet."]


def layer_line(room: Room, layer: Layer) -> str:
    """One layer: its number, name, owner, gain and state."""
    parts = [f"**{layer.layer_id}** {texts.quoted(layer.name)}", f"<@{layer.owner_id}>"]
    parts += [f"{layer.gain_db:+g} dB"] if layer.gain_db else []
    parts += ["solo"] if layer.is_solo else []
    if layer not in room.audible_layers:
        parts.append("muted" if layer.is_muted else "silent under a solo")
    return " · ".join(parts)


def card_view(room: Room) -> discord.ui.View | None:
    """What hangs under the card; nothing once the room is closed."""
    from bot.views.jam import room_view  # the buttons act through this module's callers

    return room_view(room) if room.is_open else None
