"""The living cards: one pinned message a room, edited when the room changes, at most every few seconds."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import discord

from bot.jams import thread
from bot.jams.card import card_text, card_view
from bot.languages import told
from bot.network import STUMBLES
from generation.errors import BandmateError
from generation.jam.room import Room, shut

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
EDIT_INTERVAL_S = 5.0
"""Discord counts edits: changes that come faster are shown together."""
PICTURE_NAME = "room.png"


class CardBoard:
    """Shows rooms. `refresh` may be called as often as one likes."""

    def __init__(self, client: BandmateClient) -> None:
        self._client = client
        self._stale: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._showing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def refresh(self, room_id: str) -> None:
        """Show how the room is now: at once, or with the next edit when one was made just now."""
        self._stale.add(room_id)
        if room_id not in self._tasks:
            task = asyncio.create_task(self._keep(room_id), name=f"card of room {room_id}")
            self._tasks[room_id] = task
            task.add_done_callback(lambda done: self._ended(room_id, done))

    async def show(self, room_id: str) -> str:
        """Show the room now. What stands in the way comes back as a sentence for people, empty when nothing does."""
        async with self._showing.setdefault(room_id, asyncio.Lock()):  # two at once would post two cards
            return await self._show(await self._client.service.jams.room(room_id))

    async def _show(self, room: Room) -> str:
        try:
            return await self._post_or_edit(room)
        except discord.Forbidden:
            return (
                "I may not post the room's card: a moderator can grant me View Channel, Send Messages in Threads"
                " and Attach Files here."
            )
        except discord.NotFound as error:
            if error.code != UNKNOWN_CHANNEL:
                raise
            await self.forget_thread(room)
            return "The room's thread is gone, so the room is closed."
        except discord.HTTPException as error:
            log.info("room %s: its card can't be shown now: %s", room.room_id, error)
            return ""

    async def forget_thread(self, room: Room) -> None:
        """Close a room whose thread is gone: nobody can close it any more."""
        log.info("room %s is closed: its thread is gone", room.room_id)
        await self._client.service.jams.change(room.room_id, lambda newest, now: shut(newest))

    async def close(self) -> None:
        """Stop all edits."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, room_id: str) -> None:
        while room_id in self._stale:
            self._stale.discard(room_id)
            try:
                await self.show(room_id)
            except STUMBLES as error:
                log.info("room %s: an edit of its card was lost: %s", room_id, error)
                self._stale.add(room_id)
            except BandmateError as error:
                log.warning("room %s: its card can't be drawn: %s", room_id, error)
            await asyncio.sleep(EDIT_INTERVAL_S)

    def _ended(self, room_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(room_id, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s failed", task.get_name(), exc_info=error)
        elif room_id in self._stale and not task.cancelled():
            self.refresh(room_id)

    async def _post_or_edit(self, room: Room) -> str:
        language = await thread.language_in(self._client, room)
        picture = await self._client.service.jams.card_png(room, lambda text: told(text, language))
        if room.card_message_id is not None:
            try:
                card = (room.card_message_id, card_text(room))
                await thread.edit(self._client, room, *card, view=card_view(room), files=[_file(picture)])
            except discord.NotFound as error:
                if error.code != UNKNOWN_MESSAGE:
                    raise
            else:
                return ""
        return await self._post(room, picture)

    async def _post(self, room: Room, picture: bytes) -> str:
        """Post a new card, remember it, pin it."""
        message = await thread.post(self._client, room, card_text(room), view=card_view(room), files=[_file(picture)])
        await self._client.service.jams.change(
            room.room_id, lambda newest, now: newest.changed(card_message_id=str(message.id))
        )
        try:
            await message.pin()
        except discord.Forbidden:
            return "I may not pin the room's card here: a moderator can grant me Pin Messages, or pin it."
        return ""


def _file(picture: bytes) -> discord.File:
    return discord.File(io.BytesIO(picture), PICTURE_NAME)
