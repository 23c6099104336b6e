"""A take's family: the tree's picture, the credits, and taking a take back."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord

from bot import answers, texts
from bot.views.access import may_see, require_owner_or_moderator, visible_take
from bot.views.kept import KeptButton, view_of
from generation.errors import RequestRefused
from generation.family import Family, Member
from generation.request import Take
from generation.service import Origin

if TYPE_CHECKING:
    from bot.client import BandmateClient

MAX_CREDITS = 60


class RetractButton(KeptButton, template=r"bm:retract:(?P<take_id>[\w-]{1,80})"):
    """The button that takes a take back, under the question whether that is meant."""

    def __init__(self, take_id: str) -> None:
        self.take_id = take_id
        super().__init__(f"bm:retract:{take_id}", "Take it back", discord.ButtonStyle.danger)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Check again, take it back."""
        take = await visible_take(interaction, self.take_id)
        await retract(interaction, take)


async def show_tree(interaction: discord.Interaction[BandmateClient], take: Take, *, private: bool = True) -> None:
    """The family tree as a picture, to the one who pressed or to all."""
    await answers.think(interaction, private=private)
    sharing = interaction.client.service.sharing
    family = visible_part(interaction, await sharing.family(take.take_id))
    picture = await sharing.tree_png(family)
    file = discord.File(io.BytesIO(picture), f"family-of-{take.take_id}.png", description=_words_for(family))
    await answers.show(interaction, texts.cut(_lines(family)), files=[file])


def visible_part(interaction: discord.Interaction[BandmateClient], family: Family) -> Family:
    """The family with what this person may not see, or what is private, as empty places."""
    shown = (member if _is_visible(interaction, member) else member.hidden() for member in family.members)
    return replace(family, members=tuple(shown))


def _is_visible(interaction: discord.Interaction[BandmateClient], member: Member) -> bool:
    if member.operation is None:
        return False
    origin = Origin(
        member.front_end, member.person_id, member.person_name, member.guild_id, member.channel_id, dict(member.reply)
    )
    return may_see(interaction, origin)


def _lines(family: Family) -> list[str]:
    """The words beside the picture: how many takes by whom."""
    num_takes = len(family.members) + family.num_more
    lines = [f"**The family of** `{family.take_id}`: {num_takes} take{'s' if num_takes != 1 else ''}"]
    if people := [texts.quoted(name, 40) for name in family.people]:
        lines.append(f"by {', '.join(people[:20])}{' and others' if len(people) > 20 else ''}")
    return lines


def _words_for(family: Family) -> str:
    """The picture in words, for those who can't see it: at most what Discord takes as a description."""
    names = [f"{member.operation.value} by {member.person_name}" for member in family.members if member.operation]
    return texts.plain(f"A family tree of {len(family.members)} takes: {', '.join(names)}", 1000)


async def credits_text(interaction: discord.Interaction[BandmateClient], take: Take) -> str:
    """Everybody who had a part in a take, the oldest part first."""
    members = await interaction.client.service.sharing.lineage(take.take_id)
    lines = [f"**Credits of** `{take.take_id}`"]
    for member in members[-MAX_CREDITS:]:
        if not _is_visible(interaction, member) or member.operation is None:
            lines.append("- somebody, in a place that is not shown here")
            continue
        words = f" {texts.quoted(member.prompt, 60)}" if member.prompt.strip() else ""
        taken_back = " (taken back)" if member.is_retracted else ""
        lines.append(f"- <@{member.person_id}>: {member.operation.value}{words} `{member.take_id}`{taken_back}")
    lines.append(f"-# Made with {take.recipe.request.engine} ({take.recipe.licence}); AI-generated.")
    return texts.cut(lines)


async def ask_to_retract(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """Ask whether it is meant: it can't be undone."""
    if await interaction.client.service.sharing.is_retracted(take.take_id):
        raise RequestRefused("This take was taken back already.")
    question = (
        f"Take back `{take.take_id}`? Its audio is removed here, nothing new can be built on it, and the tree says so."
        " What was built on it before stays. This can't be undone."
    )
    await answers.respond(interaction, question, view=view_of([RetractButton(take.take_id)]))


async def retract(interaction: discord.Interaction[BandmateClient], take: Take) -> None:
    """Take a take back, and out of the channel where its message still can be found."""
    service = interaction.client.service
    origin = await service.origin(take.job_id)
    require_owner_or_moderator(interaction, origin, "retract")
    await service.sharing.retract(take.take_id, str(interaction.user.id))
    for room in await service.jams.withdraw_take(take.take_id):
        interaction.client.jams.board.refresh(room.room_id)
    interaction.client.voice.withdraw(take_id=take.take_id)
    await answers.change(
        interaction, f"Taken back: `{take.take_id}`. Delete its messages in the channel with their Delete button."
    )
