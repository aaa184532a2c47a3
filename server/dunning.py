"""催办 and 督办: the county asks after what is late, with a reason and a day to answer by.

催办 comes first, once a day at most. 督办 follows where the day to answer is over and the matter
still lies there. Both are signed acts of the county on the record itself: they reach the tablet of
whoever holds it, and the answer comes back the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from server import sight
from server.accounts import Person
from server.acting import NoReason, NothingToActOn, Wanted, perform
from server.county import County, Editions
from server.desk import Desk
from server.holding import Holding, holdings
from server.sight import Subject
from server.storage import Tx
from server.storage.rows import RecordRow, WatchedRow
from shared.calendars import CalendarEdition, CalendarMissing
from shared.canonical import Value
from shared.civil import civil_date
from shared.dunning import ANSWER, ASKING, SUPERVISE, URGE, Dunning, dunning_of
from shared.errors import Misuse, Refused
from shared.fold import fold
from shared.operation import Operation
from shared.record import Record

AT_ONCE = 50
DAYS = (1, 2, 3, 5)
"""Working days that may be given to answer; the second is proposed."""
REASONS = ("已超过承诺期限，请说明原因并尽快办结。", "即将到期，请抓紧办理。", "催办后仍未办结。")
_ANSWERED = "答复催办督办"


class AskedToday(Refused):
    """The record was urged today already."""


class TooEarly(Refused):
    """督办 before 催办, or before the day to answer is over."""


class NothingDue(Refused):
    """No clock runs on the record, or it stands."""


class NobodyAsked(Refused):
    """An answer where nothing was asked."""


class WrongSelection(Misuse):
    """No record chosen, too many of them, or a number of days that is not offered."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a selection: how many were asked, and of which nothing came, and why."""

    asked: tuple[bytes, ...]
    skipped: tuple[tuple[bytes, str], ...]


@dataclass(frozen=True, slots=True)
class Story:
    """One matter under supervision: its clock (None: none runs), who held it, what was asked."""

    record: RecordRow
    clock: WatchedRow | None
    held: Sequence[Holding]
    asked: Sequence[Operation]
    """催办, 督办 and answers, the earliest first."""
    last: Dunning | None
    may_urge: bool
    may_supervise: bool
    may_answer: bool


def ask(
    desk: Desk, person: Person, act: str, records: Sequence[bytes], reason: str, days: int
) -> Outcome:
    """Urge or supervise a selection of records with one reason, to be answered in `days` working
    days. Raises WrongSelection, NoReason; what is refused of one record stops no other."""
    if act not in ASKING or days not in DAYS or not 1 <= len(records) <= AT_ONCE:
        raise WrongSelection(f"请勾选 1 到 {AT_ONCE} 件，选定催办或督办和答复期限。")
    if not reason.strip():
        raise NoReason("请写明理由，理由会和催办一起送到平板。")
    asked: list[bytes] = []
    skipped: list[tuple[bytes, str]] = []
    for record in dict.fromkeys(records):
        try:
            _ask(desk, person, act, record, reason, days)
        except (Refused, Misuse) as error:
            skipped.append((record, str(error)))
        else:
            asked.append(record)
    return Outcome(tuple(asked), tuple(skipped))


def _ask(desk: Desk, person: Person, act: str, record: bytes, reason: str, days: int) -> None:
    county = desk.county
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        heads, clock = _standing(desk, tx, person, editions, record)
    by_on = workdays_on(editions.calendar, county.today(), days)
    wanted = Wanted(
        record, act, {"answer_by_on": by_on.isoformat()}, reason, heads, _told(editions, clock)
    )
    perform(county, person, wanted, lambda tx, _, found, __: _require_due(county, tx, found, act))


def answer(desk: Desk, person: Person, record: bytes, text: str) -> Operation:
    """Answer what was asked of a record, at a desk of the console.

    Raises NothingToActOn, NotAllowed, NobodyAsked, NoReason, MovedOn, NotNow.
    """
    if not text.strip():
        raise NoReason("请写明原因和什么时候办好，答复会记入这一件的经过。")
    county = desk.county
    with county.ledger.read() as tx:
        heads, _ = _standing(desk, tx, person, county.editions(tx), record)
    wanted = Wanted(record, ANSWER, {"supervision_answer": text.strip()}, _ANSWERED, heads)

    def check(tx: Tx, _: Editions, found: Record, __: Mapping[str, Value]) -> None:
        if (last := _last(tx, found)) is None or not last.is_open:
            raise NobodyAsked("这一件没有待答复的催办或督办，请刷新页面看最新情况。")

    return perform(county, person, wanted, check)


