"""Private takes, which only their owner sees until they post them; and takes as voice messages."""

from __future__ import annotations

import base64
from typing import Any

import discord

from generation.service import JobState
from tests.bot.discord_stage import OGG, Stage


async def private_take(stage: Stage) -> Any:
    """Alice's private take; the interaction that shows it."""
    asked = await stage.alice.slash(stage.channel, "compose", prompt="secret song", private=True)
    stage.service.finish(stage.service.last_job_id)
    await stage.env.settle()
    return asked


async def test_a_private_take_is_seen_by_its_owner_alone(stage: Stage) -> None:
    asked = await private_take(stage)
    assert asked.ephemeral and stage.takes() == []
    assert len(asked.response.attachments) == 2 and "secret song" in asked.response.content
    assert stage.service.last_job.status.state is JobState.DELIVERED
    for command in ("show", "tree", "credits"):
        peeked = await stage.bob.slash(stage.channel, f"take {command}", take="take1ofjob1")
        assert "There is no such take here" in peeked.response.content
    shown = await stage.alice.slash(stage.channel, "take show", take="take1ofjob1")
    assert shown.ephemeral and len(shown.response.attachments) == 2


async def test_post_shows_it_to_all_once(stage: Stage) -> None:
    asked = await private_take(stage)
    await stage.alice.click(asked.response, label="Post")
    (message,) = stage.takes()
    assert "secret song" in message.content and "Post" not in stage.labels(message)
    again = await stage.alice.click(asked.response, label="Post")
    assert "posted already" in again.response.content and len(stage.takes()) == 1
    await stage.bob.click(message, label="Extend")
    assert stage.service.last_job.request.parent_take_ids == ("take1ofjob1",)


async def test_post_outlives_a_restart(stage: Stage) -> None:
    asked = await private_take(stage)
    await stage.restart()
    await stage.alice.click(asked.response, label="Post")
    assert len(stage.takes()) == 1


async def test_a_private_take_that_comes_late_is_sent_directly(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="secret song", private=True)
    await stage.env.advance_time(16 * 60)
    stage.service.finish("job1")
    await stage.env.settle()
    assert stage.takes() == []
    direct = stage.alice.user.dm_channel.history()[-1]
    assert len(direct.attachments) == 2 and "asked for it privately" in direct.content


async def test_a_private_failure_stays_private(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "restyle", clip=OGG, prompt="funk", private=True)
    stage.service.fail("job1", "The engine stopped.")
    await stage.env.settle()
    assert "The engine stopped." in asked.response.content and stage.messages() == []


def wants_voice(stage: Stage) -> None:
    stage.service.sharing.chosen["person", str(stage.alice.id)] = {"voice_message": True}


def voice_posts(stage: Stage) -> list[dict[str, Any]]:
    posts = [entry for entry in stage.env.http_requests if entry.path.endswith("/messages") and entry.method == "POST"]
    return [entry.json for entry in posts if isinstance(entry.json, dict) and entry.json.get("flags") == 1 << 13]


async def test_a_take_comes_as_a_voice_message_under_its_card(stage: Stage) -> None:
    wants_voice(stage)
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues", seconds=12.0)
    stage.service.finish("job1")
    await stage.env.settle()
    (sent,) = voice_posts(stage)
    (attachment,) = sent["attachments"]
    assert attachment["duration_secs"] == 12.0 and base64.b64decode(attachment["waveform"]) == bytes(range(200))
    assert "content" not in sent and sent["enforce_nonce"] is True
    card, voice = stage.takes()
    assert [file.filename for file in card.attachments] == ["compose-take1ofjob1.png"]
    assert stage.labels(card)[0] == "Again" and voice.attachments[0].filename == "voice-message.ogg"
    assert stage.service.last_job.message_id == str(card.id)


async def test_where_voice_messages_are_refused_the_file_comes(stage: Stage) -> None:
    wants_voice(stage)
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")

    async def refused(*args: Any, **options: Any) -> Any:
        raise discord.Forbidden(Response(), {"code": 50013, "message": "Missing Permissions"})

    original = stage.client.http.request
    stage.client.http.request = refuse_voice(original, refused)  # type: ignore[method-assign]
    stage.service.finish("job1")
    await stage.env.settle()
    (card,) = stage.takes()
    assert [file.filename for file in card.attachments] == ["compose-take1ofjob1.mp3", "compose-take1ofjob1.png"]
    assert "Send Voice Messages" in card.content and stage.service.last_job.status.state is JobState.DELIVERED


class Response:
    """As much of an HTTP response as the error reads."""

    status, reason = 403, "Forbidden"


def refuse_voice(original: Any, refused: Any) -> Any:
    async def request(route: Any, *, form: Any = None, **options: Any) -> Any:
        if form and any("voice-message" in str(part.get("filename", "")) for part in form):
            return await refused()
        return await original(route, form=form, **options)

    return request


async def test_several_takes_come_as_files(stage: Stage) -> None:
    wants_voice(stage)
    await stage.alice.slash(stage.channel, "vary", clip=OGG, takes=2)
    stage.service.finish("job1")
    await stage.env.settle()
    assert voice_posts(stage) == [] and len(stage.takes()[0].attachments) == 4
