"""The end-to-end encryption of a call (DAVE, https://daveprotocol.com) from Discord's side, and a listener's client.

    Discord (external sender)                listener (in the call already)            bot
      │                        key package (26)                                         │
      │ ◄────────────────────────────────────────────────────────────────────────────── │
      │  its own key (25), then "add the bot", signed (27)  │                           │
      │ ──────────────────────────────────────────────────► │                           │
      │ ◄──────────────────── commit and welcome (28) ───── │                           │
      │                            welcome (30)                                         │
      │ ──────────────────────────────────────────────────────────────────────────────► │

Only Discord's part is written here (RFC 9420, the few messages that it sends); both clients are davey's.
"""

from __future__ import annotations

import struct

BASIC_CREDENTIAL = 1
MLS_10, PUBLIC_MESSAGE, EXTERNAL_SENDER, PROPOSAL, ADD = 1, 1, 2, 2, 1
"""RFC 9420, 6 and 12.1: version, wire format, sender type, content type, proposal type."""


class Group:
    """A call with one listener, into which the bot is let."""

    def __init__(self, channel_id: int, listener_id: int) -> None:
        import davey
        from cryptography.hazmat.primitives.asymmetric import ec

        self._channel_id = channel_id
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._listener = davey.DaveSession(1, listener_id, channel_id)
        self._listener.set_external_sender(self.external_sender)

    @property
    def external_sender(self) -> bytes:
        """ExternalSender (RFC 9420, 12.1.8.1): Discord's public key and its name."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return _vector(point) + struct.pack(">H", BASIC_CREDENTIAL) + _vector(b"discord")

    def welcome(self, key_package: bytes) -> bytes:
        """Let the one in whose key package this is; what they need to follow."""
        import davey

        proposals = _vector(self._add(key_package))
        answer = self._listener.process_proposals(davey.ProposalsOperationType.append, proposals)
        self._listener.process_commit(answer.commit)
        return bytes(answer.welcome)

    def opened(self, sender_id: int, packet: bytes) -> bytes:
        """What the listener's client gets out of a packet. Raises ValueError when it can't be decrypted."""
        import davey

        return bytes(self._listener.decrypt(sender_id, davey.MediaType.audio, packet))

    def _add(self, key_package: bytes) -> bytes:
        """MLSMessage with a PublicMessage of the external sender: a signed Add proposal (RFC 9420, 6.2)."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        epoch = self._listener.epoch or 0
        content = _vector(self._channel_id.to_bytes(8, "big")) + struct.pack(">Q", epoch)
        content += struct.pack(">BI", EXTERNAL_SENDER, 0) + _vector(b"")
        content += struct.pack(">BH", PROPOSAL, ADD) + key_package
        wire = struct.pack(">HH", MLS_10, PUBLIC_MESSAGE)
        signed = _vector(b"MLS 1.0 FramedContentTBS") + _vector(wire + content)  # SignContent (5.1.2)
        return wire + content + _vector(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))


def _vector(data: bytes) -> bytes:
    """A variable-size vector: its length in 1, 2 or 4 bytes, the upper two bits say in how many (RFC 9420, 2.1.2)."""
    if len(data) < 1 << 6:
        return struct.pack(">B", len(data)) + data
    if len(data) < 1 << 14:
        return struct.pack(">H", len(data) | 1 << 14) + data
    return struct.pack(">I", len(data) | 1 << 31) + data
