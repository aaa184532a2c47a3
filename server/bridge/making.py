"""Making a batch: the difference between what the ledger says and what the province was told.

A batch is filled in small transactions, closed, written to a file, and marked as written. Wherever
this is cut off, the next export goes on from there: an open batch is filled further, a closed one
that was never written is given out first. Nothing is handed over twice unless asked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from server.bridge.batch import (
    AGAIN,
    DELETE,
    INSERT,
    PER_EPOCH,
    UPDATE,
    CaseTold,
    Piece,
    PieceRow,
    Told,
    read_piece,
    read_told,
    state_of,
)
from server.bridge.looking import (
    CASES_MAX,
    Found,
    Looker,
    Position,
    Touched,
    head_of,
    touched_after,
)
from server.bridge.mapping import in_force
from server.bridge.saying import Gap
from server.bridge.tables import place_of, said_columns
from server.county import CALENDAR, CATALOGUE, SITES, County, day_number
from server.storage import Tx
from server.storage.desk_rows import BridgeBatch, BridgeCase, BridgePiece, BridgeState
from shared.civil import DAY_MS, start_of_day
from shared.errors import Refused

BATCH_CASES = 10_000
"""Cases in one file. More are left for the next: a file has to open in an office program."""
KEPT_DAYS = 180
"""So long a batch can be given out again; then what it says is erased."""
LAST, ALL = "last", "all"


class BridgeBusy(Refused):
    """Somebody else is exporting at this very moment."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an export has come to. `batch` None: nothing differs."""

    batch: BridgeBatch | None
    is_again: bool = False
    """It was made before and never completely written."""
    is_full: bool = False
    """More is due; the next export brings it."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at the ledger found, and the state it started from."""

    state: BridgeState
    touched: Touched
    seen_at: Position
    found: Sequence[Found]
    source: str


@dataclass(slots=True)
class _Writing:
    """One transaction's additions to a batch."""

    batch: BridgeBatch
    first: int
    pieces: list[BridgePiece] = field(default_factory=list)
    cases: list[BridgeCase] = field(default_factory=list)
    erased: list[bytes] = field(default_factory=list)


