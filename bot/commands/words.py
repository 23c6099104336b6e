"""/words: a guild's block list for prompts, for those who may manage the server."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import answers, blocked_words, texts
from bot.preferences import FRONT_END, Scope
from generation.errors import RequestRefused
from generation.request import Operation

if TYPE_CHECKING:
    from bot.client import BandmateClient

words_group = app_commands.Group(
    name="words",
    description="Words that nobody here may ask for",
    default_permissions=discord.Permissions(manage_guild=True),
    guild_only=True,
)


@words_group.command(description="Block a word or phrase in prompts on this server")
@app_commands.describe(word="As people write it; case, accents and signs between the letters don't matter")
async def block(
    interaction: discord.Interaction[BandmateClient],
    word: app_commands.Range[str, 1, blocked_words.MAX_WORD_CHARACTERS],
) -> None:
    """Add a word."""
    known = await _words(interaction)
    new = blocked_words.cleaned(word)
    if len(known) >= blocked_words.MAX_WORDS and new not in known:
        raise RequestRefused(f"The list has {blocked_words.MAX_WORDS} words already: allow one of them first.")
    await _keep(interaction, sorted({*known, new}))
    await answers.respond(interaction, f"{texts.quoted(new)} is blocked here now.")


@words_group.command(description="Allow a blocked word again")
@app_commands.describe(word="A word of the list")
async def allow(interaction: discord.Interaction[BandmateClient], word: str) -> None:
    """Take a word off the list."""
    known = await _words(interaction)
    gone = blocked_words.cleaned(word)
    if gone not in known:
        raise RequestRefused("That word is not on this server's list. `/words list` shows it.")
    await _keep(interaction, [each for each in known if each != gone])
    await answers.respond(interaction, f"{texts.quoted(gone)} is allowed here again.")


@allow.autocomplete("word")
async def _choices(interaction: discord.Interaction[BandmateClient], current: str) -> list[app_commands.Choice[str]]:
    known = await _words(interaction)
    return [app_commands.Choice(name=each, value=each) for each in known if current.casefold() in each.casefold()][:25]


@words_group.command(name="list", description="The words that are blocked on this server")
async def list_(interaction: discord.Interaction[BandmateClient]) -> None:
    """Show the list, to the one who asks alone."""
    known = await _words(interaction)
    shown = " ".join(texts.quoted(each) for each in known) or "No word is blocked here. `/words block` adds one."
    await answers.respond(interaction, texts.cut(_lines(shown)))


def _lines(text: str, width: int = 1900) -> list[str]:
    return [text] if len(text) <= width else [text[:width].rsplit(" `", 1)[0], "… and more."]


async def _words(interaction: discord.Interaction[BandmateClient]) -> list[str]:
    """The list. Raises RequestRefused for those who may not manage the server: Discord's own check can be changed."""
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise RequestRefused("For that you need Manage Server here.")
    place = (str(Scope.GUILD), str(interaction.guild_id))
    chosen = (await interaction.client.service.sharing.chosen_at(FRONT_END, [place])).get(place, {})
    return [str(each) for each in chosen.get("blocked_words", ())]


async def _keep(interaction: discord.Interaction[BandmateClient], words: list[str]) -> None:
    place = (str(Scope.GUILD), str(interaction.guild_id))
    await interaction.client.service.sharing.choose(FRONT_END, place, {"blocked_words": words or None})


def add_to(tree: app_commands.CommandTree[BandmateClient], operations: Collection[Operation]) -> None:
    """Add the group."""
    tree.add_command(words_group)
