"""For every test: no pause of the machine or of the garbage collector decides it."""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest

from tests.support.patience import make_loops_patient


def pytest_configure() -> None:
    make_loops_patient()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What the tests import stays out of the garbage collector's sight: 700,000 objects with torch among them, over
    which one full collection takes half a second in the middle of some test."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