class Maker:
    """Makes batches of one county. Calls block and may take minutes on a first export."""

    def __init__(
        self, county: County, person: str, *, cases_max: int = BATCH_CASES,
        step: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`step` is told each point at which a cut may happen (progress, tests)."""
        self._county, self._person, self._cases_max, self._step = county, person, cases_max, step

    def make(self, since: date | str = LAST) -> Made:
        """Return the next batch, closed; raise BridgeBusy. `since`: last, all, or a day."""
        last = self._last()
        if last is not None and last.closed_at is None and since != LAST:
            self._close(last)  # what it has is whole; what is asked for begins with the next one
        self._county.ledger.writing(partial(self._begin, since))
        last = self._last()
        if last is not None and last.closed_at is not None and last.written_at is None:
            return Made(last, is_again=True, is_full=True)
        is_full = self._fill()
        last = self._last()
        if last is None or last.closed_at is not None:
            return Made(None)
        return Made(self._close(last), is_full=is_full)

    def written(self, batch: int) -> None:
        """Note that a batch was completely written, and let go of old ones."""
        now = self._county.now()

        def note(tx: Tx) -> None:
            row = tx.bridge_batch(batch)
            if row is not None and row.written_at is None:
                tx.put_bridge_batch(row._replace(written_at=now))
            tx.forget_bridge_pieces(made_before=now - KEPT_DAYS * DAY_MS)

        self._county.ledger.writing(note)
        self._step("written")

    def _last(self) -> BridgeBatch | None:
        with self._county.ledger.read() as tx:
            return next(iter(tx.bridge_batches(1)), None)

    # ---- where to begin

    def _begin(self, since: date | str, tx: Tx) -> None:
        epoch, _, _ = tx.take_county_seq(0)
        basis, head = basis_of(tx, self._county), head_of(tx)
        known = tx.bridge_state()
        state = known or BridgeState(0, 0, 0, 0, 0, basis)
        if state.basis != basis:  # another table of codes or edition: every case is looked at again
            state = state._replace(epoch=0, seq=0, basis=basis)
        if since != LAST:
            start = (0, 0)
            if isinstance(since, date):
                start = tx.position_before(start_of_day(since))
            begin = min(start, (state.epoch, state.seq))
            last = next(iter(tx.bridge_batches(1)), None)
            state = BridgeState(*begin, *head, _next_number(last, epoch), basis)
        if state != known:
            tx.put_bridge_state(state)

    # ---- filling

    def _fill(self) -> bool:
        """Add to the batch until the ledger's end, or until it is full; return whether it is."""
        self._add_asked()
        while True:
            with self._county.ledger.read() as tx:
                state = tx.bridge_state()
                assert state is not None
                touched = touched_after(tx, (state.epoch, state.seq))
                if touched is None:
                    return False
                wanted = _wanted(tx, state, touched)
            parts = [wanted[n : n + CASES_MAX] for n in range(0, len(wanted), CASES_MAX)] or [[]]
            count = 0
            for number, part in enumerate(parts, 1):
                look = self._look(state, touched, part)
                is_last = number == len(parts)
                count = self._county.ledger.writing(partial(self._add, look, is_last))
                self._step("added")
            if count >= self._cases_max:
                return True

    def _add_asked(self) -> None:
        """Add the cases that somebody asked to be told again."""
        with self._county.ledger.read() as tx:
            state = tx.bridge_state()
            asked = [one.record for one in tx.bridge_cases_in(AGAIN, self._cases_max)]
        assert state is not None
        touched = Touched((state.epoch, state.seq))
        for first in range(0, len(asked), CASES_MAX):
            look = self._look(state, touched, asked[first : first + CASES_MAX])
            self._county.ledger.writing(partial(self._add, look, False))
            self._step("added")

    def _look(self, state: BridgeState, touched: Touched, part: Sequence[bytes]) -> _Look:
        with self._county.ledger.read() as tx:
            looker = Looker.of(tx, self._county)
            known = tx.bridge_cases(part)
            ratings = {
                one: sorted(
                    {
                        *(read_told(known[one].told).ratings if one in known else ()),
                        *touched.ratings.get(one, ()),
                    }
                )
                for one in part
            }
            found = list(looker.look(ratings))
            source = looker.words.resolver.code("fixed", "data_source")
            return _Look(state, touched, head_of(tx), found, source)

    def _add(self, look: _Look, is_last: bool, tx: Tx) -> int:
        """Add what differs to the open batch; return how many cases it has now."""
        epoch, _, _ = tx.take_county_seq(0)
        if tx.bridge_state() != look.state:
            raise BridgeBusy("另一处正在导出，请等它结束后再试。")
        batch = next(iter(tx.bridge_batches(1)), None)
        is_open = batch is not None and batch.closed_at is None
        if batch is None or not is_open:
            number, now = _next_number(batch, epoch), self._county.now()
            batch = BridgeBatch(number, now, None, None, self._person, 0, 0, 0, 0, b"")
        writing = _Writing(batch, tx.next_bridge_place(batch.batch))
        known = tx.bridge_cases([one.record for one in look.found])
        for found in look.found:
            self._differ(tx, writing, look, found, known.get(found.record))
        tx.put_bridge_cases(writing.cases)
        tx.forget_bridge_pieces(of=writing.erased)
        tx.add_bridge_pieces(writing.pieces)
        if writing.pieces:
            batch = batch._replace(cases=batch.cases + len(writing.pieces))
            tx.put_bridge_batch(batch)
        if is_last:
            tx.put_bridge_state(
                look.state._replace(epoch=look.touched.through[0], seq=look.touched.through[1])
            )
        return batch.cases

    def _differ(
        self, tx: Tx, writing: _Writing, look: _Look, found: Found, known: BridgeCase | None
    ) -> None:
        told = read_told(known.told) if known is not None else CaseTold()
        is_forced = _is_forced(look.state, known, look.touched.cases.get(found.record))
        number = writing.batch.batch
        rows = _rows(tx, found, told, number, is_forced, look.source)
        if found.said.is_kept:  # also out of a batch that nobody has seen yet
            writing.erased.append(found.record)
            told.rows = {one: row for one, row in told.rows.items() if row.batch != number}
        if rows:
            piece = Piece(found.project_no or told.project_no, rows)
            place = writing.first + len(writing.pieces)
            writing.pieces.append(BridgePiece(number, place, found.record, piece.encode()))
            told.project_no = piece.project_no
        told.ratings = found.ratings
        if known is None and not (rows or found.said.gaps or told.ratings):
            return  # nothing was said and nothing waits
        missing = missing_text(found.said.gaps)
        batch = number if rows else known.batch if known is not None else 0
        state = state_of(told, missing.split("\n") if missing else [])
        writing.cases.append(
            BridgeCase(
                found.record,
                state,
                batch,
                *look.seen_at,
                look.state.basis,
                missing,
                told.encode(),
            )
        )

    def _close(self, batch: BridgeBatch) -> BridgeBatch:
        digest, cases, rows = hashlib.sha256(), 0, 0
        with self._county.ledger.read() as tx:
            for piece in pieces_of(tx, batch.batch):
                digest.update(piece.record + piece.content)
                cases, rows = cases + 1, rows + len(read_piece(piece.content).rows)
        row = batch._replace(
            closed_at=self._county.now(), cases=cases, rows=rows, digest=digest.digest()
        )

        def close(tx: Tx) -> BridgeBatch:
            tx.put_bridge_batch(row)
            return row

        closed = self._county.ledger.writing(close)
        self._step("closed")
        return closed


def basis_of(tx: Tx, county: County) -> bytes:
    """Return the hash of what rows are made with beside the ledger: codes and editions."""
    editions = tx.editions_on(day_number(county.today()))
    named = [editions[kind].hash for kind in (SITES, CATALOGUE, CALENDAR) if kind in editions]
    return hashlib.sha256(b"".join((in_force(tx, county).digest(), *named))).digest()


def pieces_of(tx: Tx, batch: int) -> Iterator[BridgePiece]:
    """Go through the pieces of a batch in their order."""
    after = -1
    while rows := tx.bridge_pieces(batch, after=after):
        yield from rows
        after = rows[-1].place


def missing_text(gaps: Sequence[Gap]) -> str:
    """Return gaps as the column `missing` holds them, one a line, in one order."""
    return "\n".join(sorted(f"{one.section}\t{one.local}" for one in gaps))


def _wanted(tx: Tx, state: BridgeState, touched: Touched) -> list[bytes]:
    """Those of the touched cases that nobody has looked at since, in the order of their ids."""
    known = tx.bridge_cases(list(touched.cases))

    def is_wanted(case: bytes, at: Position) -> bool:
        told = known.get(case)
        if told is None or case in touched.ratings or told.basis != state.basis:
            return True
        return (told.through_epoch, told.through_seq) < at or _is_forced(state, told, at)

    return sorted(case for case, at in touched.cases.items() if is_wanted(case, at))


def _is_forced(state: BridgeState, case: BridgeCase | None, at: Position | None) -> bool:
    """Whether a case touched at a position is to be told whole though nothing differs."""
    if case is None or at is None or at > (state.force_epoch, state.force_seq):
        return False
    return 0 < case.batch < state.force_batch


def _next_number(last: BridgeBatch | None, epoch: int) -> int:
    return max(last.batch + 1 if last is not None else 0, epoch * PER_EPOCH + 1)


def _rows(
    tx: Tx, found: Found, told: CaseTold, batch: int, is_forced: bool, source: str
) -> list[PieceRow]:
    """Return what differs, or is asked for again, and remember it in `told`."""
    said = found.said
    rows: list[PieceRow] = []
    if said.is_kept:
        return rows
    for row in said.rows:
        digest = tx.blind("bridge", row.digest(found.project_no).hex())
        old = told.rows.get(row.suffix)
        if old is not None and old.digest == digest and not is_forced:
            continue
        rows.append(PieceRow(INSERT if old is None else UPDATE, row.suffix, row.values))
        told.rows[row.suffix] = Told(digest, batch)
        told.taken_back.pop(row.suffix, None)
    if said.is_due and not said.rows:
        return rows  # the whole case waits for a code: what was said stands meanwhile
    stays = {row.suffix for row in said.rows} | set(said.left_out)
    gone = [suffix for suffix in told.rows if suffix not in stays]
    for suffix in [*gone, *(told.taken_back if is_forced else ())]:
        blanks = ("",) * (len(said_columns(place_of(suffix))) - 1)
        rows.append(PieceRow(DELETE, suffix, (*blanks, source)))
        told.rows.pop(suffix, None)
        told.taken_back[suffix] = Told(b"", batch)
    return rows
