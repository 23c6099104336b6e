"""Over sockets: the preview under the progress message, and that none stays there, however the job ends."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bot.client import BandmateClient
from generation.audio.decode import decode
from generation.engines import EngineOptions
from tests.bot.wire.stage import WireStage, open_wire_stage, scripted
from tests.support.discord_server import Interaction, Message, faults
from tests.support.discord_server.interactions import TOKEN_LIFE_S
from tests.support.discord_server.records import Recorded
from tests.support.scripted_service import eventually

LONG_S = 60.0
EDITS_S = 0.4
PREVIEWS_S = 0.5
SEED = 240  # the scripted engine then plays 440 Hz


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WireStage]:
    monkeypatch.setattr("generation.worker.listener.MODULE", "tests.support.silent_analysis")  # nobody brings a clip
    quick = {"scripted": EngineOptions({"folder": str(tmp_path / "marks"), "raw": True})}
    settings = scripted(tmp_path) | {"preview_interval_s": PREVIEWS_S, "engines": quick}
    async with open_wire_stage(tmp_path, engine="scripted", **settings) as opened:
        opened.config = replace(opened.config, progress_edit_interval_s=EDITS_S)
        yield opened
        await eventually(lambda: list((tmp_path / "data" / "audio" / "previews").glob("*")) == [])


@asynccontextmanager
async def previewed(stage: WireStage, prompt: str, **more: object) -> AsyncIterator[tuple[BandmateClient, Interaction]]:
    """A bot, and an order under whose progress message a preview hangs."""
    async with stage.running_bot() as bot:
        asked = await stage.alice.slash(stage.channel, "compose", prompt=prompt, seed=SEED, **more)
        await asked.wait_response(has_preview, LONG_S)
        yield bot, asked


def kept_edits(stage: WireStage) -> list[Recorded]:
    """Those that leave the preview as it is."""
    edits = stage.discord.requests_to("PATCH", "/webhooks/")
    return [edit for edit in edits if not edit.files and edit.json and "attachments" not in edit.json]


def has_preview(message: Message) -> bool:
    return [file.filename for file in message.attachments] == [preview_name(message)]


def preview_name(message: Message) -> str:
    told = re.search(r"Preview of what is there so far: (\d+) s", message.content)
    return f"preview-{told[1]}s.mp3" if told else ""


def is_bare(words: str) -> Callable[[Message], bool]:
    return lambda message: words in message.content and not message.attachments


def has_take(message: Message) -> bool:
    return len(message.attachments) == 2 and "Preview of" not in message.content


async def test_it_sounds_like_the_take_is_replaced_and_makes_way_for_the_answer(stage: WireStage) -> None:
    async with previewed(stage, "held preview") as (_, asked):
        first = await asked.wait_response(has_preview)
        (file,) = first.attachments
        assert file.content_type == "audio/mpeg" and first.labels == ["Cancel"]
        heard = await decode(await stage.discord.download(file))
        loudest_hz = np.abs(np.fft.rfft(heard.clip.samples[0])).argmax() / heard.used_s
        assert loudest_hz == pytest.approx(440, abs=5) and 0.1 < heard.used_s < 1.1
        newer = await asked.wait_response(lambda message: has_preview(message) and message.attachments[0] is not file)
        longer = await decode(await stage.discord.download(newer.attachments[0]))
        assert longer.used_s > heard.used_s
        await eventually(lambda: bool(kept_edits(stage)), limit_s=LONG_S)
        stage.let_go()
        await asked.wait_response(is_bare("Here it is"), LONG_S)
        (take,) = stage.results()
        assert has_take(take)
    edits = stage.discord.requests_to("PATCH", "/webhooks/")[:-1]  # the answer's does not wait
    assert all(later.at_s - earlier.at_s >= EDITS_S * 0.95 for earlier, later in pairwise(edits))
    assert len([edit for edit in edits if edit.files]) >= 2


async def test_cancel_and_its_command_take_it_away_and_nobody_builds_on_it(stage: WireStage) -> None:
    async with previewed(stage, "slow 60 preview") as (_, asked):
        assert asked.original is not None
        refused = await stage.bob.context_menu(asked.original, "Extend this")
        told = await refused.wait_response()
        assert told.ephemeral and "still being made" in told.content
        await stage.alice.press(asked.original, "Cancel")
        await asked.wait_response(is_bare("Cancelled by"), LONG_S)
        asked = await stage.alice.slash(stage.channel, "compose", prompt="slow 60 preview")
        await asked.wait_response(has_preview, LONG_S)
        await stage.alice.slash(stage.channel, "cancel")
        await asked.wait_response(is_bare("Cancelled."), LONG_S)


async def test_a_failure_and_a_worker_that_dies_take_it_away(stage: WireStage) -> None:
    async with previewed(stage, "held preview fail late") as (_, asked):
        stage.let_go()
        await asked.wait_response(is_bare("The band went home"), LONG_S)
        asked = await stage.alice.slash(stage.channel, "compose", prompt="held preview crash late once")
        await asked.wait_response(has_preview, LONG_S)
        stage.let_go()
        await asked.wait_response(is_bare("% "), LONG_S)  # it is made anew: the old preview is not its
        await asked.wait_response(has_preview, LONG_S)
        stage.let_go()
        await asked.wait_response(is_bare("Here it is"), LONG_S)


async def test_a_private_order_has_one_too(stage: WireStage) -> None:
    async with previewed(stage, "held preview", private=True) as (_, asked):
        stage.let_go()
        assert asked.original is not None and asked.original.ephemeral
        take = await asked.wait_response(has_take, LONG_S)
        assert take.ephemeral and stage.results() == []


async def test_a_restart_in_the_middle_goes_on_with_the_newest(stage: WireStage) -> None:
    async with previewed(stage, "held preview") as (_, asked):
        (before,) = (asked.original or pytest.fail("no answer")).attachments
    async with stage.running_bot():
        await asked.wait_response(lambda shown: has_preview(shown) and before not in shown.attachments, LONG_S)
        stage.let_go()
        await asked.wait_response(is_bare("Here it is"), LONG_S)


async def test_what_hung_there_before_a_restart_goes_with_the_answer(stage: WireStage) -> None:
    async with previewed(stage, "held preview") as (_, asked):
        (job,) = await stage.service.open_jobs("discord")
    assert asked.original is not None and asked.original.attachments
    stage.let_go()
    await stage.service.ticket(job.status.job_id).takes()
    async with stage.running_bot():
        await asked.wait_response(is_bare("Here it is"), LONG_S)


@pytest.mark.parametrize("refusal", [faults.TOO_LARGE, replace(faults.MISSING_PERMISSIONS, where="", needs_files=True)])
async def test_progress_goes_on_without_it_where_discord_refuses_files(stage: WireStage, refusal: faults.Fault) -> None:
    async with stage.running_bot():
        stage.discord.faults.rate(1.0, refusal)  # each request with a file
        asked = await stage.alice.slash(stage.channel, "compose", prompt="held preview")
        edits = lambda: stage.discord.requests_to("PATCH", "/webhooks/")  # noqa: E731
        await eventually(lambda: any(edit.files for edit in edits()), limit_s=LONG_S)
        before = (asked.original or pytest.fail("no answer")).revisions
        shown = await asked.wait_response(lambda message: message.revisions >= before + 3, LONG_S)
        assert not shown.attachments and "Preview of" not in shown.content and shown.labels == ["Cancel"]
        stage.discord.faults.clear()
        stage.let_go()
        await asked.wait_response(is_bare("Here it is"), LONG_S)
        assert len([edit for edit in edits() if edit.files]) == 1  # it is not tried again and again


async def test_one_that_is_too_large_is_left_out(stage: WireStage) -> None:
    stage.guild.filesize_limit = 1000
    async with stage.running_bot():
        asked = await stage.alice.slash(stage.channel, "compose", prompt="held preview")
        shown = await asked.wait_response(lambda message: message.revisions >= 4, LONG_S)
        assert not shown.attachments and "%" in shown.content
        stage.guild.filesize_limit = 10 * 2**20
        stage.let_go()
        await asked.wait_response(lambda message: "%" not in message.content, LONG_S)


async def test_it_is_taken_away_before_nobody_can(stage: WireStage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with previewed(stage, "slow 60 preview") as (_, asked):
        monkeypatch.setattr("bot.previews.LAST_S", TOKEN_LIFE_S)  # as if its token lived no longer than that
        shown = await asked.wait_response(is_bare("%"), LONG_S)
        assert "Preview of" not in shown.content
        await stage.alice.press(shown, "Cancel")
        await asked.wait_response(is_bare("Cancelled by"), LONG_S)
