"""A request that came over the network: every value of the wrong kind is one sentence, before anybody works on it."""

from __future__ import annotations

from typing import Any

import pytest

from generation.errors import RequestRefused
from generation.request import Operation, Request


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("seed", 1.5, "The seed must be a whole number, not 1.5."),
        ("seed", 2**31, "between 0 and 2147483647, not 2147483648"),
        ("seed", float("inf"), "between 0 and 2147483647"),
        ("num_takes", 1.5, "whole number"),
        ("bars", 2.5, "whole number"),
        ("duration_s", "20", "The length must be a number, not '20'."),
        ("duration_s", float("nan"), "between 1 and 300 s"),
        ("duration_s", True, "must be a number"),
        ("tempo_bpm", [120], "must be a number"),
        ("prompt", ["jazz"], "The prompt must be text"),
        ("engine", ["arranger"], "The engine must be text"),
        ("key", 5, "The key must be text"),
    ],
)
def test_a_value_of_the_wrong_kind_is_a_sentence(field: str, value: Any, words: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        Request(Operation.COMPOSE, **{"prompt": "jazz", field: value})
    assert words in str(caught.value)
