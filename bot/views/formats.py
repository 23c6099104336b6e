"""The Format button's select: a take, or one of its stems, as another file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord

from bot import answers, texts
from bot.files import file_of, room_in_answer
from bot.views.access import visible_take
from bot.views.kept import Kept, view_of
from generation.errors import RequestRefused
from generation.request import AudioFormat, Take

if TYPE_CHECKING:
    from bot.client import BandmateClient

STEM_PREFIX = "stem:"
MAX_SELECT_OPTIONS = 25
"""Discord's limit on a select's options."""


class FormatSelect(Kept[discord.ui.Select[Any]], template=r"bm:format:(?P<take_id>[\w-]{1,80})"):
    """The select of formats and stems that the Format button shows."""

    def __init__(self, take_id: str, options: Sequence[discord.SelectOption] = ()) -> None:
        self.take_id = take_id
        # An item that was pressed is made anew without its options: only the chosen value counts, and it is checked.
        shown = list(options) or [discord.SelectOption(label="mp3", value="mp3")]
        super().__init__(discord.ui.Select(placeholder="Which file?", options=shown, custom_id=f"bm:format:{take_id}"))

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Look the take up, encode, answer privately."""
        take = await visible_take(interaction, self.take_id)
        await send_format(interaction, take, self.item.values[0])


async def offer_formats(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """The select of formats and stems, to the one who pressed."""
    options = [discord.SelectOption(label=audio_format.value, value=audio_format.value) for audio_format in AudioFormat]
    stems = sorted(take.stem_hashes)
    options += [discord.SelectOption(label=f"{stem} alone (flac)", value=STEM_PREFIX + stem) for stem in stems]
    view = view_of([FormatSelect(take.take_id, options[:MAX_SELECT_OPTIONS])])
    await answers.respond(interaction, "The take as which file?", view=view)


async def send_format(interaction: discord.Interaction[BandmateClient], take: Take, choice: str) -> None:
    """The take, or one of its stems, as another file, to the one who chose it."""
    stem = choice.removeprefix(STEM_PREFIX) if choice.startswith(STEM_PREFIX) else None
    if stem is not None and stem not in take.stem_hashes:
        raise RequestRefused("This take has no such stem.")
    if stem is None and choice not in list(AudioFormat):
        raise RequestRefused(f"There is no such format; there are {', '.join(AudioFormat)}.")
    await answers.think(interaction)
    rendered = await interaction.client.service.render(
        take.take_id,
        AudioFormat(choice) if stem is None else AudioFormat.FLAC,
        max_bytes=room_in_answer(interaction),
        stem=stem,
    )
    content = texts.escaped(rendered.remark) or None
    await answers.show(interaction, content, files=[file_of(rendered)])
