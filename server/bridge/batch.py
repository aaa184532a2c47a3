"""Batch numbers, and what one batch says of one case as bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from shared.errors import BianminError, Misuse

PER_EPOCH = 1_000_000
"""Batch numbers of one epoch. After a restore the next epoch's are greater, so that no row the
province has from a lost stretch outranks what the county says now."""
_NUMBER = re.compile(r"(?:([0-9]{6})-)?(?:([0-9]{1,3})-)?([0-9]{1,6})", re.ASCII)
INSERT, UPDATE, DELETE = "I", "U", "D"


class WrongBatch(Misuse):
    """A text that names no batch of this county."""


class PieceDamaged(BianminError):
    """What the database holds of a batch cannot be read."""


class PieceRow(NamedTuple):
    """One row in a batch: I, U or D, its key's suffix, what it says."""

    operation: str
    suffix: str
    values: tuple[str, ...]


class Piece(msgspec.Struct, array_like=True, frozen=True):
    """What a batch says of one case."""

    project_no: str
    rows: list[PieceRow]

    def encode(self) -> bytes:
        """Return the bytes that the database keeps."""
        return msgspec.msgpack.encode(self)


class Told(msgspec.Struct, array_like=True, frozen=True):
    """What the province was told of one row and said to it."""

    digest: bytes
    batch: int
    answer: int = 0
    """0 none yet, 1 accepted, 2 rejected."""
    reason: str = ""


class CaseTold(msgspec.Struct, array_like=True):
    """Everything the bridge remembers of one case."""

    project_no: str = ""
    rows: dict[str, Told] = {}
    ratings: list[bytes] = []
    taken_back: dict[str, Told] = {}
    """Rows that were deleted at the province: told so, answered or not."""

    def encode(self) -> bytes:
        """Return the bytes that the database keeps."""
        return msgspec.msgpack.encode(self)


ACCEPTED, REJECTED = 1, 2
AGAIN = "again"
"""State of a case that somebody asked to be told again: looked at first by the next export."""


def read_piece(raw: bytes) -> Piece:
    """Return what a batch says of a case; raise PieceDamaged."""
    try:
        return msgspec.msgpack.decode(raw, type=Piece)
    except msgspec.MsgspecError as error:
        raise PieceDamaged("批次内容无法读取，请运行 bianmin county verify 检查数据库。") from error


def read_told(raw: bytes) -> CaseTold:
    """Return what is remembered of a case; raise PieceDamaged."""
    try:
        return msgspec.msgpack.decode(raw, type=CaseTold)
    except msgspec.MsgspecError as error:
        raise PieceDamaged("对接记录无法读取，请运行 bianmin county verify 检查数据库。") from error


def batch_text(county: int, batch: int) -> str:
    """Return the number on the file, 510322-01-000017."""
    epoch, number = divmod(batch, PER_EPOCH)
    return f"{county}-{epoch:02d}-{number:06d}"


def parse_batch(county: int, epoch: int, text: str) -> int:
    """Return the batch of a number as printed, or of its last part; raise WrongBatch."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise WrongBatch(f"“{text[:40]}”不是批次号，样子如 {batch_text(county, PER_EPOCH + 17)}。")
    if found[1] is not None and int(found[1]) != county:
        raise WrongBatch(f"批次 {text[:40]} 不是本县（{county}）的，没有作任何改动。")
    return int(found[2] or epoch) * PER_EPOCH + int(found[3])


def state_of(told: CaseTold, missing: Sequence[str]) -> str:
    """Return where a case stands: rejected before waiting before sent before accepted."""
    answers = [one.answer for one in (*told.rows.values(), *told.taken_back.values())]
    if REJECTED in answers:
        return "rejected"
    if missing:
        return "waiting"
    if not answers:
        return "none"
    return "accepted" if all(one == ACCEPTED for one in answers) else "sent"
