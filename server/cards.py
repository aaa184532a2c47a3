"""The shown fields of many records, read a thousand at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from server.card import read_card
from server.storage.ledger import Tx
from shared.canonical import Value
from shared.fold import fold

CHUNK = 1000
FOLDED = frozenset({"complaint"})
"""Kinds whose few records are folded anew: a card does not hold what figures ask of them."""


def card_fields(tx: Tx, records: Collection[bytes]) -> Iterator[tuple[bytes, Mapping[str, Value]]]:
    """Yield (record, fields of its card)."""
    ahead = iter(sorted(records))
    while chunk := list(islice(ahead, CHUNK)):
        cards = tx.cards(chunk)
        folded = [record for record, (kind, _) in cards.items() if kind in FOLDED]
        entries = tx.operations_of(folded) if folded else {}
        for record, (_, card) in cards.items():
            if entries.get(record):
                yield record, fold(entries[record]).fields
            else:
                yield record, read_card(card)
