"""What the opening of a session says: these bytes are signed by the agent's own key.

Each operation that names the session is that agent's. A citizen session is opened by the agent's
key for one named record and admits one rating. The opening signs the stream's head before itself,
so it can be neither moved nor used twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared import canonical
from shared.canonical import Value
from shared.ids import InvalidId, parse_record

KIND = "session"
OPEN = "open"
OPEN_CITIZEN = "open_citizen"
CLOSE = "close"
TAG = b"bianmin.session.1\0"


def signed_bytes(
    county: int, stream: bytes, head: bytes, agent: str, citizen_of: bytes | None
) -> bytes:
    """Return what the agent's key signs: county, stream, head before the opening, agent, record."""
    return canonical.encode([county, stream, head, agent, citizen_of])


def signature_of(data: Mapping[str, Value]) -> bytes:
    """Return an opening's signature; empty, which verifies nothing, for anything else."""
    signature = data.get("signature")
    try:
        return bytes.fromhex(signature) if isinstance(signature, str) else b""
    except ValueError:
        return b""


def citizen_of(data: Mapping[str, Value]) -> bytes | None:
    """Return the record a citizen session was opened for; None for anything else."""
    of = data.get("citizen_of")
    try:
        return parse_record(of) if isinstance(of, str) else None
    except InvalidId:
        return None
