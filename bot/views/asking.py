"""The buttons with which an owner says whether somebody may build on their clip."""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from bot import errors

_LABELS = {"yes": "Yes, go ahead", "no": "No"}
_STYLES = {"yes": discord.ButtonStyle.success, "no": discord.ButtonStyle.secondary}


class AskButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"bm:ask:(?P<answer>yes|no):(?P<id>[0-9a-f]{1,24})"
):
    """A button whose custom_id names the order that waits in the ledger."""

    def __init__(self, answer: str, wish_id: str) -> None:
        self.answer = answer
        self.wish_id = wish_id
        custom_id = f"bm:ask:{answer}:{wish_id}"
        super().__init__(discord.ui.Button(label=_LABELS[answer], style=_STYLES[answer], custom_id=custom_id))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Made anew from its id whenever it is pressed."""
        return cls(match["answer"], match["id"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Give the answer; errors become sentences."""
        from bot import consent  # which shows these buttons itself

        async with errors.answering(interaction):
            await consent.answer(interaction, self.wish_id, is_yes=self.answer == "yes")


def ask_view(wish_id: str) -> discord.ui.View:
    """What hangs under the question."""
    view = discord.ui.View(timeout=None)
    for answer in _LABELS:
        view.add_item(AskButton(answer, wish_id))
    return view
