"""What the buttons of a take and the forms do. Each begins with what the person may see, and answers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import discord

from bot import answers, consent, errors, orders
from bot.views import forms, wish_forms
from bot.views.access import require_owner_or_moderator, take_source, visible_take
from bot.views.forms import FilledForm
from bot.wishes import Wish
from generation.errors import RequestRefused
from generation.request import DRAW_SEED, Operation, Take

if TYPE_CHECKING:
    from bot.client import BandmateClient

FormAnswer = Callable[["discord.Interaction[BandmateClient]", FilledForm], Awaitable[None]]


async def again(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """The same recipe with a new seed."""
    await interaction.client.service.sharing.require_standing([take.take_id])
    await consent.require_leave(interaction, take)
    await orders.defer(interaction)
    request = take.recipe.request.changed(seed=DRAW_SEED)
    await orders.reply(interaction, await orders.submit(interaction, request))


async def extend(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """The take, going on."""
    await build_on(interaction, take, Operation.EXTEND)


async def build_on(
    interaction: discord.Interaction[BandmateClient],
    take: Take,
    operation: Operation,
    prompt: str | None = None,
    **changes: Any,
) -> None:
    """A new take that has this one as its clip."""
    source = await take_source(interaction, take)
    await consent.fulfil(interaction, Wish.of(interaction, operation, source, prompt=prompt, changes=changes))


async def ask_how_to_vary(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """The form for the strength and number of variations."""
    await answers.ask(interaction, forms.vary_form(interaction, take))


async def ask_for_words(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """The form for the words of a restyle."""
    await answers.ask(interaction, forms.words_form(interaction, take))


async def ask_for_bars(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """The form for the bars of a loop."""
    await answers.ask(interaction, forms.loop_form(interaction, take))


async def on_form(interaction: discord.Interaction[BandmateClient]) -> None:
    """Answer a submitted form of ours; other interactions are none of its business. Errors become sentences."""
    form = forms.filled_form(interaction)
    if form is None or form.kind not in FORM_ANSWERS:
        return
    async with errors.answering(interaction):
        await FORM_ANSWERS[form.kind](interaction, form)


async def _restyle(interaction: discord.Interaction[BandmateClient], form: FilledForm) -> None:
    take = await visible_take(interaction, form.about)
    await build_on(interaction, take, Operation.RESTYLE, form.text(forms.WORDS))


async def _vary(interaction: discord.Interaction[BandmateClient], form: FilledForm) -> None:
    take = await visible_take(interaction, form.about)
    strength, count = _number(form, forms.STRENGTH, 0.5), int(_number(form, forms.COUNT, 1))
    await build_on(interaction, take, Operation.VARY, form.text(forms.WORDS), strength=strength, num_takes=count)


async def _loop(interaction: discord.Interaction[BandmateClient], form: FilledForm) -> None:
    take = await visible_take(interaction, form.about)
    bars = int(_number(form, forms.BARS, 0))
    await build_on(interaction, take, Operation.LOOP, bars=bars or None)


async def _remix(interaction: discord.Interaction[BandmateClient], form: FilledForm) -> None:
    """The form of a message menu: the wish that waits for it, with the chosen file, operation and words."""
    wish, source = await wish_forms.chosen(interaction, form)
    operation = Operation(form.text(forms.OPERATION) or wish.operation)
    prompt = form.text(forms.WORDS) or None
    await consent.fulfil(interaction, Wish.of(interaction, operation, source, prompt=prompt))


FORM_ANSWERS: dict[str, FormAnswer] = {"restyle": _restyle, "vary": _vary, "loop": _loop, "wish": _remix}
"""Who answers which kind of form; a module with forms of its own adds them here."""


def _number(form: FilledForm, name: str, default: float) -> float:
    """A number that was chosen. Raises RequestRefused for what no form of ours offers."""
    try:
        return float(form.text(name) or default)
    except ValueError:
        raise RequestRefused("That is not one of the choices.") from None


async def delete(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """Take the message with the take out of the channel; the ledger keeps the take."""
    origin = await interaction.client.service.origin(take.job_id)
    require_owner_or_moderator(interaction, origin, "delete")
    await interaction.response.defer()
    try:
        await interaction.delete_original_response()
    except discord.NotFound:
        await errors.say(interaction, "It is deleted already.")
