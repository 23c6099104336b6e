"""A finished job's message: its text, files and buttons; sending it within a size limit; finding it again."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import discord

from bot import errors, languages, texts
from bot.files import MAX_REQUEST_BYTES
from bot.reply import Reply
from bot.views.jobs import failed_job_view
from bot.views.private import PostButton
from bot.views.takes import takes_view
from bot.voice_message import Voice
from generation.errors import BandmateError, EncodingFailed, TryAgain
from generation.request import AudioFormat, Operation
from generation.service import FinishedJob, JobState, Rendered, Service

if TYPE_CHECKING:
    from bot.client import BandmateClient

log = logging.getLogger(__name__)

MAX_NONCE_CHARACTERS = 25
MAX_SIZE_ATTEMPTS = 3
MAX_ENCODING_ATTEMPTS = 3
ENCODING_PAUSE_S = 1.0
MAX_HISTORY_MESSAGES = 500
"""How far back an earlier answer is looked for, within the messages since the interaction."""


class PlaceRefuses(Exception):
    """A place that can't take the answer; the sentence goes into the ledger if no other one can.

    `code` is Discord's error code, or a word of ours, for those who count.
    """

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


@contextmanager
def refusals(place: str) -> Iterator[None]:
    """Turn Discord's refusals (4xx) into PlaceRefuses; what may pass (5xx, 429, a token that is being replaced) is the
    caller's to try again."""
    try:
        yield
    except discord.DiscordServerError:
        raise
    except discord.HTTPException as error:
        token_revoked = error.status == 401 and error.code != errors.INVALID_WEBHOOK_TOKEN
        if error.status == 429 or error.status >= 500 or token_revoked:
            raise TimeoutError(f"Discord answered {error.status}") from error
        sentence = f"{place} refused it ({error.status}, code {error.code}: {error.text})."
        raise PlaceRefuses(sentence, str(error.code or error.status)) from error


@dataclass(frozen=True, slots=True)
class Parts:
    """A message's text and files (name, bytes), which can be sent more than once."""

    text: str
    files: tuple[tuple[str, bytes], ...] = ()

    @property
    def largest_audio_bytes(self) -> int:
        """The size of its largest file, pictures apart: those don't get smaller."""
        return max((len(data) for name, data in self.files if not name.endswith(".png")), default=0)

    def discord_files(self, *, audio: bool = True) -> list[discord.File]:
        """Fresh File objects: discord.py closes those that it has sent. Without `audio` the pictures alone."""
        files = ((name, data) for name, data in self.files if audio or name.endswith(".png"))
        return [discord.File(io.BytesIO(data), name) for name, data in files]


Post = Callable[[Parts], Awaitable[discord.Message]]


