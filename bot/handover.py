"""A finished job on its way to whoever asked for it, until one place takes it:

its channel (as the bot, nonce = job) -> its progress message (by the interaction's token) -> a direct message
-> undeliverable: the ledger keeps the take for /take show
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import discord

from bot import posting, texts
from bot.files import limit_in_guild
from bot.network import may_pass
from bot.reply import Reply
from bot.voice_message import send_voice_message
from generation.errors import BandmateError
from generation.service import FinishedJob, JobState

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)


class Handover:
    """One finished job on its way down the places."""

    def __init__(self, client: BandmateClient, job: FinishedJob) -> None:
        self._client, self._job, self._job_id = client, job, job.status.job_id
        self._reply, self._looks_first = Reply.from_json(job.origin.reply), False
        self._message = posting.JobMessage(client.service, job, self._reply, client.operations)

    def __str__(self) -> str:
        return f"the answer to job {self._job_id}"

    @property
    def shortcoming(self) -> str:
        """Why the message has no takes, when it should; empty when all is well."""
        return self._message.shortcoming

    @property
    def is_of_another_run(self) -> bool:
        """Whether an earlier process took the order, which may have posted the answer without marking it."""
        return self._reply.run_id != self._client.run_id

    async def give(self, *, look_first: bool) -> discord.Message | None:
        """Post the answer, unless it is found in the channel; None when no place took it.

        Raises STUMBLES when it is to be tried again.
        """
        self._looks_first = look_first
        if look_first and (posted := await self._posted_before()) is not None:
            self._count("found")
            return await self._completed(posted)
        return await self._post()

    async def _completed(self, posted: discord.Message) -> discord.Message:
        """An answer that was found, with its audio: what an earlier run posted may only say why there is none."""
        if self._job.status.state is JobState.FAILED or any(posting.is_audio(file) for file in posted.attachments):
            return posted
        try:
            with posting.refusals("The channel"):
                if self._message.comes_as_voice:  # it may be missing; the nonce holds back a second
                    return await self._with_voice(posted)
                return await self._message.add_audio(posted, self._guild_limit_bytes())
        except posting.PlaceRefuses as refusal:
            self._message.shortcoming = str(refusal)
            return posted

    async def _posted_before(self) -> discord.Message | None:
        """The answer that an earlier run, or an attempt whose outcome is unknown, has left in the channel."""
        if self._reply.is_private:
            return None  # it is edited into the progress message, which can be done twice
        try:
            return await posting.find_posted(self._channel(), self._job, self._reply, self._client.user)
        except discord.HTTPException as error:
            if may_pass(error):
                raise TimeoutError(f"Discord answered {error.status}") from error
            log.info("job %s: can't look into its channel: %s", self._job_id, error)
            return None

    async def _post(self) -> discord.Message | None:
        """Post at the first place that takes it; None when none does, and the job is then marked undeliverable."""
        places = [self._in_channel, self._in_progress_message, self._in_direct_message]
        if self._job.status.state is JobState.FAILED:  # a failure belongs into the message that showed the progress
            places[:2] = reversed(places[:2])
        if self._reply.is_private:
            places.remove(self._in_channel)
        reasons: list[str] = []
        for place in places:
            try:
                posted = await place()
            except posting.PlaceRefuses as refusal:
                self._count(refusal.code)
                reasons.append(str(refusal))
                log.info("job %s: %s", self._job_id, refusal)
            else:
                self._count("posted")
                return posted
        self._count("undeliverable")
        log.warning("job %s is undeliverable: %s", self._job_id, " ".join(reasons))
        told = texts.status_line(replace(self._job.status, state=JobState.UNDELIVERABLE))
        await self._client.progress.say_last(self._job_id, self._reply, told)
        await self._client.service.mark_undeliverable(self._job_id, " ".join(reasons))
        return None

    def _count(self, outcome: str) -> None:
        self._client.service.telemetry.delivery_ended(outcome)

    async def _in_channel(self) -> discord.Message:
        """A message of the bot's own, which stays when the interaction has expired."""
        channel, as_voice = self._channel(), self._message.comes_as_voice
        with posting.refusals("The channel"):
            posted = await self._message.send(channel, self._guild_limit_bytes(), audio=not as_voice)
            return await self._with_voice(posted) if as_voice else posted

    async def _with_voice(self, posted: discord.Message) -> discord.Message:
        """The voice message under the answer; where Discord refuses it, the audio file in the answer itself."""
        limit_bytes = self._guild_limit_bytes()
        try:
            voice = await self._message.voice(limit_bytes)
            nonce = posting.nonce_of(f"{self._job_id}v")
            await send_voice_message(self._client, posted.channel.id, voice, nonce=nonce, reply_to=posted)
        except BandmateError as error:
            return await self._message.add_audio(posted, limit_bytes, str(error))
        except discord.HTTPException as error:
            if error.status >= 500 or error.status == 429:
                raise
            why = "A voice message was refused here: a moderator can grant me Send Voice Messages."
            return await self._message.add_audio(posted, limit_bytes, why)
        return posted

    async def _in_progress_message(self) -> discord.Message:
        """The interaction's own message: needs no permission, and editing it twice posts nothing twice."""
        if not self._reply.token_lives:
            raise posting.PlaceRefuses("The interaction has expired.", "expired")
        with posting.refusals("The interaction"):
            return await self._message.edit_into(self._client, self._reply.filesize_limit_bytes)

    async def _in_direct_message(self) -> discord.Message:
        """The person who asked, in private, with the reason."""
        with posting.refusals("A direct message"):
            channel = await self._client.create_dm(discord.Object(int(self._job.origin.person_id)))
            find = partial(posting.find_posted, channel, self._job, self._reply, self._client.user)
            if self._looks_first and (posted := await find()):
                return await self._completed(posted)
            where = f"I could not post this in <#{self._reply.channel_id}>."
            if self._reply.is_private:
                where = f"You asked for it privately in <#{self._reply.channel_id}>."
            return await self._message.send(channel, discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES, where)

    def _channel(self) -> discord.PartialMessageable:
        """The channel by its id alone: Discord says whether it is still there and open to us."""
        guild_id = self._job.origin.guild_id
        return self._client.get_partial_messageable(
            self._reply.channel_id, guild_id=int(guild_id) if guild_id else None
        )

    def _guild_limit_bytes(self) -> int:
        return limit_in_guild(self._client, self._job.origin.guild_id)

    async def finish_progress(self, posted: discord.Message) -> None:
        """Let the progress message point to the answer."""
        await self._client.progress.point_to(self._job_id, self._reply, posted)
