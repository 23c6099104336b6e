"""One connection of the bot to a voice channel: what it says on the websocket, what it sends over UDP."""

from __future__ import annotations

import asyncio
import os
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from aiohttp import WSMsgType, web

from .group import Group
from .ogg import decoded
from .udp import MODE, opened

if TYPE_CHECKING:
    from tests.support.discord_server.places import Channel

    from .states import Voice

IDENTIFY, SELECT_PROTOCOL, READY, HEARTBEAT, SESSION_DESCRIPTION, SPEAKING, HEARTBEAT_ACK, HELLO = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    8,
)
EXECUTE_TRANSITION, TRANSITION_READY, EXTERNAL_SENDER, KEY_PACKAGE, WELCOME = 22, 23, 25, 26, 30
SILENCE = b"\xf8\xff\xfe"
"""The packet that ends every piece, five times (Discord, "Voice Data Interpolation"); DAVE leaves it as it is."""
PACKET_FRAMES = 960


class Call:
    """`packets` are the Opus packets that a listener's client got, silence left out, in the order of their coming;
    `findings` are broken rules."""

    def __init__(self, voice: Voice, channel: Channel, session_id: str, token: str) -> None:
        self._voice, self._dave_version = voice, voice.dave_version
        self.channel, self.session_id, self.token = channel, session_id, token
        self.socket: web.WebSocketResponse | None = None
        self.address: tuple[str, int] | None = None
        self.packets: list[bytes] = []
        self.findings: list[str] = []
        self.speaking: list[int] = []
        self.heartbeats = 0
        self.ended = asyncio.Event()
        self._num_silent = 0
        self._last: tuple[int, int] | None = None
        self._nonces: set[bytes] = set()
        self._key = os.urandom(32)
        self._group: Group | None = None
        self._sequence = 0
        self._changed = asyncio.Event()

    async def converse(self, socket: web.WebSocketResponse) -> None:
        """From HELLO to the end of the connection."""
        self.socket = socket
        await self._say(HELLO, {"v": 8, "heartbeat_interval": 13_750})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                said = orjson.loads(message.data)
                await self._on_word(said["op"], said["d"])
            elif message.type is WSMsgType.BINARY:
                await self._on_binary(message.data[0], message.data[1:])
        self.ended.set()
        self._changed.set()

    def hang_up(self, code: int = 4014) -> None:
        """Close the connection as Discord does when a moderator acts."""
        if self.socket is not None and not self.ended.is_set():
            self._closing = asyncio.ensure_future(self.socket.close(code=code))

    def received(self, packet: bytes) -> None:
        """An RTP packet came."""
        try:
            sequence, timestamp, payload = opened(packet, self._key)
        except ValueError as error:
            self.findings.append(str(error))
            return
        self._check_order(sequence, timestamp, packet[-4:])
        if payload == SILENCE:
            self._num_silent += 1
        else:
            self._keep(payload)
        self._changed.set()

    async def wait_packets(self, count: int, timeout: float = 60.0) -> None:  # noqa: ASYNC109 - reads better in a test
        """Until so many packets of music came. Raises TimeoutError."""
        await self._wait(lambda: len(self.packets) >= count, timeout)

    async def wait_silent(self, times: int = 1, timeout: float = 60.0) -> None:  # noqa: ASYNC109 - reads better in a test
        """Until a piece has ended (so many pieces), or the bot has gone. Raises TimeoutError."""
        await self._wait(lambda: self._num_silent >= 5 * times or self.ended.is_set(), timeout)

    def heard(self, last: int | None = None) -> np.ndarray:
        """What a listener's client plays, or the last so many packets of it: float32 [2, frames] at 48 kHz."""
        return decoded(self.packets if last is None else self.packets[-last:])

    async def _wait(self, holds: Any, timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def _on_word(self, op: int, data: Any) -> None:
        if op == IDENTIFY:
            await self._identify(data)
        elif op == SELECT_PROTOCOL:
            await self._describe_session(data["data"])
        elif op == HEARTBEAT:
            self.heartbeats += 1
            if "seq_ack" not in data:
                self.findings.append("a heartbeat without seq_ack")
            await self._say(HEARTBEAT_ACK, {"t": data["t"]})
        elif op == SPEAKING:
            self.speaking.append(data["speaking"])
        elif op == TRANSITION_READY:
            await self._say(EXECUTE_TRANSITION, data)

    async def _identify(self, data: dict[str, Any]) -> None:
        if (data["token"], data["session_id"]) != (self.token, self.session_id):
            await self._close(4006)
        elif self._dave_version > data["max_dave_protocol_version"]:
            await self._close(4017)
        else:
            ssrc = self._voice.receiver.add(self)
            place = {"ssrc": ssrc, "ip": "127.0.0.1", "port": self._voice.receiver.port}
            await self._say(READY, {**place, "modes": ["aead_aes256_gcm_rtpsize", MODE]})

    async def _describe_session(self, chosen: dict[str, Any]) -> None:
        if chosen["mode"] != MODE or (chosen["address"], chosen["port"]) != self.address:
            self.findings.append(f"select protocol says {chosen}, the discovery {self.address}")
        session = {"mode": MODE, "secret_key": list(self._key), "dave_protocol_version": self._dave_version}
        await self._say(SESSION_DESCRIPTION, session)

    async def _on_binary(self, op: int, data: bytes) -> None:
        """The bot's key package: whoever sits there lets it in. Alone in its call it gets no keys."""
        people = [who for who in self._voice.those_in(self.channel) if not who.bot]
        if op != KEY_PACKAGE or not people or not self._voice.gives_keys:
            return
        self._group = Group(self.channel.id, people[0].id)
        await self._say_binary(EXTERNAL_SENDER, self._group.external_sender)
        await self._say_binary(WELCOME, struct.pack(">H", 1) + self._group.welcome(data))

    def _check_order(self, sequence: int, timestamp: int, nonce: bytes) -> None:
        if nonce in self._nonces:
            self.findings.append("the same nonce twice")
        self._nonces.add(nonce)
        after = (sequence, timestamp)
        if self._last and after != ((self._last[0] + 1) % 2**16, (self._last[1] + PACKET_FRAMES) % 2**32):
            self.findings.append(f"after packet {self._last} came {after}")
        self._last = after

    def _keep(self, payload: bytes) -> None:
        """Music, as a listener's client decrypts it."""
        if not self.speaking:  # which says whose the ssrc is; that it is 1 may come a moment after the first packet
            self.findings.append("music without a word that it comes (SPEAKING)")
        if self._dave_version == 0:
            self.packets.append(payload)
        elif self._group is None or payload[-2:] != b"\xfa\xfa":  # the mark of DAVE's frames
            self.findings.append("music that is not encrypted end to end")
        else:
            self.packets.append(self._group.opened(self._voice.server.bot.id, payload))

    async def _say(self, op: int, data: Any) -> None:
        await self._send(orjson.dumps({"op": op, "d": data, "seq": self._next()}).decode())

    async def _say_binary(self, op: int, data: bytes) -> None:
        await self._send(struct.pack(">HB", self._next(), op) + data)

    async def _send(self, frame: str | bytes) -> None:
        if self.socket is not None and not self.socket.closed:
            await (self.socket.send_str(frame) if isinstance(frame, str) else self.socket.send_bytes(frame))

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence

    async def _close(self, code: int) -> None:
        if self.socket is not None:
            await self.socket.close(code=code)
