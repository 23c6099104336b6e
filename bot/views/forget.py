"""The button under /forget-me: whoever presses it is forgotten, whatever its custom_id says."""

from __future__ import annotations

from typing import Any

import discord

from bot import answers, preferences
from bot.reply import IS_PRIVATE
from bot.views.kept import KeptButton, view_of

DONE = "Done: I have forgotten you. Nothing of yours is left here."


class ForgetButton(KeptButton, template=r"bm:forget:me"):
    """Carries no id: a forged one could only forget the one who forged it."""

    def __init__(self) -> None:
        super().__init__("bm:forget:me", "Forget me", discord.ButtonStyle.danger)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Forget, then say so."""
        await answers.language_for(interaction, private=True)  # what is about to be forgotten
        interaction.extras[IS_PRIVATE] = True
        await interaction.response.defer()  # of a button: no new message, the old one will be edited
        await interaction.client.service.privacy.forget(preferences.FRONT_END, str(interaction.user.id))
        interaction.client.voice.withdraw(person_id=str(interaction.user.id))
        await answers.show(interaction, DONE)


def forget_view() -> discord.ui.View:
    """What hangs under the warning."""
    return view_of([ForgetButton()])
