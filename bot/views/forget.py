"""The button under /forget-me: whoever presses it is forgotten, whatever its custom_id says."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot import errors, orders

DONE = "Done: I have forgotten you. Nothing of yours is left here."


class ForgetButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"bm:forget:me"):
    """Carries no id: a forged one could only forget the one who forged it."""

    def __init__(self) -> None:
        button: discord.ui.Button[Any] = discord.ui.Button(
            label="Forget me", style=discord.ButtonStyle.danger, custom_id="bm:forget:me"
        )
        super().__init__(button)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew whenever it is pressed."""
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Forget, then say so; errors become sentences."""
        async with errors.answering(interaction):
            await interaction.response.defer()  # of a button: no new message, the old one will be edited
            await interaction.client.service.privacy.forget(orders.FRONT_END, str(interaction.user.id))
            await interaction.edit_original_response(content=DONE, view=None)


def forget_view() -> discord.ui.View:
    """What hangs under the warning."""
    view = discord.ui.View(timeout=None)
    view.add_item(ForgetButton())
    return view
