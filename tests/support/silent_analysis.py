"""An analysis process that starts at once and hears nothing: for runs in which nobody brings a clip."""

from __future__ import annotations

from generation.worker.inside import Inside
from generation.worker.messages import Hear, Heard


def main() -> None:
    """Answer every clip with a sentence until the service closes the pipe."""
    inside = Inside.open()
    inside.setup()
    while True:
        for message in inside.waiting(limit_s=60.0):
            if isinstance(message, Hear):
                inside.tell(Heard(message.clip, sentence="This run takes no clips."))


if __name__ == "__main__":
    main()
