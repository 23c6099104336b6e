"""/privacy and /forget-me over sockets, with the real service: what is told, what is gone afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.client import BandmateClient
from generation.errors import TakeNotFound
from tests.bot.wire.stage import WireStage, has_take
from tests.support.discord_server import Message, User


async def told(stage: WireStage, who: User) -> str:
    message = await (await who.slash(stage.channel, "privacy")).wait_response()
    assert message.ephemeral
    return message.content


async def take_of(stage: WireStage, who: User, prompt: str) -> Message:
    before = stage.results()
    await who.slash(stage.channel, "compose", prompt=prompt)
    return await stage.channel.wait_for_message(lambda message: has_take(message) and message not in before)


def audio_files(stage: WireStage) -> set[Path]:
    return set((stage.service._config.audio_folder).glob("??/*.*"))


async def test_a_person_learns_what_is_kept_and_has_it_forgotten(stage: WireStage, bot: BandmateClient) -> None:
    assert "no clips and no takes" in await told(stage, stage.alice)
    bobs = await take_of(stage, stage.bob, "slow 0.1")
    kept = audio_files(stage)
    alices = await take_of(stage, stage.alice, "slow 0.1 stems")
    assert "1 take" in await told(stage, stage.alice)
    assert audio_files(stage) - kept

    warning = await (await stage.alice.slash(stage.channel, "forget-me")).wait_response()
    assert warning.ephemeral and "for good" in warning.content
    assert "1 take" in await told(stage, stage.alice)  # nothing happens before the button
    pressed = await stage.alice.press(warning, "Forget me")
    done = await pressed.wait_response(lambda message: "forgotten" in message.content)
    assert done.labels == []
    assert audio_files(stage) == kept
    assert "no clips and no takes" in await told(stage, stage.alice)
    assert "1 take" in await told(stage, stage.bob)

    gone = await (await stage.bob.press(alices, "Format")).wait_response()
    assert gone.ephemeral and "no such take" in gone.content
    assert (await (await stage.alice.press(bobs, "Format")).wait_response()).labels == []  # bob's still works: a menu


async def test_a_forged_button_forgets_nobody(stage: WireStage, bot: BandmateClient) -> None:
    message = await take_of(stage, stage.bob, "slow 0.1")
    for custom_id in ("bm:forget:me", f"bm:forget:{stage.bob.id}"):
        forged = await stage.alice.forge(message, custom_id)  # the message has no such button: not even looked at
        with pytest.raises(TimeoutError):
            await forged.wait_acknowledged(0.5)
    assert "1 take" in await told(stage, stage.bob)


async def test_what_is_being_made_for_a_forgotten_person_stops(stage: WireStage, bot: BandmateClient) -> None:
    await stage.alice.slash(stage.channel, "compose", prompt="slow 30")
    await stage.channel.wait_for_message(lambda message: "%" in message.text)
    (job,) = await stage.service.open_jobs("discord")
    warning = await (await stage.alice.slash(stage.channel, "forget-me")).wait_response()
    await (await stage.alice.press(warning, "Forget me")).wait_response(lambda shown: "forgotten" in shown.content)
    assert await stage.service.open_jobs("discord") == ()
    with pytest.raises(TakeNotFound):
        await stage.service.status(job.status.job_id)
    await take_of(stage, stage.bob, "slow 0.1")  # the worker is free again
