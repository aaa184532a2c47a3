"""What arrived: envelopes and checkpoints; and the editions in force."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from server.schema import checkpoints, editions, envelopes
from server.storage.access import Access
from server.storage.rows import Checkpoint, Edition, Envelope

_e = envelopes.c


class Arrivals(Access):
    """Envelopes by digest, checkpoints in their order, editions by day."""

    def put_envelope(self, row: Envelope) -> None:
        """Write what became of an envelope."""
        self._upsert(envelopes, [row])

    def put_envelopes(self, rows: Iterable[Envelope]) -> None:
        """Write what became of several envelopes."""
        self._upsert(envelopes, rows)

    def envelope(self, digest: bytes) -> Envelope | None:
        """Return an envelope by the SHA-256 of its bytes."""
        return self._row(Envelope, self._select(envelopes).where(_e.digest == digest))

    def envelopes(self, stream: bytes) -> list[Envelope]:
        """Return the envelopes of a stream in order of their ranges."""
        statement = self._select(envelopes).where(_e.stream == stream)
        return self._rows(Envelope, statement.order_by(_e.seq_to, _e.seq_from, _e.digest))

    def all_envelopes(self, *, after: bytes = b"", limit: int = 500) -> list[Envelope]:
        """Return the next envelopes in order of their digests (verify, export)."""
        statement = self._select(envelopes).where(_e.digest > after)
        return self._rows(Envelope, statement.order_by(_e.digest).limit(limit))

    def add_checkpoint(self, row: Checkpoint) -> None:
        """Keep the core's signature over the county's stream."""
        self._insert(checkpoints, [row])

    def checkpoints(self) -> list[Checkpoint]:
        """Return every checkpoint, the earliest first."""
        c = checkpoints.c
        return self._rows(Checkpoint, self._select(checkpoints).order_by(c.epoch, c.seq))

    def put_edition(self, row: Edition) -> None:
        """Write an edition of catalogue, calendar or sites."""
        self._upsert(editions, [row])

    def edition_on(self, kind: str, on: int) -> Edition | None:
        """Return the edition in force on a day: the latest begun, of those the greatest number."""
        e = editions.c
        statement = self._select(editions).where(e.kind == kind, e.effective_on <= on)
        return self._row(
            Edition, statement.order_by(e.effective_on.desc(), e.number.desc()).limit(1)
        )

    def editions_on(self, on: int) -> dict[str, Edition]:
        """Return the edition in force on a day of each kind, as `edition_on` does."""
        e = editions.c
        statement = self._select(editions).where(e.effective_on <= on)
        found = self._rows(Edition, statement.order_by(e.effective_on, e.number))
        return {row.kind: row for row in found}

    def edition_named(self, kind: str, content_hash: bytes) -> Edition | None:
        """Return the edition of a kind with this content; published again, the latest."""
        e = editions.c
        statement = self._select(editions).where(e.kind == kind, e.hash == content_hash)
        return self._row(Edition, statement.order_by(e.number.desc()).limit(1))

    def next_edition_number(self, kind: str) -> int:
        """Return the number of the next edition of a kind."""
        e = editions.c
        statement = select(func.max(e.number)).where(e.county == self.county, e.kind == kind)
        return (self.connection.execute(statement).scalar() or 0) + 1
