"""Forms about what a message offers. What they are about waits in the ledger: a message is not shown to us twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import discord

from bot import preferences
from bot.views import forms
from bot.views.forms import FILE, OPERATION, Field, FilledForm, choice_field, new_form
from bot.wishes import Source, Wish
from generation.errors import RequestRefused
from generation.request import Operation
from generation.sharing import PendingWish

if TYPE_CHECKING:
    from bot.client import BandmateClient

REMIXES = {
    Operation.RESTYLE: "The same music in another style",
    Operation.VARY: "A variation of it",
    Operation.ACCOMPANY: "A band that plays along",
}
"""What "Remix this" offers, the usual one first."""


async def keep(interaction: discord.Interaction[BandmateClient], wish: Wish) -> str:
    """Let a wish wait for its form; the id by which the form names it."""
    pending = PendingWish(preferences.FRONT_END, wish.person_id, {"wish": wish.to_json()})
    await interaction.client.service.sharing.keep_pending(pending)
    return pending.wish_id


async def chosen(interaction: discord.Interaction[BandmateClient], form: FilledForm) -> tuple[Wish, Source]:
    """The wish that waited for a form that came back, and the file that was chosen in it. Raises RequestRefused."""
    pending = await interaction.client.service.sharing.pending(form.about)
    if pending.person_id != str(interaction.user.id) or pending.owner_id is not None:
        raise RequestRefused("This form is somebody else's.")
    wish, index = Wish.from_json(pending.body["wish"]), form.text(FILE) or "0"
    if not index.isdecimal() or int(index) >= len(wish.sources):
        raise RequestRefused("There is no such file in that message.")
    return wish, wish.sources[int(index)]


def remix_form(
    interaction: discord.Interaction[BandmateClient],
    wish_id: str,
    title: str,
    sources: Sequence[Source],
    operations: Sequence[Operation],
) -> discord.ui.Modal:
    """Which file where there are several, what to do where there is a choice, the words."""
    form = new_form(interaction, "wish", wish_id, title)
    if len(sources) > 1:
        form.add_item(file_choice(sources))
    if len(operations) > 1:
        kinds = {operation.value: REMIXES[operation] for operation in operations}
        form.add_item(choice_field(OPERATION, "What shall it become?", kinds, operations[0].value))
    return form.add_item(forms.words_field("", required=Operation.RESTYLE in operations[:1]))


def file_choice(sources: Sequence[Source]) -> Field:
    """The field that asks which one of them."""
    files = {str(index): f"{index + 1} · {source.label}" for index, source in enumerate(sources)}
    return choice_field(FILE, "Which file?", files, "0")
