"""The buttons under a room's card and under the takes that are made in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot import answers, orders, texts
from bot.jams import adding, mixing
from bot.jams.rooms import person_of, room_by_id, room_here
from bot.languages import Verbatim, told
from bot.views.access import visible_take
from bot.views.kept import Kept, KeptButton, view_of
from generation.errors import RequestRefused
from generation.jam import layers as rules
from generation.jam.room import Room

if TYPE_CHECKING:
    from bot.client import BandmateClient

_LABELS = {"mix": "Hear the mix", "undo": "Undo mine"}


class RoomButton(KeptButton, template=r"bm:jam:(?P<action>mix|undo):(?P<room_id>[\w-]{1,40})"):
    """A button under the card; the room is looked up when it is pressed."""

    def __init__(self, action: str, room_id: str) -> None:
        self.action, self.room_id = action, room_id
        style = discord.ButtonStyle.primary if action == "mix" else discord.ButtonStyle.secondary
        super().__init__(f"bm:jam:{action}:{room_id}", _LABELS[action], style)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Post the mix, or take back one's own newest change."""
        room = await room_by_id(interaction, self.room_id)
        if self.action == "mix":
            await orders.defer(interaction)
            await mixing.post_mix(interaction, room, interaction.client.config.default_format)
        else:
            await undo(interaction, room)


class MuteSelect(Kept[discord.ui.Select[Any]], template=r"bm:jam:mute:(?P<room_id>[\w-]{1,40})"):
    """The menu of layers under the card: choosing one mutes it, or lets it be heard again."""

    def __init__(self, room_id: str, room: Room | None = None) -> None:
        self.room_id = room_id
        # A menu that was used is made anew without its options: only the chosen value counts, and it is checked.
        options = [
            discord.SelectOption(
                label=Verbatim(layer.name), value=str(layer.layer_id), description="muted" if layer.is_muted else None
            )
            for layer in (room.layers if room else ())
        ] or [discord.SelectOption(label="layer", value="0")]
        select: discord.ui.Select[Any] = discord.ui.Select(
            placeholder="Mute or unmute a layer", options=options, custom_id=f"bm:jam:mute:{room_id}", row=1
        )
        super().__init__(select)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Mute the chosen layer, or let it be heard again."""
        room = await room_by_id(interaction, self.room_id)
        await toggle_mute(interaction, room, self.item.values[0])


class JamTakeButton(KeptButton, template=r"bm:jamadd:(?P<take_id>[\w-]{1,80})"):
    """Under a take that was made in a room: it becomes a layer."""

    def __init__(self, take_id: str) -> None:
        self.take_id = take_id
        super().__init__(f"bm:jamadd:{take_id}", "Add to the jam", discord.ButtonStyle.success, row=1)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Bring the take into the room."""
        room = await room_here(interaction)
        take = await visible_take(interaction, self.take_id)
        await orders.defer(interaction)
        await answers.show(interaction, await adding.add_take(interaction, room, take, None))


def room_view(room: Room) -> discord.ui.View:
    """What hangs under the card of an open room."""
    items: list[discord.ui.Item[Any]] = []
    if room.layers:
        items.append(RoomButton("mix", room.room_id))
    if room.history:
        items.append(RoomButton("undo", room.room_id))
    if room.layers:
        items.append(MuteSelect(room.room_id, room))
    return view_of(items)


async def undo(interaction: discord.Interaction[BandmateClient], room: Room, *, anyones: bool = False) -> None:
    """Take back one's own newest change (the host: anyone's), and say what it was."""
    by = person_of(interaction)
    await orders.defer(interaction)
    undone: list[str] = []

    def rule(newest: Room, now: float) -> Room:
        after = rules.undo(newest, by, anyones=anyones)
        undone[:] = [change.what for change in newest.history if change not in after.history]
        return after

    await interaction.client.service.jams.change(room.room_id, rule)
    interaction.client.jams.board.refresh(room.room_id)
    what = told(undone[0], await answers.language_for(interaction, private=False))
    await answers.show(interaction, f"Undone: {texts.quoted(what)}")


async def toggle_mute(interaction: discord.Interaction[BandmateClient], room: Room, value: str) -> None:
    """Mute a layer, or let it be heard again; where two people do it at once, each says what came of it."""
    by = person_of(interaction)
    layer = rules.layer_named(room, value)
    if not value.isdigit():
        raise RequestRefused("There is no such layer in this room.")
    await orders.defer(interaction)
    wanted = not layer.is_muted
    await interaction.client.service.jams.change(
        room.room_id, lambda newest, now: rules.set_mute(newest, by, layer.layer_id, wanted)
    )
    interaction.client.jams.board.refresh(room.room_id)
    name = texts.quoted(layer.name)
    await answers.show(interaction, f"{name} is muted." if wanted else f"{name} is heard again.")
