"""The slot under a progress message: what each edit changes, after refusals, lost answers and restarts too."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from bot.previews import PreviewSlot
from bot.reply import Reply
from generation.errors import TakeNotFound
from generation.request import AudioFormat
from generation.service import JobState, JobStatus, Rendered, RenderedPreview

SOON_S = 900.0


def refusal(status: int) -> discord.HTTPException:
    answer: Any = SimpleNamespace(status=status, reason="refused")
    return discord.HTTPException(answer, "refused")


class Message:
    """A progress message: what hangs there, and what goes wrong with the next edits."""

    def __init__(self, *wrong: BaseException | None) -> None:
        self.hangs: str | None = None
        self.lines: list[str] = []
        self.num_uploads = 0
        self._wrong = list(wrong)

    async def edit(self, lines: list[str], changes: dict[str, Any]) -> None:
        if self._wrong and (wrong := self._wrong.pop(0)):
            raise wrong
        self.lines = lines
        if "attachments" in changes:
            files = changes["attachments"]
            self.num_uploads += len(files)
            self.hangs = files[0].filename if files else None


class Previews:
    """A service that has previews as long as their hash says, in seconds."""

    def __init__(self) -> None:
        self.previews, self.num_rendered = self, 0

    async def render(self, job_id: str, preview_hash: str, *, max_bytes: int | None = None) -> RenderedPreview:
        if preview_hash == "gone":
            raise TakeNotFound("This preview is gone.")
        self.num_rendered += 1
        file = Rendered(b"ID3", f"preview-{preview_hash}s.mp3", AudioFormat.MP3)
        return RenderedPreview(file, float(preview_hash))


def reply(lives_s: float = SOON_S) -> Reply:
    ends_at = discord.utils.utcnow().timestamp() + lives_s
    return Reply(1, 2, "token", ends_at, 10 * 2**20, "head", "en", "run")


async def shown(slot: PreviewSlot, message: Message, preview_hash: str | None, service: Previews | None = None) -> None:
    asked: Any = service or Previews()
    await slot.get_ready(asked, JobStatus("job", JobState.RUNNING, preview_hash=preview_hash))
    await slot.edit(message.edit)


async def test_it_is_uploaded_once_replaced_and_taken_away() -> None:
    slot, message, service = PreviewSlot(reply(), is_sure=True), Message(), Previews()
    await shown(slot, message, None, service)
    assert message.hangs is None and not slot.may_hang
    for _ in range(3):
        await shown(slot, message, "12", service)
    assert (message.hangs, message.num_uploads, service.num_rendered) == ("preview-12s.mp3", 1, 1)
    assert message.lines == ["-# Preview of what is there so far: 12 s"] and slot.may_hang
    await shown(slot, message, "72", service)
    assert message.hangs == "preview-72s.mp3" and "1 min 12 s" in message.lines[0]
    await shown(slot, message, None, service)
    assert message.hangs is None and message.lines == [] and not slot.may_hang


async def test_one_that_is_gone_leaves_the_one_before() -> None:
    slot, message = PreviewSlot(reply(), is_sure=True), Message()
    await shown(slot, message, "12")
    await shown(slot, message, "gone")
    assert message.hangs == "preview-12s.mp3" and "12 s" in message.lines[0]


async def test_a_lost_answer_is_made_sure_of_by_the_next_edit() -> None:
    slot, message = PreviewSlot(reply(), is_sure=True), Message(aiohttp.ClientError(), None)
    with pytest.raises(aiohttp.ClientError):
        await shown(slot, message, "12")
    assert slot.may_hang  # it may have come through
    await shown(slot, message, None)
    assert not slot.may_hang
    await shown(slot, message, "12")
    assert message.hangs == "preview-12s.mp3"


async def test_a_refused_file_is_not_tried_again() -> None:
    slot, message = PreviewSlot(reply(), is_sure=True), Message(refusal(413))
    for seconds in ("12", "24"):
        await shown(slot, message, seconds)
        assert message.hangs is None and message.lines == [] and message.num_uploads == 0


async def test_a_message_that_is_gone_is_told_to_the_caller() -> None:
    slot, message = PreviewSlot(reply(), is_sure=True), Message(refusal(404), refusal(404), refusal(404))
    with pytest.raises(discord.HTTPException):
        await shown(slot, message, "12")
    with pytest.raises(discord.HTTPException):
        await shown(slot, message, None)


async def test_what_an_earlier_run_left_is_taken_away_at_once() -> None:
    slot, message = PreviewSlot(reply(), is_sure=False), Message()
    message.hangs = "preview-3s.mp3"
    assert slot.may_hang
    await shown(slot, message, None)
    assert message.hangs is None and not slot.may_hang


async def test_none_hangs_there_when_nobody_could_take_it_away() -> None:
    slot, message = PreviewSlot(reply(lives_s=100), is_sure=False), Message()
    await shown(slot, message, "12")
    assert message.hangs is None and message.lines == []
