"""Health: what /livez, /readyz and /metrics say while all is well, and when a part is missing."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.health import serve_health
from bot.metrics import Metrics
from bot.settings import Health
from generation.errors import RequestRefused
from generation.jobs import Origin
from generation.ledger import LedgerUnavailable
from generation.request import Operation, Request
from generation.service import Service
from tests.support.scripted_service import scripted_config

ANA = Origin("test", "1", "ana", "7")


class Probe:
    """Asks as a supervisor does."""

    def __init__(self, address: str, service: Service, checks: Any) -> None:
        self.address, self.service, self.checks = address, service, checks

    async def get(self, path: str) -> tuple[int, str]:
        async with ClientSession() as session, session.get(self.address + path) as response:
            return response.status, await response.text()

    async def value(self, name: str) -> float:
        """A metric's value; `name` with its labels as Prometheus writes them. 0 when it is not there."""
        _, text = await self.get("/metrics")
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found.group(1)) if found else 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def healthy(folder: Path, *, discord: bool = False) -> AsyncIterator[Probe]:
    metrics, port = Metrics(), free_port()
    async with (
        Service(scripted_config(folder), metrics) as service,
        serve_health(service, metrics, Health(port=port), discord=discord) as checks,
    ):
        while not service.vitals.loaded_engines:  # noqa: ASYNC110  a worker process is waited for
            await asyncio.sleep(0.02)
        yield Probe(f"http://127.0.0.1:{port}", service, checks)


async def test_alive_and_ready_and_nothing_of_the_music_is_told(tmp_path: Path) -> None:
    async with healthy(tmp_path) as probe:
        status, text = await probe.get("/livez")
        assert status == 200 and "loop_lag_s" in text
        status, text = await probe.get("/readyz")
        assert (status, text) == (200, '{"engines": ["scripted"], "failures": {}}')
        assert (await probe.get("/"))[0] == 404


async def test_lag_of_the_loop_shows(tmp_path: Path) -> None:
    async with healthy(tmp_path) as probe:
        await asyncio.sleep(0.05)
        time.sleep(0.6)  # noqa: ASYNC251 - the stall is what is measured
        await asyncio.sleep(0.1)
        assert probe.checks.loop.worst_s > 0.2
        assert await probe.value('bandmate_loop_lag_seconds_bucket{le="0.1"}') < await probe.value(
            "bandmate_loop_lag_seconds_count"
        )


class Client:
    """A Discord client, as far as readiness asks."""

    ready, closed = False, False

    def is_ready(self) -> bool:
        return self.ready

    def is_closed(self) -> bool:
        return self.closed


async def test_not_ready_without_gateway_ledger_or_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with healthy(tmp_path, discord=True) as probe:
        assert (await probe.checks.failures()).keys() == {"gateway"}
        probe.checks.gateway = client = Client()
        status, text = await probe.get("/readyz")
        assert status == 503 and "Discord" in text
        client.ready = True
        assert (await probe.get("/readyz"))[0] == 200

        async def locked() -> None:
            raise LedgerUnavailable("The ledger is busy.")

        with monkeypatch.context() as patch:
            patch.setattr(probe.service._ledger.instance, "say_alive", locked)
            status, text = await probe.get("/readyz")
            assert status == 503 and "The ledger is busy." in text
        for worker in probe.service._dispatcher.workers:
            await worker.close()
        assert (await probe.checks.failures()).keys() == {"worker"}


async def test_what_happens_is_counted(tmp_path: Path) -> None:
    async with healthy(tmp_path) as probe:
        labels = '{device="cpu",engine="scripted"}'
        ticket = await probe.service.submit(request("slow 0.3"), ANA, key="1")
        _, text = await probe.get("/metrics")
        assert re.findall(r"^bandmate_jobs_(?:waiting|running){.*} (.*)$", text, re.MULTILINE) == ["1.0"]
        await ticket.takes()
        assert await probe.value(f"bandmate_jobs_made_total{labels}") == 1
        assert await probe.value(f"bandmate_music_seconds_total{labels}") == pytest.approx(1.0)
        assert await probe.value(f"bandmate_device_seconds_total{labels}") >= 0.3
        assert await probe.value("bandmate_jobs_unanswered") == 1
        for stage in ("waiting", "making"):
            assert await probe.value(f'bandmate_stage_seconds_count{{engine="scripted",stage="{stage}"}}') == 1
        with pytest.raises(RequestRefused):
            await probe.service.submit(request("x", engine="none"), ANA, key="2")
        assert await probe.value('bandmate_refusals_total{reason="EngineUnavailable"}') == 1
        await (await probe.service.submit(request("once kill"), ANA, key="3")).takes()
        assert await probe.value('bandmate_worker_restarts_total{cause="it crashed",device="cpu"}') == 1


async def test_a_taken_port_does_not_stop_the_music(tmp_path: Path) -> None:
    async with healthy(tmp_path) as probe:
        port = int(probe.address.rsplit(":", 1)[1])
        async with serve_health(probe.service, Metrics(), Health(port=port), discord=False):
            assert (await probe.get("/livez"))[0] == 200


def request(prompt: str, engine: str = "scripted") -> Request:
    return Request(Operation.COMPOSE, prompt=prompt, engine=engine)
