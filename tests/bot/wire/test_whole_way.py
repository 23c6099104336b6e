"""The front end over sockets, with the real service: what simcord can't show (uploads, CDN, limits, closed doors)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bot.client import BandmateClient
from generation.audio.decode import decode
from generation.service import JobState, JobStatus
from tests.bot.wire.stage import WireStage, has_take, open_wire_stage, voice_message
from tests.support.discord_server import Attachment, Interaction, Message, faults
from tests.support.discord_server.clock import HANG_S


async def ended(stage: WireStage, job_id: str, state: JobState) -> JobStatus:
    """The job's status once it is in this state."""
    async with asyncio.timeout(HANG_S):
        while (status := await stage.service.status(job_id)).state is not state:  # noqa: ASYNC110  the ledger says it
            await asyncio.sleep(0.05)
    return status


async def test_a_voice_message_and_a_prompt_become_a_take(tmp_path: Path) -> None:
    async with open_wire_stage(tmp_path, engine="arranger") as stage, stage.running_bot():
        stage.discord.cdn.answers.clear()
        asked = await stage.alice.slash(
            stage.channel, "restyle", clip=voice_message(), prompt="lo-fi hip hop", seconds=6, format="ogg"
        )
        await asked.wait_acknowledged()  # before there is a clip to fetch, let alone to decode
        stage.discord.cdn.answers.set()
        take = await stage.channel.wait_for_message(has_take)
        audio, picture = take.attachments
        heard = await decode(await stage.discord.download(audio))
        assert heard.used_s == pytest.approx(6, abs=0.15)
        assert audio.filename.endswith(".ogg") and audio.content_type == "audio/ogg"
        assert (await stage.discord.download(picture)).startswith(b"\x89PNG")
        shown = await asked.wait_response(lambda message: "Here it is" in message.content)
        assert "100 BPM" in shown.content and shown.labels == []
        assert str(take.id) in shown.content
        assert len(stage.results()) == 1
        edits = [each.at_s for each in stage.discord.requests_to("PATCH", "/webhooks/")]
        progress_edits = edits[:-1]  # the last one is the answer's, which does not wait
        assert all(later - earlier >= 5 for earlier, later in pairwise(progress_edits))


async def test_the_form_and_the_format_menu(stage: WireStage, bot: BandmateClient) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="stems")
    take = await stage.channel.wait_for_message(has_take)
    assert take.labels == ["Again", "Extend", "Format", "Tree", "Delete"]  # the scripted engine can't restyle or vary

    menu = await (await stage.bob.press(take, "Format")).wait_response()
    assert menu.ephemeral
    for choice, extension in (("flac", "flac"), ("ogg", "ogg"), ("stem:lead", "flac")):
        sent = await (await stage.bob.select(menu, choice)).wait_response(has_take)
        assert sent.ephemeral and sent.attachments[0].filename.endswith(f".{extension}")
        heard = await decode(await stage.discord.download(sent.attachments[0]))
        assert heard.used_s == pytest.approx(1.0, abs=0.1)


async def test_again_and_extend_lead_from_take_to_take(stage: WireStage, bot: BandmateClient) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="slow 0.3", seed=5)
    first = await stage.channel.wait_for_message(has_take)
    await stage.bob.press(first, "Again")
    second = await stage.channel.wait_for_message(has_take, after=first)
    await stage.bob.press(second, "Extend")
    third = await stage.channel.wait_for_message(has_take, after=second)
    take_ids = [message.buttons[0]["custom_id"].rsplit(":", 1)[1] for message in (first, second, third)]
    takes = [await stage.service.take(take_id) for take_id in take_ids]
    assert takes[1].recipe.seed != takes[0].recipe.seed
    assert takes[2].parents == (takes[1].take_id,)


async def test_two_deliveries_of_one_interaction_make_one_take(stage: WireStage, bot: BandmateClient) -> None:
    stage.discord.faults.duplicate_rate = 1.0
    asked = await stage.alice.slash(stage.channel, "compose", prompt="plain")
    await asked.wait_response(lambda message: "Here it is" in message.content)
    await asyncio.sleep(0.5)
    assert len(stage.results()) == 1
    async with asyncio.timeout(HANG_S):
        while await stage.service.open_jobs("discord"):  # noqa: ASYNC110  the ledger says it
            await asyncio.sleep(0.05)


