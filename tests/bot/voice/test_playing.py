"""/play and /stop and the buttons: what is heard, by whom it may be changed, and when the bot goes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from discord.player import AudioPlayer

from bot.voice.packets import ENCODER_DELAY
from generation.clip import Clip
from tests.bot.voice.lounge import FIRST, SECOND, Lounge
from tests.support.discord_server import faults
from tests.support.discord_server.voice import Call
from tests.support.listening import likeness

PACKET_S = 0.02
TAKE = "take1ofjob1"


def heard_s(call: Call) -> float:
    return len(call.packets) * PACKET_S


def repeated(clip: Clip, times: int) -> Clip:
    return Clip(np.tile(clip.samples, times), clip.sample_rate_hz)


async def test_the_newest_take_of_the_channel_is_played_once_and_the_bot_goes(lounge: Lounge) -> None:
    lounge.bot.voice.linger_s = 0.05
    answer = await lounge.play(lounge.alice)
    assert f"In <#{lounge.lounge.id}>: **Compose** `slow blues`" in answer.content and TAKE in answer.content
    assert answer.labels == ["Stop", "Loop"] and not answer.ephemeral
    call = await lounge.voice.wait_call()
    await call.wait_silent()
    assert heard_s(call) == pytest.approx(FIRST.duration_s, abs=2 * PACKET_S)
    assert likeness(call.heard(), FIRST) > 0.98
    await lounge.until_gone()
    await lounge.until(lambda: answer.labels == [])
    assert lounge.voice.calls == [call]


async def test_a_loop_has_no_seam_and_ends_with_its_pass(lounge: Lounge) -> None:
    answer = await lounge.play(lounge.alice, loop=True)
    assert answer.labels == ["Stop", "Don't loop"]
    call = await lounge.voice.wait_call()
    await call.wait_packets(round(2.2 * FIRST.duration_s / PACKET_S))
    await lounge.alice.press(answer, "Don't loop")
    await lounge.until(lambda: answer.labels == ["Stop", "Loop"])
    await call.wait_silent()
    num_passes = heard_s(call) / FIRST.duration_s
    assert num_passes == pytest.approx(round(num_passes), abs=PACKET_S / FIRST.duration_s) and num_passes > 2.5
    heard, made = call.heard(), repeated(FIRST, round(num_passes))
    assert likeness(heard, made) > 0.98
    for number in range(1, round(num_passes)):  # a fifth of a second around each seam
        seam = round(number * FIRST.duration_s * 48_000)
        around = made.cut(seam / 48_000 - 0.1, seam / 48_000 + 0.1)
        assert likeness(heard[:, seam - 4_800 : seam + 4_800], around) > 0.95


async def test_loop_can_be_asked_for_while_it_plays(lounge: Lounge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AudioPlayer, "DELAY", 0.2)  # so that there is time to press
    answer = await lounge.play(lounge.alice)
    await lounge.alice.press(answer, "Loop")
    await lounge.until(lambda: "Don't loop" in answer.labels)
    monkeypatch.setattr(AudioPlayer, "DELAY", PACKET_S)
    call = await lounge.voice.wait_call()
    await call.wait_packets(round(1.6 * FIRST.duration_s / PACKET_S))
    assert likeness(call.heard(), repeated(FIRST, 2).cut(0, 1.5 * FIRST.duration_s)) > 0.95
    await lounge.alice.press(answer, "Stop")
    await lounge.until_gone()


async def test_stop_by_its_button_and_by_its_command(lounge: Lounge) -> None:
    answer = await lounge.play(lounge.alice, loop=True)
    await (await lounge.voice.wait_call()).wait_packets(5)
    await lounge.alice.press(answer, "Stop")
    await lounge.until_gone()
    await lounge.until(lambda: answer.labels == [])
    await lounge.play(lounge.alice, loop=True)
    assert await lounge.told(lounge.alice, "stop") == "Stopped."
    assert lounge.bot_is_in() is None
    assert await lounge.told(lounge.alice, "stop") == "Nothing plays here just now."


async def test_stop_sends_away_a_bot_that_only_waits(lounge: Lounge) -> None:
    answer = await lounge.play(lounge.alice)
    await (await lounge.voice.wait_call()).wait_silent()
    await lounge.until(lambda: answer.labels == [])
    assert lounge.bot_is_in() is lounge.lounge
    assert await lounge.told(lounge.alice, "stop") == "Stopped." and lounge.bot_is_in() is None


async def test_only_listeners_and_moderators_stop_it(lounge: Lounge) -> None:
    answer = await lounge.play(lounge.alice, loop=True)
    for label in ("Stop", "Don't loop"):
        refused = await (await lounge.bob.press(answer, label)).wait_response(lambda message: message.ephemeral)
        assert "Only those who listen in the voice channel and moderators" in refused.content
    assert "Only those who listen" in await lounge.told(lounge.bob, "stop")
    assert lounge.bot_is_in() is lounge.lounge
    assert await lounge.told(lounge.mod, "stop") == "Stopped."


async def test_the_buttons_of_something_that_ended_do_nothing_to_what_plays_now(lounge: Lounge) -> None:
    first = await lounge.play(lounge.alice, loop=True)
    lounge.discord.faults.add(faults.UNKNOWN_MESSAGE, "PATCH", "/channels/")  # so that they stay
    lounge.brings(SECOND)
    second = await lounge.play(lounge.alice, loop=True)
    refused = await (await lounge.alice.press(first, "Stop")).wait_response(lambda message: message.ephemeral)
    assert "That does not play any more." in refused.content
    assert second.labels == ["Stop", "Don't loop"] and lounge.bot_is_in() is lounge.lounge


async def test_another_take_takes_the_place_of_what_plays_in_the_same_channel(lounge: Lounge) -> None:
    await lounge.play(lounge.alice, loop=True)
    call = await lounge.voice.wait_call()
    await call.wait_packets(10)
    lounge.brings(SECOND)
    lounge.bob.join_voice(lounge.lounge)
    answer = await lounge.play(lounge.bob, take=TAKE)
    await call.wait_silent(times=2)
    num_packets = math.ceil(SECOND.duration_s / PACKET_S + ENCODER_DELAY)
    assert likeness(call.heard(last=num_packets), SECOND) > 0.95
    assert lounge.voice.calls == [call] and answer.labels in (["Stop", "Loop"], [])


async def test_nobody_is_played_away_from_others(lounge: Lounge) -> None:
    await lounge.play(lounge.alice, loop=True)
    assert "Others listen to me in another voice channel" in await lounge.told(lounge.bob)
    assert lounge.bot_is_in() is lounge.lounge
    lounge.alice.leave_voice()
    await lounge.until_gone()
    await lounge.play(lounge.bob)
    assert lounge.bot_is_in() is lounge.attic


async def test_who_only_waits_for_the_next_piece_may_be_called_elsewhere(lounge: Lounge) -> None:
    await lounge.play(lounge.alice)
    await (await lounge.voice.wait_call()).wait_silent()
    assert lounge.bot_is_in() is lounge.lounge
    await lounge.play(lounge.bob)
    call = await lounge.voice.wait_call(2)
    await call.wait_packets(5)
    assert lounge.bot_is_in() is lounge.attic and call.channel is lounge.attic


async def test_nobody_is_played_to_in_an_empty_channel(lounge: Lounge) -> None:
    other = lounge.discord.add_user("another-bot", lounge.guild, bot=True)
    other.join_voice(lounge.lounge)
    answer = await lounge.play(lounge.alice, loop=True)
    await (await lounge.voice.wait_call()).wait_packets(5)
    lounge.alice.join_voice(lounge.attic)
    await lounge.until_gone()
    await lounge.until(lambda: answer.labels == [])


async def test_thrown_out_by_a_moderator_and_asked_back(lounge: Lounge) -> None:
    answer = await lounge.play(lounge.alice, loop=True)
    await (await lounge.voice.wait_call()).wait_packets(5)
    lounge.voice.leave(lounge.discord.bot)
    await lounge.until(lambda: answer.labels == [])
    await lounge.play(lounge.alice)
    await (await lounge.voice.wait_call(2)).wait_silent()


async def test_moved_by_a_moderator_it_goes_on_there(lounge: Lounge) -> None:
    answer = await lounge.play(lounge.alice, loop=True)
    await (await lounge.voice.wait_call()).wait_packets(5)
    lounge.voice.move(lounge.attic)
    await (await lounge.voice.wait_call(2)).wait_packets(20)
    refused = await (await lounge.alice.press(answer, "Stop")).wait_response(lambda message: message.ephemeral)
    assert "Only those who listen" in refused.content
    await lounge.bob.press(answer, "Stop")
    await lounge.until_gone()


async def test_a_room_plays_its_mix(lounge: Lounge) -> None:
    await lounge.alice.slash(lounge.channel, "jam start", tempo=120.0, bars=4, title="Den")
    await lounge.until(lambda: lounge.channel.threads)
    thread = lounge.channel.threads[0]
    await lounge.until(lambda: lounge.service.jams.rooms.all)
    assert "All layers are muted" in await lounge.told(lounge.alice, where=thread)
    await lounge.told(lounge.alice, "jam add", thread, take=TAKE)
    lounge.brings(SECOND)
    answer = await lounge.play(lounge.alice, thread)
    assert "**The mix of Den**" in answer.content
    call = await lounge.voice.wait_call()
    await call.wait_silent()
    assert likeness(call.heard(), SECOND) > 0.98


async def test_the_bot_leaves_when_it_ends(lounge: Lounge) -> None:
    answer = await lounge.play(lounge.alice, loop=True)
    call = await lounge.voice.wait_call()
    await call.wait_packets(5)
    await lounge.bot.close()
    await lounge.until_gone()
    assert answer.labels == [] and call.ended.is_set()
