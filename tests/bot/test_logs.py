"""Logs: nothing secret gets into them, whichever way it comes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import HIDDEN, configure_logs
from bot.settings import Log

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE." + "x" * 38
INTERACTION = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OkFiQ2RFZkdo"


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers, root.level, logging.raiseExceptions
    yield
    structlog.reset_defaults()
    root.handlers, root.level, logging.raiseExceptions = before


def test_secrets_never_reach_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Log(json_lines=True), ["a-database-password"])
    log = structlog.get_logger()
    log.info("starting", token=TOKEN, nested={"list": [TOKEN, "a-database-password"]}, job_id="j1")
    logging.getLogger("discord.http").warning("POST /webhooks/123456789012345678/%s failed", "A" * 68)
    logging.getLogger("sqlalchemy").warning("connecting to postgresql+asyncpg://bandmate:hunter22@host/name")
    log.info("interaction", reply={"token": INTERACTION}, url="https://cdn.example/a.ogg?ex=1&hm=0123456789abcdef01")
    try:
        raise RuntimeError(f"login with {TOKEN} failed")
    except RuntimeError:
        log.exception("failed")
    written = capsys.readouterr().err
    for secret in (TOKEN, "a-database-password", "A" * 68, "hunter22", INTERACTION, "0123456789abcdef01"):
        assert secret not in written
    lines = [json.loads(line) for line in written.splitlines()]
    assert len(lines) == 5
    assert lines[0]["job_id"] == "j1" and lines[0]["nested"]["list"] == [HIDDEN, HIDDEN]
    assert "RuntimeError" in lines[4]["exception"]
