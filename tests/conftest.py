"""For every test: no pause of the machine or of the garbage collector decides it; no service loads what it is not
asked for."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import settings

from generation.heap import spare_what_lives_long
from tests.support.databases import postgres_server
from tests.support.late_analysis import HEARINGS
from tests.support.patience import make_loops_patient

settings.load_profile("ci")
"""Hypothesis' own: neither the clock nor luck decides a test. For other examples: --hypothesis-profile=default."""


def pytest_configure(config: pytest.Config) -> None:
    make_loops_patient()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the many processes that tests start: each would compile us anew
    if HEARINGS not in os.environ:  # else a part of a run that goes on in several processes
        folder = tempfile.TemporaryDirectory(prefix="hearings-")
        config.add_cleanup(folder.cleanup)
        os.environ[HEARINGS] = folder.name


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What the tests import stays out of the garbage collector's sight: 700,000 objects with torch among them, over
    which one full collection takes half a second in the middle of some test."""
    gc.disable()
    try:
        return (yield)
    finally:
        spare_what_lives_long()
        gc.enable()


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """One PostgreSQL server for all who want a database on it."""
    with postgres_server() as running:
        yield running


@pytest.fixture
def nothing_frozen() -> Iterator[None]:
    """For tests of what is kept out of the garbage collector's sight."""
    gc.unfreeze()
    yield
    spare_what_lives_long()


@pytest.fixture(scope="session", autouse=True)
def late_analysis() -> Iterator[None]:
    """Services listen as always, but load what they need for it when a clip comes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generation.worker.listener.MODULE", "tests.support.late_analysis")
        yield