async def test_cancel_while_it_is_made(stage: WireStage, bot: BandmateClient) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="slow 30")
    shown = await asked.wait_response()
    (job,) = await stage.service.open_jobs("discord")
    async for status in stage.service.ticket(job.status.job_id).updates():
        if status.fraction > 0:
            break
    refused = await (await stage.bob.press(shown, "Cancel")).wait_response()
    assert refused.ephemeral and "moderators" in refused.content
    await stage.alice.press(shown, "Cancel")
    await asked.wait_response(lambda message: "Cancelled by" in message.content)
    assert await stage.service.open_jobs("discord") == ()
    assert stage.results() == []


async def test_a_clip_that_is_gone_or_no_audio(stage: WireStage, bot: BandmateClient) -> None:
    playlist = Attachment("hum.mp3", b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n", "audio/mpeg")
    asked = await stage.alice.slash(stage.channel, "extend", clip=playlist)
    answer = await asked.wait_response()
    assert answer.content and answer.labels == []
    stage.discord.cdn.life_s = -1
    asked = await stage.alice.slash(stage.channel, "extend", clip=voice_message())
    answer = await asked.wait_response()
    assert "is gone from Discord or its link has expired" in answer.content
    assert await stage.service.open_jobs("discord") == ()


async def test_a_failure_is_told_once(stage: WireStage, bot: BandmateClient) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="fail")
    told = await asked.wait_response(lambda message: "The band went home" in message.content)
    assert told.labels == ["Try again"]
    await asyncio.sleep(0.3)
    assert stage.channel.messages == [told]


async def test_an_engine_that_is_not_installed_says_the_line(stage: WireStage, bot: BandmateClient) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="plain", engine="musicgen")
    answer = await asked.wait_response()
    assert "musicgen" in answer.content and "scripted" in answer.content


async def test_a_closed_channel_and_a_closed_thread(stage: WireStage, bot: BandmateClient) -> None:
    closed = stage.guild.add_channel("closed")
    closed.deny(stage.discord.bot, "send_messages", "attach_files")
    asked = await stage.alice.slash(closed, "compose", prompt="plain")
    answer = await asked.wait_response(has_take)
    assert "I am missing" not in answer.content or answer.labels[0] == "Again"

    thread = stage.guild.add_thread(stage.channel, "jam room", stage.alice)
    asked = await stage.alice.slash(thread, "compose", prompt="held")
    await asked.wait_response()
    thread.archive(locked=True)
    job = (await stage.service.open_jobs("discord"))[0]
    stage.let_go()
    await ended(stage, job.status.job_id, JobState.DELIVERED)
    assert asked.original is not None
    posted = [*stage.alice.dm.messages, asked.original]
    assert sum(has_take(message) for message in posted) == 1


async def test_kicked_and_closed_direct_messages_keep_the_take(stage: WireStage, bot: BandmateClient) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="held")
    await asked.wait_response()
    job = (await stage.service.open_jobs("discord"))[0]
    asked.expire()
    stage.alice.dms_open = False
    stage.guild.kick(stage.discord.bot)
    stage.let_go()
    status = await ended(stage, job.status.job_id, JobState.UNDELIVERABLE)
    assert "refused" in status.sentence
    assert len(await stage.service.takes_of(job.status.job_id)) == 1


async def test_a_file_that_is_too_large_comes_smaller(stage: WireStage, bot: BandmateClient) -> None:
    stage.discord.faults.add(faults.TOO_LARGE, "POST", "/channels/{channel_id}/messages")
    await stage.alice.slash(stage.channel, "compose", prompt="plain", format="wav")
    take = await stage.channel.wait_for_message(has_take)
    refused = stage.discord.requests_to("POST", "/channels/{channel_id}/messages")[0]
    assert refused.code == 40005 and refused.files[0].filename.endswith(".wav")
    assert take.attachments[0].size <= refused.files[0].size / 2
    assert not take.attachments[0].filename.endswith(".wav") and "WAV" in take.content


@pytest.mark.parametrize("fault", [faults.DROP_AFTER, faults.INTERNAL_ERROR.after_applying()], ids=["drop", "500"])
async def test_an_answer_that_was_lost_on_the_way_is_not_posted_twice(
    stage: WireStage, bot: BandmateClient, fault: faults.Fault
) -> None:
    stage.discord.faults.add(fault, "POST", "/channels/{channel_id}/messages", times=1)
    asked = await stage.alice.slash(stage.channel, "compose", prompt="plain")
    await asked.wait_response(lambda message: "Here it is" in message.content)
    assert len(stage.results()) == 1


async def test_a_press_after_a_restart_and_no_second_upload_of_the_commands(stage: WireStage) -> None:
    async with stage.running_bot():
        await stage.alice.slash(stage.channel, "compose", prompt="plain")
        first = await stage.channel.wait_for_message(has_take)
    async with stage.running_bot():
        await stage.bob.press(first, "Again")
        await stage.channel.wait_for_message(has_take, after=first)
    assert len(stage.discord.requests_to("PUT", "/commands")) == 1


