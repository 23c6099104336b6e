"""What leaves a room: the current mix, one layer alone, and the closing post with mixdown, stems and credits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import discord

from bot import answers, texts
from bot.jams import thread
from bot.jams.rooms import person_of
from bot.posting import MAX_REQUEST_BYTES, nonce_of
from generation.errors import BandmateError
from generation.jam import room as rooms
from generation.jam.room import Layer, Room, credit_lines
from generation.request import AudioFormat
from generation.service import Rendered

if TYPE_CHECKING:
    from bot.client import BandmateClient


async def post_mix(interaction: discord.Interaction[BandmateClient], room: Room, audio_format: AudioFormat) -> None:
    """The mix as it is now, in place of "thinking…". Raises BandmateError."""
    limit_bytes = min(interaction.filesize_limit, MAX_REQUEST_BYTES)
    rendered = await interaction.client.service.jams.render_mix(room, audio_format, limit_bytes)
    heard = ", ".join(texts.quoted(layer.name) for layer in room.audible_layers)
    lines = [f"**The mix of {texts.escaped(room.title)}:** {heard}", *_remarks(rendered)]
    await answers.show(interaction, texts.cut(lines), files=[_file(rendered)])


async def post_layer(interaction: discord.Interaction[BandmateClient], room: Room, layer: Layer) -> None:
    """One layer alone, in place of "thinking…". Raises BandmateError."""
    limit_bytes = min(interaction.filesize_limit, MAX_REQUEST_BYTES)
    rendered = await interaction.client.service.jams.render_layer(room, layer, AudioFormat.FLAC, limit_bytes)
    lines = [f"{texts.quoted(layer.name)} by <@{layer.owner_id}>", *_remarks(rendered)]
    await answers.show(interaction, texts.cut(lines), files=[_file(rendered)])


async def close_room(interaction: discord.Interaction[BandmateClient], room: Room) -> None:
    """Close the room, post what came of it, and remember that. The interaction is deferred. Raises BandmateError.

    A crash before the post leaves the room closed without it: closing again posts it then.
    """
    client, by = interaction.client, person_of(interaction)
    async with client.under_way():
        closed = await client.service.jams.change(room.room_id, lambda newest, now: rooms.close(newest, by))
        message = await _closing_post(interaction, closed)
        await client.service.jams.change(
            room.room_id, lambda newest, now: newest.changed(closing_message_id=str(message.id))
        )
    client.jams.board.refresh(room.room_id)
    await answers.show(interaction, f"Closed: {message.jump_url}")


async def _closing_post(interaction: discord.Interaction[BandmateClient], room: Room) -> discord.Message:
    files, remarks = await _closing_files(interaction, room)
    lines = [f"**{texts.escaped(room.title)}** is closed.", texts.small(room.frame.sentence())]
    credit = [texts.escaped(line) for line in credit_lines(room)]
    lines += ["**Credits**", *credit] if credit else ["Nothing came of it this time."]
    lines += [texts.small(remark) for remark in remarks]
    nonce = nonce_of(f"close-{room.room_id}")
    return await thread.post(interaction.client, room, texts.cut(lines), files=files, nonce=nonce)


async def _closing_files(
    interaction: discord.Interaction[BandmateClient], room: Room
) -> tuple[list[discord.File], list[str]]:
    """The mixdown and the stems, as far as they fit, and what is to be said of them."""
    if not room.layers:
        return [], []
    limit_bytes = min(interaction.filesize_limit, MAX_REQUEST_BYTES)
    jams = interaction.client.service.jams
    files, remarks, left_bytes = [], [], MAX_REQUEST_BYTES
    try:
        mix = await jams.render_mix(room, interaction.client.config.default_format, limit_bytes)
        files.append(_file(mix))
        remarks.append(mix.remark)
        left_bytes -= len(mix.data)
    except BandmateError as error:  # all muted, or its audio was taken back: the room closes all the same
        remarks.append(str(error))
    try:
        stems = await jams.stems(room, min(limit_bytes, left_bytes))
    except BandmateError as error:
        return files, [*remarks, str(error)]
    if stems is None:
        where = "`/jam layers` with a layer's name gives each one alone, also in this closed room."
        return files, [*filter(None, remarks), f"The stems are too large for one file here: {where}"]
    return [*files, _file(stems)], [remark for remark in (*remarks, stems.remark) if remark]


def _remarks(rendered: Rendered) -> list[str]:
    return [texts.small(rendered.remark)] if rendered.remark else []


def _file(rendered: Rendered) -> discord.File:
    return discord.File(io.BytesIO(rendered.data), rendered.filename)
