"""/jam start, add, mix, status, host, close: a room from its opening to its closing post."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import answers, orders, texts
from bot.commands import jam_layers, jam_menu, jam_rounds
from bot.commands.options import engine_choices, key_choices
from bot.jams import adding, mixing
from bot.jams.card import layer_lines
from bot.jams.rooms import has_left, open_thread_room, person_of, person_of_member, room_here, text_channel_of
from bot.preferences import FRONT_END
from bot.views import jam_upload
from bot.views.access import named_take
from generation.errors import RequestRefused
from generation.jam import room as rules
from generation.jam.frame import (
    MAX_BARS,
    MAX_TEMPO_BPM,
    METRES,
    MIN_TEMPO_BPM,
    USUAL_BARS,
    USUAL_TEMPO_BPM,
    Frame,
    frame_of_clip,
)
from generation.keys import key_named
from generation.request import AudioFormat, Operation
from generation.service import CheckIn

if TYPE_CHECKING:
    from bot.client import BandmateClient

Tempo = app_commands.Range[float, MIN_TEMPO_BPM, MAX_TEMPO_BPM]
Bars = app_commands.Range[int, 1, MAX_BARS]
LayerName = app_commands.Range[str, 1, 32]
METRE_CHOICES = [app_commands.Choice(name=name, value=beats) for beats, name in METRES.items()]

jam_group = app_commands.Group(name="jam", description="Rooms in which takes build on each other", guild_only=True)


@jam_group.command(description="Open a room: a thread with one tempo, key and number of bars")
@app_commands.describe(
    tempo="Beats a minute, 40 to 240; 100 unless said or heard",
    key="Such as D minor or F# major",
    metre="4/4 unless said or heard",
    bars="How long every layer is, 1 to 32 bars; 8 unless said or heard",
    style="A few words that go with every prompt in the room",
    engine="What makes the takes in the room",
    clip="A clip that brings the tempo, the key and the first layer",
    title="What the room is called",
)
@app_commands.choices(metre=METRE_CHOICES)
async def start(
    interaction: discord.Interaction[BandmateClient],
    tempo: Tempo | None = None,
    key: str | None = None,
    metre: int | None = None,
    bars: Bars | None = None,
    style: app_commands.Range[str, 1, 100] | None = None,
    engine: str | None = None,
    clip: discord.Attachment | None = None,
    title: app_commands.Range[str, 1, 60] | None = None,
) -> None:
    """A new room."""
    channel = text_channel_of(interaction)
    said: dict[str, Any] = {
        "tempo_bpm": tempo, "key": key_named(key) if key else None, "beats_per_bar": metre, "bars": bars,
        "style": style and texts.plain(style, 100), "engine": engine,
    }  # fmt: skip
    said = {name: value for name, value in said.items() if value is not None}
    frame = _frame_of(interaction, said)
    await orders.defer(interaction)
    async with interaction.client.under_way():
        check_in = await orders.check_in(interaction, clip) if clip else None
        if check_in is not None:
            frame = frame_of_clip(check_in.hearing, frame, said=frozenset(said))
        await answers.show(interaction, await _opened(interaction, channel, frame, check_in, title or ""))


async def _opened(
    interaction: discord.Interaction[BandmateClient],
    channel: discord.TextChannel,
    frame: Frame,
    check_in: CheckIn | None,
    title: str,
) -> str:
    """A new room, with a clip that was let in as its first layer. The words to answer with."""
    room = await open_thread_room(interaction, channel, frame, title)
    lines = [f"<@{interaction.user.id}> opened a room: <#{room.thread_id}>", texts.small(frame.sentence())]
    if check_in is not None:
        lines.append(await adding.add_clip(interaction, room, check_in, None))
    lines.append(await interaction.client.jams.board.show(room.room_id))
    return texts.cut([line for line in lines if line])


def _frame_of(interaction: discord.Interaction[BandmateClient], said: dict[str, Any]) -> Frame:
    """The frame that was said. Raises RequestRefused, also for an engine that is not here."""
    engines = interaction.client.engines_for(Operation.COMPOSE)
    if "engine" in said and said["engine"] not in engines:
        raise RequestRefused(f"There is no such engine for a room here; there are {', '.join(engines)}.")
    return Frame(**{"tempo_bpm": USUAL_TEMPO_BPM, "bars": USUAL_BARS, **said})


@jam_group.command(description="Add a clip or a take as a layer; it is brought to the room's tempo, key and bars")
@app_commands.describe(
    clip="An audio file or a voice message", take="A take of this room", name="What the layer is called"
)
async def add(
    interaction: discord.Interaction[BandmateClient],
    clip: discord.Attachment | None = None,
    take: str | None = None,
    name: LayerName | None = None,
) -> None:
    """One more layer; with neither clip nor take a form asks for a file."""
    if clip is not None and take is not None:
        raise RequestRefused("Attach a clip or name a take: one of the two becomes the layer.")
    room = await room_here(interaction)
    if clip is None and take is None:
        await jam_upload.ask_for_file(interaction, room, name or "")
        return
    found = None if take is None else await named_take(interaction, take)
    await orders.defer(interaction)
    if clip is not None:
        told = await adding.add_attachment(interaction, room, clip, name)
    elif found is not None:
        told = await adding.add_take(interaction, room, found, name)
    await answers.show(interaction, told)


@jam_group.command(description="Hear what the room sounds like now")
@app_commands.describe(format="The file's format; mp3 unless said otherwise")
async def mix(interaction: discord.Interaction[BandmateClient], format: AudioFormat | None = None) -> None:
    """The current mixdown, also of a closed room."""
    room = await room_here(interaction, open_only=False)
    await orders.defer(interaction)
    await mixing.post_mix(interaction, room, format or interaction.client.config.default_format)


@jam_group.command(description="How the room stands; outside of rooms: which ones are open here")
async def status(interaction: discord.Interaction[BandmateClient]) -> None:
    """The room's layers, and its card shown anew; elsewhere the guild's open rooms."""
    jams = interaction.client.service.jams
    await answers.think(interaction)
    room = await jams.of_thread(FRONT_END, str(interaction.channel_id))
    if room is None:
        rooms = await jams.open_rooms(FRONT_END, str(interaction.guild_id))
        lines = [f"<#{one.thread_id}> {texts.escaped(one.frame.sentence())}, {len(one.layers)} layers" for one in rooms]
        lines = lines or ["No room is open here. `/jam start` opens one."]
    else:
        trouble = await interaction.client.jams.board.show(room.room_id)
        lines = [f"Hosted by <@{room.host_id}>, {room.state}.", *layer_lines(room), trouble]
    await answers.show(interaction, texts.cut([line for line in lines if line]))


@jam_group.command(description="Hand the room over to somebody else")
@app_commands.describe(member="Who leads the room from now on")
async def host(interaction: discord.Interaction[BandmateClient], member: discord.Member) -> None:
    """Another host; anybody may when the old one has left the server."""
    room = await room_here(interaction)
    if member.bot:
        raise RequestRefused("A bot can't host a room.")
    await orders.defer(interaction)
    gone = await has_left(interaction.client, interaction.guild_id or 0, room.host_id)
    by, to = person_of(interaction), person_of_member(member)
    await interaction.client.service.jams.change(
        room.room_id, lambda newest, now: rules.hand_over(newest, by, to, host_has_left=gone)
    )
    interaction.client.jams.board.refresh(room.room_id)
    await answers.show(interaction, f"<@{member.id}> hosts this room now.")


@jam_group.command(description="Close the room: the mixdown, the stems and the credits are posted")
async def close(interaction: discord.Interaction[BandmateClient]) -> None:
    """The end of a room."""
    room = await room_here(interaction, open_only=False)
    rules.close(room, person_of(interaction))  # so that who may not is told before anything is begun
    await orders.defer(interaction)
    await mixing.close_room(interaction, room)


start.autocomplete("key")(key_choices)
start.autocomplete("engine")(engine_choices(Operation.COMPOSE))
add.autocomplete("take")(jam_rounds.take_choices)
jam_layers.add_to(jam_group)
jam_rounds.add_to(jam_group)


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add the group."""
    tree.add_command(jam_group)
    jam_menu.add_to(tree, operations)
