"""From an interaction to a job: let the clips in, submit, show the one message that tells how it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import discord
import structlog

from bot import answers, errors, preferences, texts
from bot.blocked_words import require_clean
from bot.intake import AttachmentLike, display_name
from bot.jams.inherit import inherit
from bot.network import insisting
from bot.preferences import Preferences
from bot.reply import IS_PRIVATE, MESSAGE_ID, Reply
from bot.wishes import Source, Wish
from generation.errors import TooBusy
from generation.request import Request
from generation.service import CheckIn, Incoming, Origin, Ticket
from generation.telemetry import counted_refusals

if TYPE_CHECKING:
    from bot.client import BandmateClient

AWAITED_CLIP = "awaited"
"""Stands in a request for a clip that is attached but not yet let in, so that the rest is checked at once."""


@dataclass(frozen=True, slots=True)
class Order:
    """A job that was taken, and where it is answered."""

    ticket: Ticket
    reply: Reply


async def defer(
    interaction: discord.Interaction[BandmateClient], *, private: bool = False, in_place: bool = False
) -> None:
    """Acknowledge: Discord shows "thinking…" in a message of its own, which becomes the progress message.

    `private`: only the one who asked sees it, and what comes of it. `in_place`: no new message; the one whose button
    was pressed becomes the progress message. Raises RequestRefused where the server's settings
    don't let this person ask here. Raises TooBusy while the bot closes: what it took now it could not finish. Raises
    AnsweredElsewhere for an interaction that Discord has sent twice: the first one's handler is at it.
    """
    await preferences.require_allowed(interaction)
    if interaction.client.is_closing:
        raise TooBusy("I'm just restarting. Ask again in a minute.")
    if not interaction.client.is_first_sight(interaction.id):
        raise errors.AnsweredElsewhere(f"interaction {interaction.id} came twice")
    message_id = await insisting(lambda: _acknowledge(interaction, private=private, thinking=not in_place))
    interaction.extras[MESSAGE_ID] = interaction.message.id if in_place and interaction.message else message_id
    interaction.extras[IS_PRIVATE] = private


async def _acknowledge(
    interaction: discord.Interaction[BandmateClient], *, private: bool, thinking: bool
) -> int | None:
    """The id of the message that Discord made; None when an attempt before had come through unheard."""
    try:
        answered = await interaction.response.defer(thinking=thinking, ephemeral=private)
    except discord.HTTPException as error:
        if error.code != errors.ALREADY_ACKNOWLEDGED:
            raise
        return None  # by us: discord.py repeats a call whose answer was lost, and nobody else has this interaction
    return None if answered is None else answered.message_id


async def submit(
    interaction: discord.Interaction[BandmateClient],
    request: Request,
    sources: Sequence[Source] = (),
    asker: Origin | None = None,
) -> Order:
    """Let the sources in as the request's clips, and put its job into the ledger.

    Without sources its clips are in the ledger already. `asker`: who asked, where that is not who acts. Raises
    BandmateError with the person's sentence.
    """
    asker = asker or origin_of(interaction)
    async with interaction.client.under_way():
        check_ins: list[CheckIn] = []
        if sources:
            await _require_room(interaction, request, asker)
            check_ins = await asyncio.gather(*(_let_in(interaction.client, source, asker) for source in sources))
            parts = await _parts_of_backing(interaction.client, request, sources, check_ins, asker)
            request = request.changed(clip_ids=tuple(item.clip_id for item in (*check_ins, *parts)))
        request, room_lines = await inherit(interaction, request, asker)
        return await _put_in_line(interaction, request, asker, [*texts.check_in_lines(check_ins), *room_lines])


async def submit_wish(interaction: discord.Interaction[BandmateClient], wish: Wish) -> Order:
    """Put in the job of a wish, for the one who wished it: not for the one who acts, where an owner said yes."""
    asker = replace(origin_of(interaction), person_id=wish.person_id, person_name=wish.person_name)
    async with interaction.client.under_way():
        request = await request_of(interaction, wish)
        return await submit(interaction, request, wish.sources, asker)


async def _parts_of_backing(
    client: BandmateClient, request: Request, sources: Sequence[Source], check_ins: Sequence[CheckIn], asker: Origin
) -> tuple[CheckIn, ...]:
    """The drums and the rest of a take that is the backing, where its key has to change; else nothing."""
    take_id = sources[1].take_id if request.has_backing else None
    if take_id is None:
        return ()
    clip, backing = check_ins
    take = await client.service.take(take_id)
    return await client.service.backings.parts_of(take, backing, owner=asker, under=clip.hearing, key=request.key)


async def request_of(interaction: discord.Interaction[BandmateClient], wish: Wish) -> Request:
    """The request that a wish makes: what it does not say, the first take's recipe or the place's settings say."""
    client, settings = interaction.client, await preferences.here(interaction, wish.person_id)
    take_ids = tuple(source.take_id for source in wish.sources if source.take_id)
    before = (await client.service.take(take_ids[0])).recipe.request if take_ids else None
    engine = client.engine_for(wish.operation, before.engine if before else settings.engine)
    audio_format = before.audio_format if before else settings.audio_format or client.config.default_format
    changes: dict[str, Any] = {"audio_format": audio_format, **_from_recipe(before, engine), **wish.changes}
    request = Request(
        wish.operation,
        prompt=wish.prompt if wish.prompt is not None else before.prompt if before else "",
        clip_ids=(AWAITED_CLIP,) * len(wish.sources),
        engine=engine,
        parent_take_ids=take_ids,
        **changes,
    )
    settings.check_limits(request.duration_s, request.num_takes)
    return request


def _from_recipe(before: Request | None, engine: str) -> dict[str, Any]:
    """What a recipe hands on to the takes that are made from its take."""
    if before is None:
        return {}
    return {"sampling": before.sampling, "model": before.model if engine == before.engine else None}


async def reply(interaction: discord.Interaction[BandmateClient], order: Order) -> None:
    """Show the progress message and keep it up to date; from here on the ledger and delivery see to the answer."""
    await interaction.client.progress.show(interaction, order.ticket, order.reply)


def origin_of(interaction: discord.Interaction[BandmateClient]) -> Origin:
    """Who acts, and from where."""
    return Origin(
        front_end=preferences.FRONT_END,
        person_id=str(interaction.user.id),
        person_name=texts.plain(interaction.user.display_name, 80),
        guild_id=None if interaction.guild_id is None else str(interaction.guild_id),
        channel_id=None if interaction.channel_id is None else str(interaction.channel_id),
    )


async def check_in(interaction: discord.Interaction[BandmateClient], file: AttachmentLike) -> CheckIn:
    """Fetch a file and let it in as a clip. Raises ClipRefused."""
    return await _file_in(interaction.client, file, origin_of(interaction))


async def _let_in(client: BandmateClient, source: Source, asker: Origin) -> CheckIn:
    """A take or a file as a clip."""
    if source.take_id is not None:
        return await client.service.clip_of_take(source.take_id, owner=asker)
    return await _file_in(client, source, asker)


async def _file_in(client: BandmateClient, file: AttachmentLike, owner: Origin) -> CheckIn:
    """A file as a clip. It is fetched when there is room for it, and let go when it is decoded."""
    with counted_refusals(client.service.telemetry):
        client.downloads.require_fit(file)
    incoming = Incoming(file.size, lambda: client.downloads.read(file))
    return await client.service.check_in(incoming, name=display_name(file.filename), owner=owner)


async def _require_room(interaction: discord.Interaction[BandmateClient], request: Request, asker: Origin) -> None:
    """Raises what would be refused once the clips are in: nothing is fetched for it, decoded or listened to."""
    settings = await _require_clean(interaction, request, asker)
    service, key = interaction.client.service, str(interaction.id)
    await service.require_room(request, asker, key=key, place=settings.place_limits)


async def _put_in_line(
    interaction: discord.Interaction[BandmateClient], request: Request, asker: Origin, lines: Sequence[str]
) -> Order:
    """The job in the ledger, and how it is answered; `lines` stand under the headline of its message."""
    settings = await _require_clean(interaction, request, asker)
    lines = [texts.headline(request, asker.person_id), *lines, *_permission_lines(interaction)]
    head = texts.cut(lines, texts.MAX_HEAD_CHARACTERS)
    language = await answers.language_for(interaction, private=bool(interaction.extras.get(IS_PRIVATE)))
    told = Reply.of(interaction, head, language=language, as_voice=settings.voice_message)
    service, key = interaction.client.service, str(interaction.id)
    ticket = await service.submit(request, replace(asker, reply=told.to_json()), key=key, place=settings.place_limits)
    structlog.contextvars.bind_contextvars(job_id=ticket.job_id)
    return Order(ticket, told)


async def _require_clean(
    interaction: discord.Interaction[BandmateClient], request: Request, asker: Origin
) -> Preferences:
    """What is set for the asker here. Raises RequestRefused for a prompt with words that are blocked here."""
    settings = await preferences.here(interaction, asker.person_id)
    with counted_refusals(interaction.client.service.telemetry):
        require_clean(request.prompt, settings.blocked_words)
    return settings


def _permission_lines(interaction: discord.Interaction[BandmateClient]) -> list[str]:
    """A warning when the result can't be posted as a message of its own; it then comes into the progress message."""
    if interaction.guild_id is None:
        return []
    in_thread = isinstance(interaction.channel, discord.Thread)
    missing = errors.missing_permissions(interaction.app_permissions, in_thread=in_thread)
    if not missing:
        return []
    return [f"-# I am missing {', '.join(missing)} in this channel; a moderator can grant it."]
