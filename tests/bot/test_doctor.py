"""The doctor's report, and its line for voice channels: the extra, and an ffmpeg that writes Opus."""

from __future__ import annotations

from pathlib import Path

import pytest
from discord import voice_client, voice_state

from bot.doctor import Finding, examine_engine, examine_voice, show


def test_voice_is_ready_with_the_extra_and_the_carried_ffmpeg() -> None:
    found = examine_voice()
    assert found.is_there and "Opus" in found.sentence and "end to end" in found.sentence


def test_voice_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_state, "has_dave", False)
    found = examine_voice()
    assert not found.is_there and not found.is_fault
    assert "davey" in found.sentence and "PyNaCl" not in found.sentence and "bandmate[voice]" in found.mend
    monkeypatch.setattr(voice_client, "has_nacl", False)
    assert "PyNaCl, davey" in examine_voice().sentence


@pytest.mark.parametrize(
    ("script", "sentence"), [("exit 1", "ffmpeg that starts"), ("echo 'A..... aac'", "writes Opus (libopus)")]
)
def test_voice_needs_an_ffmpeg_that_writes_opus(tmp_path: Path, script: str, sentence: str) -> None:
    chosen = tmp_path / "ffmpeg"
    chosen.write_text(f"#!/bin/sh\n{script}\n")
    chosen.chmod(0o755)
    found = examine_voice(chosen)
    assert not found.is_there and sentence in found.sentence


def test_a_line_that_mends_can_be_copied_from_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    mend = "/home/ada/a/long/way/down/bandmate/.venv/bin/python -m pip install 'bandmate[voice]'"
    long = "needs PyNaCl and davey to play in voice channels, and those are not here"
    show([Finding("voice", long, False, mend=mend), Finding("devices", "cpu")])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.strip() == mend for line in lines)
    assert long in " ".join(" ".join(lines).split())


def test_a_style_file_with_a_mistake_is_told_and_the_arranger_stays(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("tempo_bpm = 'fast'\n", encoding="utf-8")
    found = examine_engine("arranger", {"styles_folder": str(tmp_path)}, "cpu", load=False)
    assert not found.is_there and not found.is_fault and found.sentence.startswith("ready without")
    assert "mine.toml" in found.sentence and "tempo_bpm is 'fast'" in found.sentence
    lost = examine_engine("arranger", {"styles_folder": str(tmp_path / "none")}, "cpu", load=False)
    assert not lost.is_fault and "no such folder" in lost.sentence
    assert examine_engine("arranger", {}, "cpu", load=False).is_there
