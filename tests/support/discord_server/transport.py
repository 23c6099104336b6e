"""Transport compression of the gateway: one stream for a connection, flushed after every message."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import zstandard


def make_encoder(compression: str) -> Callable[[bytes], bytes] | None:
    """A function from message to frame for "zlib-stream" or "zstd-stream"; None for plain text.

    Raises ValueError for a name that Discord does not know.
    """
    if compression == "none":
        return None
    if compression == "zlib-stream":
        deflate = zlib.compressobj()
        return lambda message: deflate.compress(message) + deflate.flush(zlib.Z_SYNC_FLUSH)
    if compression == "zstd-stream":
        zstd = zstandard.ZstdCompressor(level=1).compressobj()
        return lambda message: zstd.compress(message) + zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    raise ValueError(f"no such transport compression: {compression!r}")