class JobMessage:
    """What a job is answered with: its takes, or the sentence of its failure."""

    def __init__(self, service: Service, job: FinishedJob, reply: Reply, operations: Collection[Operation]) -> None:
        self._service = service
        self._job = job
        self._reply = reply
        self._operations = operations
        self._job_id = job.status.job_id
        self.shortcoming = ""  # why the message has no takes, when it should

    @property
    def comes_as_voice(self) -> bool:
        """Whether its one take is wanted as a voice message."""
        is_made = self._job.status.state is not JobState.FAILED
        return self._reply.as_voice and is_made and len(self._job.takes) == 1

    async def voice(self, max_file_bytes: int) -> Voice:
        """Its take as a voice message. Raises BandmateError when it can't be one: its audio is gone, or too large."""
        take = self._job.takes[0]
        rendered = await self._service.render(take.take_id, AudioFormat.OGG, max_bytes=max_file_bytes)
        if rendered.audio_format is not AudioFormat.OGG:
            raise BandmateError("It is too long for a voice message.")
        return Voice(rendered.data, take.duration_s, await self._service.voice_waveform(take.take_id))

    async def add_audio(self, message: discord.Message, max_file_bytes: int, remark: str = "") -> discord.Message:
        """Put the audio file into its message after all. Raises discord.HTTPException."""
        parts = await self._parts(max_file_bytes)
        why = f"\n{languages.told(texts.small(remark), self._reply.language)}" if remark else ""
        return await message.edit(content=f"{parts.text}{why}", attachments=parts.discord_files())

    async def send(
        self, channel: discord.abc.Messageable, max_file_bytes: int, note: str = "", *, audio: bool = True
    ) -> discord.Message:
        """Send it as a new message; Discord drops a second one with the same nonce. `audio`: with the audio files.

        Raises discord.HTTPException.
        """

        async def send(parts: Parts) -> discord.Message:
            text = f"{parts.text}\n{languages.told(note, self._reply.language)}" if note else parts.text
            return await channel.send(
                text,
                files=parts.discord_files(audio=audio),
                view=self._view(),
                nonce=nonce_of(self._job_id),
                suppress_embeds=True,
            )

        return await self._within_limits(send, max_file_bytes)

    async def edit_into(self, client: BandmateClient, max_file_bytes: int) -> discord.Message:
        """Put it into the progress message. Raises discord.HTTPException."""

        async def edit(parts: Parts) -> discord.Message:
            return await self._reply.edit(
                client, content=parts.text, attachments=parts.discord_files(), view=self._view()
            )

        return await self._within_limits(edit, max_file_bytes)

    async def _within_limits(self, post: Post, max_file_bytes: int) -> discord.Message:
        """Post; when Discord finds it too large all the same, encode smaller and try again."""
        attempt = 0
        while True:
            attempt += 1
            parts = await self._parts(max_file_bytes)
            try:
                return await post(parts)
            except discord.HTTPException as error:
                too_large = error.status == 413 or error.code == errors.REQUEST_TOO_LARGE
                if not too_large or attempt == MAX_SIZE_ATTEMPTS:
                    raise
                max_file_bytes = min(max_file_bytes, parts.largest_audio_bytes) // 2
                log.info("job %s: too large for Discord; now at most %d bytes a file", self._job_id, max_file_bytes)

    async def _parts(self, max_file_bytes: int) -> Parts:
        if self._job.status.state is JobState.FAILED:
            return Parts(self._reply.text(texts.status_line(self._job.status)))
        try:
            return await self._take_parts(max_file_bytes)
        except TryAgain:
            raise
        except BandmateError as error:  # the audio is gone, or fits in no format: the person is told
            self.shortcoming = str(error)
            return Parts(self._reply.text(texts.escaped(self.shortcoming)))

    async def _take_parts(self, max_file_bytes: int) -> Parts:
        takes = self._job.takes
        pictures = [await self._service.waveform_png(take.take_id) for take in takes]
        left_bytes = MAX_REQUEST_BYTES - sum(map(len, pictures))
        share_bytes = min(max_file_bytes, left_bytes // max(len(takes), 1))
        files: list[tuple[str, bytes]] = []
        remarks = []
        for take, picture in zip(takes, pictures, strict=True):
            rendered = await self._render(take.take_id, share_bytes)
            files += [(rendered.filename, rendered.data), (picture_name(rendered), picture)]
            remarks.append(rendered.remark)
        head = texts.headline(self._job.request, self._job.origin.person_id)
        return Parts(languages.told(texts.takes_text(head, takes, remarks), self._reply.language), tuple(files))

    async def _render(self, take_id: str, max_bytes: int) -> Rendered:
        """The take as a file; an encoder that dies gets another chance."""
        for _ in range(MAX_ENCODING_ATTEMPTS - 1):
            try:
                return await self._service.render(take_id, self._job.request.audio_format, max_bytes=max_bytes)
            except EncodingFailed as error:
                log.warning("take %s: %s Once more.", take_id, error)
                await asyncio.sleep(ENCODING_PAUSE_S)
        return await self._service.render(take_id, self._job.request.audio_format, max_bytes=max_bytes)

    def _view(self) -> discord.ui.View:
        if self._job.status.state is JobState.FAILED:
            return self._reply.view(failed_job_view(self._job_id))
        view = takes_view(self._job.takes, self._operations)
        if self._reply.is_private:
            view.add_item(PostButton(self._job.takes[0].take_id))
        if self._reply.jam_room_id is not None and len(self._job.takes) == 1:
            from bot.views.jam import JamTakeButton  # it acts through what builds on this module

            view.add_item(JamTakeButton(self._job.takes[0].take_id))
        return self._reply.view(view)


def picture_name(rendered: Rendered) -> str:
    """The name of the picture beside an audio file."""
    return f"{PurePath(rendered.filename).stem}.png"


def is_audio(file: discord.Attachment) -> bool:
    """Whether a file of an answer is its audio, not its picture."""
    return not file.filename.endswith(".png")


def nonce_of(job_id: str) -> str:
    """The job's nonce: its id where that fits into Discord's 25 characters, else the id's hash."""
    if len(job_id) <= MAX_NONCE_CHARACTERS:
        return job_id
    return hashlib.sha256(job_id.encode()).hexdigest()[:MAX_NONCE_CHARACTERS]


async def find_posted(
    channel: discord.abc.Messageable, job: FinishedJob, reply: Reply, me: discord.ClientUser | None
) -> discord.Message | None:
    """The job's answer among the channel's messages since the interaction: ours, and with its ids on the buttons."""
    ids = {job.status.job_id, *(take.take_id for take in job.takes)}
    since = discord.Object(reply.interaction_id)
    async for message in channel.history(limit=MAX_HISTORY_MESSAGES, after=since, oldest_first=False):
        if me is None or message.author.id != me.id:
            continue
        if message.nonce == nonce_of(job.status.job_id) or ids & _button_ids(message):
            return message
    return None


def _button_ids(message: discord.Message) -> set[str]:
    """The last parts of the custom ids on a message's buttons, Cancel apart (it hangs under the progress message)."""
    found = set()
    for row in message.components:
        for item in getattr(row, "children", []):
            custom_id = getattr(item, "custom_id", None) or ""
            if custom_id.startswith("bm:") and ":cancel:" not in custom_id:
                found.add(custom_id.rsplit(":", 1)[-1])
    return found
