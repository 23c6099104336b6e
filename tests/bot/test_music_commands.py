"""/compose, /extend, /restyle, /vary, /accompany from the command to the message with the take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from generation.request import AudioFormat, Operation
from generation.service import CheckIn, JobState
from tests.bot.discord_stage import OGG, Stage
from tests.support.fake_service import ENGINE


async def test_restyle_goes_from_a_clip_to_a_posted_take(stage: Stage) -> None:
    asked = await stage.alice.slash(
        stage.channel, "restyle", clip=OGG, prompt="lo-fi hip hop", seconds=8.0, seed=7, format="ogg", takes=1
    )
    assert stage.callbacks() == [5] and not asked.ephemeral
    job = stage.service.last_job
    assert job.request.operation is Operation.RESTYLE
    assert (job.request.prompt, job.request.duration_s, job.request.seed) == ("lo-fi hip hop", 8.0, 7)
    assert job.request.audio_format is AudioFormat.OGG
    assert stage.service.clips[job.request.clip_ids[0]] == OGG[1]

    shown = asked.response.content
    assert "12.4 s, 120 BPM, D minor, -14.2 LUFS" in shown
    assert "I used its best 12 s" in shown
    assert "Next in line · about 12 s" in shown
    assert asked.response.components[0]["components"][0]["label"] == "Cancel"

    take = await stage.made(remarks=("I did not understand the word mellowish.",))
    assert [file.filename for file in take.attachments] == ["restyle-take1ofjob1.ogg", "restyle-take1ofjob1.png"]
    assert "seed 7" in take.content and "AI-generated" in take.content and "mellowish" in take.content
    assert stage.labels(take) == ["Again", "Vary", "Extend", "Restyle", "Loop", "Format", "Tree", "Delete"]
    assert job.status.state is JobState.DELIVERED and job.message_id == str(take.id)
    assert take.jump_url in asked.response.content and asked.response.components == []


@pytest.mark.parametrize("operation", ["extend", "vary", "accompany"])
async def test_operations_on_a_clip(stage: Stage, operation: str) -> None:
    words = {"prompt": "funk"} if operation == "accompany" else {}
    await stage.alice.slash(stage.channel, operation, clip=OGG, **words)
    assert stage.service.last_job.request.operation.value == operation
    assert (await stage.made()).attachments[0].filename.startswith(operation)


async def test_compose_needs_no_clip(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues", creativity=0.5, adherence=5.0)
    request = stage.service.last_job.request
    assert request.clip_ids == () and request.sampling.temperature == 0.5 and request.sampling.guidance_scale == 5.0
    assert "slow blues" in (await stage.made()).content


async def test_progress_is_edited_no_more_often_than_every_five_seconds(stage: Stage) -> None:
    asked = await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    edits_before = stage.edits()
    for second in range(1, 31):
        stage.service.go_on("job1", fraction=second / 60, stage="drums", made_s=float(second))
        await stage.env.advance_time(1)
    assert 5 <= stage.edits() - edits_before <= 6
    shown = asked.response.content
    assert "■■■" in shown and "drums" in shown and "of music" in shown
    assert "slow blues" in shown


async def test_engine_is_offered_and_narrowed_as_one_types(stage: Stage) -> None:
    assert await stage.alice.autocomplete(stage.channel, "compose", "engine", "arr", prompt="x") == [
        {"name": "arranger", "value": "arranger"}
    ]
    assert await stage.alice.autocomplete(stage.channel, "compose", "engine", "zzz", prompt="x") == []


async def test_styles_and_keys_are_offered(stage: Stage) -> None:
    offered = await stage.alice.autocomplete(stage.channel, "compose", "prompt", "mellow, lo")
    assert [choice["value"] for choice in offered] == ["mellow, lofi", "mellow, lounge"]
    assert len(await stage.alice.autocomplete(stage.channel, "compose", "prompt", "")) == 3
    offered = await stage.alice.autocomplete(stage.channel, "compose", "key", "d", prompt="x")
    assert [choice["value"] for choice in offered] == ["D major", "D minor"]
    await stage.alice.slash(stage.channel, "compose", prompt="x", key="D minor")
    assert stage.service.last_job.request.key == "D minor"


@pytest.mark.parametrize("command", ["compose", "extend", "restyle", "vary", "accompany"])
async def test_a_tempo_overrides_what_is_heard(stage: Stage, command: str) -> None:
    await stage.alice.slash(stage.channel, command, prompt="x", clip=OGG, tempo=93.5)
    assert stage.service.last_job.request.tempo_bpm == 93.5


async def test_what_people_type_mentions_nobody_and_shows_no_link(stage: Stage) -> None:
    prompt = "@everyone `<@1>` **loud** https://discord.gg/abc \u202egnp.mp3 \u200b\n# big"
    asked = await stage.alice.slash(stage.channel, "compose", prompt=prompt)
    take = await stage.made()
    for message in (asked.response.message, take):
        inside_code = message.content.split("`")[1]
        assert "@everyone" in inside_code and "discord.gg" in inside_code
        assert "\u202e" not in message.content and "\u200b" not in message.content
        assert "discord.gg" not in message.content.replace(inside_code, "")
    sent = [entry.json.get("data", entry.json) for entry in stage.env.http_requests if isinstance(entry.json, dict)]
    told = [body for body in sent if isinstance(body, dict) and "content" in body]
    assert len(told) >= 3 and all(body["allowed_mentions"]["parse"] == [] for body in told)
    assert not any({"users", "roles"} & set(body["allowed_mentions"]) for body in told)


async def test_several_takes_come_as_one_message_with_numbered_choices(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "vary", clip=OGG, takes=3)
    message = await stage.made()
    assert len(stage.takes()) == 1 and len(message.attachments) == 6
    assert stage.labels(message) == ["Take 1", "Take 2", "Take 3", "Again", "Delete"]
    picked = await stage.bob.click(message, label="Take 2")
    assert picked.ephemeral and "Take 2" in picked.response.content
    await stage.bob.click(picked.response, label="Extend")
    assert stage.service.last_job.request.parent_take_ids == ("take2ofjob1",)


async def test_only_what_the_engines_can_do_is_offered(stage: Stage) -> None:
    composing = replace(ENGINE, operations=frozenset({Operation.COMPOSE}))
    stage.service.engines = {"arranger": composing}
    await stage.restart()
    assert "compose" in stage.alice.available_commands(stage.channel)
    assert not {"extend", "restyle", "vary", "accompany"} & set(stage.alice.available_commands(stage.channel))
    await stage.alice.slash(stage.channel, "compose", prompt="slow blues")
    assert stage.labels(await stage.made()) == ["Again", "Format", "Tree", "Delete"]


async def test_a_check_in_full_of_remarks_leaves_room_for_the_reason_of_a_failure(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_in = stage.service.check_in

    async def talkative(*args: Any, **options: Any) -> CheckIn:
        remarks = tuple(f"Remark {number}: {'word ' * 60}" for number in range(30))
        return replace(await check_in(*args, **options), remarks=remarks)

    monkeypatch.setattr(stage.service, "check_in", talkative)
    asked = await stage.alice.slash(stage.channel, "extend", clip=OGG)
    reason = "The engine stopped: " + "because " * 60
    stage.service.fail("job1", reason)
    await stage.env.settle()
    assert "Remark 0" in asked.response.content and reason.strip() in asked.response.content
