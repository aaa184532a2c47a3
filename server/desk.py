"""What county staff do: lists, one record, settling, judging. Console and /api/v1 both ask here.

Every reading is cut to what the permission table lets the person see, every decision is an
operation of the county (`server.reconcile`), and every look at unmasked personal data is written
down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from server import merging, reconcile, reporting, sight
from server.accounts import OPENED, REVEALED, Accounts, Person
from server.api import messages, shapes
from server.card import read_card
from server.cards import FOLDED
from server.county import County, Editions
from server.finding import row_by_number
from server.report import Report
from server.sight import Sight, Subject
from server.storage import RecordFilter, Tx
from server.storage.rows import Judgement, RecordRow
from server.todo.claims import Claims
from server.veil import MASKED, Veil, is_masked, personal_fields
from shared import ids
from shared.canonical import Value
from shared.errors import Misuse, Refused
from shared.fold import fold
from shared.kinds import LISTED
from shared.operation import Operation
from shared.record import Candidate, Record

LIST_MAX = 200
OPEN_PAIR = "open"


class UnknownRecord(Refused):
    """No record of this id that the person may see."""


class UnknownConflict(Refused):
    """The record has no open conflict of this field: somebody settled it, or it never was."""


class MaskedValue(Refused):
    """A masked value stands for none, or for more than one, of the values in conflict."""


class NothingChosen(Misuse):
    """A decision without a value."""


class SealedWithoutReason(Misuse):
    """A sealed complaint is opened for a reason."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One record as one person sees it."""

    row: RecordRow
    record: Record
    sight: Sight
    veil: Veil
    revealed: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """The use cases of one county. Calls block: use the thread pool."""

    county: County
    accounts: Accounts
    claims: Claims = field(default_factory=Claims)
    """Which entries of 待处理 colleagues have open."""

    # ---- reading

    def lines(
        self, person: Person, which: RecordFilter, *, before: bytes | None = None, limit: int = 50
    ) -> list[RecordRow]:
        """Return records for a list, newest first, cut to what the person may see."""
        with self.county.ledger.read() as tx:
            editions = self.county.editions(tx)
            cut = self._cut(person, editions, which)
            rows = tx.list_records(cut, before=before, limit=min(limit, LIST_MAX))
            return self.seen_rows(tx, person, editions, rows)

    def by_slip(self, person: Person, slip: str) -> RecordRow | None:
        """Return the record a slip number names, if the person may see it."""
        with self.county.ledger.read() as tx:
            row = tx.record_by_slip(slip)
            if row is None:
                return None
            editions = self.county.editions(tx)
            return next(iter(self.seen_rows(tx, person, editions, [row])), None)

    def by_number(self, person: Person, typed: str) -> RecordRow | None:
        """Return the record of a slip number, an official number or the province's, if the person
        may see it. Raises InvalidSlipNumber for a text that is no number."""
        with self.county.ledger.read() as tx:
            row = row_by_number(tx, typed)
            seen = self.seen_rows(tx, person, self.county.editions(tx), [row] if row else [])
        return next(iter(seen), None)

    def rows(self, person: Person, records: Iterable[bytes]) -> list[RecordRow]:
        """Return these records in their order, leaving out what the person may not see."""
        wanted = list(records)
        with self.county.ledger.read() as tx:
            editions = self.county.editions(tx)
            found = tx.records(wanted)
            rows = [found[one] for one in wanted if one in found]
            return self.seen_rows(tx, person, editions, rows)

    def record(
        self, person: Person, record: bytes, *, reveal: bool = False, reason: str = ""
    ) -> Seen:
        """Return one record; a reveal is written down before anything is shown.

        Raises UnknownRecord, SealedWithoutReason.
        """
        with self.county.ledger.read() as tx:
            row = tx.record(record)
            folded = shapes.read_record(tx, record)
            editions = self.county.editions(tx)
        if row is None or folded is None:
            raise UnknownRecord("没有这条记录，可能编号有误，请从列表中打开。")
        seen = sight.sight_of(person, editions, _subject(row, folded), reason=reason)
        if not seen.seen:
            raise UnknownRecord(seen.reason)
        if reveal and seen.content:
            if seen.sealed and not reason.strip():
                raise SealedWithoutReason("密封投诉要写明理由才能开启，请到投诉台开启后再看。")
            detail = " ".join(personal_fields(folded.kind, folded.fields))
            what = OPENED if seen.sealed else REVEALED
            self.accounts.note(person, what, ids.record_text(record), f"{detail} {reason}".strip())
        return Seen(row, folded, seen, seen.veil(reveal), reveal)

    def whole(self, seen: Seen) -> messages.Record:
        """Return the JSON form of a record that was read."""
        with self.county.ledger.read() as tx:
            return shapes.whole(
                tx, seen.row, seen.record, seen.veil, content=seen.sight.content,
                revealed=seen.revealed,
            )  # fmt: skip

    def conflicts(self, person: Person, *, reveal: bool = False) -> list[messages.Conflict]:
        """Return the open conflicts the person may see; a reveal is written down."""
        found: list[messages.Conflict] = []
        with self.county.ledger.read() as tx:
            editions = self.county.editions(tx)
            streams = shapes.Streams(tx)
            records = list(dict.fromkeys(row.record for row in tx.list_conflicts()))
            rows = tx.records(records)
            entries = tx.operations_of(records)
            for one in records:
                folded = fold(entries[one])
                seen = sight.sight_of(person, editions, _subject(rows[one], folded))
                if seen.content:
                    veil = seen.veil(reveal and not seen.sealed)
                    found += [
                        shapes.conflict(folded, each, streams, veil) for each in folded.conflicts
                    ]
        if reveal and found:
            for text in dict.fromkeys(each.record for each in found):
                self.accounts.note(person, REVEALED, text, "conflicts")
        return found

    def pairs(self, person: Person) -> list[messages.Pair]:
        """Return the undecided pairs of records the person may see."""
        with self.county.ledger.read() as tx:
            editions = self.county.editions(tx)
            found = merging.undecided(tx)
            rows = tx.records({one for row in found for one in (row.one, row.other)})
            seen = {row.record for row in self.seen_rows(tx, person, editions, rows.values())}
            return [shapes.pair(row) for row in found if {row.one, row.other} <= seen]

    def held(self, person: Person) -> list[messages.Held]:
        """Return the operations that wait for a decision, of records the person may see, the
        oldest first."""
        with self.county.ledger.read() as tx:
            editions = self.county.editions(tx)
            found: list[messages.Held] = []
            for page in tx.waiting():
                found += shapes.held(tx, self.visible(tx, person, editions, page))
            return found

    def visible(
        self, tx: Tx, person: Person, editions: Editions, page: Sequence[Judgement]
    ) -> list[Judgement]:  # fmt: skip
        """What waits on records the person may see; the county's people see what has none yet."""
        records = tx.records({row.record for row in page})
        seen = {row.record for row in self.seen_rows(tx, person, editions, records.values())}
        is_county = person.role in sight.COUNTY_ROLES
        return [
            row for row in page if row.record in seen or (is_county and row.record not in records)
        ]

    def devices(self, person: Person) -> list[messages.Device]:
        """Return the tablets of the county, or of the person's township."""
        with self.county.ledger.read() as tx:
            editions = self.county.editions(tx)
            township = sight.township_only(person, editions)
            return [
                device
                for device in shapes.devices(tx)
                if township is None or editions.township_of(device.site) == township
            ]

    def report(
        self, person: Person, from_on: date, to_on: date, site: str | None, *,
        item: str | None = None, channel: str | None = None,
    ) -> Report:  # fmt: skip
        """Return the figures of a period; township people see their own township's.

        Raises WrongPeriod, UnknownSite, NotAllowed.
        """
        asked = reporting.Question(from_on, to_on, site, item, channel)
        return reporting.report(self.county, person, asked)

    # ---- deciding

    def settle(self, person: Person, asked: messages.Settle) -> Operation:
        """Settle one conflict; raises UnknownRecord, UnknownConflict, MaskedValue, NotAllowed."""
        record = ids.parse_record(asked.record)
        with self.county.ledger.read() as tx:
            row, folded = tx.record(record), shapes.read_record(tx, record)
            editions = self.county.editions(tx)
        if row is None or folded is None:
            raise UnknownRecord("没有这条记录，可能编号有误，请从列表中打开。")
        sight.require_settle(person, editions, _subject(row, folded))
        found = next((one for one in folded.conflicts if one.register == asked.field), None)
        if found is None and not asked.again:
            raise UnknownConflict("这个冲突已经由他人裁定，或不存在，请刷新列表。")
        sides = found.values if found else folded.registers.get(asked.field, ())
        if found is None:
            with self.county.ledger.read() as tx:
                sides = (*sides, *reconcile.sides_settled(tx, record, asked.field))
        value = _chosen(folded.kind, asked, sides)
        shown = [ids.parse_operation(head) for head in asked.heads or ()] or folded.heads
        return reconcile.settle(
            self.county, record, asked.field, value, asked.reason, person.staff,
            shown=shown,
        )  # fmt: skip

    def settle_pair(self, person: Person, asked: messages.SettlePair) -> Operation:
        """Decide whether two records are one matter; raises UnknownRecord, NotAllowed."""
        pair = ids.parse_record(asked.pair)
        with self.county.ledger.read() as tx:
            row = tx.pair(pair)
            rows = tx.records([row.one, row.other]) if row else {}
            subjects = _subjects(tx, rows.values())
            editions = self.county.editions(tx)
        if row is None or len(rows) < 2:
            raise UnknownRecord("没有这一对记录，可能编号有误，请从列表中选择。")
        one, other = subjects[row.one], subjects[row.other]
        sight.require_pair(person, editions, one, other)
        if row.state != OPEN_PAIR and not asked.again:
            raise UnknownConflict("这一对记录已经由他人判断，请刷新列表。")
        same = asked.value == "same"
        return reconcile.settle_pair(self.county, pair, same, asked.reason, person.staff)

    def judge(self, person: Person, asked: messages.Judge) -> Operation:
        """Admit or refuse a held operation; raises UnknownRecord, UnknownConflict, NotAllowed."""
        operation = ids.parse_operation(asked.operation)
        return self.judge_all(
            person, [operation], asked.decision == "admit", asked.reason, again=asked.again
        )

    def judge_all(
        self, person: Person, operations: Sequence[bytes], admit: bool, reason: str, *,
        again: bool = False,
    ) -> Operation:  # fmt: skip
        """Admit or refuse operations with one verdict; raises as `judge` does."""
        with self.county.ledger.read() as tx:
            judged = tx.judgements_of(operations)
            rows = tx.records({one.record for one in judged.values()})
            known = _subjects(tx, rows.values())
            editions = self.county.editions(tx)
        if not operations or len(judged) < len(set(operations)):
            raise UnknownRecord("没有这条操作，可能编号有误，请从待审列表中选择。")
        for one in judged.values():
            unknown = Subject(one.kind, None, one.site, editions.township_of(one.site), {})
            sight.require_judge(person, editions, known.get(one.record, unknown), one.act)
            if not again and one.reason == reconcile.DECIDED_BY_STAFF:
                raise UnknownConflict("这条操作已经由他人审定，请刷新列表。")
        return reconcile.judge(self.county, operations, admit, reason, person.staff)

    # ---- rights

    def _cut(self, person: Person, editions: Editions, which: RecordFilter) -> RecordFilter:
        kinds = [kind for kind in which.kinds or LISTED if kind in LISTED]
        township = sight.township_only(person, editions)
        if township is None:
            return which._replace(kinds=kinds)
        return which._replace(kinds=kinds, townships=[township])

    def seen_rows(
        self, tx: Tx, person: Person, editions: Editions, rows: Iterable[RecordRow]
    ) -> list[RecordRow]:
        """Those of these records that the person may see at all."""
        rows = list(rows)
        subjects = _subjects(tx, rows)
        return [r for r in rows if sight.sight_of(person, editions, subjects[r.record]).seen]


