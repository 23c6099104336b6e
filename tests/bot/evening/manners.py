"""Act six: asked first, a yes and a no; a take taken back; settings by form; the host goes home and hands over."""

from __future__ import annotations

from tests.bot.evening.band import ADA, BARS, CHIDI, DEE, EVA, FERRAN, GRACE, KOBAYASHI, LONG_S, Evening
from tests.support.discord_server import Interaction, Message


async def ask_first(evening: Evening) -> None:
    """Dee says yes to Ferran and no to Grace; nobody else can answer, and nothing goes around the question."""
    house = evening.takes["house"]
    asked = await evening[FERRAN].press(house, "Extend")
    question = await _question(asked)
    evening.told["question"] = question.content
    await evening.answer("not yours to answer", await evening[GRACE].press(question, "Yes, go ahead"))
    await evening[DEE].press(question, "Yes, go ahead")
    await evening.take("with a yes", asked, 8)  # the message that asked became the progress message

    asked = await evening[GRACE].context_menu(house, "Extend this")
    await evening[DEE].press(await _question(asked), "No")
    await asked.wait_response(lambda message: "got a no" in message.content, LONG_S)
    evening.told["with a no"] = asked.original.content if asked.original else ""
    await evening.answer("again without a yes", await evening[GRACE].press(house, "Again"))
    await evening.answer("into the jam without a yes", await evening[GRACE].press(house, "Add to the jam"))


async def _question(asked: Interaction) -> Message:
    return await asked.wait_response(lambda message: "would like to" in message.content, LONG_S)


async def take_one_back(evening: Evening) -> None:
    """Chidi takes a take back that is a layer by now; nobody else may, and nothing is built on it any more."""
    varied = evening.take_id("varied")
    refused = await evening[GRACE].slash(evening.thread, "take retract", take=varied)
    await evening.answer("not yours to take back", refused)
    asked = await (await evening[CHIDI].slash(evening.thread, "take retract", take=varied)).wait_response()
    pressed = await evening[CHIDI].press(asked, "Take it back")
    await pressed.wait_response(lambda message: "Taken back" in message.content, LONG_S)
    await evening.answer("built on what is gone", await evening[FERRAN].press(evening.takes["varied"], "Extend"))


async def set_defaults(evening: Evening) -> None:
    """小林 wants ogg files from now on, by the form of /settings me, and gets one."""
    shown = await (await evening[KOBAYASHI].slash(evening.thread, "settings me")).wait_response()
    form = await evening[KOBAYASHI].press(shown, "Defaults")
    await form.wait_form()
    changed = await evening[KOBAYASHI].submit_modal(form, {"audio_format": "ogg"})
    await changed.wait_response(lambda message: "**Format**: ogg" in message.content, LONG_S)
    asked = await evening[KOBAYASHI].slash(evening.thread, "compose", prompt="techno", seed=10)
    await evening.take("ogg by default", asked, BARS)


async def hand_over(evening: Evening) -> None:
    """Grace can't make herself the host; Ada makes Eva it."""
    thread = evening.thread
    await evening.answer("no host", await evening[GRACE].slash(thread, "jam host", member=evening[GRACE]))
    await evening.answer("new host", await evening[ADA].slash(thread, "jam host", member=evening[EVA]))
