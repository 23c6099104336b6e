"""The buttons of a relay's turn: play it (a form for words), join, pass, leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot import answers, orders
from bot.jams import relay_posts
from bot.jams.rooms import person_of, room_by_id
from bot.views import actions, forms
from bot.views.kept import KeptButton, view_of
from generation.errors import RequestRefused
from generation.jam import relay as rules
from generation.jam.room import Room
from generation.request import MAX_PROMPT_CHARACTERS

if TYPE_CHECKING:
    from bot.client import BandmateClient

_LABELS = {"play": "Play my turn", "join": "Join", "pass": "Pass", "leave": "Leave"}


class RelayButton(KeptButton, template=r"bm:relay:(?P<action>play|join|pass|leave):(?P<room_id>[\w-]{1,40})"):
    """A button whose custom_id carries the room's id; whose turn it is stands in the ledger."""

    def __init__(self, action: str, room_id: str) -> None:
        self.action, self.room_id = action, room_id
        style = discord.ButtonStyle.primary if action == "play" else discord.ButtonStyle.secondary
        super().__init__(f"bm:relay:{action}:{room_id}", _LABELS[action], style)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Ask for the words of the turn, or change who plays."""
        room = await room_by_id(interaction, self.room_id)
        if self.action == "play":
            await ask_for_words(interaction, room)
        else:
            await _HANDLERS[self.action](interaction, room)


def turn_view(room: Room) -> discord.ui.View:
    """What hangs under the message of a turn."""
    return view_of(RelayButton(action, room.room_id) for action in _LABELS)


async def ask_for_words(interaction: discord.Interaction[BandmateClient], room: Room) -> None:
    """The form for the words of a turn, to the one whose turn it is."""
    relay = rules.running(room)
    if str(interaction.user.id) != relay.person_id:
        raise RequestRefused(f"It is {room.name_of(relay.person_id)}'s turn, not yours. Join, and yours comes.")
    await answers.ask(interaction, turn_form(interaction, room))


def turn_form(interaction: discord.Interaction[BandmateClient], room: Room) -> discord.ui.Modal:
    """The form that asks how it should go on."""
    form = forms.new_form(interaction, "relay", room.room_id, "Your turn")
    hint = "a drum fill, then a sparse piano"
    return form.add_item(
        forms.text_field(
            forms.WORDS, "How should it go on?", hint=hint, required=False, max_length=MAX_PROMPT_CHARACTERS
        )
    )


async def _play(interaction: discord.Interaction[BandmateClient], form: forms.FilledForm) -> None:
    """The submitted form of a turn."""
    room = await room_by_id(interaction, form.about)
    await relay_posts.play(interaction, room, form.text(forms.WORDS))


async def join(interaction: discord.Interaction[BandmateClient], room: Room) -> None:
    """One more in the relay."""
    by, client = person_of(interaction), interaction.client
    await orders.defer(interaction)
    after = await client.service.jams.change(room.room_id, lambda newest, now: rules.join_relay(newest, by))
    client.jams.board.refresh(room.room_id)
    number = len(rules.running(after).order)
    await answers.show(interaction, f"<@{by.person_id}> is in the relay, as number {number}.")


async def skip(interaction: discord.Interaction[BandmateClient], room: Room) -> None:
    """The turn passed over."""
    by, client = person_of(interaction), interaction.client
    await orders.defer(interaction)
    before = rules.running(room).person_id
    after = await client.service.jams.change(room.room_id, lambda newest, now: rules.skip_turn(newest, by, now=now))
    await answers.show(interaction, f"<@{before}>'s turn was passed by <@{by.person_id}>.")
    await relay_posts.show_turn(client, after, "Passed.")


async def leave(interaction: discord.Interaction[BandmateClient], room: Room) -> None:
    """Out of the relay; if it was one's turn, the next one's begins."""
    by, client = person_of(interaction), interaction.client
    await orders.defer(interaction)
    had_turn = rules.running(room).person_id == by.person_id
    after = await client.service.jams.change(
        room.room_id, lambda newest, now: rules.leave_relay(newest, by.person_id, now=now)
    )
    await answers.show(interaction, f"<@{by.person_id}> has left the relay.")
    client.jams.board.refresh(room.room_id)
    if had_turn:
        await relay_posts.show_turn(client, after, "Left.")


_HANDLERS = {"join": join, "pass": skip, "leave": leave}
actions.FORM_ANSWERS["relay"] = _play
