"""The last act: the tree, credits and a replay; the room closes with mixdown, stems and credits; too late for more."""

from __future__ import annotations

from tests.bot.evening.band import ADA, BARS, EVA, GRACE, JOZEF, KOBAYASHI, LONG_S, Evening


async def look_back(evening: Evening) -> None:
    """/take tree, credits, replay, show and /jam status."""
    thread, funk, last = evening.thread, evening.take_id("funk"), evening.take_id("second turn")
    await evening.answer("tree", await evening[KOBAYASHI].slash(thread, "take tree", take=last))
    await evening.answer("credits", await evening[JOZEF].slash(thread, "take credits", take=last))
    await evening.answer("replay", await evening[GRACE].slash(thread, "take replay", take=funk))
    await evening.answer("show", await evening[GRACE].slash(thread, "take show", take=funk))
    await evening.keep(evening.shown["show"], BARS)
    evening.pictures["room"] = await evening.service.jams.card_png(await evening.room())
    await evening.answer("status", await evening[JOZEF].slash(thread, "jam status"))


async def close_the_room(evening: Evening) -> None:
    """Ada is not the host any more; Eva closes. Afterwards the room takes nothing, and its mix can still be heard."""
    thread = evening.thread
    await evening.answer("not yours to close", await evening[ADA].slash(thread, "jam close"))
    await evening.answer("close", await evening[EVA].slash(thread, "jam close"))
    post = await thread.wait_for_message(lambda message: "is closed" in message.content, LONG_S)
    evening.shown["closing post"], evening.told["closing post"] = post, post.content
    await evening.keep(post, BARS)
    late = await evening[GRACE].press(evening.takes["blend"], "Add to the jam")
    await evening.answer("too late", late)
    await evening.answer("closed already", await evening[EVA].slash(thread, "jam close"))
    await evening.answer("mix of the closed room", await evening[GRACE].slash(thread, "jam mix", format="ogg"))
    await evening.keep(evening.shown["mix of the closed room"], BARS)
    card = thread.messages[0]
    await thread.wait_for_message(lambda message: message is card and "Closed" in card.content, LONG_S)
    evening.pictures["card"] = await evening.discord.download(card.attachments[0])
