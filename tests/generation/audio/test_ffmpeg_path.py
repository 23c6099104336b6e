"""Where ffmpeg is: found without starting anything, so that nothing that is killed then is remembered as missing."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from generation.audio import ffmpeg
from generation.errors import BandmateError


def test_no_program_is_started_to_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **options: Any) -> None:
        pytest.fail("a program was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert "ffmpeg" in Path(ffmpeg.ffmpeg_path()).name


def test_it_is_one(tmp_path: Path) -> None:
    shown = subprocess.run([ffmpeg.ffmpeg_path(), "-version"], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout.startswith("ffmpeg version")


def test_the_system_s_is_taken_where_the_package_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "_packaged_ffmpeg", lambda: None)
    program = tmp_path / "ffmpeg"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ffmpeg.ffmpeg_path() == str(program)
    program.unlink()
    with pytest.raises(BandmateError, match="No ffmpeg was found"):
        ffmpeg.ffmpeg_path()
    program.touch(mode=0o755)
    assert ffmpeg.ffmpeg_path() == str(program)  # what was missing once is looked for again
