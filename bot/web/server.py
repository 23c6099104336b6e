"""Serves the page, on loopback unless told otherwise: who may talk to it, how errors are told, where it listens."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from bot.web.files import EncodedFiles
from bot.web.links import Links
from bot.web.routes import FILES, LINKS, ONE_ZIP, SERVICE, routes
from generation.errors import BandmateError, TakeNotFound
from generation.service import Service

log = structlog.get_logger()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True)
class WebConfig:
    """Where the page listens and what it takes: `port` 0 picks a free one; `max_upload_bytes` bounds one clip. `links`:
    what is shared with others, from /shared/ alone; None: nothing."""

    host: str = "127.0.0.1"
    port: int = 8321
    max_upload_bytes: int = 25 * 2**20
    links: Links | None = None


@contextlib.asynccontextmanager
async def serve_page(service: Service, config: WebConfig) -> AsyncIterator[str]:
    """Serve the page as long as the context is open; yields its address."""
    app = web.Application(middlewares=[tell_errors, only_from_the_page], client_max_size=config.max_upload_bytes)
    app[SERVICE] = service
    app[LINKS], app[ONE_ZIP] = config.links, asyncio.Semaphore()
    files = app[FILES] = EncodedFiles(service)
    app.add_routes(routes)
    app.router.add_static("/static", STATIC)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.host, config.port)
        await _start(site, config)
        shown = asyncio.create_task(mark_shown(service))
        try:
            port = runner.addresses[0][1]
            yield f"http://{config.host}:{port}/"
        finally:
            shown.cancel()
            await asyncio.gather(shown, return_exceptions=True)
    finally:
        await runner.cleanup()
        await files.close()


async def _start(site: web.TCPSite, config: WebConfig) -> None:
    try:
        await site.start()
    except OSError as error:
        raise BandmateError(
            f"The page can't listen on {config.host}:{config.port} ({error.strerror or error}). "
            "Choose another port: BANDMATE_WEB__PORT=8323."
        ) from error


async def mark_shown(service: Service) -> None:
    """A take of the page is delivered as soon as the page can ask for it. What can't be marked is marked by the next
    start: the page has it all the same."""
    async for job in service.finished("web"):
        try:
            await service.mark_delivered(job.status.job_id, "page")
        except BandmateError as error:
            log.warning("a take of the page could not be marked", job_id=job.status.job_id, why=str(error))


@web.middleware
async def only_from_the_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other sites: a foreign Host is DNS rebinding, a foreign Origin a forged form. What is shared by a signed
    link is for everybody who has it."""
    if request.path.startswith("/shared/") and request.method == "GET":
        return _hardened(await handler(request))
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    listening = request.transport.get_extra_info("sockname") if request.transport else None
    own_names = {"localhost", "127.0.0.1", "[::1]", *((str(listening[0]),) if listening else ())}
    if host not in own_names:
        raise web.HTTPForbidden(text="This page answers only on its own address.")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"{request.scheme}://{request.host}":
        raise web.HTTPForbidden(text="Only this page itself may ask for takes.")
    return _hardened(await handler(request))


def _hardened(response: web.StreamResponse) -> web.StreamResponse:
    if not response.prepared:
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'"
    return response


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error becomes one sentence in JSON; what nobody foresaw is logged under an id."""
    try:
        return await handler(request)
    except TakeNotFound as error:
        return web.json_response({"error": str(error)}, status=404)
    except BandmateError as error:
        return web.json_response({"error": str(error)}, status=422)
    except web.HTTPRequestEntityTooLarge:
        limit_mib = request.app._client_max_size // 2**20
        return web.json_response({"error": f"The clip is too large: at most {limit_mib} MiB."}, status=413)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return web.json_response({"error": error.text or error.reason}, status=error.status)
    except Exception:
        error_id = secrets.token_hex(4)
        log.exception("page request failed", path=request.path, error_id=error_id)
        sentence = f"Sorry, something went wrong here. It is in the log as {error_id}."
        return web.json_response({"error": sentence}, status=500)
