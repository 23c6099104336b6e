"""The buttons of a take: Again, Vary, Extend, Restyle, Loop, Format, Tree, Delete; the numbers of several takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import discord

from bot import answers
from bot.reply import JAM_ROOM_ID
from bot.views import actions, family, formats
from bot.views.access import visible_take
from bot.views.kept import KeptButton
from generation.request import Operation, Take

if TYPE_CHECKING:
    from bot.client import BandmateClient

_LABELS = {
    "again": "Again",
    "vary": "Vary",
    "extend": "Extend",
    "restyle": "Restyle",
    "loop": "Loop",
    "format": "Format",
    "tree": "Tree",
    "delete": "Delete",
    "pick": "Take",
}
_NEEDED_OPERATION = {
    "vary": Operation.VARY,
    "extend": Operation.EXTEND,
    "restyle": Operation.RESTYLE,
    "loop": Operation.LOOP,
}
_ROWS = (("again", "vary", "extend", "restyle", "loop"), ("format", "tree"))
"""Discord takes five buttons a row."""
_HANDLERS = {
    "again": actions.again,
    "vary": actions.ask_how_to_vary,
    "extend": actions.extend,
    "restyle": actions.ask_for_words,
    "loop": actions.ask_for_bars,
    "format": formats.offer_formats,
    "tree": family.show_tree,
    "delete": actions.delete,
}
_TEMPLATE = r"bm:take:(?P<action>again|vary|extend|restyle|loop|format|tree|delete|pick):(?P<take_id>[\w-]{1,80})"


class TakeButton(KeptButton, template=_TEMPLATE):
    """A button whose custom_id carries the take's id; everything else is looked up when it is pressed."""

    def __init__(self, action: str, take_id: str, label: str | None = None, row: int = 0) -> None:
        self.action, self.take_id = action, take_id
        style = discord.ButtonStyle.danger if action == "delete" else discord.ButtonStyle.secondary
        super().__init__(f"bm:take:{action}:{take_id}", label or _LABELS[action], style, row)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Look the take up and act."""
        take = await visible_take(interaction, self.take_id)
        if self.action == "pick":
            await pick(interaction, take)
        else:
            await _HANDLERS[self.action](interaction, take)


def takes_view(takes: Sequence[Take], operations: Collection[Operation]) -> discord.ui.View:
    """What hangs under a result; `operations` are those that some engine here can do."""
    view = discord.ui.View(timeout=None)
    if len(takes) == 1:
        _add_actions(view, takes[0], operations)
    else:
        for number, take in enumerate(takes, start=1):
            view.add_item(TakeButton("pick", take.take_id, label=f"Take {number}"))
        view.add_item(TakeButton("again", takes[0].take_id, row=1))
    view.add_item(TakeButton("delete", takes[0].take_id, row=1))
    return view


async def pick(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """Show one of several takes' own buttons, to the one who asked."""
    view = discord.ui.View(timeout=None)
    _add_actions(view, take, interaction.client.operations)
    origin = await interaction.client.service.origin(take.job_id)
    if origin.reply.get(JAM_ROOM_ID) is not None:
        from bot.views.jam import JamTakeButton  # it acts through what builds on this module

        view.add_item(JamTakeButton(take.take_id))
    await answers.respond(interaction, f"Take {take.index + 1}: what next?", view=view)


def _add_actions(view: discord.ui.View, take: Take, operations: Collection[Operation]) -> None:
    for row, actions_of_row in enumerate(_ROWS):
        for action in actions_of_row:
            needed = _NEEDED_OPERATION.get(action)
            if needed is None or needed in operations:
                view.add_item(TakeButton(action, take.take_id, row=row))
