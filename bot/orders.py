"""From an interaction to a job: let the clips in, submit, show the one message that tells how it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord
import structlog

from bot import errors, texts
from bot.network import insisting
from bot.reply import MESSAGE_ID, Reply
from generation.errors import TooBusy
from generation.request import Operation, Request, Take
from generation.service import CheckIn, Origin, Ticket

if TYPE_CHECKING:
    from bot.client import BandmateClient

FRONT_END = "discord"
AWAITED_CLIP = "awaited"
"""Stands in a request for a clip that is attached but not yet let in, so that the rest is checked at once."""


@dataclass(frozen=True, slots=True)
class Order:
    """A job that was taken, and where it is answered."""

    ticket: Ticket
    reply: Reply


async def defer(interaction: discord.Interaction[BandmateClient]) -> None:
    """Acknowledge: Discord shows "thinking…" in a message of its own, which becomes the progress message.

    Raises TooBusy while the bot closes: what it took now it could not finish. Raises AnsweredElsewhere for an
    interaction that Discord has sent twice: the first one's handler is at it.
    """
    if interaction.client.is_closing:
        raise TooBusy("I'm just restarting. Ask again in a minute.")
    if not interaction.client.is_first_sight(interaction.id):
        raise errors.AnsweredElsewhere(f"interaction {interaction.id} came twice")
    interaction.extras[MESSAGE_ID] = await insisting(lambda: _acknowledge(interaction))


async def _acknowledge(interaction: discord.Interaction[BandmateClient]) -> int | None:
    """The id of the message that Discord made; None when an attempt before had come through unheard."""
    try:
        answered = await interaction.response.defer(thinking=True)
    except discord.HTTPException as error:
        if error.code != errors.ALREADY_ACKNOWLEDGED:
            raise
        return None  # by us: discord.py repeats a call whose answer was lost, and nobody else has this interaction
    return None if answered is None else answered.message_id


async def submit(
    interaction: discord.Interaction[BandmateClient], request: Request, attachments: Sequence[discord.Attachment]
) -> Order:
    """Let the attached clips in and put the job into the ledger. Raises BandmateError with the person's sentence."""
    async with interaction.client.under_way():
        check_ins = await asyncio.gather(*(_check_in(interaction, attachment) for attachment in attachments))
        if check_ins:
            request = request.changed(clip_ids=tuple(check_in.clip_id for check_in in check_ins))
        return await _submit(interaction, request, check_ins)


async def submit_on_take(
    interaction: discord.Interaction[BandmateClient], take: Take, operation: Operation, prompt: str | None = None
) -> Order:
    """Put in a job that builds on a take: its music is the clip, its recipe gives what is not said."""
    client = interaction.client
    before = take.recipe.request
    engine = client.engine_for(operation, before.engine)
    async with client.under_way():
        check_in = await client.service.clip_of_take(take.take_id, owner=origin_of(interaction))
        request = Request(
            operation,
            prompt=before.prompt if prompt is None else prompt,
            clip_ids=(check_in.clip_id,),
            engine=engine,
            model=before.model if engine == before.engine else None,
            sampling=before.sampling,
            audio_format=before.audio_format,
            parent_take_ids=(take.take_id,),
        )
        return await _submit(interaction, request, [check_in])


async def submit_again(interaction: discord.Interaction[BandmateClient], request: Request) -> Order:
    """Put in a job for a request whose clips are in the ledger already."""
    async with interaction.client.under_way():
        return await _submit(interaction, request, [])


async def reply(interaction: discord.Interaction[BandmateClient], order: Order) -> None:
    """Show the progress message and keep it up to date; from here on the ledger and delivery see to the answer."""
    await interaction.client.progress.show(interaction, order.ticket, order.reply)


def origin_of(interaction: discord.Interaction[BandmateClient], told: Reply | None = None) -> Origin:
    """Who asks, from where, and how to answer (`told`)."""
    return Origin(
        front_end=FRONT_END,
        person_id=str(interaction.user.id),
        person_name=texts.plain(interaction.user.display_name, 80),
        guild_id=None if interaction.guild_id is None else str(interaction.guild_id),
        channel_id=None if interaction.channel_id is None else str(interaction.channel_id),
        reply=told.to_json() if told else {},
    )


async def _check_in(interaction: discord.Interaction[BandmateClient], attachment: discord.Attachment) -> CheckIn:
    client = interaction.client
    upload = await client.downloads.read(attachment)
    return await client.service.check_in(upload.data, name=upload.name, owner=origin_of(interaction))


async def _submit(
    interaction: discord.Interaction[BandmateClient], request: Request, check_ins: Sequence[CheckIn]
) -> Order:
    lines = [texts.headline(request, str(interaction.user.id)), *texts.check_in_lines(check_ins)]
    lines += _permission_lines(interaction)
    told = Reply.of(interaction, texts.cut(lines, texts.MAX_HEAD_CHARACTERS))
    ticket = await interaction.client.service.submit(request, origin_of(interaction, told), key=str(interaction.id))
    structlog.contextvars.bind_contextvars(job_id=ticket.job_id)
    return Order(ticket, told)


def _permission_lines(interaction: discord.Interaction[BandmateClient]) -> list[str]:
    """A warning when the result can't be posted as a message of its own; it then comes into the progress message."""
    if interaction.guild_id is None:
        return []
    in_thread = isinstance(interaction.channel, discord.Thread)
    missing = errors.missing_permissions(interaction.app_permissions, in_thread=in_thread)
    if not missing:
        return []
    return [f"-# I am missing {', '.join(missing)} in this channel; a moderator can grant it."]
