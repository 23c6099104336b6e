"""What was asked of the server: one record for each request, for a test to assert on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .rest import Call


@dataclass(frozen=True)
class RecordedFile:
    """A file of a request, without its bytes."""

    field: str
    filename: str
    size: int
    sha256: str


@dataclass
class Recorded:
    """One request and its answer. Times are the server's clock; `since_interaction_s` is None without one."""

    method: str
    template: str
    path: str
    query: dict[str, str]
    at_s: float
    interaction_id: int | None
    since_interaction_s: float | None
    json: Any = None
    files: list[RecordedFile] = field(default_factory=list)
    status: int = 0
    code: int = 0
    fault: str = ""
    response: Any = None

    @classmethod
    def begin(cls, call: Call, at_s: float) -> Recorded:
        """A record of a request whose answer is not known yet."""
        source = call.interaction
        if source is None:
            return cls(call.method, call.template, call.path, call.query, at_s, None, None)
        return cls(call.method, call.template, call.path, call.query, at_s, source.id, source.age_s())
