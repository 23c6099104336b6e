"""Act four: at the mixing desk: takes as layers, gain, mute, solo, undo, the mix, the card's own buttons."""

from __future__ import annotations

from tests.bot.evening.band import ADA, BARS, BEN, CHIDI, EVA, FERRAN, GRACE, KOBAYASHI, LONG_S, Evening
from tests.support.discord_server import Message


async def add_takes(evening: Evening) -> None:
    """By the button under a take, and by its id; the host takes one of them back."""
    await evening.answer("funk into the jam", await evening[ADA].press(evening.takes["funk"], "Add to the jam"))
    await evening.answer("varied into the jam", await evening[GRACE].press(evening.takes["varied"], "Add to the jam"))
    disco = evening.take_id("disco")
    added = await evening[FERRAN].slash(evening.thread, "jam add", take=disco, name="Strings")
    await evening.answer("disco into the jam", added)
    await evening.answer("not for you", await evening[BEN].slash(evening.thread, "jam undo", anyones=True))
    await evening.answer("host's undo", await evening[ADA].slash(evening.thread, "jam undo", anyones=True))


async def mix_it(evening: Evening) -> None:
    """Gain, undo, mute, solo, what others may not, and the mix as a file."""
    thread = evening.thread
    offered = await evening[BEN].autocomplete(thread, "jam gain", "layer", "ke", db=-4.5)
    assert [choice["value"] for choice in offered] == ["keys"]
    await evening.answer("gain", await evening[BEN].slash(thread, "jam gain", layer="keys", db=-4.5))
    await evening.answer("too soft", await evening[BEN].slash(thread, "jam gain", layer="keys", db=-20.0))
    await evening.answer("undo", await evening[BEN].slash(thread, "jam undo"))
    await evening.answer("not yours", await evening[KOBAYASHI].slash(thread, "jam gain", layer="keys", db=3.0))
    await evening.answer("mute", await evening[GRACE].slash(thread, "jam mute", layer="voice-message"))
    await evening.answer("solo", await evening[EVA].slash(thread, "jam solo", layer="Eva's beat"))
    await evening.answer("solo mix", await evening[CHIDI].slash(thread, "jam mix", format="flac"))
    await evening.answer("no solo", await evening[EVA].slash(thread, "jam solo", layer="Eva's beat", on=False))
    await evening.answer("layers", await evening[KOBAYASHI].slash(thread, "jam layers"))
    await evening.answer("one layer", await evening[KOBAYASHI].slash(thread, "jam layers", layer="keys"))
    await evening.keep(evening.shown["solo mix"], BARS)


async def use_the_card(evening: Evening) -> None:
    """The card, which was made before the restart, is up to date, and its menu and buttons work."""
    card = evening.thread.messages[0]

    def is_complete(message: Message) -> bool:
        return message is card and "7 of 12 layers" in card.content and "Hear the mix" in card.labels

    await evening.thread.wait_for_message(is_complete, LONG_S)
    await evening.answer("muted by the menu", await evening[BEN].select(card, "chorus"))
    await evening.answer("undone by the card", await evening[BEN].press(card, "Undo mine"))
    await evening.answer("mix by the card", await evening[GRACE].press(card, "Hear the mix"))
    await evening.keep(evening.shown["mix by the card"], BARS)
