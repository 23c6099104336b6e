"""The files for those who run it: the Grafana board, the compose file, the systemd unit fit the bot they are for."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.metrics import Metrics
from bot.settings import Settings
from generation.service.vitals import LineLength

CONFIG = Path(__file__).parents[2] / "config"


def names_of_metrics() -> set[str]:
    """Every name that Prometheus sees, after each thing has happened once."""
    metrics = Metrics()
    metrics.made("arranger", "cpu", 1.0, 2.0)
    metrics.worker_died("cpu", "it crashed")
    metrics.lease_ended("lost")
    metrics.refused("TooBusy")
    metrics.delivery_ended("posted")
    metrics.loop_was_late(0.01)
    metrics.show_line(LineLength({"arranger": 1}, {"arranger": 1}, 3.0, 0))
    return set(re.findall(r"^(bandmate_\w+)", metrics.text().decode(), re.MULTILINE))


def test_the_board_asks_for_metrics_that_there_are_and_for_all_of_them() -> None:
    board = json.loads((CONFIG / "grafana.json").read_text())
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"bandmate_\w+", target["expr"])
    }
    known = names_of_metrics()
    assert asked <= known
    base = re.compile(r"_(total|created|bucket|count|sum)$")
    assert {base.sub("", name) for name in known} == {base.sub("", name) for name in asked}


def settings_in(text: str) -> list[tuple[str, str]]:
    return re.findall(r"\b(BANDMATE_[A-Z_]+)[=:]\s*\"?([^\s\"]+)", text)


@pytest.mark.parametrize("name", ["compose.yaml", "bandmate.service"])
def test_every_setting_in_them_is_one(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = settings_in((CONFIG / name).read_text())
    assert len(found) >= 3
    token = tmp_path / "token"
    token.write_text("a token")
    for variable, value in found:
        monkeypatch.setenv(variable, str(token) if variable.endswith("TOKEN_FILE") else value)
    monkeypatch.setenv("BANDMATE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    settings = Settings.load()
    assert settings.log.json_lines and settings.discord_token is not None
    for variable, _ in found:
        section = variable.removeprefix("BANDMATE_").lower().split("__")[0]
        assert section in type(settings).model_fields


def test_stopping_gets_more_time_than_takes_and_answers_need() -> None:
    settings = Settings.load(CONFIG / "default.toml")
    needed_s = 3 * settings.workers.stop_grace_s + 10  # orders, answers and takes have the grace one after the other
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(CONFIG / "bandmate.service")
    assert float(unit["Service"]["TimeoutStopSec"]) > needed_s
    (compose_s,) = re.findall(r"bot:.*?stop_grace_period: (\d+)s", (CONFIG / "compose.yaml").read_text(), re.DOTALL)
    assert float(compose_s) > needed_s


def test_the_containers_can_write_nowhere_and_gain_nothing() -> None:
    yaml = pytest.importorskip("yaml")
    compose = yaml.safe_load((CONFIG / "compose.yaml").read_text())
    for service in compose["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"].split(":")[0] != "0"
        assert service["mem_limit"] and service["pids_limit"]
        assert "ports" not in service
    assert compose["networks"]["ledger"] == {"internal": True}
    assert "discord" not in compose["services"]["postgres"]["networks"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "bandmate"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "bandmate.service"
    unit.write_text((CONFIG / "bandmate.service").read_text().replace("/opt/bandmate/bin/bandmate", str(program)))
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    of_ours = [line for line in verified.stderr.splitlines() if "bandmate" in line]
    assert verified.returncode == 0 and not of_ours, verified.stderr
