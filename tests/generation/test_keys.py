"""Keys by name: what is understood, and what is asked back instead of guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.errors import RequestRefused
from generation.hearing import Key
from generation.keys import key_named
from generation.request import Operation, Request


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("D minor", Key(2, "minor")),
        ("f#", Key(6, "major")),
        ("B♭m", Key(10, "minor")),
        (" C♯ min ", Key(1, "minor")),
        ("F# major", Key(6, "major")),
        ("F♯ Major", Key(6, "major")),
        ("f sharp min", Key(6, "minor")),
        ("Bbm", Key(10, "minor")),
        ("B♭", Key(10, "major")),
        (" eb ", Key(3, "major")),
        ("CM", Key(0, "major")),
        ("Cm", Key(0, "minor")),
        ("c-moll", Key(0, "minor")),
        ("Es-Dur", Key(3, "major")),
        ("Fis-Moll", Key(6, "minor")),
        ("la menor", None),
        ("La menor", None),
        ("F mayor", Key(5, "major")),
        ("Cb", Key(11, "major")),
        ("B major", Key(11, "major")),
    ],
)
def test_a_key_has_many_names(name: str, key: Key | None) -> None:
    if key is None:
        with pytest.raises(RequestRefused, match="I don't know the key"):
            key_named(name)
    else:
        assert key_named(name) == key


@pytest.mark.parametrize("name", ["", "H minor", "D dorian", "DD", "minor", "٣ minor"])
def test_what_is_no_key_is_refused(name: str) -> None:
    with pytest.raises(RequestRefused, match="key"):
        key_named(name)


@pytest.mark.parametrize("name", ["H dur", "h-moll", "B dur", "b-Moll"])
def test_a_german_b_or_h_is_asked_back(name: str) -> None:
    with pytest.raises(RequestRefused, match=r"the German H is B, the German B is Bb"):
        key_named(name)


@given(st.integers(0, 11), st.sampled_from(["major", "minor"]))
def test_every_key_is_known_by_the_name_that_we_give_it(tonic: int, mode: str) -> None:
    assert key_named(str(Key(tonic, mode))) == Key(tonic, mode)


@given(st.text(max_size=60))
def test_any_text_is_a_key_or_one_sentence(name: str) -> None:
    try:
        assert 0 <= key_named(name).tonic <= 11
    except RequestRefused as refused:
        assert len(str(refused)) < 300


@pytest.mark.parametrize("key", ["H dur", "blue", "D dorian", "\0"])
def test_an_order_with_a_key_that_nobody_knows_is_refused(key: str) -> None:
    with pytest.raises(RequestRefused, match="write it like D minor, F# major or Bbm"):
        Request(Operation.COMPOSE, "a waltz", key=key)


def test_a_blend_may_leave_its_clips_in_their_keys() -> None:
    assert Request(Operation.BLEND, clip_ids=("a", "b"), key="none").key == "none"
    with pytest.raises(RequestRefused, match="I don't know the key 'none'"):
        Request(Operation.COMPOSE, "a waltz", key="none")


@pytest.mark.parametrize(
    ("operation", "num_clips", "words"),
    [
        (Operation.RESTYLE, 2, "Restyle works on one clip, not on 2: leave the others out."),
        (Operation.COMPOSE, 2, "Compose works on one clip, not on 2"),
        (Operation.LOOP, 3, "Loop works on one clip, not on 3"),
        (Operation.BLEND, 3, "Blend works on two clips, not on 3"),
        (Operation.BLEND, 1, "Blend needs two clips"),
        (Operation.EXTEND, 0, "Extend needs a clip"),
    ],
)
def test_a_clip_too_many_or_too_few_is_told(operation: Operation, num_clips: int, words: str) -> None:
    with pytest.raises(RequestRefused, match=words):
        Request(operation, "x", clip_ids=tuple("abc"[:num_clips]))
