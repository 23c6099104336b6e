"""Two threads for work that leaves the interpreter free: nets, filters, hashes, encoders."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

MAX_THREADS = 2
"""More would take cores from the engine that makes the next take."""


@cache
def helpers() -> ThreadPoolExecutor:
    """This process's threads for pieces of one clip's work, as many as it has cores, up to MAX_THREADS.

    What is given to them must not wait for others of them. Every result is the same as on one thread: pieces are put
    together in the order in which they were given.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ThreadPoolExecutor(min(usable, MAX_THREADS), thread_name_prefix="side-by-side")
