"""Whose clip it is decides who may build on it: anyone, nobody, or those whom the owner says yes to."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import discord

from bot import answers, orders, preferences, texts
from bot.jams.rooms import has_left
from bot.views.access import take_source
from bot.views.asking import ask_view
from bot.wishes import Wish
from generation.errors import RequestRefused
from generation.request import Take
from generation.sharing import Leave, PendingWish

if TYPE_CHECKING:
    from bot.client import BandmateClient


async def fulfil(
    interaction: discord.Interaction[BandmateClient],
    wish: Wish,
    granted: Collection[str] = (),
    *,
    in_place: bool = False,
) -> None:
    """Check, defer, submit, reply; where an owner wants to be asked first, ask.

    `granted`: the owners who said yes. `in_place`: the message whose button was pressed becomes the progress message.
    Raises BandmateError with the person's sentence.
    """
    await preferences.require_allowed(interaction)
    owner_id = await owner_to_ask(interaction.client, wish, granted)
    if owner_id is not None:
        if await has_left(interaction.client, interaction.guild_id or 0, owner_id):
            raise RequestRefused("The owner of this clip wants to be asked first, and has left the server.")
        await ask(interaction, wish, owner_id, granted)
        return
    await orders.defer(interaction, private=wish.is_private, in_place=in_place)
    await orders.reply(interaction, await orders.submit_wish(interaction, wish))


async def owner_to_ask(client: BandmateClient, wish: Wish, granted: Collection[str] = ()) -> str | None:
    """The next owner whose yes is missing, None when nobody has to be asked.

    Raises RequestRefused when one of them lets nobody build on their clips, or when the wish is private: asking is not.
    """
    owners = dict.fromkeys(source.owner_id for source in wish.sources)
    to_ask = None
    for owner_id in owners:
        if owner_id is None or owner_id == wish.person_id:
            continue
        match await preferences.leave_of(client, owner_id):
            case Leave.NOBODY:
                raise RequestRefused("The owner of this clip lets nobody else build on it.")
            case Leave.ASKED if owner_id not in granted:
                to_ask = to_ask or owner_id
    if to_ask is not None and wish.is_private:
        raise RequestRefused("The owner of this clip wants to be asked first, and that can't be private: ask openly.")
    return to_ask


async def require_leave(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """Raises RequestRefused unless the person may use somebody's take without asking."""
    source = await take_source(interaction, take)
    wish = Wish.of(interaction, take.recipe.request.operation, source)
    if await owner_to_ask(interaction.client, wish) is not None:
        raise RequestRefused("The owner of this take wants to be asked first: use Vary, Extend or Restyle, which ask.")


async def ask(
    interaction: discord.Interaction[BandmateClient], wish: Wish, owner_id: str, granted: Collection[str]
) -> None:
    """Put the question to the owner, with buttons that only they can press; the wish waits in the ledger.

    The one mention that Bandmate ever makes: it is a question to that person, and carries no words but quoted ones.
    """
    body = {"wish": wish.to_json(), "granted": list(granted)}
    pending = PendingWish(preferences.FRONT_END, wish.person_id, body, owner_id)
    await interaction.client.service.sharing.keep_pending(pending)
    question = question_of(wish, owner_id)
    view = ask_view(pending.wish_id)
    if interaction.message is not None and granted:  # somebody else's yes led here: their message asks on
        await answers.change(interaction, question, view)
        return
    owner = discord.Object(int(owner_id))
    await answers.respond(interaction, question, view=view, private=False, mentioned=[owner])


def question_of(wish: Wish, owner_id: str) -> str:
    """What an owner is asked."""
    name = next(source.label for source in wish.sources if source.owner_id == owner_id)
    words = f" with the words {texts.quoted(wish.prompt)}" if wish.prompt else ""
    lines = [
        f"<@{owner_id}>, <@{wish.person_id}> would like to **{wish.operation.value}** {texts.quoted(name, 80)}{words}.",
        texts.small("It is yours, and you want to be asked first (/settings me). Only you can answer."),
    ]
    return "\n".join(lines)


async def answer(interaction: discord.Interaction[BandmateClient], wish_id: str, *, is_yes: bool) -> None:
    """The owner's answer; a yes makes the take, in the message that asked. Once: the second press finds nothing."""
    sharing = interaction.client.service.sharing
    pending = await sharing.pending(wish_id)
    wish = Wish.from_json(pending.body["wish"])
    person_id = str(interaction.user.id)
    if person_id != pending.owner_id and (is_yes or person_id != pending.person_id):
        raise RequestRefused("Only the owner of the clip can answer this.")
    if not await sharing.take_pending(wish_id):
        raise RequestRefused("This was answered already.")
    if is_yes:
        await fulfil(interaction, wish, [*pending.body["granted"], person_id], in_place=True)
        return
    said = "was taken back" if person_id == pending.person_id else f"got a no from <@{person_id}>"
    await answers.change(interaction, f"The wish of <@{wish.person_id}> {said}.")
