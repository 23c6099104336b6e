"""Prometheus metrics of one bot: what its service and its delivery tell, and what is asked at each scrape.

Names follow https://prometheus.io/docs/practices/naming/: base units, `_total` for what only grows.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from generation.service.vitals import LineLength
from generation.telemetry import Telemetry

STAGE_BUCKETS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
LAG_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics(Telemetry):
    """Counts into a registry of its own, so that two bots in one process don't mix."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        self._stages = Histogram(
            "bandmate_stage_seconds",
            "How long a stage of a job took.",
            ["stage", "engine"],
            buckets=STAGE_BUCKETS_S,
            registry=own,
        )
        self._lag = Histogram(
            "bandmate_loop_lag_seconds", "How late the event loop woke.", buckets=LAG_BUCKETS_S, registry=own
        )
        labels = ["engine", "device"]
        self._device_s = Counter("bandmate_device_seconds", "Seconds that jobs held a device.", labels, registry=own)
        self._music_s = Counter("bandmate_music_seconds", "Seconds of music that came out.", labels, registry=own)
        self._jobs = Counter("bandmate_jobs_made", "Jobs that were made.", labels, registry=own)
        self._deaths = Counter(
            "bandmate_worker_restarts",
            "Worker processes that ended and were replaced.",
            ["device", "cause"],
            registry=own,
        )
        self._lease_ends = Counter("bandmate_lease_ends", "Leases that ended before their job.", ["how"], registry=own)
        self._refusals = Counter(
            "bandmate_refusals", "Clips and requests that were turned away.", ["reason"], registry=own
        )
        self._deliveries = Counter(
            "bandmate_deliveries",
            "Answers by outcome: posted, found, undeliverable or a refusal's code.",
            ["code"],
            registry=own,
        )
        self._waiting = Gauge("bandmate_jobs_waiting", "Jobs in line.", ["engine"], registry=own)
        self._running = Gauge("bandmate_jobs_running", "Jobs that are being made.", ["engine"], registry=own)
        self._oldest_s = Gauge("bandmate_oldest_waiting_seconds", "Age of the longest waiting job.", registry=own)
        self._unanswered = Gauge("bandmate_jobs_unanswered", "Jobs that ended and are not answered yet.", registry=own)

    def stage_ended(self, stage: str, seconds: float, engine: str = "") -> None:
        """See Telemetry."""
        self._stages.labels(stage, engine).observe(max(seconds, 0.0))

    def made(self, engine: str, device: str, device_s: float, music_s: float) -> None:
        """See Telemetry."""
        self.stage_ended("making", device_s, engine)
        self._jobs.labels(engine, device).inc()
        self._device_s.labels(engine, device).inc(max(device_s, 0.0))
        self._music_s.labels(engine, device).inc(max(music_s, 0.0))

    def worker_died(self, device: str, cause: str) -> None:
        """See Telemetry."""
        self._deaths.labels(device, cause).inc()

    def lease_ended(self, how: str) -> None:
        """See Telemetry."""
        self._lease_ends.labels(how).inc()

    def refused(self, reason: str) -> None:
        """See Telemetry."""
        self._refusals.labels(reason).inc()

    def delivery_ended(self, outcome: str) -> None:
        """See Telemetry."""
        self._deliveries.labels(outcome).inc()

    def loop_was_late(self, seconds: float) -> None:
        """One measurement of the event loop."""
        self._lag.observe(seconds)

    def show_line(self, line: LineLength) -> None:
        """The line as it is at this scrape."""
        for gauge, counts in ((self._waiting, line.waiting), (self._running, line.running)):
            gauge.clear()
            for engine, number in counts.items():
                gauge.labels(engine).set(number)
        self._oldest_s.set(line.oldest_s)
        self._unanswered.set(line.unanswered)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self._registry)
