"""Act five: a blind vote in which somebody changes their mind, and a relay of three that goes on from the winner."""

from __future__ import annotations

from tests.bot.evening.band import (
    BARS,
    BEN,
    CHIDI,
    DEE,
    EVA,
    FERRAN,
    GRACE,
    INES,
    JOZEF,
    KOBAYASHI,
    LONG_S,
    Evening,
)
from tests.support.discord_server import Message


async def vote(evening: Evening) -> None:
    """Three takes without names; Ines changes her mind; nobody sees a count before the end."""
    takes = [evening.take_id(name) for name in ("house", "restyled", "blend")]
    asked = await evening[EVA].slash(evening.thread, "jam vote start", takes=" ".join(takes), minutes=60.0)
    await evening.answer("vote", asked)
    ballot = await evening.thread.wait_for_message(lambda message: "End the vote" in message.labels, LONG_S)
    evening.shown["ballot"], evening.told["ballot"] = ballot, ballot.text
    await evening.keep(ballot, BARS)

    running = (await evening.room()).vote
    assert running is not None
    house, restyled, blend = ("ABC"[running.take_ids.index(take_id)] for take_id in takes)
    ballots = ((INES, house), (JOZEF, restyled), (KOBAYASHI, blend), (DEE, restyled), (INES, restyled), (FERRAN, blend))
    for number, (who, letter) in enumerate(ballots):
        await evening.answer(f"ballot {number}", await evening[who].press(ballot, letter))
    evening.told["before the end"] = "\n".join(message.text for message in evening.thread.messages)
    await evening.answer("not your vote", await evening[FERRAN].press(ballot, "End the vote"))
    await evening[EVA].press(ballot, "End the vote")
    result = await evening.thread.wait_for_message(lambda message: "wins" in message.content, LONG_S)
    evening.told["result"] = result.content


async def play_a_relay(evening: Evening) -> None:
    """Ben goes on from the winner, Chidi from Ben, Grace passes; the song has the winner and both turns."""
    thread = evening.thread
    await evening.answer("relay", await evening[BEN].slash(thread, "jam relay start", minutes=30.0))
    turn = await _turn_of(evening, BEN)
    await evening.answer("joined", await evening[CHIDI].press(turn, "Join"))
    await evening.answer("joined too", await evening[GRACE].slash(thread, "jam relay join"))
    await evening.answer("not your turn", await evening[CHIDI].press(turn, "Play my turn"))
    form = await evening[BEN].press(turn, "Play my turn")
    await form.wait_form()
    await evening.take("first turn", await evening[BEN].submit_modal(form, {"words": "rock, drums and bass"}), 8)
    await _turn_of(evening, CHIDI)
    played = await evening[CHIDI].slash(thread, "jam relay play", prompt="more drums")
    await evening.take("second turn", played, 8)
    turn = await _turn_of(evening, GRACE)
    await evening.answer("passed", await evening[GRACE].press(turn, "Pass"))
    song = await thread.wait_for_message(lambda message: "The relay is over: 2 turns" in message.content, LONG_S)
    evening.shown["the relay's song"], evening.told["the relay's song"] = song, song.content
    await evening.keep(song, 3 * BARS)


async def _turn_of(evening: Evening, name: str) -> Message:
    """The message that says it is somebody's turn."""
    mention = f"<@{evening[name].id}> "

    def is_theirs(message: Message) -> bool:
        return "Play my turn" in message.labels and mention in message.content.split("\n")[0]

    return await evening.thread.wait_for_message(is_theirs, LONG_S)
