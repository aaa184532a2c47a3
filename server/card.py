"""The few shown fields that lists need of a record, kept sealed beside its row."""

from __future__ import annotations

from shared import canonical
from shared.canonical import Value
from shared.record import Record

CARD_BYTES_MAX = 8 << 10
_TEXT_MAX = 80
_FIELDS = (
    "person_name", "id_no", "phone", "item", "item_name", "question", "content", "slip",
    "query_code", "practice", "holder", "holder_site", "proxy", "case", "merged_into", "level",
    "of", "visit", "channel", "service_mode", "item_kind", "promised_days", "statutory_days",
    "days_unit", "amount_fen", "refunded_fen", "joint",
    "procedure",
)  # fmt: skip
"""What lists show and what figures ask (server.metrics): both read many records at once."""


def card_of(record: Record) -> bytes:
    """Return the card of a folded record, canonical bytes."""
    card: dict[str, Value] = {}
    for name in _FIELDS:
        value = record.fields.get(name)
        if isinstance(value, str):
            card[name] = value[:_TEXT_MAX]
        elif isinstance(value, int):
            card[name] = value
    return canonical.encode(card)


def read_card(raw: bytes) -> dict[str, Value]:
    """Return the fields of a card; raise NotCanonical if the projection is damaged."""
    card = canonical.decode(raw, CARD_BYTES_MAX)
    return card if isinstance(card, dict) else {}
