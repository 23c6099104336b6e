"""Act one: the room opens, and layers come in by upload, by form, from a voice message and from a message with more."""

from __future__ import annotations

import asyncio

from tests.bot.evening.band import (
    ADA,
    BARS,
    BEN,
    CHIDI,
    DEE,
    EVA,
    GRACE,
    INES,
    KEY,
    TEMPO_BPM,
    Evening,
    song,
)
from tests.bot.wire.stage import voice_message
from tests.support.discord_server import Attachment


async def open_the_room(evening: Evening) -> None:
    """/jam start, with the key chosen from what is offered."""
    offered = await evening[ADA].autocomplete(evening.channel, "jam start", "key", "a m")
    assert [choice["name"] for choice in offered] == ["A major", "A minor"]
    options = {"tempo": TEMPO_BPM, "key": KEY, "bars": BARS, "engine": "arranger", "title": "Friday night"}
    asked = await evening[ADA].slash(evening.channel, "jam start", options)
    await evening.answer("start", asked)
    await evening.thread.wait_for_message(lambda message: message.pinned_at is not None)


async def bring_layers(evening: Evening) -> None:
    """By upload, by the form with a file upload, by the menu on a voice message and on a message with several files."""
    upload = await evening[BEN].slash(evening.thread, "jam add", clip=await song("keys", 120, tonic=0))
    await evening.answer("upload", upload)

    form = await evening[EVA].slash(evening.thread, "jam add")
    await form.wait_form()
    sent = await evening[EVA].submit_modal(form, {"file": await song("beat", tonic=4), "name": "Eva's beat"})
    await evening.answer("upload by form", sent)

    recorded = await asyncio.to_thread(voice_message, TEMPO_BPM, 9, "minor")
    voice = await evening[CHIDI].post(evening.thread, "", recorded)
    await evening.answer("voice message", await evening[GRACE].context_menu(voice, "Add to the jam"))

    files = (Attachment("words.txt", b"la la la"), await song("verse", tonic=2), await song("chorus", tonic=5))
    several = await evening[INES].post(evening.thread, "two parts", *files)
    form = await evening[BEN].context_menu(several, "Add to the jam")
    await form.wait_form()
    await evening.answer("one of several", await evening[BEN].submit_modal(form, {"file": "2 · chorus.flac"}))


async def set_whose_clips_want_a_yes(evening: Evening) -> None:
    """Dee wants to be asked first, by the form of /settings me."""
    shown = await (await evening[DEE].slash(evening.thread, "settings me")).wait_response()
    form = await evening[DEE].press(shown, "My clips")
    await form.wait_form()
    changed = await evening[DEE].submit_modal(form, {"leave": "asked"})
    await changed.wait_acknowledged()
    evening.shown["consent"] = shown
