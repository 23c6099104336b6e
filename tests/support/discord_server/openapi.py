"""Checks requests, and our own answers, against Discord's own OpenAPI description of its REST API.

Validation is put off until somebody asks for the findings, so that it costs nothing while a test measures time.
"""

from __future__ import annotations

import json
import os
import traceback
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rest import Call, Reply
    from .schemas import Complaint, Schemas

PROJECT_ROOT = Path(__file__).resolve().parents[3]
BESIDE_THE_PROJECT = PROJECT_ROOT.parent / "shared" / "discord" / "openapi.json"

# How many answers of one route and status are checked; they are all made by the same code.
ANSWERS_CHECKED = 25


@dataclass(frozen=True)
class Finding:
    """Where a request (or an answer of ours) departs from the description."""

    route: str
    side: str  # "request" or "answer"
    where: str  # path into the JSON
    what: str

    def __str__(self) -> str:
        return f"{self.route} ({self.side}) at {self.where or 'the top'}: {self.what}"


@dataclass(frozen=True)
class _Job:
    side: str
    method: str
    template: str
    status: int
    body: Any
    multipart: bool = False


class Checker:
    """Collects what is to be checked, and checks it when `hard_findings` or `deviations` is read."""

    def __init__(self, description: Path | None = None) -> None:
        self.path = description or Path(os.environ.get("DISCORD_OPENAPI") or BESIDE_THE_PROJECT)
        self.off = "" if self.path.is_file() else f"validation is off: there is no {self.path}"
        self.num_checked = 0
        self._jobs: list[_Job] = []
        self._answers: Counter[tuple[str, str, int]] = Counter()
        self._hard: list[Finding] = []
        self._known: list[Finding] = []

    @property
    def hard_findings(self) -> list[Finding]:
        """Departures that nobody has explained; empty is what a test asserts."""
        self._work_off()
        return self._hard

    @property
    def deviations(self) -> list[Finding]:
        """Departures of discord.py that Discord is known to take (`_is_known`)."""
        self._work_off()
        return self._known

    def request(self, call: Call) -> None:
        """Remember a request to be checked."""
        if not self.off:
            self._jobs.append(_Job("request", call.method, call.template, 0, call.json, bool(call.files)))

    def response(self, call: Call, reply: Reply) -> None:
        """Remember an answer to be checked, the first few of each kind."""
        key = (call.method, call.template, reply.status)
        self._answers[key] += 1
        if not self.off and self._answers[key] <= ANSWERS_CHECKED:
            self._jobs.append(_Job("answer", call.method, call.template, reply.status, reply.body))

    def unserved(self, call: Call) -> None:
        """A request that this server has no route for: either it is not Discord's, or the route is missing here."""
        self._hard.append(Finding(f"{call.method} {call.path}", "request", "", "no such route in this server"))

    def stumbled(self, call: Call, error: Exception) -> None:
        """A request that a route of this server could not read: a bad body, or a fault of the server itself."""
        at = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}: {error} in {Path(at.filename).name}:{at.lineno}, body {str(call.json)[:200]}"
        self._hard.append(Finding(f"{call.method} {call.template}", "request", "", what))

    @cached_property
    def _schemas(self) -> Schemas:
        from .schemas import Schemas

        return Schemas(json.loads(self.path.read_text()))

    def _work_off(self) -> None:
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            self.num_checked += 1
            route = f"{job.method} {job.template}"
            if job.side == "request":
                complaints = self._schemas.request(job.method, job.template, job.body, multipart=job.multipart)
            else:
                complaints = self._schemas.answer(job.method, job.template, job.status, job.body)
            for complaint in complaints:
                finding = Finding(route, job.side, complaint.where, complaint.what)
                (self._known if _is_known(job, complaint) else self._hard).append(finding)


# What discord.py sends of an attachment that it keeps through an edit, and Discord ignores.
KEPT_ATTACHMENT = {"url", "proxy_url", "size", "content_type", "width", "height", "ephemeral", "flags", "spoiler"}


def _is_known(job: _Job, complaint: Complaint) -> bool:
    """Known deviations of discord.py 2.7.1, all of which Discord takes.

    Snowflakes as numbers (attachments, recipient, reference of a reply, allowed mentions), tts on an edit, nsfw on the
    upload of commands, whole attachments where an edit keeps them.
    """
    if job.side != "request":
        return False
    steps = complaint.where.split("/")
    in_attachments = len(steps) >= 2 and steps[-2] == "attachments"
    if complaint.keyword == "unknown":
        is_edit = job.method == "PATCH" or (job.template.endswith("/callback") and job.body["type"] == 7)
        if complaint.name == "nsfw":
            return job.template.endswith(("/commands", "/commands/{command_id}"))
        return is_edit and (complaint.name == "tts" or (in_attachments and complaint.name in KEPT_ATTACHMENT))
    is_attachment_id = len(steps) >= 3 and steps[-3] == "attachments" and steps[-1] == "id"
    named = complaint.where == "recipient_id" or {"message_reference", "allowed_mentions"} & set(steps)
    return complaint.keyword == "snowflake" and bool(is_attachment_id or named)
