"""The service behind the front ends: submit -> ticket (place, estimate, progress, takes, cancel)."""

from generation.config import ServiceConfig
from generation.jobs import CheckIn, FinishedJob, JobState, JobStatus, Origin, Rendered, RenderedPreview
from generation.service.facade import Service
from generation.service.in_hand import Incoming
from generation.service.replay import Replay, Verdict
from generation.service.ticket import Ticket

__all__ = [
    "CheckIn",
    "FinishedJob",
    "Incoming",
    "JobState",
    "JobStatus",
    "Origin",
    "Rendered",
    "RenderedPreview",
    "Replay",
    "Service",
    "ServiceConfig",
    "Ticket",
    "Verdict",
]
