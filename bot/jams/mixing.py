"""What leaves a room: the current mix, one layer alone, and the closing post with mixdown, stems and credits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from bot import answers, texts
from bot.files import MAX_REQUEST_BYTES, file_of, room_in_answer
from bot.jams import thread
from bot.jams.card import when
from bot.jams.rooms import person_of
from bot.posting import nonce_of
from generation.errors import BandmateError
from generation.jam import room as rooms
from generation.jam.room import Layer, Room, credit_lines
from generation.request import AudioFormat
from generation.service import Rendered

if TYPE_CHECKING:
    from bot.client import BandmateClient


async def post_mix(interaction: discord.Interaction[BandmateClient], room: Room, audio_format: AudioFormat) -> None:
    """The mix as it is now, in place of "thinking…". Raises BandmateError."""
    limit_bytes = room_in_answer(interaction)
    rendered = await interaction.client.service.jams.render_mix(room, audio_format, limit_bytes)
    heard = ", ".join(texts.quoted(layer.name) for layer in room.audible_layers)
    lines = [f"**The mix of {texts.escaped(room.title)}:** {heard}", *_remarks(rendered)]
    await answers.show(interaction, texts.cut(lines), files=[file_of(rendered)])


async def post_layer(interaction: discord.Interaction[BandmateClient], room: Room, layer: Layer) -> None:
    """One layer alone, in place of "thinking…". Raises BandmateError."""
    limit_bytes = room_in_answer(interaction)
    rendered = await interaction.client.service.jams.render_layer(room, layer, AudioFormat.FLAC, limit_bytes)
    lines = [f"{texts.quoted(layer.name)} by <@{layer.owner_id}>", *_remarks(rendered)]
    await answers.show(interaction, texts.cut(lines), files=[file_of(rendered)])


async def post_stems(interaction: discord.Interaction[BandmateClient], room: Room) -> None:
    """All layers as files, in as many messages as it takes, in place of "thinking…". Raises BandmateError."""
    limit_bytes = room_in_answer(interaction)
    first, *more = await interaction.client.service.jams.stem_parts(room, limit_bytes)
    await answers.show(interaction, first.remark or None, files=[file_of(first)])
    for part in more:
        await answers.add(interaction, part.remark, files=[file_of(part)])


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
    files, told = await _closing_files(interaction, room)
    lines = [f"**{texts.escaped(room.title)}** is closed.", texts.small(room.frame.sentence())]
    credit = [texts.escaped(line) for line in credit_lines(room)]
    lines += ["**Credits**", *credit] if credit else ["Nothing came of it this time."]
    nonce = nonce_of(f"close-{room.room_id}")
    return await thread.post(interaction.client, room, texts.cut([*lines, *told]), files=files, nonce=nonce)


async def _closing_files(
    interaction: discord.Interaction[BandmateClient], room: Room
) -> tuple[list[discord.File], list[str]]:
    """The mixdown and the stems, as far as they fit, and lines that say what is to be said of them."""
    if not room.layers:
        return [], []
    limit_bytes = room_in_answer(interaction)
    jams = interaction.client.service.jams
    files, told, left_bytes = list[discord.File](), list[str](), MAX_REQUEST_BYTES
    try:
        mix = await jams.render_mix(room, interaction.client.config.default_format, limit_bytes)
        files.append(file_of(mix))
        told += _remarks(mix)
        left_bytes -= len(mix.data)
    except BandmateError as error:  # all muted, or its audio was taken back: the room closes all the same
        told.append(texts.small(str(error)))
    try:
        stems = await jams.stems(room, min(limit_bytes, left_bytes))
    except BandmateError as error:
        return files, [*told, texts.small(str(error))]
    if stems is None:
        return files, [*told, _where_stems_are(interaction.client, room)]
    return [*files, file_of(stems)], [*told, *_remarks(stems)]


def _where_stems_are(client: BandmateClient, room: Room) -> str:
    """What to say of stems that are too large for one file: a link to all of them, or the command that splits them."""
    if client.config.links is None:
        return "-# The stems are too large for one file here. `/jam stems` gives them in several, also now."
    link = client.config.links.to_stems(room.room_id)
    return f"-# The stems are too large for one file here. Until {when(link.ends_at)} they are at {link.url}"


def _remarks(rendered: Rendered) -> list[str]:
    return [texts.small(rendered.remark)] if rendered.remark else []
