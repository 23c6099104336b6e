"""Act three: the buttons under a take, its forms and its menu of formats, and a private take that is posted then."""

from __future__ import annotations

from tests.bot.evening.band import (
    ADA,
    BARS,
    CHIDI,
    EVA,
    FERRAN,
    GRACE,
    INES,
    JOZEF,
    KOBAYASHI,
    LONG_S,
    Evening,
)


async def press_them_all(evening: Evening) -> None:
    """Again, Vary, Extend, Restyle and Loop under Ben's funk, each by somebody else."""
    funk = evening.takes["funk"]
    await evening.take("again", await evening[ADA].press(funk, "Again"))
    await evening.take("gone on", await evening[EVA].press(funk, "Extend"), 8)
    forms = {
        "varied": (CHIDI, "Vary", {"strength": "0.7", "count": "1", "words": ""}, 4),
        "restyled": (FERRAN, "Restyle", {"words": "synthwave"}, 4),
        "looped": (GRACE, "Loop", {"bars": "2"}, 2),
    }
    for name, (who, label, values, bars) in forms.items():
        form = await evening[who].press(funk, label)
        await form.wait_form()
        await evening.take(name, await evening[who].submit_modal(form, values), bars)


async def look_and_listen(evening: Evening) -> None:
    """Format (another file and a stem), Tree, Delete."""
    funk = evening.takes["funk"]
    menu = await (await evening[KOBAYASHI].press(funk, "Format")).wait_response()
    for choice in ("ogg", "stem:drums"):
        sent = await evening[KOBAYASHI].select(menu, choice)
        await evening.answer(f"as {choice}", sent)
    await evening.keep(evening.shown["as ogg"], BARS)
    await evening.answer("tree button", await evening[INES].press(funk, "Tree"))

    refused = await evening[JOZEF].press(evening.takes["again"], "Delete")
    await evening.answer("not yours to delete", refused)
    await (await evening[ADA].press(evening.takes["again"], "Delete")).wait_acknowledged()


async def keep_one_private_and_post_it(evening: Evening) -> None:
    """Only Józef sees his take, until he posts it."""
    asked = await evening[JOZEF].slash(evening.thread, "compose", prompt="disco, strings", seed=8, private=True)
    alone = await asked.wait_response(lambda message: bool(message.attachments), LONG_S)
    evening.shown["private"] = alone
    await evening.keep(alone, BARS)
    await evening.answer("post", await evening[JOZEF].press(alone, "Post"))
    evening.takes["private"] = evening.message_in(evening.told["post"])
    await evening.keep(evening.takes["private"], BARS)
