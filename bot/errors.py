"""Exception to one sentence: the same translator answers for commands, buttons and forms, exactly once."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import structlog
from discord import app_commands

from bot import answers, languages, texts
from bot.network import STUMBLES, insisting
from generation.errors import BandmateError

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062
"""Not acknowledged within 3 s, or answered by another process: nothing can be said any more."""
ALREADY_ACKNOWLEDGED = 40060
"""Someone answered this interaction already (Discord may send one twice): theirs is the answer."""
MISSING_ACCESS = 50001
CANNOT_MESSAGE_USER = 50007
INVALID_WEBHOOK_TOKEN = 50027
REQUEST_TOO_LARGE = 40005

NEEDED_PERMISSIONS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
"""What the bot needs in a channel, by discord.py's name and by the one in Discord's settings."""


INVITE_PERMISSIONS = discord.Permissions(
    **dict.fromkeys(NEEDED_PERMISSIONS, True), create_public_threads=True, pin_messages=True
)
"""What the invite link asks for: no more than is needed; threads and pins are the jam rooms'."""


class AnsweredElsewhere(Exception):
    """Another handler answers this interaction: this one has nothing to say."""


def missing_permissions(granted: discord.Permissions, *, in_thread: bool) -> list[str]:
    """The needed permissions that are not granted, by the names that Discord's settings show."""
    unneeded = "send_messages" if in_thread else "send_messages_in_threads"
    return [title for name, title in NEEDED_PERMISSIONS.items() if name != unneeded and not getattr(granted, name)]


def sentence_for(error: BaseException, language: str = languages.ENGLISH) -> str | None:
    """The sentence a person may read for this error, or None when it was not foreseen."""
    if isinstance(error, app_commands.CommandInvokeError):
        return sentence_for(error.original, language)
    if isinstance(error, BandmateError):
        return texts.escaped(languages.told(str(error).replace(sys.executable, "python3"), language))
    if isinstance(error, app_commands.AppCommandError):
        return _command_sentence(error)
    if isinstance(error, discord.Forbidden):
        return _forbidden_sentence(error)
    if isinstance(error, discord.HTTPException) and error.code == REQUEST_TOO_LARGE:
        return "The file is too large for this server. Ask for mp3 or ogg, or for a shorter take."
    return None


def _command_sentence(error: app_commands.AppCommandError) -> str | None:
    match error:
        case app_commands.TransformerError():
            return f"{texts.quoted(str(error.value), 60) or 'That'} is not something this option takes."
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return "This command has changed since Discord loaded it. Reload Discord (Ctrl+R) and try again."
        case app_commands.NoPrivateMessage():
            return "This command works in a server's channels only."
        case app_commands.MissingPermissions():
            return f"For that you need {_listed(error.missing_permissions)} in this channel."
        case app_commands.BotMissingPermissions():
            return f"For that I need {_listed(error.missing_permissions)} in this channel: a moderator can grant it."
        case app_commands.CommandOnCooldown():
            return f"Not so fast: try again in {texts.duration(error.retry_after)}."
        case app_commands.CheckFailure():
            return "You can't use that here."
        case _:
            return None


def _listed(names: list[str]) -> str:
    return ", ".join(NEEDED_PERMISSIONS.get(name, name.replace("_", " ").title()) for name in names)


def _forbidden_sentence(error: discord.Forbidden) -> str:
    if error.code == CANNOT_MESSAGE_USER:
        return "I can't send you a direct message: your privacy settings for this server don't let me."
    if error.code == MISSING_ACCESS:
        return "I can't see this channel: a moderator can grant me View Channel here."
    return f"I am missing a permission here. A moderator can grant me {', '.join(NEEDED_PERMISSIONS.values())}."


async def answer(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the person what went wrong, once, whatever the response's state; unforeseen errors get an id in the log."""
    original = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    gone = isinstance(original, discord.HTTPException) and original.code in (UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED)
    if gone or isinstance(original, AnsweredElsewhere):
        log.warning("interaction %s can't be answered any more: %s", interaction.id, original)
        return
    language = await _language_for(interaction)
    sentence = sentence_for(error, language)
    if sentence is None:
        error_id = secrets.token_hex(4)
        log.error("error %s in interaction %s", error_id, interaction.id, exc_info=original)
        sentence = f"Sorry, something went wrong on my side. If it happens again, tell the operator this: `{error_id}`"
    await say(interaction, languages.told(sentence, language))


async def _language_for(interaction: discord.Interaction[Any]) -> str:
    """The language of whoever is told. Whatever goes wrong in finding it, there must be an answer: that of their
    Discord will do."""
    try:
        return await answers.language_for(interaction, private=True)
    except Exception:
        log.exception("interaction %s: the language can't be looked up", interaction.id)
        return languages.language_of(str(interaction.locale))


async def say(interaction: discord.Interaction[Any], sentence: str) -> None:
    """Say one sentence: privately when nothing was said yet, in place of "thinking…" after a defer, else after it."""
    try:
        await insisting(lambda: _say(interaction, sentence))
    except (discord.HTTPException, *STUMBLES) as error:
        log.warning("interaction %s: could not say %r: %s", interaction.id, sentence, error)
    except RuntimeError as error:
        if not interaction.client.is_closed():
            raise
        log.warning("interaction %s: closed before I could say %r: %s", interaction.id, sentence, error)


async def _say(interaction: discord.Interaction[Any], sentence: str) -> None:
    response = interaction.response
    if not response.is_done():
        try:
            await response.send_message(sentence, ephemeral=True)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
            await interaction.followup.send(sentence, ephemeral=True)
    elif response.type is discord.InteractionResponseType.deferred_channel_message:
        await interaction.edit_original_response(content=sentence, view=None, attachments=[])
    else:
        await interaction.followup.send(sentence, ephemeral=True)


def name_in_logs(interaction: discord.Interaction[Any]) -> None:
    """Put the interaction's id on every line that this task logs; discord.py gives each interaction its own task."""
    structlog.contextvars.bind_contextvars(interaction_id=interaction.id)


@asynccontextmanager
async def answering(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """Whatever is raised inside is answered: discord.py only logs the errors of buttons and forms."""
    name_in_logs(interaction)
    try:
        yield
    except Exception as error:  # noqa: BLE001  the last stop: everything is told to the person or logged
        await answer(interaction, error)
