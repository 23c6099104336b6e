"""The evening from its first to its last act, and what is left of it when everybody has gone home."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from generation.errors import TakeNotFound
from generation.family import Family
from generation.jam.room import Room
from generation.request import Take
from tests.bot.evening import buttons, closing, desk, games, manners, opening, playing
from tests.bot.evening.band import JOZEF, Evening, gathered


@dataclass(frozen=True)
class Aftermath:
    """The evening, and what the ledger says in the end: the room, the takes by their names and whose audio is still
    there, a family; the pictures by what they show; the files of the closing post."""

    evening: Evening
    room: Room
    takes: dict[str, Take]
    has_audio: dict[str, bool]
    family: Family
    pictures: dict[str, bytes]
    closing_files: tuple[bytes, ...]


async def play_the_evening(folder: Path) -> Aftermath:
    """All acts, with a restart in the middle. Seeds that nobody gives come from one lot, the same every evening."""
    lot = SimpleNamespace(randbelow=random.Random(7).randrange)
    with patch("generation.request.secrets", lot):
        async with gathered(folder) as evening:
            async with evening.running_bot():
                await opening.open_the_room(evening)
                await opening.bring_layers(evening)
                await opening.set_whose_clips_want_a_yes(evening)
                await playing.ask_for_everything(evening)
                await playing.build_on_takes(evening)
                await playing.take_what_others_posted(evening)
                await buttons.press_them_all(evening)
                await desk.add_takes(evening)
                await desk.mix_it(evening)
                late = await evening[JOZEF].slash(evening.thread, "compose", prompt="rock", seed=9)
                await late.wait_response()
            async with evening.running_bot():
                await evening.take("over the restart", late)
                await desk.use_the_card(evening)
                await buttons.look_and_listen(evening)
                await buttons.keep_one_private_and_post_it(evening)
                await games.vote(evening)
                await games.play_a_relay(evening)
                await manners.ask_first(evening)
                await manners.take_one_back(evening)
                await manners.set_defaults(evening)
                await manners.hand_over(evening)
                await closing.look_back(evening)
                await closing.close_the_room(evening)
                return await _aftermath(evening)


async def _aftermath(evening: Evening) -> Aftermath:
    names = [name for name in evening.takes if len(evening.take_ids(name)) == 1]
    takes = {name: await evening.service.take(evening.take_id(name)) for name in names}
    has_audio = {name: await _has_audio(evening, take) for name, take in takes.items()}
    family = await evening.service.sharing.family(evening.take_id("second turn"))
    shown = {"tree": evening.shown["tree"], "tree by the button": evening.shown["tree button"]}
    pictures = {name: await evening.discord.download(message.attachments[0]) for name, message in shown.items()}
    files = [await evening.discord.download(file) for file in evening.shown["closing post"].attachments]
    return Aftermath(evening, await evening.room(), takes, has_audio, family, evening.pictures | pictures, tuple(files))


async def _has_audio(evening: Evening, take: Take) -> bool:
    try:
        await evening.service.waveform_png(take.take_id)
    except TakeNotFound:
        return False
    return True
