"""Every style makes music that holds together, whatever is done with it."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from generation.engines.arranger.style import STYLES_FOLDER, all_styles, read_style
from generation.request import Operation
from tests.support.hearings import song
from tests.support.scores import bars_of, composed, likeness, longest_run, melodic, share_in_harmony

ASKED_FOR = {
    "hiphop", "lofi", "dnb", "techno", "house", "synthwave", "rock", "metal", "punk", "funk", "soul", "jazz", "bossa",
    "reggae", "folk", "country", "blues", "classical", "film", "ambient", "chiptune", "trap", "afrobeat", "waltz",
}  # fmt: skip
STYLES = sorted(path.stem for path in STYLES_FOLDER.glob("*.toml"))
ONE_CHORD, TWO_CHORDS = ((9, "min"),), ((9, "min"), (5, "maj"))
WITH_CLIP = (Operation.EXTEND, Operation.RESTYLE, Operation.VARY, Operation.ACCOMPANY)


def word_of(key: str) -> str:
    return all_styles()[key].words[0]


def test_every_promised_style_is_there() -> None:
    assert set(STYLES) >= ASKED_FOR


@pytest.mark.parametrize("key", STYLES)
def test_its_own_words_choose_the_style(key: str) -> None:
    for word in all_styles()[key].words:
        found = composed(Operation.COMPOSE, word, duration_s=3).details["style"]
        assert found == key, f"{word!r} chose {found}"


@pytest.mark.parametrize("key", STYLES)
@pytest.mark.parametrize("operation", [Operation.COMPOSE, *WITH_CLIP])
def test_music_holds_together(key: str, operation: Operation) -> None:
    hearing = None if operation is Operation.COMPOSE else song()
    made = composed(operation, word_of(key), 7, hearing)
    score = made.score
    assert share_in_harmony(made) >= 0.97
    assert melodic(score)
    for found in score.parts:
        assert found.notes
        for note in found.notes:
            assert 0 <= note.start_s < note.end_s <= score.duration_s
            assert 0 <= note.pitch <= 127
            assert 0 < note.velocity <= 1
    expected = 20.0 if operation in (Operation.COMPOSE, Operation.EXTEND) else song().duration_s
    assert score.duration_s == pytest.approx(expected, abs=1.0 if operation is Operation.EXTEND else 1e-6)


@pytest.mark.parametrize("key", STYLES)
def test_no_bar_is_repeated_like_a_machine(key: str) -> None:
    for seed in (3, 4):
        score = composed(Operation.COMPOSE, word_of(key), seed, duration_s=80).score
        for found in score.parts:
            if not found.name.startswith(("effects", "texture")):
                assert longest_run(bars_of(score, found)) <= 4, found.name


@pytest.mark.parametrize("key", STYLES)
def test_the_music_lands_and_lasts(key: str) -> None:
    score = composed(Operation.COMPOSE, word_of(key), 5, duration_s=30).score
    last_hit = max(note.start_s for found in melodic(score) for note in found.notes)
    downbeats = score.beats_s[:: score.beats_per_bar]
    assert min(abs(last_hit - downbeat) for downbeat in downbeats) < 0.12
    assert score.duration_s - last_hit < 6.5
    sounding = sorted((note.start_s, note.end_s) for found in score.parts for note in found.notes)
    reach = 0.0
    for start, end in sounding:
        assert start - reach < 2.5, f"a hole before {start:.1f} s"
        reach = max(reach, end)


@pytest.mark.parametrize("key", STYLES)
def test_no_bar_runs_where_the_band_feels_other_bars_than_the_clip(key: str) -> None:
    """One chord or two, in half and in double time: the bars that people count don't run either."""
    for tempo_bpm, chords in ((60.0, ONE_CHORD), (150.0, TWO_CHORDS), (240.0, ONE_CHORD)):
        clip = song(tempo_bpm, bars=20, chords=chords)
        made = composed(Operation.RESTYLE, word_of(key), 3, clip)
        steps = 8 if made.frame.counted_bar_beats > made.frame.grid.beats_per_bar else 4
        for found in made.score.parts:
            if not found.name.startswith(("effects", "texture")):
                assert longest_run(bars_of(made.score, found, steps)) <= 4, (found.name, tempo_bpm)


@pytest.mark.parametrize("key", STYLES)
def test_eight_seeds_are_eight_pieces_and_a_seed_is_one(key: str) -> None:
    """Two may have chords and groove in common, but not most of their notes nor their tune, in any key and tempo."""
    made = [composed(Operation.COMPOSE, word_of(key), seed, duration_s=20) for seed in range(8)]
    for one, other in combinations(made, 2):
        assert likeness(one, other) < 0.75
        assert likeness(one, other, "lead") < 0.5
    again = composed(Operation.COMPOSE, word_of(key), 0, duration_s=20)
    assert again.score == made[0].score
    assert likeness(again, made[0]) == 1.0


def test_a_copy_in_another_key_and_tempo_is_alike() -> None:
    one = composed(Operation.COMPOSE, "pop", 1, duration_s=20.0, key="C major", tempo_bpm=100.0)
    moved = composed(Operation.COMPOSE, "pop", 1, duration_s=20.0 * 100 / 112, key="D major", tempo_bpm=112.0)
    assert likeness(one, moved) > 0.75


def test_parts_come_and_go() -> None:
    for key in ("pop", "house", "rock", "lofi", "film"):
        score = composed(Operation.COMPOSE, word_of(key), 2, duration_s=90).score
        playing = [
            frozenset(p.name for p in score.parts if any(start <= n.start_s < start + 8 for n in p.notes))
            for start in range(0, 80, 8)
        ]
        assert len(set(playing)) >= 3, key


def test_one_file_is_a_new_style(tmp_path: Path) -> None:
    for path in STYLES_FOLDER.glob("*.toml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    text = (STYLES_FOLDER / "bossa.toml").read_text(encoding="utf-8")
    words = next(line for line in text.splitlines() if line.startswith("words = "))
    own = text.replace(words, 'words = ["tarantula"]')
    (tmp_path / "tarantula.toml").write_text(own, encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from generation.engines.arranger import style;"
        "style.STYLES_FOLDER = Path(sys.argv[1]);"
        "from tests.support.scores import composed; from generation.request import Operation;"
        "made = composed(Operation.COMPOSE, 'a tarantula, please', 1, duration_s=8);"
        "print(made.details['style'], len(made.score.parts), made.details['not_understood'])"
    )
    shown = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    key, parts, unknown = shown.stdout.split(maxsplit=2)
    assert key == "tarantula"
    assert int(parts) >= 3
    assert unknown.strip() == "[]"


def test_a_mistake_in_a_style_file_is_told(tmp_path) -> None:  # type: ignore[no-untyped-def]
    text = (STYLES_FOLDER / "pop.toml").read_text(encoding="utf-8")
    broken = tmp_path / "broken.toml"
    broken.write_text(text.replace('role = "bass"', 'role = "base"'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"(?s)broken\.toml.*base"):
        read_style(broken)
    broken.write_text(text.replace("X..x ..x. ..x. ....", "X..x ..x. ..x. ..."), encoding="utf-8")
    with pytest.raises(ValueError, match="not a multiple of 16"):
        read_style(broken)
