"""torch's inference mode as a decorator that keeps a function's types."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")


def inference(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function without gradients and without the bookkeeping for them."""
    decorated: Callable[P, R] = torch.inference_mode()(function)
    return decorated
