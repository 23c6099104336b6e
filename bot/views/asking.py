"""The buttons with which an owner says whether somebody may build on their clip."""

from __future__ import annotations

from typing import Any

import discord

from bot.views.kept import KeptButton, view_of

_LABELS = {"yes": "Yes, go ahead", "no": "No"}
_STYLES = {"yes": discord.ButtonStyle.success, "no": discord.ButtonStyle.secondary}


class AskButton(KeptButton, template=r"bm:ask:(?P<answer>yes|no):(?P<wish_id>[0-9a-f]{1,24})"):
    """A button whose custom_id names the order that waits in the ledger."""

    def __init__(self, answer: str, wish_id: str) -> None:
        self.answer, self.wish_id = answer, wish_id
        super().__init__(f"bm:ask:{answer}:{wish_id}", _LABELS[answer], _STYLES[answer])

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Give the answer."""
        from bot import consent  # which shows these buttons itself

        await consent.answer(interaction, self.wish_id, is_yes=self.answer == "yes")


def ask_view(wish_id: str) -> discord.ui.View:
    """What hangs under the question."""
    return view_of(AskButton(answer, wish_id) for answer in _LABELS)
