"""The analysis process: hears clips, one at a time, so that a long or crashing analysis touches nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import structlog

from generation.clip import Clip
from generation.errors import BandmateError
from generation.worker.inside import Inside
from generation.worker.messages import Hear, Heard

log = structlog.get_logger()


def hear(audio_folder: Path, audio_hash: str) -> Heard:
    """What is heard in a clip of the store."""
    from generation.audio.analyse import analyse
    from generation.audio.store import AudioStore

    try:
        return Heard(audio_hash, analyse(AudioStore(audio_folder).get(audio_hash)).to_json())
    except BandmateError as error:
        return Heard(audio_hash, sentence=str(error))
    except Exception:  # the next clip may go well
        log.exception("clip not heard", clip=audio_hash)
        return Heard(audio_hash, sentence="That clip could not be listened to: try another one.")


def load() -> None:
    """Import the libraries and read the nets, by listening to a second of noise."""
    from generation.audio.analyse import analyse

    noise = np.random.default_rng(0).normal(0, 0.1, (1, 22_050)).astype(np.float32)
    analyse(Clip(noise, 22_050))


def main() -> None:
    """Run this process until the service closes the pipe."""
    inside = Inside.open()
    folder = Path(inside.setup().audio_folder)
    load()
    while True:
        for message in inside.waiting(limit_s=60.0):
            if isinstance(message, Hear):
                inside.tell(hear(folder, message.clip))


if __name__ == "__main__":
    main()
