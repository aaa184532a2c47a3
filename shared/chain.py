"""The hash chain of a stream: one head per operation, so that batches can be cut anew.

`head_0` names county and stream; `head_n = H(head_{n-1} ‖ id_n)`. A signature over a head covers
every operation up to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

STREAM_BYTES = 16
HEAD_BYTES = 32
_GENESIS_TAG = b"bianmin.stream.1\0"
_HEAD_TAG = b"bianmin.head.1\0"


def genesis(county: int, stream: bytes) -> bytes:
    """Return `head_0` of `stream` (16 bytes) in the county with this six-digit code."""
    return hashlib.sha256(_GENESIS_TAG + county.to_bytes(4, "big") + stream).digest()


def extend(head: bytes, operation_id: bytes) -> bytes:
    """Return the head after one more operation."""
    return hashlib.sha256(_HEAD_TAG + head + operation_id).digest()


def extend_all(head: bytes, operation_ids: Iterable[bytes]) -> bytes:
    """Return the head after these operations, in their order."""
    for operation_id in operation_ids:
        head = extend(head, operation_id)
    return head
