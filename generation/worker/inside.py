"""The inside of every child process: dies with its parent, keeps stdout for messages, reads stdin beside the work."""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import sys
import threading
from typing import BinaryIO

from generation.worker.messages import Message, from_line, to_line

PARENT_PID = "BANDMATE_PARENT_PID"
"""The environment variable in which a child is told who started it."""
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Inside:
    """A child process's end of the pipes."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._outgoing = outgoing
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(incoming,), daemon=True, name="inbox").start()

    @classmethod
    def open(cls) -> Inside:
        """Take over stdin and stdout, and see to it that this process does not outlive its parent."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _die_with_parent()
        outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not look like messages
        return cls(sys.stdin.buffer, outgoing)

    def tell(self, message: Message) -> None:
        """Send a message."""
        self._outgoing.write(to_line(message))
        self._outgoing.flush()

    def waiting(self, *, limit_s: float) -> list[Message]:
        """All messages that have come; waits up to `limit_s` seconds for the first one."""
        found: list[Message] = []
        try:
            found.append(self._inbox.get(timeout=limit_s) if limit_s > 0 else self._inbox.get_nowait())
            while True:
                found.append(self._inbox.get_nowait())
        except queue.Empty:
            return found

    def _listen(self, incoming: BinaryIO) -> None:
        for line in incoming:
            self._inbox.put(from_line(line))
        os._exit(0)  # the service is gone or wants us to end: whatever is being made is not ours any more


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, also in the middle of a long step; see prctl(2)."""
    if not sys.platform.startswith("linux"):
        return  # the closed pipe tells it there
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(os.environ.get(PARENT_PID, os.getppid())):  # it died before we asked
        os._exit(0)
