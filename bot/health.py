"""/livez, /readyz and /metrics: how the bot is, for supervisors and Prometheus; on this machine unless told otherwise.

/livez says whether the event loop turns; /readyz whether music can be asked for and delivered now: the gateway is
connected, the ledger takes a write, a worker lives and has loaded an engine. Neither says anything of anybody's music.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiohttp import web

from bot.metrics import Metrics
from bot.settings import Health
from generation.errors import BandmateError
from generation.service import Service

log = structlog.get_logger()

LOOK_EVERY_S = 0.25
"""How often the loop's lag is measured."""
REMEMBERED = 240
"""Measurements kept: one minute of them."""
LEDGER_LIMIT_S = 3.0
"""A supervisor's probe waits a few seconds; so may the write."""


class Gateway(Protocol):
    """What readiness asks of a Discord client."""

    def is_ready(self) -> bool:
        """Whether the gateway has said READY."""

    def is_closed(self) -> bool:
        """Whether it was closed for good."""


class LoopWatch:
    """Measures how late the event loop wakes."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lags_s: deque[float] = deque([0.0], maxlen=REMEMBERED)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due_s = time.monotonic() + LOOK_EVERY_S
            await asyncio.sleep(LOOK_EVERY_S)
            lag_s = max(time.monotonic() - due_s, 0.0)
            self._lags_s.append(lag_s)
            self._metrics.loop_was_late(lag_s)

    @property
    def newest_s(self) -> float:
        """The newest lag."""
        return self._lags_s[-1]

    @property
    def worst_s(self) -> float:
        """The worst lag of the last minute."""
        return max(self._lags_s)


@dataclass(slots=True)
class Checks:
    """What is asked when somebody wants to know. `gateway` is None without a token: then there is none to be ready."""

    service: Service
    metrics: Metrics
    loop: LoopWatch
    needs_gateway: bool
    gateway: Gateway | None = None

    async def failures(self) -> dict[str, str]:
        """What keeps the bot from being ready: the check's name and why; empty when it is ready."""
        found: dict[str, str] = {}
        if self.needs_gateway and (self.gateway is None or self.gateway.is_closed() or not self.gateway.is_ready()):
            found["gateway"] = "not connected to Discord"
        try:
            await self.service.vitals.check_ledger(LEDGER_LIMIT_S)
        except (BandmateError, TimeoutError) as error:
            found["ledger"] = str(error) or f"no write within {LEDGER_LIMIT_S:g} s"
        if not self.service.vitals.loaded_engines:
            found["worker"] = "no worker has an engine loaded"
        return found


CHECKS = web.AppKey("checks", Checks)
routes = web.RouteTableDef()


@routes.get("/livez")
async def livez(request: web.Request) -> web.Response:
    """The loop turns, or this would not answer; how late it is."""
    loop = request.app[CHECKS].loop
    return web.json_response({"loop_lag_s": round(loop.newest_s, 4), "worst_lag_s": round(loop.worst_s, 4)})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """200 when music can be asked for, made and delivered; else 503 with the reasons."""
    checks = request.app[CHECKS]
    failures = await checks.failures()
    ready = {"engines": sorted(checks.service.vitals.loaded_engines), "failures": failures}
    return web.json_response(ready, status=503 if failures else 200)


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text format. When the ledger can't be read the line's gauges keep their last values."""
    checks = request.app[CHECKS]
    try:
        async with asyncio.timeout(LEDGER_LIMIT_S):
            checks.metrics.show_line(await checks.service.vitals.line())
    except (BandmateError, TimeoutError) as error:
        log.warning("the line can't be read for the metrics", why=str(error))
    return web.Response(body=checks.metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})


@contextlib.asynccontextmanager
async def serve_health(service: Service, metrics: Metrics, config: Health, *, discord: bool) -> AsyncIterator[Checks]:
    """Answer as long as the context is open; `discord` says that a gateway belongs to being ready.

    A port that is taken is told in the log and nothing more: the music plays on.
    """
    checks = Checks(service, metrics, LoopWatch(metrics), discord)
    app = web.Application(client_max_size=1024)
    app[CHECKS] = checks
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    watching = asyncio.create_task(checks.loop.run(), name="loop watch")
    try:
        await _listen(runner, config)
        yield checks
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await runner.cleanup()


async def _listen(runner: web.AppRunner, config: Health) -> None:
    try:
        await web.TCPSite(runner, config.host, config.port).start()
    except OSError as error:
        log.error(
            "nobody can ask how I am: the port is taken or not allowed; set another [health] port",
            host=config.host,
            port=config.port,
            why=error.strerror or str(error),
        )
    else:
        log.info("health and metrics", address="http://{}:{}/".format(*runner.addresses[0][:2]))
