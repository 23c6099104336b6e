"""What the service and its workers say to each other arrives as it was sent."""

from __future__ import annotations

import json

from generation.engines.base import Capabilities
from generation.request import Operation
from generation.worker.process import capabilities_to_json
from generation.worker.supervisor import capabilities_from_json


def test_what_an_engine_can_arrives_as_it_was_said() -> None:
    said = Capabilities(
        "band", frozenset({Operation.COMPOSE, Operation.LOOP}), 60.0, 2, 44_100, "MIT",
        max_jobs=3, models=("small", "large"), styles=("bossa", "lofi"),
    )  # fmt: skip
    assert capabilities_from_json(json.loads(json.dumps(capabilities_to_json(said)))) == said
