"""The UDP way of a call: IP discovery, and RTP packets that are decrypted and looked at."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .call import Call

MODE = "aead_xchacha20_poly1305_rtpsize"
DISCOVERY = struct.Struct(">HHI64sH")
"""Type (1 asks, 2 answers), length of the rest (70), ssrc, address, port (Discord, "IP Discovery")."""
RTP = struct.Struct(">BBHII")
"""Version and flags, payload type, sequence, timestamp, ssrc (RFC 3550, 5.1)."""
NONCE_BYTES = 24


class Receiver(asyncio.DatagramProtocol):
    """One socket for all calls, told apart by their ssrc."""

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}
        self._transport: Any = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    @property
    def port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    def add(self, call: Call) -> int:
        """Listen to a call; its ssrc."""
        ssrc = 1000 + len(self._calls)
        self._calls[ssrc] = call
        return ssrc

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) == DISCOVERY.size and data[:2] == b"\0\1":
            _, length, ssrc, _, _ = DISCOVERY.unpack(data)
            self._calls[ssrc].address = addr
            self._transport.sendto(DISCOVERY.pack(2, length, ssrc, addr[0].encode(), addr[1]), addr)
            return
        call = self._calls.get(struct.unpack_from(">I", data, 8)[0])
        if call is not None:
            call.received(data)


def opened(packet: bytes, key: bytes) -> tuple[int, int, bytes]:
    """Sequence, timestamp and payload of an RTP packet in MODE: its 12 bytes of header are authenticated, the last four
    are the nonce's first (Discord, "Transport Encryption Modes"). Raises ValueError for one that is not so."""
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as decrypt
    from nacl.exceptions import CryptoError

    version, kind, sequence, timestamp, _ = RTP.unpack_from(packet)
    if (version, kind) != (0x80, 0x78):
        raise ValueError(f"the RTP header says {version:#x} {kind:#x}")
    nonce = packet[-4:].ljust(NONCE_BYTES, b"\0")
    try:
        return sequence, timestamp, decrypt(packet[RTP.size : -4], packet[: RTP.size], nonce, key)
    except CryptoError as error:
        raise ValueError("a packet can't be decrypted") from error
