"""Opening an attachment at the county: the operation says name and key, the front's store has it.

The console calls this for a person who may see the record; whoever calls writes the look down.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.county import County
from server.front.attachments import AttachmentMissing, AttachmentStore
from shared.errors import BianminError
from shared.fold import fold
from sync.attachment import MalformedAttachment, decrypt
from sync.keys import BadKey

KIND = "attachment"


class AttachmentUnusable(BianminError):
    """The record is no attachment, its data was erased, or its ciphertext does not open."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A plain attachment. `media_type` is what the tablet said: never trust it for more."""

    content: bytes
    media_type: str
    file_name: str


def open_attachment(county: County, record: bytes) -> Opened:
    """Return the attachment of this record; raise AttachmentMissing or AttachmentUnusable."""
    with county.ledger.read() as tx:
        entries = tx.operations_of([record])[record]
    folded = fold(entries) if entries else None
    if folded is None or folded.kind != KIND:
        raise AttachmentUnusable("这条记录不是附件，请从材料列表中打开。")
    fields = folded.fields
    name, key = fields.get("cipher_hash"), fields.get("key")
    if not isinstance(name, str) or not isinstance(key, str):
        raise AttachmentUnusable("附件的密钥已清除或缺失，无法打开。")
    cipher = AttachmentStore(county.home.attachments).get(name)
    try:
        content = decrypt(cipher, bytes.fromhex(key))
    except (MalformedAttachment, BadKey, ValueError) as error:
        raise AttachmentUnusable("附件无法打开，可能已损坏，请让窗口重新拍摄上传。") from error
    return Opened(content, str(fields.get("media_type") or ""), str(fields.get("file_name") or ""))


def is_here(county: County, name: str) -> bool:
    """Return whether the whole ciphertext of this name lies at the county."""
    return AttachmentStore(county.home.attachments).has(name)


__all__ = ["AttachmentMissing", "AttachmentUnusable", "Opened", "is_here", "open_attachment"]
