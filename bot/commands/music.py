"""/compose, /extend, /restyle, /vary, /accompany: check, defer, submit, reply."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import consent, orders, preferences
from bot.commands.options import Adherence, Creativity, Options, Seconds, Seed, Strength, TakeCount, Tempo, describe
from bot.views.access import named_take, take_source
from bot.wishes import Source, Wish
from generation.errors import RequestRefused
from generation.request import AudioFormat, Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient


@app_commands.command(description="Music for your words; a clip gives it tempo and key")
@describe(Operation.COMPOSE)
async def compose(
    interaction: discord.Interaction[BandmateClient],
    prompt: str,
    clip: discord.Attachment | None = None,
    seconds: Seconds | None = None,
    engine: str | None = None,
    seed: Seed | None = None,
    format: AudioFormat | None = None,
    takes: TakeCount = 1,
    creativity: Creativity | None = None,
    adherence: Adherence | None = None,
    private: bool = False,
    key: str | None = None,
    tempo: Tempo | None = None,
) -> None:
    """Music for a prompt."""
    said = Options(seconds, engine, seed, format, takes, creativity, adherence, private=private, key=key, tempo=tempo)
    await _order(interaction, Operation.COMPOSE, prompt, clip, said)


@app_commands.command(description="Your clip, going on in its own tempo and key")
@describe(Operation.EXTEND)
async def extend(
    interaction: discord.Interaction[BandmateClient],
    clip: discord.Attachment,
    prompt: str | None = None,
    seconds: Seconds | None = None,
    engine: str | None = None,
    seed: Seed | None = None,
    format: AudioFormat | None = None,
    takes: TakeCount = 1,
    creativity: Creativity | None = None,
    adherence: Adherence | None = None,
    private: bool = False,
    key: str | None = None,
    tempo: Tempo | None = None,
) -> None:
    """The clip, going on."""
    said = Options(seconds, engine, seed, format, takes, creativity, adherence, private=private, key=key, tempo=tempo)
    await _order(interaction, Operation.EXTEND, prompt, clip, said)


@app_commands.command(description="Your clip's music in another style")
@describe(Operation.RESTYLE)
async def restyle(
    interaction: discord.Interaction[BandmateClient],
    clip: discord.Attachment,
    prompt: str,
    seconds: Seconds | None = None,
    engine: str | None = None,
    seed: Seed | None = None,
    format: AudioFormat | None = None,
    takes: TakeCount = 1,
    creativity: Creativity | None = None,
    adherence: Adherence | None = None,
    private: bool = False,
    key: str | None = None,
    tempo: Tempo | None = None,
) -> None:
    """The clip in the prompt's style."""
    said = Options(seconds, engine, seed, format, takes, creativity, adherence, private=private, key=key, tempo=tempo)
    await _order(interaction, Operation.RESTYLE, prompt, clip, said)


@app_commands.command(description="Variations of your clip")
@describe(Operation.VARY)
async def vary(
    interaction: discord.Interaction[BandmateClient],
    clip: discord.Attachment,
    prompt: str | None = None,
    strength: Strength | None = None,
    seconds: Seconds | None = None,
    engine: str | None = None,
    seed: Seed | None = None,
    format: AudioFormat | None = None,
    takes: TakeCount = 1,
    creativity: Creativity | None = None,
    adherence: Adherence | None = None,
    private: bool = False,
    key: str | None = None,
    tempo: Tempo | None = None,
) -> None:
    """Variations of the clip."""
    said = Options(seconds, engine, seed, format, takes, creativity, adherence, strength, private, key, tempo)
    await _order(interaction, Operation.VARY, prompt, clip, said)


@app_commands.command(description="A band that plays along with your clip")
@describe(Operation.ACCOMPANY)
async def accompany(
    interaction: discord.Interaction[BandmateClient],
    clip: discord.Attachment,
    prompt: str | None = None,
    backing: str | None = None,
    seconds: Seconds | None = None,
    engine: str | None = None,
    seed: Seed | None = None,
    format: AudioFormat | None = None,
    takes: TakeCount = 1,
    creativity: Creativity | None = None,
    adherence: Adherence | None = None,
    private: bool = False,
    key: str | None = None,
    tempo: Tempo | None = None,
) -> None:
    """A backing under the clip: a new one by the prompt, or a take."""
    said = Options(seconds, engine, seed, format, takes, creativity, adherence, private=private, key=key, tempo=tempo)
    if backing is not None:
        await _back(interaction, prompt, clip, backing, said)
        return
    if not (prompt or "").strip():
        raise RequestRefused("Say in a few words what the band should play, or name a take of yours as the backing.")
    await _order(interaction, Operation.ACCOMPANY, prompt, clip, said)


async def _back(
    interaction: discord.Interaction[BandmateClient],
    prompt: str | None,
    clip: discord.Attachment,
    backing: str,
    said: Options,
) -> None:
    """A take under the clip: it is there already, so key and format can be wished, and the clip's tempo said."""
    take = await named_take(interaction, backing)
    sources = Source.of_attachment(clip, str(interaction.user.id)), await take_source(interaction, take)
    changes = {"key": said.key, "tempo_bpm": said.tempo, "audio_format": said.format, "seed": said.seed}
    changes = {name: value for name, value in changes.items() if value is not None}
    wish = Wish.of(interaction, Operation.ACCOMPANY, *sources, prompt=prompt, changes=changes, is_private=said.private)
    await consent.fulfil(interaction, wish)


async def _order(
    interaction: discord.Interaction[BandmateClient],
    operation: Operation,
    prompt: str | None,
    clip: discord.Attachment | None,
    said: Options,
) -> None:
    settings = await preferences.require_allowed(interaction)
    request = said.request(interaction, settings, operation, prompt, clip)
    await orders.defer(interaction, private=said.private)
    sources = [Source.of_attachment(clip, str(interaction.user.id))] if clip else []
    await orders.reply(interaction, await orders.submit(interaction, request, sources))


_COMMANDS: dict[Operation, app_commands.Command[Any, ..., None]] = {
    Operation.COMPOSE: compose,
    Operation.EXTEND: extend,
    Operation.RESTYLE: restyle,
    Operation.VARY: vary,
    Operation.ACCOMPANY: accompany,
}


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add the commands of what some engine here can do."""
    for operation, command in _COMMANDS.items():
        if operation in operations:
            tree.add_command(command)
