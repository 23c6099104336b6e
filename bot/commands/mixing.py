"""/loop and /blend, on clips and on takes: check, defer, submit, reply."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import consent
from bot.commands.options import BlendBalance, LoopBars, Tempo, key_choices, take_choices
from bot.views.access import named_take, take_source
from bot.wishes import Source, Wish
from generation.errors import RequestRefused
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient

_TAKE = "A take instead of a clip: its id, or one of your newest"


@app_commands.command(description="Bars of a clip or take that repeat without a gap")
@app_commands.describe(
    clip="An audio file or a voice message",
    take=_TAKE,
    bars="How many bars repeat, 1 to 64; as many as fit unless said otherwise",
    tempo="Beats a minute, 30 to 300: the loop has exactly this tempo; that of the clip unless said otherwise",
    private="Only you see it, until you post it",
)
@app_commands.autocomplete(take=take_choices)
async def loop(
    interaction: discord.Interaction[BandmateClient],
    clip: discord.Attachment | None = None,
    take: str | None = None,
    bars: LoopBars | None = None,
    tempo: Tempo | None = None,
    private: bool = False,
) -> None:
    """Exactly so many bars, which go on from their end to their beginning."""
    source = await _source(interaction, clip, take)
    changes = {"bars": bars, "tempo_bpm": tempo}
    wish = Wish.of(interaction, Operation.LOOP, source, changes=changes, is_private=private)
    await consent.fulfil(interaction, wish)


@app_commands.command(description="Two clips or takes in one tempo, key and beat, mixed")
@app_commands.describe(
    clip1="The first: an audio file or a voice message",
    clip2="The second: it is brought to the first one's tempo and key",
    take1=_TAKE,
    take2=_TAKE,
    balance="0 (the first alone is heard) to 1 (the second alone); 0.5 unless said otherwise",
    tempo="Beats a minute, 30 to 300; between the two unless said otherwise",
    key="Such as D minor, or none: each stays in its own; the nearest to both unless said otherwise",
    private="Only you see it, until you post it",
)
@app_commands.autocomplete(take1=take_choices, take2=take_choices, key=key_choices)
async def blend(
    interaction: discord.Interaction[BandmateClient],
    clip1: discord.Attachment | None = None,
    clip2: discord.Attachment | None = None,
    take1: str | None = None,
    take2: str | None = None,
    balance: BlendBalance = 0.5,
    tempo: Tempo | None = None,
    key: str | None = None,
    private: bool = False,
) -> None:
    """Both together."""
    sources = [await _source(interaction, clip1, take1), await _source(interaction, clip2, take2)]
    weights = (round(1 - balance, 3), round(balance, 3))
    changes = {"weights": weights, "tempo_bpm": tempo, "key": key}
    wish = Wish.of(interaction, Operation.BLEND, *sources, changes=changes, is_private=private)
    await consent.fulfil(interaction, wish)


async def _source(
    interaction: discord.Interaction[BandmateClient], clip: discord.Attachment | None, take_id: str | None
) -> Source:
    """The clip or the take, of which there must be exactly one. One's own attachment needs nobody's leave."""
    if (clip is None) == (take_id is None):
        raise RequestRefused("Give either a clip or a take: attach an audio file, or name a take by its id.")
    if clip is not None:
        return Source.of_attachment(clip, str(interaction.user.id))
    return await take_source(interaction, await named_take(interaction, take_id or ""))


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add the commands of what some engine here can do."""
    if Operation.LOOP in operations:
        tree.add_command(loop)
    if Operation.BLEND in operations:
        tree.add_command(blend)
