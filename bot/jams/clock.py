"""The clock of all rooms: ends turns and votes whose time is up, and hears when a turn's take is made.

What is under way stands in the ledger; each change is a rule in a transaction, so that of two processes one makes it
and announces it. A turn that an earlier run left is followed from where it stands.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import discord

from bot.jams import relay_posts, vote_posts
from bot.network import STUMBLES
from bot.preferences import FRONT_END
from generation.errors import BandmateError, RequestRefused
from generation.jam import relay
from generation.jam.room import Room

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)

POLL_INTERVAL_S = 5.0
ORDER_GRACE_S = 120.0
"""A turn is claimed before its job is ordered; another process waits so long before it calls that lost."""


class JamClock:
    """Looks at all open rooms every POLL_INTERVAL_S, and follows the jobs of turns."""

    def __init__(self, client: BandmateClient) -> None:
        self._client = client
        self._followed: dict[tuple[str, str], asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Endless. It must outlive any single fault: without it no turn and no vote would ever end."""
        await self._client.wait_until_ready()
        try:
            await self.forget_gone()
            await self.show_again()
        except Exception:
            log.exception("the rooms' threads and cards can't be looked for")
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("the rooms can't be looked at; again in %.0f s", POLL_INTERVAL_S)
            await asyncio.sleep(POLL_INTERVAL_S)

    async def close(self) -> None:
        """Stop following; the next start takes the turns up."""
        tasks = list(self._followed.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def forget_gone(self) -> None:
        """Close the rooms whose threads were deleted while nobody was here to hear of it."""
        for room in await self._client.service.jams.open_rooms(FRONT_END):
            guild = self._client.get_guild(int(room.guild_id or 0))
            if guild is None or guild.get_thread(int(room.thread_id)) is not None:
                continue
            try:
                await self._client.fetch_channel(int(room.thread_id))  # an archived thread is not in the cache
            except discord.NotFound:
                await self._client.jams.board.forget_thread(room)
            except discord.HTTPException as error:
                log.info("room %s: its thread can't be looked for: %s", room.room_id, error)

    async def show_again(self) -> None:
        """Bring all cards up to date: what changed right before the last stop is not on them yet."""
        for room in await self._client.service.jams.open_rooms(FRONT_END):
            self._client.jams.board.refresh(room.room_id)

    async def look(self) -> None:
        """Once through all open rooms."""
        now = await self._client.service.jams.now()
        for room in await self._client.service.jams.open_rooms(FRONT_END):
            try:
                await self._look_at(room, now)
            except (BandmateError, discord.HTTPException, *STUMBLES) as error:
                log.info("room %s: %s", room.room_id, error)

    async def _look_at(self, room: Room, now: float) -> None:
        if room.vote is not None and now >= room.vote.ends_at:
            await vote_posts.end(self._client, room, room.vote.number)
        if room.relay is None:
            return
        if room.relay.is_over:
            await relay_posts.finish(self._client, room)
        elif room.relay.playing_key is not None:
            await self._take_up(room, room.relay, now)
        elif now >= room.relay.turn_ends_at:
            await self._change(room, lambda newest, at: relay.time_out(newest, now=at), "Time is up.")

    async def _take_up(self, room: Room, turn: relay.Relay, now: float) -> None:
        """Follow a turn's job. One that never came to be (a crash between claim and order) fails with the time."""
        key = turn.playing_key or ""
        if await self._client.service.jams.job_of_key(key) is not None or now >= turn.turn_ends_at + ORDER_GRACE_S:
            self.follow(room.room_id, key)

    def follow(self, room_id: str, key: str) -> None:
        """Wait for a turn's take; once is enough."""
        if (room_id, key) not in self._followed:
            task = asyncio.create_task(self._follow(room_id, key), name=f"turn {key} of room {room_id}")
            self._followed[room_id, key] = task
            task.add_done_callback(lambda done: self._ended((room_id, key), done))

    def _ended(self, turn: tuple[str, str], task: asyncio.Task[None]) -> None:
        self._followed.pop(turn, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s can't be followed any more", task.get_name(), exc_info=error)

    async def _follow(self, room_id: str, key: str) -> None:
        service = self._client.service
        job = await service.jams.job_of_key(key)
        room = await service.jams.room(room_id)
        try:
            if job is None:
                raise RequestRefused("The turn was never asked for.")
            take_id = (await service.ticket(job.job_id).takes())[0].take_id
        except BandmateError as error:
            log.info("room %s: a turn came to nothing: %s", room_id, error)
            await self._change(room, lambda newest, at: relay.fail_turn(newest, key, now=at), "That came to nothing.")
        else:
            await self._change(room, lambda newest, at: relay.finish_turn(newest, key, take_id, now=at), "Played.")

    async def _change(self, room: Room, rule: relay_posts.Rule, word: str) -> None:
        """Change a relay and show the next turn, or its end. Nothing where somebody was faster."""
        try:
            changed = await self._client.service.jams.change(room.room_id, rule)
        except RequestRefused as refused:
            log.info("room %s: %s", room.room_id, refused)
            return
        await relay_posts.show_turn(self._client, changed, word)