def _subject(row: RecordRow, record: Record) -> Subject:
    return Subject(row.kind, row.state, row.site, row.township, record.fields)


def _subjects(tx: Tx, rows: Iterable[RecordRow]) -> dict[bytes, Subject]:
    """Whom records are about. Complaints are folded: a card does not tell their target."""
    rows = list(rows)
    told = tx.operations_of([row.record for row in rows if row.kind in FOLDED])
    return {
        row.record: Subject(
            row.kind, row.state, row.site, row.township,
            fold(told[row.record]).fields if told.get(row.record) else read_card(row.folded),
        )
        for row in rows
    }  # fmt: skip


def _chosen(kind: str, asked: messages.Settle, sides: Sequence[Candidate]) -> Value:
    """The value meant: a side by its operation, by its value, or by what the person was shown."""
    if asked.operation is not None:
        named = [side.value for side in sides if side.operation.hex() == asked.operation]
        if not named:
            raise UnknownConflict("选定的一方已经变化，请刷新页面后重新选择。")
        return named[0]
    register, value = asked.field, asked.value
    if value is msgspec.UNSET:
        raise NothingChosen("请给出选定的值（value）或选定一方的操作编号（operation）。")
    values = [side.value for side in sides]
    for one in values:
        if shapes.plain(one) == value:
            return one
    veils = (MASKED, Veil(personal=True))
    meant = [
        one
        for one in values
        if any(shapes.plain(veil.register(kind, register, one)) == value for veil in veils)
    ]
    if len(meant) == 1:
        return meant[0]
    free: Value = value
    if meant or is_masked(free):
        raise MaskedValue("隐去的内容不能确定是哪一个值，请先点“显示”再选择。")
    return free
