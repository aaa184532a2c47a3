"""Conflicts, pairs, held work, devices and records as the JSON of DESIGN.md §8.

The command line and /api/v1 both build their answers here, so that the shapes are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server import merging
from server.api import messages
from server.attached import Listed
from server.report import as_date
from server.storage.ledger import Tx
from server.storage.rows import Judgement, PairRow, RecordRow
from server.veil import PLAIN, Veil
from shared import clock, ids, reasons, session
from shared.canonical import Value
from shared.fold import fold
from shared.record import Candidate, Conflict, Effect, Record

COUNTY = "county"
CUT = "cut"
"""A device whose stream forked: what comes after the fork waits for a person."""


class Streams:
    """Which device writes which stream; the county's own streams are called `county`."""

    def __init__(self, tx: Tx) -> None:
        self._devices = {
            row.stream: row.device.hex() for row in tx.streams() if row.purpose != COUNTY
        }

    def device_of(self, stream: bytes) -> str:
        """Return the device's key id in hexadecimal."""
        return self._devices.get(stream, COUNTY)


def read_record(tx: Tx, record: bytes) -> Record | None:
    """Return one record folded from the ledger; None if no operation names it."""
    entries = tx.operations_of([record]).get(record)
    return fold(entries) if entries else None


def conflict(
    record: Record, found: Conflict, streams: Streams, veil: Veil = PLAIN
) -> messages.Conflict:
    """Return one conflict with all its sides."""

    def shown(value: Value) -> object:
        return plain(veil.register(record.kind, found.register, value))

    return messages.Conflict(
        record=ids.record_text(record.id),
        kind=record.kind,
        field=found.register,
        values=[
            messages.ConflictValue(
                value=shown(side.value),
                agent=side.author.partition(":")[2] or side.author,
                device=streams.device_of(side.stream),
                at=clock.ms_of(side.clock),
                clock_quality=quality_word(side),
                evidence=side.evidence,
                operation=side.operation.hex(),
                author=side.author,
            )
            for side in found.values
        ],
        shown=shown(found.shown.value),
    )


def conflicts(tx: Tx) -> list[messages.Conflict]:
    """Return every open conflict in plain values, oldest record first (command line)."""
    streams = Streams(tx)
    records = dict.fromkeys(row.record for row in tx.list_conflicts())
    found: list[messages.Conflict] = []
    for one in records:
        record = read_record(tx, one)
        if record is not None:
            found += [conflict(record, each, streams) for each in record.conflicts]
    return found


def pair(row: PairRow) -> messages.Pair:
    """Return one possible double filing."""
    return messages.Pair(
        ids.record_text(row.pair),
        [ids.record_text(row.one), ids.record_text(row.other)],
        row.reason,
    )


def pairs(tx: Tx) -> list[messages.Pair]:
    """Return the possible double filings nobody has decided yet."""
    return [pair(row) for row in merging.undecided(tx)]


def held(tx: Tx, rows: Sequence[Judgement] | None = None) -> list[messages.Held]:
    """Return the operations that wait for a decision (by default all), the oldest first."""
    if rows is None:
        return [one for page in tx.waiting() for one in held(tx, page)]
    found = [
        row
        for row in rows
        if row.kind != session.KIND  # nobody's work: what names it is listed itself
    ]
    operations = tx.operations([row.operation for row in found])
    streams = Streams(tx)
    return [
        messages.Held(
            operation=row.operation.hex(),
            device=streams.device_of(operations[row.operation].skeleton.stream),
            reason=reasons.sentence(row.reason),
            record=ids.record_text(row.record),
            kind=row.kind,
            act=row.act,
        )
        for row in found
        if row.operation in operations
    ]


def devices(tx: Tx) -> list[messages.Device]:
    """Return all tablets; `seq` is how far the stream of ordinary acts is in the ledger."""
    streams = tx.streams()
    seqs = {row.device: row.seq for row in streams if row.purpose == "acts" and not row.branch}
    cut = tx.cut_devices()
    return [
        messages.Device(
            device=row.device.hex(),
            site=row.site,
            state=CUT if row.device in cut else row.state,
            last_seen_at=row.last_seen_at,
            seq=seqs.get(row.device, 0),
            name=row.name,
            short_code=row.short_code,
        )
        for row in tx.devices()
    ]


def line(row: RecordRow) -> messages.RecordLine:
    """Return a record as lists show it."""
    return messages.RecordLine(
        record=ids.record_text(row.record),
        kind=row.kind,
        state=row.state,
        site=row.site,
        item=row.item,
        slip_number=row.slip,
        registered_on=_day(row.registered_on),
        due_on=_day(row.due_on),
        closed_on=_day(row.closed_on),
        conflicts=row.conflicts,
        held=row.held,
    )


def whole(
    tx: Tx, row: RecordRow, record: Record, veil: Veil, *, content: bool, revealed: bool
) -> messages.Record:
    """Return one record with history and conflicts; without `content` only its outline."""
    streams = Streams(tx)
    operations = tx.operations([effect.operation for effect in record.history])

    def effect(one: Effect) -> messages.HistoryLine:
        skeleton = operations[one.operation].skeleton
        return messages.HistoryLine(
            one.operation.hex(), one.act, one.state_before, one.state_after, one.effective_at,
            skeleton.author, skeleton.site,
        )  # fmt: skip

    return messages.Record(
        record=ids.record_text(record.id),
        kind=record.kind,
        state=record.state,
        site=row.site,
        slip_number=row.slip,
        fields={
            name: plain(value) for name, value in veil.fields(record.kind, record.fields).items()
        }
        if content
        else {},
        conflicts=[conflict(record, each, streams, veil) for each in record.conflicts]
        if content
        else [],
        history=[effect(one) for one in record.history if one.operation in operations],
        without_effect=[
            messages.IdleLine(one.operation.hex(), one.status.value, reasons.sentence(one.reason))
            for one in record.without_effect
        ],
        revealed=revealed,
        numbers=[messages.Number(one.kind, one.number) for one in tx.numbers_of(record.id)],
    )


def attachment(one: Listed, veil: Veil) -> messages.Attachment:
    """Return an attachment of a record as a list shows it."""
    record, paper = ids.record_text(one.record), one.paper
    if paper is None:
        return messages.Attachment(record, "", "", 0, False)
    name = veil.field("attachment", "file_name", paper.file_name)
    return messages.Attachment(record, str(name or ""), paper.media_type, paper.size, one.is_here)


def plain(value: Value) -> object:
    """Return a canonical value as JSON can carry it: bytes in hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def quality_word(side: Candidate) -> str:
    """Return the word for how well the device knew the time."""
    return clock.Quality(side.quality).word


def _day(number: int | None) -> str | None:
    on = as_date(number)
    return on.isoformat() if on else None
