"""The mutator gives the same damage for the same seed, and does damage."""

from __future__ import annotations

from tests.support import clips
from tests.support.mutate import mutated, mutations


def test_the_same_seed_gives_the_same_damage() -> None:
    data = clips.song_file("mp3")
    assert mutated(data, 5) == mutated(data, 5) != mutated(data, 6)


def test_nearly_every_mutation_changes_the_file_and_none_lets_it_grow_far() -> None:
    data = clips.song_file("flac")
    damaged = [piece for _, piece in mutations({"flac": data}, 200, seed=0)]
    assert sum(piece != data for piece in damaged) > 190
    assert max(map(len, damaged)) <= len(data) + 4 * 16_384


def test_every_file_has_its_turn_and_empty_ones_do_no_harm() -> None:
    names = [name.split()[0] for name, _ in mutations({"a": b"", "b": b"x"}, 60, seed=0)]
    assert names[:4] == ["a", "b", "a", "b"] and len(names) == 60
