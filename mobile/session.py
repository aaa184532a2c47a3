"""Who acts: the unlocked agent, and the opening of a session by the agent's own key."""

from __future__ import annotations

from typing import NamedTuple

from shared import session
from shared.canonical import Value
from shared.ids import record_text
from shared.rights import RANK, Role
from sync.keys import SigningKey

_RANKS = {role.value: RANK[role] for role in Role}


class Author(NamedTuple):
    """An unlocked agent."""

    agent: str
    site: str
    role: str
    key: SigningKey

    @property
    def name(self) -> str:
        """The author text of an operation."""
        return f"agent:{self.agent}"

    @property
    def rank(self) -> int:
        """The rank own operations fold with until the county has judged them."""
        return _RANKS.get(self.role, 1)


def opening(
    author: Author, county: int, stream: bytes, head: bytes, citizen_of: bytes | None = None
) -> tuple[str, dict[str, Value]]:
    """Return act and data of the operation that opens a session after `head` of `stream`."""
    signed = session.signed_bytes(county, stream, head, author.agent, citizen_of)
    data: dict[str, Value] = {
        "agent": author.agent,
        "auth_method": "pin",
        "head": head.hex(),
        "signature": author.key.sign(session.TAG, signed).hex(),
    }
    if citizen_of is None:
        return session.OPEN, data
    return session.OPEN_CITIZEN, {**data, "citizen_of": record_text(citizen_of)}
