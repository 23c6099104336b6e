"""Builds everything in order, runs it until it is told to stop, and closes it in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import structlog
from rich.console import Console

from bot.health import Checks, serve_health
from bot.logs import configure_logs
from bot.machine import require_machine
from bot.metrics import Metrics
from bot.settings import Settings
from bot.web import WebConfig, serve_page
from bot.web.links import Links, kept_secret
from generation.errors import BandmateError
from generation.heap import spare_what_lives_long
from generation.service import Service
from generation.telemetry import Telemetry

if TYPE_CHECKING:
    from bot.client import DiscordConfig

log = structlog.get_logger()
console = Console(stderr=True, highlight=False)


async def serve(settings: Settings) -> None:
    """Run the bot (with a token), the page (without one, or when it is switched on), until SIGTERM or SIGINT."""
    configure_logs(settings.log, [settings.discord_token.get_secret_value()] if settings.discord_token else [])
    async with AsyncExitStack() as stack:
        stop = stop_on_signals()
        metrics = Metrics()
        service = await stack.enter_async_context(open_service(settings, metrics))
        token = settings.discord_token
        health = None
        if settings.health.enabled:
            opened = serve_health(service, metrics, settings.health, discord=token is not None)
            health = await stack.enter_async_context(opened)
        links = links_of(settings)
        if settings.web.enabled or (settings.web.enabled is None and (token is None or links is not None)):
            address = await stack.enter_async_context(serve_page(service, web_config(settings, links)))
            console.print(f"Bandmate plays at [bold]{address}[/bold]")
        if token is None:
            console.print(
                "To bring it into a Discord server, set DISCORD_TOKEN to its bot token and start again.", soft_wrap=True
            )
            spare_what_lives_long()
            await stop.wait()
        else:
            await run_bot(service, settings, stop, health, links)


@contextlib.asynccontextmanager
async def open_service(settings: Settings, telemetry: Telemetry | None = None) -> AsyncIterator[Service]:
    """The service that the settings describe. Raises SettingsError where they name what this machine has not."""
    await asyncio.to_thread(require_machine, settings)
    async with Service(settings.service_config(), telemetry) as service:
        yield service


def web_config(settings: Settings, links: Links | None = None) -> WebConfig:
    """The page's part of the settings."""
    return WebConfig(settings.web.host, settings.web.port, settings.clips.max_bytes, links)


def links_of(settings: Settings) -> Links | None:
    """What makes links to files, where the page can be reached from outside; None where it can't. Raises
    BandmateError where their secret can't be kept."""
    if not settings.web.public_url or settings.web.enabled is False:
        return None
    return Links(settings.web.public_url, kept_secret(settings.data_dir / "links.key"))


def discord_config(settings: Settings, links: Links | None) -> DiscordConfig:
    """The Discord client's part of the settings."""
    from bot.client import DiscordConfig

    return DiscordConfig(
        sync_state_file=settings.data_dir / "commands.json",
        max_upload_bytes=settings.clips.max_bytes,
        progress_edit_interval_s=settings.discord.progress_edit_interval_s,
        default_engine=settings.takes.engine,
        default_format=settings.takes.audio_format,
        dev_guild_id=settings.discord.dev_guild_id,
        shutdown_grace_s=settings.workers.stop_grace_s,
        links=links,
        ffmpeg_path=settings.clips.ffmpeg_path,
        operator_ids=settings.discord.operator_ids,
    )


async def run_bot(
    service: Service,
    settings: Settings,
    stop: asyncio.Event,
    health: Checks | None = None,
    links: Links | None = None,
) -> None:
    """Run the Discord client until `stop`. Raises BandmateError when Discord refuses the token."""
    import discord  # 0.3 s that the page and the terminal don't need

    from bot.client import BandmateClient

    token = settings.discord_token
    if token is None:
        raise BandmateError("There is no bot token: set DISCORD_TOKEN.")
    async with BandmateClient(service, discord_config(settings, links)) as client:
        if health is not None:
            health.gateway = client
        spare_what_lives_long()
        running = asyncio.create_task(client.start(token.get_secret_value()))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        except discord.LoginFailure as error:
            raise BandmateError(
                "Discord refuses the bot token. Copy it again from the developer portal "
                "(Bot, Reset Token) into DISCORD_TOKEN."
            ) from error
        except discord.PrivilegedIntentsRequired as error:
            raise BandmateError(f"Discord refuses the connection: {error}") from error
        finally:
            stopping.cancel()
            await client.close()
            running.cancel()
            await asyncio.gather(running, stopping, return_exceptions=True)


def stop_on_signals() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; a second signal kills as usual."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        log.info("stopping", signal=number.name)
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in its loop
            loop.add_signal_handler(number, on_signal, number)
    return stop
