"""Through the worker's loop: what MusicGen has so far can be heard, and is the beginning of its take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from generation.audio.store import AudioStore
from generation.clip import Clip
from generation.config import ServiceConfig
from generation.engines import EngineOptions
from generation.previews import PreviewShelf, place_of
from generation.request import Operation, Request
from generation.worker.messages import Made, Make, Message, Previewed
from generation.worker.process import WorkerLoop
from generation.worker.supervisor import setup_of

LENGTH_S = 14.0
PLACE = place_of("job", 1)


class Pipes:
    """The service's end: hears, and looks at each preview as soon as it is told of it."""

    def __init__(self, shelf: PreviewShelf) -> None:
        self.shelf, self.inbox = shelf, list[Message]()
        self.previews: list[Clip] = []
        self.made: Made | None = None

    def waiting(self, limit_s: float) -> list[Message]:
        messages, self.inbox = self.inbox, []
        return messages

    def tell(self, message: Message) -> None:
        if isinstance(message, Previewed):
            self.previews.append(self.shelf.get(PLACE, message.audio_hash))
        if isinstance(message, Made):
            self.made = message


def test_a_preview_is_the_beginning_of_the_take(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    values = {"models": [str(checkpoints["mono"])], "accept_licence": True, "precision": "float32"}
    config = ServiceConfig(
        tmp_path, engines={"musicgen": EngineOptions(values)}, preload_engines=(), preview_interval_s=0.01
    )
    pipes: Any = Pipes(PreviewShelf(config.audio_folder))
    loop = WorkerLoop(pipes, setup_of(config, "cpu"))
    wish = Request(Operation.COMPOSE, "lo fi hip hop", engine="musicgen", duration_s=LENGTH_S, seed=7)
    pipes.inbox.append(Make("job", wish.to_json(), [], [], PLACE))
    while pipes.made is None:
        loop.turn(wait_s=0.0)
    whole = AudioStore(config.audio_folder).get(pipes.made.takes[0].audio_hash).samples[0]
    assert [round(preview.duration_s) for preview in pipes.previews] == [3, 6, 12]
    for preview in pipes.previews:
        assert np.corrcoef(preview.samples[0], whole[: preview.num_frames])[0, 1] > 0.98  # but for one gain
