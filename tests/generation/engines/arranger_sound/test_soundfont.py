"""Soundfonts: the carried one, own sf2 files, and files that are broken in every way."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.engines.arranger.instruments import KITS, PROGRAMS
from generation.engines.arranger.play import Player
from generation.engines.arranger.soundfont import DRUM_BANK, EMBEDDED_FONT, SoundFont
from generation.errors import BandmateError
from generation.hearing import Note
from tests.generation.engines.arranger_sound.fonts import TinyFont
from tests.generation.engines.arranger_sound.playing import at, cents_off, level_db, one_note, part, rendered, score


def opened(path: Path, content: bytes) -> SoundFont:
    path.write_bytes(content)
    return SoundFont(path)


def played(font: SoundFont) -> np.ndarray:  # type: ignore[type-arg]
    written = score(part("lead", "gm:0", Note(0, 0.4, 69), Note(0.5, 0.6, 100)), duration_s=1.0)
    return rendered(Player(font), written).mix.samples


def test_the_carried_font_has_what_the_tables_promise(font: SoundFont) -> None:
    assert {program for bank, program in font.presets if bank == 0} == set(PROGRAMS)
    assert {program for bank, program in font.presets if bank == DRUM_BANK} == set(KITS)


def test_samples_are_decoded_when_they_are_needed() -> None:
    font = SoundFont()
    assert font.decoded_bytes == 0
    one_note(font, "gm:73", 72)
    assert 0 < font.decoded_bytes < 2 * 2**20


def test_a_sample_is_decoded_as_far_as_it_is_heard_and_then_as_a_whole() -> None:
    whole = SoundFont().sample(0)
    piecemeal = SoundFont()
    beginning = piecemeal.sample(0, 1_000)
    assert len(beginning.data) == 1_000 and beginning.num_frames == whole.num_frames == len(whole.data)
    assert (beginning.loop_start, beginning.loop_end) == (whole.loop_start, whole.loop_end)
    assert np.array_equal(beginning.data, whole.data[:1_000])
    assert np.array_equal(piecemeal.sample(0, 1_001).data, whole.data)


def test_an_sf2_file_plays_at_its_pitch_and_loops(tmp_path: Path) -> None:
    font = opened(tmp_path / "tiny.sf2", TinyFont().to_bytes())
    wave = one_note(font, "gm:0", 69, held_s=3.0, length_s=3.2)
    assert abs(cents_off(at(wave, 0.2, 1.2), 69) - 4) <= 2  # 441 Hz are 3.9 cents over A
    assert abs(level_db(at(wave, 2.5, 2.9)) - level_db(at(wave, 0.1, 0.3))) < 0.5


def test_envelopes_are_as_the_font_says(tmp_path: Path) -> None:
    attack, sustain, release = (34, 0), (37, 200), (38, 1200)  # 1 s, 20 dB down, 2 s for 100 dB
    font = opened(tmp_path / "e.sf2", TinyFont([attack, (36, -12000), sustain, release]).to_bytes())
    wave = one_note(font, "gm:0", 69, held_s=2.0, length_s=4.0)
    plain = one_note(opened(tmp_path / "p.sf2", TinyFont().to_bytes()), "gm:0", 69, held_s=2.0, length_s=4.0)
    half = level_db(at(wave, 0.45, 0.55)) - level_db(at(plain, 0.45, 0.55))
    assert abs(half - -6) < 1
    held = level_db(at(wave, 1.5, 1.9)) - level_db(at(plain, 1.5, 1.9))
    assert abs(held - -20) < 0.5
    let_go = level_db(at(wave, 2.45, 2.55)) - level_db(at(wave, 1.5, 1.9))
    assert abs(let_go - -25) < 2


def test_the_filter_of_the_font_is_heard(tmp_path: Path) -> None:
    closed = opened(tmp_path / "f.sf2", TinyFont([(8, 4500)]).to_bytes())  # 110 Hz under a 441 Hz tone
    plain = opened(tmp_path / "p.sf2", TinyFont().to_bytes())
    drop = level_db(at(one_note(closed, "gm:0", 69, 1.0), 0.1, 0.9)) - level_db(
        at(one_note(plain, "gm:0", 69, 1.0), 0.1, 0.9)
    )
    assert abs(drop - -24) < 2.5  # two octaves above a two-pole cutoff


def test_velocity_layers_choose_the_sample(tmp_path: Path) -> None:
    loud_only = opened(tmp_path / "v.sf2", TinyFont([(44, 64 | 127 << 8)]).to_bytes())
    assert np.any(one_note(loud_only, "gm:0", 69, 0.9))
    assert not np.any(one_note(loud_only, "gm:0", 69, 0.3))


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"hello, this is no font", b"RIFF\x04\x00\x00\x00WAVE", b"RIFF\xff\xff\xff\xffsfbk", bytes(5000)],
)
def test_what_is_no_font_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BandmateError, match=r"broken\.sf2.*\.$"):
        opened(tmp_path / "broken.sf2", content)


def test_a_missing_font_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BandmateError, match=r"The soundfont gone\.sf3 can't be read"):
        SoundFont(tmp_path / "gone.sf3")


@pytest.mark.parametrize(
    "font",
    [TinyFont(instrument=7), TinyFont(sample=9), TinyFont(sample_end=2**31 - 1), TinyFont(sample_end=0)],
)
def test_references_that_lead_nowhere_are_refused(tmp_path: Path, font: TinyFont) -> None:
    with pytest.raises(BandmateError, match=r"damaged: .*\.$"):
        played(opened(tmp_path / "x.sf2", font.to_bytes()))


def test_a_font_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = TinyFont().to_bytes()
    for length in range(0, len(whole) - 1, 97):
        with pytest.raises(BandmateError):
            opened(tmp_path / "cut.sf2", whole[:length])


def test_a_damaged_vorbis_sample_is_refused(tmp_path: Path) -> None:
    content = bytearray(EMBEDDED_FONT.read_bytes())
    start = content.index(b"smpl") + 8
    content[start : start + 4_000_000] = bytes(4_000_000)
    font = opened(tmp_path / "damaged.sf3", bytes(content))
    with pytest.raises(BandmateError, match="does not decode"):
        played(font)


def test_a_loop_outside_its_sample_counts_as_no_loop(tmp_path: Path) -> None:
    font = opened(tmp_path / "l.sf2", TinyFont(loop=(8000, 90_000)).to_bytes())
    assert not np.any(at(one_note(font, "gm:0", 69, held_s=1.5), 0.5, 1.5))


@settings(max_examples=150)
@given(flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=12))
def test_random_damage_gives_a_sentence_or_sound(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]]
) -> None:
    content = bytearray(TinyFont([(9, 100), (8, 9000), (5, 30), (11, 500), (36, 3000)]).to_bytes())
    tables = content.index(b"pdta")
    for place, value in flips:
        # half of the damage goes to the tables, which are the small part of the file
        at_byte = place % len(content) if place % 2 else tables + place % (len(content) - tables)
        content[at_byte] = value
    try:
        mix = played(opened(tmp_path_factory.getbasetemp() / "flipped.sf2", bytes(content)))
    except BandmateError as error:
        assert str(error).endswith(".")
    else:
        assert np.isfinite(mix).all()


def test_a_table_with_an_absurd_size_is_not_read(tmp_path: Path) -> None:
    content = bytearray(TinyFont().to_bytes())
    at_byte = content.index(b"igen") + 4
    content[at_byte : at_byte + 4] = struct.pack("<I", 2**31)
    with pytest.raises(BandmateError):
        opened(tmp_path / "big.sf2", bytes(content))