def story_of(desk: Desk, person: Person, record: bytes) -> Story:
    """Return one matter as supervision sees it; raise UnknownRecord."""
    seen = desk.record(person, record)
    county = desk.county
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        done = tx.operations([one.operation for one in seen.record.history])
        clock = tx.watched_of([record]).get(record)
        open_asked = _last(tx, seen.record)
    row = seen.row
    subject = Subject(row.kind, row.state, row.site, row.township, seen.record.fields)
    may = {
        act: clock is not None and sight.may_act(person, editions, subject, act).allowed
        for act in (URGE, SUPERVISE, ANSWER)
    }
    today = county.today()
    is_free = clock is not None and clock.paused_on is None and not _asked_on(seen.record, today)
    return Story(
        row, clock, holdings(seen.record, done),
        [done[one.operation] for one in seen.record.history if one.act in (*ASKING, ANSWER)],
        open_asked,
        may_urge=may[URGE] and is_free,
        may_supervise=may[SUPERVISE] and is_free and not _too_early(open_asked, today),
        may_answer=may[ANSWER] and open_asked is not None and open_asked.is_open,
    )  # fmt: skip


def workdays_on(calendar: CalendarEdition, start: date, count: int) -> date:
    """Return the `count`-th working day after `start`; where the calendar ends, the day it does."""
    day = start
    while count:
        day += timedelta(days=1)
        try:
            count -= calendar.is_working_day(day)
        except CalendarMissing:
            return day
    return day


def _standing(
    desk: Desk, tx: Tx, person: Person, editions: Editions, record: bytes
) -> tuple[tuple[bytes, ...], WatchedRow | None]:
    """The heads of a record that the person may see, and its clock; raise NothingToActOn."""
    row = tx.record(record)
    entries = tx.operations_of([record])[record]
    if row is None or not entries or not desk.seen_rows(tx, person, editions, [row]):
        raise NothingToActOn("没有这条记录，可能编号有误，请从列表中打开。")
    return fold(entries).heads, tx.watched_of([record]).get(record)


def _told(editions: Editions, clock: WatchedRow | None) -> tuple[str, ...]:
    """The sites that have to hear of it: where it lies, and the township above.

    A complaint goes nowhere it has not been: who may read it was decided when it was assigned.
    """
    if clock is None or clock.kind == "complaint" or not editions.knows(clock.site):
        return ()
    above = editions.township_of(clock.site)
    return (clock.site,) if above in ("", clock.site) else (clock.site, above)


def _require_due(county: County, tx: Tx, record: Record, act: str) -> None:
    clock = tx.watched_of([record.id]).get(record.id)
    if clock is None:
        raise NothingDue("这一件没有正在计算的期限，不用催办，请刷新列表。")
    if clock.paused_on is not None:
        raise NothingDue("这一件的期限已停表，等恢复计时后再催办。")
    today = county.today()
    if _asked_on(record, today):
        raise AskedToday("这一件今天已经催办过，请等答复，最早明天再催。")
    if act == SUPERVISE and (why := _too_early(_last(tx, record), today)):
        raise TooEarly(why)


def _asked_on(record: Record, day: date) -> bool:
    return any(one.act in ASKING and civil_date(one.effective_at) == day for one in record.history)


def _too_early(last: Dunning | None, today: date) -> str:
    if last is None:
        return "还没有催办过，请先催办；到了答复期限仍未办结，再督办。"
    if last.by_on is not None and today <= last.by_on:
        return f"催办的答复期限是 {last.by_on}，还没有到；过了这一天仍未办结，再督办。"
    return ""


def _last(tx: Tx, record: Record) -> Dunning | None:
    return dunning_of(record, tx.operations([one.operation for one in record.history]))
