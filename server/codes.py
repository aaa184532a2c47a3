"""Codes that people read out: one-time enrolment codes, ids of agents, short codes of devices."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from shared.slips import LETTERS

CODE_LETTERS = 12
AGENT_LETTERS = 8
SHORT_LETTERS = 4
_TAG = b"bianmin.invitation.1\0"
_DROPPED = {ord(character): None for character in " -—·\t\r\n"}


def letters(count: int, entropy: Callable[[int], bytes]) -> str:
    """Return that many random letters of the 32-letter alphabet, five bits each."""
    return "".join(LETTERS[byte & 31] for byte in entropy(count))


def shown(code: str) -> str:
    """Return a code in groups of four, as it is printed."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def code_hash(code: str) -> bytes:
    """Return what the county stores of a one-time code; case, spaces and dashes do not matter."""
    return hashlib.sha256(_TAG + code.translate(_DROPPED).upper().encode()).digest()
