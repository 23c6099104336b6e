"""A blind vote on Discord: letters instead of names, hidden counts, the end, ties, a restart."""

from __future__ import annotations

import discord
import pytest

from tests.bot.jams.den import Den


@pytest.fixture
async def takes(den: Den) -> list[str]:
    """Three takes of the room, by Alice and Bob."""
    stage = den.stage
    for who, words in ((stage.alice, "one"), (stage.bob, "two"), (stage.alice, "three")):
        await who.slash(den.thread, "compose", prompt=words)
        await den.made()
    return [f"take1ofjob{number}" for number in (1, 2, 3)]


def ballot(den: Den) -> discord.Message:
    """The message of the vote that is on."""
    return [message for message in den.messages() if "End the vote" in den.labels(message)][-1]


def letter_of(den: Den, take_id: str) -> str:
    vote = den.room.vote
    assert vote is not None
    return "ABCDE"[vote.take_ids.index(take_id)]


async def test_a_vote_hides_names_and_counts_until_its_end(den: Den, takes: list[str]) -> None:
    stage = den.stage
    await den.say(stage.alice, "vote start", minutes=1.0)
    shown = ballot(den)
    assert [file.filename for file in shown.attachments] == ["take-A.mp3", "take-B.mp3", "take-C.mp3"]
    assert den.labels(shown) == ["A", "B", "C", "End the vote"]
    assert not any(name in shown.content for name in (*takes, str(stage.bob.id), "two"))
    for who in (stage.alice, stage.bob):
        voted = await who.click(shown, label=letter_of(den, takes[1]))
        assert voted.ephemeral and "Your vote" in voted.response.content
    assert not any("wins" in message.content for message in den.messages())
    await stage.env.advance_time(66)
    result = next(message for message in den.messages() if "wins" in message.content)
    assert takes[1] in result.content and f": <@{stage.bob.id}>" in result.content
    assert den.room.parent_take_id == takes[1] and den.room.vote is None
    assert den.labels(next(message for message in den.messages() if message.id == shown.id)) == []


async def test_the_winner_is_what_a_relay_goes_on_from(den: Den, takes: list[str]) -> None:
    stage = den.stage
    await den.say(stage.alice, "vote start", takes=f"{takes[0]} `{takes[2]}`")
    await stage.bob.click(ballot(den), label=letter_of(den, takes[2]))
    await den.say(stage.alice, "vote end")
    await den.say(stage.bob, "relay start")
    await den.say(stage.bob, "relay play", prompt="go on")
    assert stage.service.last_job.request.parent_take_ids == (takes[2],)


async def test_a_tie_is_run_off(den: Den, takes: list[str]) -> None:
    stage = den.stage
    await den.say(stage.alice, "vote start")
    first = ballot(den)
    await stage.alice.click(first, label=letter_of(den, takes[0]))
    await stage.bob.click(first, label=letter_of(den, takes[1]))
    ended = await stage.alice.click(first, label="End the vote")
    assert "has ended the vote" in ended.response.content
    runoff = ballot(den)
    assert runoff.id != first.id and "run-off" in runoff.content and den.labels(runoff) == ["A", "B", "End the vote"]
    await stage.restart()
    await stage.bob.click(runoff, label=letter_of(den, takes[1]))
    await stage.alice.click(runoff, label="End the vote")
    assert den.room.parent_take_id == takes[1]


async def test_a_ballot_that_can_not_be_edited_any_more_holds_nothing_back(den: Den, takes: list[str]) -> None:
    stage = den.stage
    await den.say(stage.alice, "vote start", minutes=1.0)
    await stage.bob.click(ballot(den), label=letter_of(den, takes[1]))
    stage.env.inject_error("PATCH", "/channels/*/messages/*", status=400, code=50083, message="Thread is archived")
    await stage.env.advance_time(66)
    assert any("wins" in message.content and takes[1] in message.content for message in den.messages())


async def test_what_is_refused(den: Den, takes: list[str]) -> None:
    stage = den.stage
    assert "only one" in await den.say(stage.bob, "vote start", takes=takes[0])
    assert "Only takes that were made in this room" in await den.say(stage.bob, "vote start", takes="x y")
    assert "no vote in this room" in await den.say(stage.bob, "vote end")
    await den.say(stage.alice, "vote start")
    assert "under way" in await den.say(stage.bob, "vote start")
    refused = await stage.bob.click(ballot(den), label="End the vote")
    assert "Only alice" in refused.response.content.replace("\\", "")
    assert den.room.vote is not None


async def test_a_room_without_takes_has_nothing_to_vote_on(den: Den) -> None:
    assert "there is none yet" in await den.say(den.stage.alice, "vote start")


async def test_nobody_voted(den: Den, takes: list[str]) -> None:
    await den.say(den.stage.alice, "vote start", minutes=1.0)
    await den.stage.env.advance_time(66)
    assert any("Nobody voted" in message.content for message in den.messages())
    assert den.room.parent_take_id is None
