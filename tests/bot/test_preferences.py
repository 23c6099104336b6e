"""Inheritance of settings: guild, channel, person; what a person may not lift."""

from __future__ import annotations

import pytest

from bot.preferences import Preferences, Scope, inherited
from generation.errors import RequestRefused
from generation.request import AudioFormat
from generation.sharing import Leave


def test_each_scope_wins_over_the_one_before_and_is_named() -> None:
    found = inherited(
        {
            Scope.GUILD: {"engine": "musicgen", "seconds": 30.0, "audio_format": "ogg"},
            Scope.CHANNEL: {"seconds": 20.0},
            Scope.PERSON: {"audio_format": "flac", "leave": "nobody"},
        }
    )
    assert (found.engine, found.seconds, found.audio_format) == ("musicgen", 20.0, AudioFormat.FLAC)
    assert found.leave is Leave.NOBODY
    assert found.sources["engine"] is Scope.GUILD and found.sources["seconds"] is Scope.CHANNEL
    assert found.sources["audio_format"] is Scope.PERSON


def test_nothing_set_is_the_built_in() -> None:
    assert inherited({}) == Preferences() and Preferences().leave is Leave.ANYONE


def test_a_person_lifts_no_limit_and_a_place_gives_no_leave() -> None:
    found = inherited(
        {
            Scope.GUILD: {"max_takes": 2, "leave": "nobody", "blocked_ids": ["1"]},
            Scope.PERSON: {"max_takes": 4, "blocked_ids": [], "max_seconds": 300},
        }
    )
    assert (found.max_takes, found.max_seconds, found.blocked_ids) == (2, None, ("1",))
    assert found.leave is Leave.ANYONE


def test_what_a_later_version_wrote_is_left_out() -> None:
    assert inherited({Scope.GUILD: {"colour": "red", "sources": {"engine": "guild"}}}) == Preferences()


def test_limits_name_themselves() -> None:
    limited = Preferences(max_seconds=20, max_takes=2)
    limited.check_limits(20, 2)
    limited.check_limits(None, 1)
    with pytest.raises(RequestRefused, match="at most 20 s"):
        limited.check_limits(20.1, 1)
    with pytest.raises(RequestRefused, match="at most 2 at once"):
        limited.check_limits(None, 3)
