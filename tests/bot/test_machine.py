"""What the settings name and the machine has not is told in one sentence: at the start, and by the doctor."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot import machine
from bot.app import open_service
from bot.doctor import examine_devices, examine_ffmpeg, examine_worker_network
from bot.settings import Settings, SettingsError
from generation.audio.ffmpeg import ffmpeg_path


def program(tmp_path: Path, text: str, mode: int = 0o755) -> Path:
    path = tmp_path / "program"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_an_ffmpeg_that_is_one_is_fine() -> None:
    assert machine.ffmpeg_fault(None) == ""
    assert machine.ffmpeg_fault(Path(ffmpeg_path())) == ""


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        ("#!/bin/sh\nexit 1\n", 0o755, "is no ffmpeg"),
        ("#!/bin/sh\necho GNU sed 4.9\n", 0o755, "is no ffmpeg"),
        ("not a program", 0o644, "can't be started (Permission denied)"),
    ],
)
def test_a_program_that_is_no_ffmpeg_is_told(tmp_path: Path, text: str, mode: int, words: str) -> None:
    path = program(tmp_path, text, mode)
    fault = machine.ffmpeg_fault(path)
    assert fault.startswith(f"clips.ffmpeg_path: {path}") and words in fault and fault.endswith("of its own.")
    finding = examine_ffmpeg(path)
    assert finding.is_fault and finding.sentence == fault


def test_an_ffmpeg_that_is_not_there_or_never_answers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no" in machine.ffmpeg_fault(tmp_path / "nothing")
    monkeypatch.setattr(machine, "START_LIMIT_S", 0.3)
    assert "does not answer" in machine.ffmpeg_fault(program(tmp_path, "#!/bin/sh\nexec sleep 600\n"))


def test_devices_that_are_not_here_are_told() -> None:
    assert machine.device_fault(("cpu",), lambda: 0) == ""
    assert machine.device_fault(("cpu", "cuda:1"), lambda: 2) == ""
    assert "no cuda:0 here, no GPU" in machine.device_fault(("cpu", "cuda:0"), lambda: 0)
    assert "only cuda:0, cuda:1" in machine.device_fault(("cuda:2",), lambda: 2)
    assert "'gpu' is no device" in machine.device_fault(("gpu",), lambda: 2)
    assert "'auto' is no device" in machine.device_fault(("cpu", "auto"), lambda: 2)


def test_the_doctor_tells_of_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not examine_devices(("cpu",)).is_fault
    finding = examine_devices(("tape",))
    assert finding.is_fault and finding.mend == "correct workers.devices"


def test_the_doctor_tells_whether_workers_reach_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "open" in examine_worker_network(True).sentence
    for works, words in ((True, "closed: the kernel"), (False, "this system can't")):
        monkeypatch.setattr("generation.worker.offline.works_here", lambda works=works: works)
        finding = examine_worker_network(False)
        assert words in finding.sentence and finding.is_there == works


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BANDMATE_CLIPS__FFMPEG_PATH", "/bin/false", "clips.ffmpeg_path: /bin/false is no ffmpeg"),
        ("BANDMATE_WORKERS__DEVICES", '["cpu", "cuda:99"]', "there is no cuda:99 here"),
    ],
)
def test_nothing_starts_with_them(
    name: str, value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANDMATE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv(name, value)

    async def start() -> None:
        async with open_service(Settings.load()):
            pytest.fail("it started")

    with pytest.raises(SettingsError, match=words):
        asyncio.run(start())
    assert not (tmp_path / "data").exists()
