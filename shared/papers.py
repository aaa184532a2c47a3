"""Attachments as records say them: whose they are, and what has to hold of the file they name."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from shared.errors import BianminError
from shared.ids import InvalidId, parse_record
from shared.record import Record

ATTACHMENT = "attachment"
_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)


class PaperUnusable(BianminError):
    """An attachment record that names no file, or a file that is not the one it names."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a record of kind `attachment` says. Name, type and size are the tablet's word."""

    record: bytes
    name: str
    """SHA-256 of the ciphertext in hexadecimal: safe to use as the name of a file."""
    key: bytes
    content_hash: str
    file_name: str
    media_type: str
    size: int
    """Bytes of the plain file."""

    def require(self, plain: bytes) -> bytes:
        """Return the opened file if it is the one the operation names; raise PaperUnusable."""
        if hashlib.sha256(plain).hexdigest() != self.content_hash:
            raise PaperUnusable("附件内容与登记的指纹不符，不能使用，请让登记的窗口重新添加。")
        return plain


def owner_of(record: Record) -> bytes | None:
    """Return the record an attachment belongs to; None for other kinds or without a valid id."""
    of = record.fields.get("of")
    if record.kind != ATTACHMENT or not isinstance(of, str):
        return None
    try:
        return parse_record(of)
    except InvalidId:
        return None


def paper_of(record: Record) -> Paper:
    """Return what an attachment record says; raise PaperUnusable.

    The fields come from other people's operations: nothing in them becomes a path unchecked.
    """
    fields = record.fields
    if record.kind != ATTACHMENT:
        raise PaperUnusable("这条记录不是附件，请从材料列表中打开。")
    name, key = str(fields.get("cipher_hash") or ""), str(fields.get("key") or "")
    if not _NAME.fullmatch(name) or not _NAME.fullmatch(key):
        raise PaperUnusable("附件的密钥已清除或缺失，无法打开。")
    size = fields.get("bytes")
    return Paper(
        record.id, name, bytes.fromhex(key), str(fields.get("content_hash") or ""),
        str(fields.get("file_name") or ""), str(fields.get("media_type") or ""),
        size if isinstance(size, int) else 0,
    )  # fmt: skip
