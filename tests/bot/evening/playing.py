"""Act two: every operation inside the room, many at once, and the menus on a video, another bot's file and takes."""

from __future__ import annotations

import asyncio

from tests.bot.evening.band import (
    ADA,
    BEN,
    CHIDI,
    DEE,
    EVA,
    FERRAN,
    GRACE,
    INES,
    JOZEF,
    KOBAYASHI,
    Evening,
    song,
    video,
)


async def ask_for_everything(evening: Evening) -> None:
    """Six members at once; each take is 4 bars, an extended clip 4 bars more."""
    thread = evening.thread
    asked = {
        "funk": await evening[BEN].slash(thread, "compose", prompt="funk, drums and bass", seed=1),
        "house": await evening[DEE].slash(thread, "compose", prompt="house", seed=2),
        "extended": await evening[CHIDI].slash(thread, "extend", clip=await song("riff"), prompt="rock", seed=3),
        "disco": await evening[EVA].slash(thread, "restyle", clip=await song("tune", tonic=7), prompt="disco", seed=4),
        "two": await evening[FERRAN].slash(thread, "vary", clip=await song("idea"), prompt="rock", takes=2, seed=5),
        "backed": await evening[GRACE].slash(
            thread, "accompany", clip=await song("voice", tonic=2), prompt="pop", seed=6
        ),
    }
    lengths = {"extended": 8.0}
    waiting = (evening.take(name, each, lengths.get(name, 4.0)) for name, each in asked.items())
    await asyncio.gather(*waiting)


async def build_on_takes(evening: Evening) -> None:
    """A loop of a take that is offered, a blend of two, and the second of two takes into the jam."""
    offered = await evening[BEN].autocomplete(evening.thread, "loop", "take", "funk")
    assert [choice["value"] for choice in offered] == [evening.take_id("funk")]
    loop = await evening[INES].slash(evening.thread, "loop", take=evening.take_id("funk"), bars=2)
    await evening.take("loop", loop, 2)
    one, other = evening.take_id("disco"), evening.take_id("funk")
    blend = await evening[KOBAYASHI].slash(evening.thread, "blend", take1=one, take2=other, balance=0.5)
    await evening.take("blend", blend)

    picked = await evening[ADA].press(evening.takes["two"], "Take 2")
    choices = await picked.wait_response()
    await evening.answer("second of two", await evening[ADA].press(choices, "Add to the jam"))


async def take_what_others_posted(evening: Evening) -> None:
    """Remix this on a video with sound, Extend this on the file of another bot."""
    filmed = await evening[JOZEF].post(evening.thread, "from last week", await video())
    form = await evening[GRACE].context_menu(filmed, "Remix this")
    await form.wait_form()
    sent = await evening[GRACE].submit_modal(form, {"words": "synthwave", "operation": "restyle"})
    await evening.take("remix", sent)

    jingle = await evening.radio.post(evening.thread, "on air", await song("jingle", tonic=4))
    await evening.take("jingle", await evening[JOZEF].context_menu(jingle, "Extend this"), 8)
