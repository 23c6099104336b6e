"""A relay on Discord: whose turn, playing it, passing, time, leaving, the song at the end, a restart in the middle."""

from __future__ import annotations

import discord

from generation.request import Operation
from tests.bot.jams.den import Den

POLL_S = 6


def turn(den: Den) -> discord.Message:
    """The message of the turn that is on."""
    return [message for message in den.messages() if "Play my turn" in den.labels(message)][-1]


async def played(den: Den, words: str = "") -> None:
    """Whoever's turn it is plays it, and the take is made."""
    stage = den.stage
    relay = den.room.relay
    assert relay is not None
    who = stage.alice if relay.person_id == str(stage.alice.id) else stage.bob
    form = await who.click(turn(den), label="Play my turn")
    await who.submit_modal(form, {"words": words})
    await den.made()


async def test_each_in_turn_goes_on_from_the_last_bars_and_the_song_is_posted(den: Den) -> None:
    stage = den.stage
    told = await den.say(stage.alice, "relay start", minutes=5.0)
    assert "begins a relay" in told
    shown = turn(den)
    assert f"<@{stage.alice.id}> plays the first bars" in shown.content
    assert den.labels(shown) == ["Play my turn", "Join", "Pass", "Leave"]
    joined = await stage.bob.click(shown, label="Join")
    assert "as number 2" in joined.response.content

    await played(den, "slow blues")
    first = stage.service.last_job.request
    assert first.operation is Operation.COMPOSE and first.tempo_bpm == 120.0
    assert f"<@{stage.bob.id}> goes on from the last bars" in turn(den).content
    assert den.labels(next(m for m in den.messages() if m.id == shown.id)) == []
    assert "Relay, round 1 of 1" in (await den.card()).content

    await played(den)
    second = stage.service.last_job.request
    assert second.operation is Operation.EXTEND and second.parent_take_ids == ("take1ofjob1",)
    assert stage.service.clips[second.clip_ids[0]] == b"OggS the last bars" and second.duration_s == 8.0

    song = next(m for m in den.messages() if "The relay is over: 2 turns" in m.content)
    assert [file.filename for file in song.attachments] == ["relay.mp3"]
    assert await song.attachments[0].read() == b"ID3take1ofjob1 take1ofjob2"
    assert den.room.relay is None and den.room.parent_take_id == "take1ofjob2"


async def test_only_whose_turn_it_is_plays_and_not_twice(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "relay start")
    refused = await stage.bob.click(turn(den), label="Play my turn")
    assert "alice's turn" in refused.response.content.replace("\\", "") and refused.ephemeral
    assert "alice's turn" in await den.say(stage.bob, "relay play", prompt="x")
    await den.say(stage.alice, "relay play", prompt="slow blues")
    assert "being played already" in await den.say(stage.alice, "relay play", prompt="fast blues")
    assert len(stage.service.jobs) == 1
    assert "being played just now" in await den.say(stage.alice, "relay pass")


async def test_the_first_bars_need_words_where_the_room_has_no_style(den: Den) -> None:
    stage = den.stage
    await stage.bob.slash(stage.channel, "jam start", title="Plain")
    plain = Den(stage)
    await plain.say(stage.bob, "relay start")
    assert "Yours are the first bars" in await plain.say(stage.bob, "relay play")
    assert plain.room.relay is not None and plain.room.relay.playing_key is None


async def test_time_runs_out_and_a_missed_round_ends_the_relay(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "relay start", minutes=1.0)
    await den.say(stage.bob, "relay join")
    await stage.env.advance_time(60 + POLL_S)
    assert f"<@{stage.bob.id}>" in turn(den).content
    assert any("Time is up" in message.content for message in den.messages())
    await stage.env.advance_time(60 + 2 * POLL_S)
    assert den.room.relay is None
    assert any("nobody played" in message.content for message in den.messages())


async def test_a_turn_that_fails_is_given_back(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "relay start")
    await den.say(stage.alice, "relay play", prompt="slow blues")
    stage.service.fail(stage.service.last_job_id, "The band went home.")
    await stage.env.settle()
    assert f"<@{stage.alice.id}>" in turn(den).content
    assert den.room.relay is not None and den.room.relay.playing_key is None


async def test_passing_leaving_and_ending(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "relay start", rounds=2)
    await den.say(stage.bob, "relay join")
    assert "are in this relay already" in await den.say(stage.bob, "relay join")
    await den.say(stage.alice, "relay pass")
    assert f"<@{stage.bob.id}>" in turn(den).content
    left = await stage.bob.click(turn(den), label="Leave")
    assert "has left the relay" in left.response.content
    assert f"<@{stage.alice.id}>" in turn(den).content
    assert "Only the host" in await den.say(stage.bob, "relay end")
    assert "under way" in await den.say(stage.bob, "relay start")
    assert "has ended the relay" in await den.say(stage.alice, "relay end")
    assert "no relay in this room" in await den.say(stage.alice, "relay end")


async def test_whoever_has_left_the_server_is_passed_over(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "relay start", rounds=2)
    await den.say(stage.bob, "relay join")
    stage.guild.remove_member(stage.bob)
    await played(den, "slow blues")
    assert f"<@{stage.alice.id}>" in turn(den).content
    assert den.room.relay is not None and den.room.relay.order == (str(stage.alice.id),)


async def test_a_restart_in_the_middle_of_a_turn_loses_nothing(den: Den) -> None:
    stage = den.stage
    await den.say(stage.alice, "relay start")
    await den.say(stage.bob, "relay join")
    await den.say(stage.alice, "relay play", prompt="slow blues")
    await stage.restart()
    stage.service.finish(stage.service.last_job_id)
    await stage.env.advance_time(2 * POLL_S)
    assert f"<@{stage.bob.id}> goes on" in turn(den).content
    await played(den)
    assert any("2 turns" in message.content for message in den.messages())


async def test_a_relay_from_a_take_counts_the_turns_that_were_played(den: Den) -> None:
    stage = den.stage
    await stage.bob.slash(den.thread, "compose", prompt="warm piano")
    await den.made()
    await stage.bob.slash(den.thread, "compose", prompt="cold piano")
    await den.made()
    await den.say(stage.alice, "vote start")
    ballot = next(message for message in den.messages() if "End the vote" in den.labels(message))
    await stage.bob.click(ballot, label="A")
    await den.say(stage.alice, "vote end")
    winner = den.room.parent_take_id
    await den.say(stage.alice, "relay start")
    await played(den, "go on")
    song = next(message for message in den.messages() if "The relay is over: 1 turn by" in message.content)
    assert await song.attachments[0].read() == f"ID3{winner} take1ofjob3".encode()
    assert (str(stage.alice.id), "turn 1 of the relay") in den.room.contributions

    await den.say(stage.alice, "relay start")
    await den.say(stage.alice, "relay pass")
    assert any("nobody played" in message.content for message in den.messages())
