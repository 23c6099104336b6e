"""The command line as a newcomer uses it: in a process of its own, with real files."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from bot.generate import audio_format_of
from generation.audio.analyse import analyse
from generation.audio.decode import decode
from generation.audio.tags import read_tags
from generation.errors import BandmateError
from generation.request import AudioFormat
from tests.support.clips import little_song, wav_bytes
from tests.support.tiny_checkpoint import build_tiny_musicgen

HEAVY = ("torch", "transformers", "onnxruntime", "scipy", "sqlalchemy", "discord", "numpy")


def bandmate(*words: str, data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *words],
        env=clean_environment(data_dir, **environment),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def clean_environment(data_dir: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISCORD_TOKEN",)}
    return {**kept, "BANDMATE_DATA_DIR": str(data_dir), "BANDMATE_WORKERS__THREADS_PER_WORKER": "1", **more}


def test_help_lists_the_commands_and_imports_nothing_heavy() -> None:
    code = f"import sys, bot.cli; print([name for name in {HEAVY} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
    words = subprocess.run(
        [sys.executable, "-m", "bot.cli", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in ("serve", "generate", "doctor"):
        assert command in words


def test_generate_says_before_the_work_that_the_file_can_t_be_written(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no folder")
    (tmp_path / "folder.mp3").mkdir()
    for out, reason in (("notes.txt/take.mp3", "can't be written"), ("folder.mp3", "is a folder")):
        run = bandmate("generate", "blues", "--out", str(tmp_path / out), data_dir=tmp_path / "data")
        assert run.returncode == 2 and reason in run.stderr
    assert not (tmp_path / "data").exists()


def test_generate_says_that_a_clip_is_too_many(tmp_path: Path) -> None:
    words = ("--clip", "one.wav", "--clip", "two.wav", "--operation", "restyle", "lo-fi")
    run = bandmate("generate", *words, data_dir=tmp_path / "data")
    assert run.returncode == 2 and "Restyle works on one clip, not on 2: leave the others out." in run.stderr
    assert not (tmp_path / "data").exists()


async def test_generate_makes_a_file_in_the_clips_tempo_and_key(tmp_path: Path) -> None:
    clip = tmp_path / "song.wav"
    clip.write_bytes(wav_bytes(little_song(tempo_bpm=96, tonic=9, mode="minor", num_bars=8)))
    out = tmp_path / "take.mp3"
    words = ("generate", "--clip", str(clip), "lo-fi hip hop", "--seed", "7", "--seconds", "20", "--out", str(out))
    run = bandmate(*words, data_dir=tmp_path / "data")
    assert run.returncode == 0, run.stderr
    assert "96 BPM" in run.stderr
    assert "A minor" in run.stderr or "C major" in run.stderr  # the same seven notes
    made = await decode(out.read_bytes())
    assert made.used_s == pytest.approx(20, abs=0.1)
    heard = analyse(made.clip)
    assert heard.tempo_bpm is not None
    assert min(abs(heard.tempo_bpm * octave / 96 - 1) for octave in (0.5, 1, 2)) < 0.03
    tags = read_tags(out.read_bytes())
    assert tags.generated and tags.engine == "arranger" and tags.recipe["seed"] == 7


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("generate", "--clip", "nowhere.wav", "rock"), "nowhere.wav can't be read"),
        (("generate", "rock", "--out", "take.txt"), r"\.mp3, \.ogg, \.wav, \.flac"),
        (("generate", "rock", "--seconds", "9999"), "between 1 and 300"),
        (("generate", "--operation", "extend"), "needs a clip"),
        (("generate", "rock", "--engine", "kazoo"), "kazoo"),
        (("generate", "--backing", "a-0"), "A backing goes under one clip: --clip FILE --backing TAKE"),
        (("generate", "--operation", "loop", "--seconds", "8"), "as long as their clips: leave --seconds out."),
        (("generate", ""), "few words"),
        (("serve", "--config", "nowhere.toml"), "nowhere.toml can't be read"),
    ],
)
def test_what_can_be_mended_is_one_line_and_exit_code_2(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    run = bandmate(*words, data_dir=tmp_path)
    assert run.returncode == 2
    (line,) = [line for line in run.stderr.splitlines() if line.startswith("bandmate: ")]
    assert re.search(sentence, line)
    assert "Traceback" not in run.stderr


def test_a_text_file_is_refused_as_a_clip(tmp_path: Path) -> None:
    clip = tmp_path / "notes.mp3"
    clip.write_text("dear diary")
    run = bandmate("generate", "--clip", str(clip), "rock", data_dir=tmp_path / "data")
    assert run.returncode == 2 and "audio" in run.stderr


def test_doctor_names_what_is_there_and_what_is_missing(tmp_path: Path) -> None:
    run = bandmate("doctor", data_dir=tmp_path)
    assert run.returncode == 0, run.stderr
    for word in ("ffmpeg", "arranger", "musicgen", "data folder", "DISCORD_TOKEN"):
        assert word in run.stdout


def test_doctor_loads_a_model_when_told_and_says_how_it_runs(tmp_path: Path) -> None:
    checkpoint = build_tiny_musicgen(tmp_path / "tiny")
    options = {"models": [str(checkpoint)], "accept_licence": True, "threads": 1, "precision": "float32"}
    run = bandmate("doctor", "--load", data_dir=tmp_path, BANDMATE_ENGINES=json.dumps({"musicgen": options}))
    assert run.returncode == 0, run.stdout + run.stderr
    said = " ".join(run.stdout.split())
    assert "float32" in said and "cpu" in said and "frames" in said


def test_doctor_says_that_a_licence_waits_for_its_acceptance(tmp_path: Path) -> None:
    run = bandmate("doctor", data_dir=tmp_path)
    assert "accept_licence" in run.stdout


def test_doctor_calls_a_data_folder_that_cannot_be_written_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run = bandmate("doctor", data_dir=tmp_path / "file" / "data")
    assert run.returncode == 1 and "BANDMATE_DATA_DIR" in run.stdout


def test_doctor_looks_at_the_chosen_ffmpeg(tmp_path: Path) -> None:
    run = bandmate("doctor", data_dir=tmp_path, BANDMATE_CLIPS__FFMPEG_PATH="/nowhere/ffmpeg")
    assert run.returncode == 1 and "clips.ffmpeg_path" in run.stdout


def test_serve_without_a_token_shows_the_page_and_stops_cleanly(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, BANDMATE_WEB__PORT="0")
    command = [sys.executable, "-m", "bot.cli", "serve"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while not (found := re.search(r"(?<=plays at )http://\S+/", said)):
            line = process.stderr.readline()
            assert line, said
            said += line
        page = urllib.request.urlopen(found.group(), timeout=10).read().decode()
        assert "Bandmate" in page
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(30) == 0, said + rest
    assert "DISCORD_TOKEN" in said + rest
    assert "Traceback" not in rest


def test_an_ending_names_the_format() -> None:
    assert audio_format_of(Path("a.FLAC")) is AudioFormat.FLAC
    with pytest.raises(BandmateError, match=r"\.midi"):
        audio_format_of(Path("a.midi"))
