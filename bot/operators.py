"""The operators: who runs this bot, and so may say how much the whole service gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from generation.errors import RequestRefused

if TYPE_CHECKING:
    from bot.client import BandmateClient


def operator_ids(client: BandmateClient) -> frozenset[int]:
    """The owner of the application at Discord, or the members of its team who have accepted; and those of the settings
    (discord.operator_ids)."""
    found = set(client.config.operator_ids)
    application = client.application
    if application is None:
        return frozenset(found)
    if application.team is None:
        return frozenset(found | {application.owner.id})
    accepted = discord.TeamMembershipState.accepted
    return frozenset(found | {who.id for who in application.team.members if who.membership_state is accepted})


def require_operator(interaction: discord.Interaction[BandmateClient]) -> None:
    """Raises RequestRefused for everybody else, whatever they may do on a server."""
    if interaction.user.id not in operator_ids(interaction.client):
        raise RequestRefused("That is for the operators of this bot: the owner or team of its application.")