async def test_a_custom_id_that_is_forged_harms_nobody(stage: WireStage, bot: BandmateClient) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="plain")
    take = await stage.channel.wait_for_message(has_take)
    for custom_id in ("bm:take:delete:nothing", "bm:job:cancel:x", "bm:take:again:" + "x" * 86, "bm:take:%00:a"):
        await stage.bob.forge(take, custom_id)
    await asyncio.sleep(0.3)
    assert stage.results() == [take]
    assert await stage.service.open_jobs("discord") == ()


async def test_everybody_is_acknowledged_while_a_take_is_made(stage: WireStage, bot: BandmateClient) -> None:
    """The one row of the engine is taken until all twenty have heard that they were understood."""
    people = [stage.discord.add_user(f"person{number}", stage.guild) for number in range(20)]
    asked = [await person.slash(stage.channel, "compose", prompt="held") for person in people]
    await asyncio.gather(*(each.wait_acknowledged() for each in asked))
    await asyncio.gather(*(each.wait_response() for each in asked))
    assert len(await stage.service.open_jobs("discord")) == len(people) and stage.results() == []
    stage.let_go()
    await stage.channel.wait_for_message(has_take)


async def test_a_stumbling_discord_loses_nothing_and_posts_nothing_twice(
    stage: WireStage, bot: BandmateClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.FIRST_RETRY_S", 0.3)
    people = [stage.discord.add_user(f"person{number}", stage.guild) for number in range(12)]
    stage.discord.faults.rate(0.1)
    stage.discord.faults.duplicate_rate = 0.2
    asked = [await person.slash(stage.channel, "compose", prompt="plain") for person in people]
    answered = [each for each in asked if await acknowledged(each)]
    posted: dict[str, Message] = {}
    async with asyncio.timeout(60):
        while len(posted) < len(answered):
            await asyncio.sleep(0.2)
            found = [(take_of(message), message) for message in everywhere(stage) if take_of(message)]
            posted = dict(found)
            assert len(posted) == len(found), "a take was posted twice"
    assert sum(stage.discord.faults.happened.values()) >= 5
    stage.discord.faults.clear()


async def acknowledged(interaction: Interaction) -> bool:
    try:
        await interaction.wait_acknowledged(timeout=6)
    except TimeoutError:  # Discord itself said 10062 to the only acknowledgement
        return False
    return True


def everywhere(stage: WireStage) -> list[Message]:
    return [message for channel in stage.discord.channels.values() for message in channel.messages]


def take_of(message: Message) -> str:
    """The id of the take that a message shows, by its Again button."""
    ids = [button["custom_id"] for button in message.buttons if ":again:" in button["custom_id"]]
    return ids[0].rsplit(":", 1)[1] if ids else ""


async def test_the_size_limit_is_told_before_the_download(stage: WireStage) -> None:
    stage.config = replace(stage.config, max_upload_bytes=100_000)
    async with stage.running_bot():
        asked = await stage.alice.slash(stage.channel, "extend", clip=Attachment("long.wav", bytes(200_000)))
        answer = await asked.wait_response()
        assert "long.wav has 0.2 MB; at most 0.1 MB" in answer.content
        assert stage.discord.downloads == []


@pytest.mark.parametrize("fault", [faults.BANNED, faults.UNAVAILABLE, faults.DROP_BEFORE, faults.RATE_LIMITED])
async def test_a_stumbling_discord_does_not_stop_the_start(stage: WireStage, fault: faults.Fault) -> None:
    for template in ("/users/@me", "/oauth2/applications/@me", "/commands"):
        stage.discord.faults.add(fault, path=template)
    async with stage.running_bot():
        await stage.alice.slash(stage.channel, "compose", prompt="plain")
        await stage.channel.wait_for_message(has_take)


async def test_an_answer_is_not_lost_while_the_channels_history_stumbles(
    stage: WireStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.FIRST_RETRY_S", 0.3)
    async with stage.running_bot():
        asked = await stage.alice.slash(stage.channel, "compose", prompt="held")
        await asked.wait_response()
    for fault in (faults.BANNED, faults.UNAVAILABLE, faults.THREAD_ARCHIVED):
        stage.discord.faults.add(fault, method="GET", path="/messages")
    stage.let_go()
    async with stage.running_bot():
        await stage.channel.wait_for_message(has_take)
    assert len(stage.results()) == 1
