"""Everything that is said to somebody goes out here, in the language of whoever reads it.

What only one person sees is in theirs: the one they or the place have chosen, else that of their Discord. What all see
is in the one that the channel or the server has chosen, else in that of the person it answers.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot import preferences
from bot.languages import language_of
from bot.localised import fitted, in_language
from bot.reply import IS_PRIVATE
from generation.errors import BandmateError

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)


async def language_for(interaction: discord.Interaction[BandmateClient], *, private: bool) -> str:
    """The language of what answers an interaction. A ledger that does not answer leaves that of their Discord."""
    try:
        settings = await preferences.here(interaction)
    except BandmateError as error:
        log.info("interaction %s: the settings can't be read: %s", interaction.id, error)
        return language_of(str(interaction.locale))
    chosen = settings.language if private else settings.posts_language or settings.language
    return language_of(str(interaction.locale), chosen)


async def think(interaction: discord.Interaction[BandmateClient], *, private: bool = True) -> None:
    """Acknowledge; what `show` says later takes the place of "thinking…"."""
    interaction.extras[IS_PRIVATE] = private
    await interaction.response.defer(ephemeral=private, thinking=True)


async def show(
    interaction: discord.Interaction[BandmateClient],
    text: str | None,
    *,
    view: discord.ui.View | None = None,
    files: Sequence[discord.File] = (),
) -> None:
    """Say it in place of "thinking…"."""
    language = await language_for(interaction, private=bool(interaction.extras.get(IS_PRIVATE)))
    content = None if text is None else fitted(text, language)
    await interaction.edit_original_response(content=content, view=in_language(view, language), attachments=files)


async def add(
    interaction: discord.Interaction[BandmateClient], text: str, *, files: Sequence[discord.File] = ()
) -> None:
    """One more message after `show`, to the same readers."""
    private = bool(interaction.extras.get(IS_PRIVATE))
    language = await language_for(interaction, private=private)
    await interaction.followup.send(fitted(text, language), files=list(files), ephemeral=private)


async def respond(
    interaction: discord.Interaction[BandmateClient],
    text: str,
    *,
    view: discord.ui.View | None = None,
    private: bool = True,
    mentioned: Sequence[discord.Object] = (),
) -> None:
    """Answer at once; of the people in the text only those `mentioned` are pinged."""
    language = await language_for(interaction, private=private)
    mentions = discord.AllowedMentions(everyone=False, roles=False, users=list(mentioned))
    shown = in_language(view, language) or discord.utils.MISSING
    await interaction.response.send_message(
        fitted(text, language), view=shown, ephemeral=private, allowed_mentions=mentions
    )


async def change(
    interaction: discord.Interaction[BandmateClient], text: str, view: discord.ui.View | None = None
) -> None:
    """Put other words into the message whose button was pressed."""
    private = interaction.message is not None and interaction.message.flags.ephemeral
    language = await language_for(interaction, private=private)
    await interaction.response.edit_message(content=fitted(text, language), view=in_language(view, language))


async def ask(interaction: discord.Interaction[BandmateClient], form: discord.ui.Modal) -> None:
    """Show a form."""
    language = await language_for(interaction, private=True)
    await interaction.response.send_modal(in_language(form, language))
