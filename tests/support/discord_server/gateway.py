"""The gateway: HELLO, IDENTIFY, READY, events with sequence numbers, RESUME with replay, and its faults on demand."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import WSMsgType, web

from . import payloads
from .clock import HANG_S
from .transport import make_encoder

if TYPE_CHECKING:
    from .server import DiscordServer

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11
VOICE_STATE = 4

# Events that come only with an intent (reference "Gateway Intents"); all others come always.
GUILDS, GUILD_MEMBERS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 1, 1 << 9, 1 << 12, 1 << 15
PRIVILEGED = GUILD_MEMBERS | 1 << 8 | MESSAGE_CONTENT
GUILD_EVENTS = ("GUILD_", "CHANNEL_", "THREAD_")

# Missed events are kept this long for a RESUME; Discord does not say how long it waits.
RESUME_WINDOW_S = 60.0


@dataclass(eq=False)
class Session:
    """One identified client: its events so far and, while it is connected, the queue of its socket."""

    id: str
    intents: int
    sequence: int = 0
    log: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=5_000))
    outgoing: asyncio.Queue[bytes | None] | None = None
    socket: web.WebSocketResponse | None = None
    request: web.Request | None = None
    lost_at_s: float | None = None

    def push(self, event: str, data: bytes) -> None:
        """Number an event, keep it for a RESUME, send it where there is a socket."""
        self.sequence += 1
        frame = b'{"op":0,"s":%d,"t":"%s","d":%s}' % (self.sequence, event.encode(), data)
        self.log.append((self.sequence, frame))
        if self.outgoing is not None:
            self.outgoing.put_nowait(frame)

    def replay(self, after: int) -> None:
        """Send again every event that came after sequence number `after`."""
        for sequence, frame in self.log:
            if sequence > after and self.outgoing is not None:
                self.outgoing.put_nowait(frame)

    def control(self, op: int, data: Any = None) -> None:
        if self.outgoing is not None:
            self.outgoing.put_nowait(orjson.dumps({"op": op, "d": data}))

    def drop(self) -> None:
        """Cut the connection without a word, as a broken network does."""
        self.outgoing = None
        if self.request is not None and self.request.transport is not None:
            self.request.transport.abort()


class Gateway:
    """All sessions; `dispatch` is the way of every event."""

    def __init__(self, server: DiscordServer, heartbeat_interval_s: float) -> None:
        self._server = server
        self.heartbeat_interval_s = heartbeat_interval_s
        self.sessions: dict[str, Session] = {}
        self.identifies = self.resumes = self.heartbeats = 0
        self.compressions: list[str] = []
        self._ready = asyncio.Event()

    @property
    def connected(self) -> list[Session]:
        return [session for session in self.sessions.values() if session.outgoing is not None]

    async def wait_ready(self, timeout: float = HANG_S) -> None:  # noqa: ASYNC109 - reads better in a test
        """Until a client is identified and has been sent its guilds, now or later. Raises TimeoutError."""
        if not self.connected:
            await asyncio.wait_for(self._ready.wait(), timeout)

    def dispatch(self, event: str, data: dict[str, Any] | Callable[[], dict[str, Any]], *, intent: int = 0) -> None:
        """Send an event to every session that has the intent; those cut off get it when they resume.

        data: the event's body, or a function that makes it where somebody listens.
        """
        if not intent and event.startswith(GUILD_EVENTS):
            intent = GUILDS
        self._forget_old_sessions()
        listeners = [session for session in self.sessions.values() if session.intents & intent == intent]
        if not listeners:
            return
        raw = orjson.dumps(data() if callable(data) else data)
        for session in listeners:
            session.push(event, raw)

    def drop(self) -> None:
        """Cut every connection; the clients may resume."""
        for session in self.connected:
            session.drop()

    def ask_reconnect(self) -> None:
        """Send RECONNECT (op 7) to every client."""
        for session in self.connected:
            session.control(RECONNECT)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Send INVALID_SESSION (op 9) to every client; where it is not resumable the session is gone."""
        for session in self.connected:
            session.control(INVALID_SESSION, resumable)
            if not resumable:
                del self.sessions[session.id]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, from HELLO to its end."""
        socket = web.WebSocketResponse(max_msg_size=64 * 1024, compress=False, timeout=1.0)
        await socket.prepare(request)
        compression = request.query.get("compress", "none")
        self.compressions.append(compression)
        outgoing: asyncio.Queue[bytes | None] = asyncio.Queue()
        outgoing.put_nowait(orjson.dumps({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_interval_s * 1000}}))
        writer = asyncio.create_task(_write(socket, outgoing, compression))
        session: Session | None = None
        try:
            session = await self._converse(request, socket, outgoing)
        finally:
            if session is not None and session.socket is socket:
                session.outgoing, session.socket, session.lost_at_s = None, None, time.monotonic()
            outgoing.put_nowait(None)
            await writer
        return socket

    async def close(self) -> None:
        """Say goodbye to every client (1001, going away)."""
        for session in self.connected:
            if session.socket is not None:
                session.outgoing = None
                await session.socket.close(code=1001)

    async def _converse(
        self, request: web.Request, socket: web.WebSocketResponse, outgoing: asyncio.Queue[bytes | None]
    ) -> Session | None:
        """Answer a client's messages until it goes, or until it forgets its heartbeat."""
        session: Session | None = None
        while True:
            try:
                message = await socket.receive(timeout=self.heartbeat_interval_s * 2 + 5)
            except TimeoutError:
                await socket.close(code=4009)
                return session
            if message.type is not WSMsgType.TEXT:
                return session
            said = orjson.loads(message.data)
            if said["op"] == HEARTBEAT:
                self.heartbeats += 1
                outgoing.put_nowait(b'{"op":11,"d":null}')
            elif said["op"] == VOICE_STATE:
                self._server.voice.asked(said["d"])
            elif said["op"] in (IDENTIFY, RESUME):
                refusal = self._refusal(said)
                if refusal:
                    await socket.close(code=refusal)
                    return session
                session = self._open(said, request, socket, outgoing)

    def _refusal(self, said: dict[str, Any]) -> int:
        """The close code that a wrong token (4004) or intents that were not granted (4014) get, else 0."""
        if said["d"]["token"].removeprefix("Bot ") != self._server.token:
            return 4004
        wanted = said["d"].get("intents", 0) & PRIVILEGED
        return 4014 if wanted & ~self._server.privileged_intents else 0

    def _open(
        self,
        said: dict[str, Any],
        request: web.Request,
        socket: web.WebSocketResponse,
        outgoing: asyncio.Queue[bytes | None],
    ) -> Session | None:
        if said["op"] == IDENTIFY:
            return self._identify(said["d"], request, socket, outgoing)
        session = self.sessions.get(said["d"]["session_id"])
        faults = self._server.faults
        if session is None or faults.chance("refused resume", faults.refuse_resume_rate):
            outgoing.put_nowait(b'{"op":9,"d":false}')
            return None
        if session.outgoing is not None:
            session.drop()
        self.resumes += 1
        session.request, session.socket, session.outgoing, session.lost_at_s = request, socket, outgoing, None
        session.replay(said["d"]["seq"] or 0)
        session.push("RESUMED", b"{}")
        return session

    def _identify(
        self,
        wish: dict[str, Any],
        request: web.Request,
        socket: web.WebSocketResponse,
        outgoing: asyncio.Queue[bytes | None],
    ) -> Session:
        server = self._server
        self.identifies += 1
        session = Session(f"session-{server.seed}-{self.identifies}", wish["intents"])
        session.request, session.socket, session.outgoing = request, socket, outgoing
        self.sessions[session.id] = session
        mine = [guild for guild in server.guilds.values() if server.bot.id in guild.members]
        ready = {
            "v": 10,
            "user": payloads.user(server.bot),
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in mine],
            "session_id": session.id,
            "resume_gateway_url": server.gateway_url,
            "application": {"id": str(server.application_id), "flags": server.application_flags},
        }
        session.push("READY", orjson.dumps(ready))
        if session.intents & GUILDS:
            for guild in mine:
                session.push("GUILD_CREATE", orjson.dumps(payloads.guild_create(guild)))
        self._ready.set()
        self._ready = asyncio.Event()  # the next to wait waits for the next client
        return session

    def _forget_old_sessions(self) -> None:
        now = time.monotonic()
        for session in list(self.sessions.values()):
            if session.lost_at_s is not None and now - session.lost_at_s > RESUME_WINDOW_S:
                del self.sessions[session.id]


async def _write(socket: web.WebSocketResponse, outgoing: asyncio.Queue[bytes | None], compression: str) -> None:
    """Send frames in order, one compression stream for the connection, until None or the end of the socket."""
    encode = make_encoder(compression)
    while (frame := await outgoing.get()) is not None:
        if socket.closed:
            return
        try:
            if encode is None:
                await socket.send_str(frame.decode())
            else:
                await socket.send_bytes(encode(frame))
        except (ConnectionError, RuntimeError):
            return  # the client is gone; what it missed is in the session's log
