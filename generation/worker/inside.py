"""The inside of every child process: dies with its parent, keeps stdout for messages, reads stdin beside the work."""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import sys
import threading
from collections.abc import MutableMapping
from typing import Any, BinaryIO

import structlog

from generation.worker.messages import Logged, Message, Setup, from_line, to_line
from generation.worker.offline import give_up_network

log = structlog.get_logger()

PARENT_PID = "BANDMATE_PARENT_PID"
"""The environment variable in which a child is told who started it."""
OFFLINE = "BANDMATE_OFFLINE"
"""The environment variable that tells a child to do without a network."""
_SETUP_LIMIT_S = 60.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Inside:
    """A child process's end of the pipes."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._outgoing, self._writing = outgoing, threading.Lock()
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._listen, args=(incoming,), daemon=True, name="inbox").start()

    @classmethod
    def open(cls) -> Inside:
        """Take over stdin and stdout, and see to it that this process does not outlive its parent."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _die_with_parent()
        is_shut = os.environ.get(OFFLINE) != "1" or give_up_network()
        outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not look like messages
        inside = cls(sys.stdin.buffer, outgoing)
        structlog.configure(processors=[structlog.processors.format_exc_info, inside.send_log_event])
        if not is_shut:
            log.info("this process could reach the network: the system can't take that from it")
        return inside

    def tell(self, message: Message) -> None:
        """Send a message."""
        with self._writing:  # engines may log from threads of their own
            self._outgoing.write(to_line(message))
            self._outgoing.flush()

    def send_log_event(self, _logger: Any, level: str, event: MutableMapping[str, Any]) -> str:
        """A structlog processor, the last one: the service writes the log, and hides secrets in it."""
        fields = {name: str(value) for name, value in event.items() if name != "event"}
        self.tell(Logged(level, str(event.get("event", "")), fields))
        raise structlog.DropEvent

    def setup(self) -> Setup:
        """The first message; what comes after it keeps waiting."""
        try:
            first = self._inbox.get(timeout=_SETUP_LIMIT_S)
        except queue.Empty:
            sys.exit("no setup came: this process is started by the service, not by hand")
        if not isinstance(first, Setup):
            sys.exit("the first message must be the setup")
        return first

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
