"""The analysis process for tests: the real hearing, but its nets are loaded when a clip comes and not at every start.

Most services of the tests never get a clip. A clip that several tests bring is heard once in a run: what was heard is
kept in the folder that HEARINGS names, under the hash of its samples.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from generation.worker.inside import Inside
from generation.worker.messages import Hear, Heard

HEARINGS = "HEARINGS_OF_THIS_RUN"


def main() -> None:
    """Answer until the service closes the pipe."""
    inside = Inside.open()
    folder = Path(inside.setup().audio_folder)
    while True:
        for message in inside.waiting(limit_s=60.0):
            if isinstance(message, Hear):
                inside.tell(_heard(folder, message.clip))


def _heard(folder: Path, audio_hash: str) -> Heard:
    kept = Path(os.environ[HEARINGS]) / audio_hash
    if kept.exists() and any(folder.glob(f"??/{audio_hash}.*")):
        return Heard(audio_hash, json.loads(kept.read_text()))
    from generation.worker.analysis_process import hear

    heard = hear(folder, audio_hash)
    if not heard.sentence:
        new = kept.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(heard.hearing))
        new.rename(kept)
    return heard


if __name__ == "__main__":
    main()
