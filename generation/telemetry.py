"""What a service tells whoever counts what happens in it; the library itself counts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from generation.errors import ClipRefused, RequestRefused


class Telemetry:
    """Called as things happen, in the event loop; every method is cheap and may be overridden. This one forgets all."""

    def stage_ended(self, stage: str, seconds: float, engine: str = "") -> None:
        """A stage of a job's way took this long: "check-in", "waiting", "making", "delivering"."""

    def made(self, engine: str, device: str, device_s: float, music_s: float) -> None:
        """A job was made: seconds that it held its device, seconds of music that came out."""

    def worker_died(self, device: str, cause: str) -> None:
        """A worker process ended and is being replaced."""

    def lease_ended(self, how: str) -> None:
        """A lease ended before its job: "lost" (another hold, or cancelled), "taken up" (its owner was gone)."""

    def refused(self, reason: str) -> None:
        """A clip or a request was turned away; `reason` is the kind of the refusal ("ClipRefused", "TooBusy")."""

    def delivery_ended(self, outcome: str) -> None:
        """A front end's attempt to post an answer: "posted", "found", a refusal's code ("50013"), "undeliverable"."""


@contextmanager
def counted_refusals(telemetry: Telemetry) -> Iterator[None]:
    """Count what is refused inside, by its kind."""
    try:
        yield
    except (ClipRefused, RequestRefused) as refusal:
        telemetry.refused(type(refusal).__name__)
        raise
