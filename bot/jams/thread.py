"""A room's thread: what is posted and edited there, in the language of the place."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord

from bot import preferences
from bot.languages import language_of
from bot.localised import fitted, in_language
from bot.network import STUMBLES
from bot.preferences import Scope
from generation.errors import BandmateError
from generation.jam.room import Room

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)


def thread_of(client: BandmateClient, room: Room) -> discord.PartialMessageable:
    """The room's thread, by its id alone."""
    return client.get_partial_messageable(int(room.thread_id), guild_id=_guild_id(room) or None)


async def language_in(client: BandmateClient, room: Room) -> str:
    """What channel or server have chosen, else the language of whoever opened the room."""
    try:
        chosen = await preferences.posts_language_at(client, _places(client, room))
    except BandmateError:  # a ledger that is busy: the words still have to come
        chosen = None
    return language_of(room.language or None, chosen)


async def post(
    client: BandmateClient,
    room: Room,
    text: str,
    *,
    view: discord.ui.View | None = None,
    files: Sequence[discord.File] = (),
    mentioned: Sequence[discord.Object] = (),
    nonce: str = "",
) -> discord.Message:
    """A new message in the thread; of the people in it only those `mentioned` are pinged. Raises
    discord.HTTPException."""
    language = await language_in(client, room)
    more: dict[str, Any] = {"nonce": nonce} if nonce else {}
    more |= {} if view is None else {"view": in_language(view, language)}
    return await thread_of(client, room).send(
        fitted(text, language),
        files=list(files),
        allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=list(mentioned)),
        suppress_embeds=True,
        **more,
    )


async def edit(
    client: BandmateClient,
    room: Room,
    message_id: str,
    text: str,
    *,
    view: discord.ui.View | None = None,
    files: Sequence[discord.File] | None = None,
) -> None:
    """Other words in a message of the thread; its files stay, or `files` take their place. Raises
    discord.HTTPException."""
    language = await language_in(client, room)
    message = thread_of(client, room).get_partial_message(int(message_id))
    shown = in_language(view, language)
    more: dict[str, Any] = {} if files is None else {"attachments": list(files)}
    await message.edit(content=fitted(text, language), view=shown, **more)


async def settle(client: BandmateClient, room: Room, message_id: str, text: str) -> None:
    """The last words of a message of the thread; its buttons go. Where it can't be edited any more (it was deleted, the
    thread is archived) that is logged: what is posted next says the rest."""
    try:
        await edit(client, room, message_id, text)
    except (discord.HTTPException, *STUMBLES) as error:
        log.info("room %s: message %s can't be settled: %s", room.room_id, message_id, error)


def _guild_id(room: Room) -> int:
    return int(room.guild_id or 0)


def _places(client: BandmateClient, room: Room) -> dict[Scope, str]:
    """Where the room lies: its guild, and its channel as far as the thread is known."""
    found = {Scope.GUILD: str(room.guild_id)}
    guild = client.get_guild(_guild_id(room))
    thread = None if guild is None else guild.get_thread(int(room.thread_id))
    return found if thread is None else {**found, Scope.CHANNEL: str(thread.parent_id)}
