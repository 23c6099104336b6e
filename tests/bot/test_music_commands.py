"""/compose, /extend, /restyle, /vary, /accompany from the command to the message with the take."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from generation.request import AudioFormat, Operation
from generation.service import JobState
from tests.bot.discord_stage import OGG, Stage, open_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with open_stage(tmp_path) as opened:
        yield opened


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
    assert [file.filename for file in take.attachments] == ["restyle-lo-fi-hip-hop.ogg", "restyle-lo-fi-hip-hop.png"]
    assert "seed 7" in take.content and "AI-generated" in take.content and "mellowish" in take.content
    labels = [button.label for row in take.components for button in row.children]
    assert labels == ["Again", "Vary", "Extend", "Restyle", "Format", "Delete"]
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
