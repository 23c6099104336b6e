"""What all buttons and menus of ours have in common: they outlive restarts, and answer whatever goes wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Self, TypeVar, cast

import discord

from bot import errors

ItemT = TypeVar("ItemT", bound=discord.ui.Item[Any])
_NOTHING = r"(?!)"
"""Matches no custom_id: the template of classes that only others derive from."""


class Kept(discord.ui.DynamicItem[ItemT], template=_NOTHING):
    """Something to press that is made anew from its custom_id whenever it is used, by whichever process then runs.

    The named groups of a class's template are what it is made with; everything else is looked up in `act`. An id comes
    from outside: whoever forges one must not get further than with the real ones.
    """

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew whenever it is used."""
        made: Self = cast(Any, cls)(**match.groupdict())
        return made

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Check, act, answer; errors become sentences."""
        async with errors.answering(interaction):
            await self.act(interaction)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """What it does. Raises BandmateError with the person's sentence."""
        raise NotImplementedError


class KeptButton(Kept[discord.ui.Button[Any]], template=_NOTHING):
    """A button."""

    def __init__(
        self,
        custom_id: str,
        label: str,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        row: int | None = None,
    ) -> None:
        super().__init__(discord.ui.Button(label=label, style=style, custom_id=custom_id, row=row))


def view_of(items: Iterable[discord.ui.Item[Any]]) -> discord.ui.View:
    """The items under a message, for as long as it is there."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
