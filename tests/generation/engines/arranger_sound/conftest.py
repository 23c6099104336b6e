"""One font and one player for all tests of the arranger's sound: decoding is shared, as in the engine."""

from __future__ import annotations

import pytest

from generation.engines.arranger.play import Player
from generation.engines.arranger.soundfont import SoundFont, open_font


@pytest.fixture(scope="session")
def font() -> SoundFont:
    return open_font()


@pytest.fixture(scope="session")
def player(font: SoundFont) -> Player:
    return Player(font)
