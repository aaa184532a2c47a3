"""Postings and grants with dates, as signed operations of the county (DOMAIN.md §3.4).

Who worked where is a record of kind `posting` each: `appoint` begins it, `end` says its last day.
A move ends one and begins the next in one transaction. A written grant (授权书) lends a right for a
time: `give` and `end`. The rows beside them are what a judgement looks up; both are written
together, or neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from server.county import County, day_number
from server.landing import Landing
from server.scopes import EVERYBODY
from server.staff_serving import serving
from server.steward import Draft, write
from server.storage import Tx
from server.storage.rows import Grant, Posting
from shared import ids, lifecycle
from shared.canonical import Value
from shared.civil import civil_date
from shared.errors import Misuse, Refused
from shared.kind_table.county import POWERS
from shared.rights import Role
from shared.validation import validate

POSTING_KIND, GRANT_KIND = "posting", "grant"
AHEAD_DAYS, BACK_DAYS = 366, 366


class UnknownPosting(Refused):
    """No such posting or grant, or not of this person."""


class PostingEnded(Refused):
    """What has an end already is not ended or moved once more."""


class PostingClash(Refused):
    """The person has this very posting on these days already."""


class WrongDates(Misuse):
    """Dates that are none, in the wrong order, or too far off to be meant."""


class WrongPower(Misuse):
    """A grant without a power, or for items that no catalogue holds."""


@dataclass(frozen=True, slots=True)
class Post:
    """What a posting says: whose, where, as what, from and to which day (inclusive)."""

    person: str
    name: str
    site: str
    role: str
    from_on: date
    to_on: date | None = None
    department: str = ""
    staff_no: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Power:
    """What a written grant says: whose, which powers, for which items (none: all of it)."""

    person: str
    department: str
    powers: tuple[str, ...]
    items: tuple[str, ...]
    from_on: date
    to_on: date | None
    doc_no: str = ""


def require_dates(today: date, from_on: date, to_on: date | None = None) -> None:
    """Raise WrongDates unless a period is in order and about a year around today at most."""
    for day in (from_on, to_on):
        if day is not None and not (
            today - timedelta(days=BACK_DAYS) <= day <= today + timedelta(days=10 * AHEAD_DAYS)
        ):
            raise WrongDates("日期离今天太远，请核对年份；最早可填一年以前。")
    if from_on > today + timedelta(days=AHEAD_DAYS):
        raise WrongDates("起始日期最多提前一年，请核对年份。")
    if to_on is not None and to_on < from_on:
        raise WrongDates("截止日期早于起始日期，请更正。")


def appoint(tx: Tx, county: County, author: str, post: Post, reason: str) -> Posting:
    """Begin a posting; raises PostingClash, InvalidField."""
    first, last = day_number(post.from_on), _number(post.to_on)
    for other in tx.postings(person=post.person):
        is_same = (other.site, other.role) == (post.site, post.role)
        if is_same and _overlaps(other, first, last):
            raise PostingClash("这段时间此人在这个站点已有同样的任职，请核对日期。")
    data: dict[str, Value] = {
        "user": post.person, "user_name": post.name, "site": post.site, "role": post.role,
        "from_on": post.from_on.isoformat(), "reason": reason,
    }  # fmt: skip
    data |= {"to_on": post.to_on.isoformat()} if post.to_on else {}
    for name in ("department", "staff_no", "phone"):
        data |= {name: getattr(post, name)} if getattr(post, name) else {}
    record = ids.uuid7(county.now(), county.entropy(10))
    done = _write(tx, county, author, record, POSTING_KIND, "appoint", data)
    row = Posting(record, post.person, post.site, post.role, first, last, done, post.department)
    tx.put_posting(row)
    follow(tx, county, post.person)
    return row


def end(
    tx: Tx, county: County, author: str, posting: Posting, to_on: date, reason: str
) -> Posting:  # fmt: skip
    """Say the last day of a posting; the day before its first one calls it off.

    Raises PostingEnded, WrongDates, InvalidField.
    """
    last, before = day_number(to_on), _date(posting.from_on) - timedelta(days=1)
    if posting.to_on is not None and posting.to_on <= last:
        raise PostingEnded("这一任职在那一天以前就结束了；要延长，请另加一条任职。")
    if to_on < before:
        raise WrongDates("结束日期早于任职起始日期，请更正。")
    data: dict[str, Value] = {"to_on": to_on.isoformat(), "reason": reason}
    _write(tx, county, author, posting.posting, POSTING_KIND, "end", data)
    row = posting._replace(to_on=last)
    tx.put_posting(row)
    follow(tx, county, posting.person)
    return row


def move(
    tx: Tx, county: County, author: str, posting: Posting, post: Post, reason: str
) -> Posting:  # fmt: skip
    """End a posting the day before another one begins; raises as `end` and `appoint` do."""
    end(tx, county, author, posting, post.from_on - timedelta(days=1), reason)
    return appoint(tx, county, author, post, reason)


def posting_of_account(tx: Tx, county: County, author: str, person: str) -> None:
    """Give an account that has no posting yet the one it serves by, dated from its making.

    Raises UnknownPosting for somebody without an account.
    """
    if tx.postings(person=person):
        return
    row = tx.staff_member(person.removeprefix("staff:"))
    if row is None:
        raise UnknownPosting("没有这个人员，请从工作人员列表中打开。")
    begun = civil_date(row.created_at)
    post = Post(person, row.name, row.site, row.role, begun)
    appoint(tx, county, author, post, "建立账号时的任职")


def follow(tx: Tx, county: County, person: str) -> None:
    """Let an account's row say where it serves today, for lists that read rows alone."""
    row = tx.staff_member(person.removeprefix("staff:")) if person.startswith("staff:") else None
    if row is not None:
        now = serving(row, tx.postings(person=person), day_number(county.today()))
        if now is not None and now != row:
            tx.put_staff(now)


def follow_all(county: County) -> None:
    """Let every account's row follow the day; the hourly work runs it."""

    def step(tx: Tx) -> None:
        for row in tx.staff_list():
            follow(tx, county, f"staff:{row.staff}")

    county.ledger.writing(step)


def posting_of(tx: Tx, person: str, posting: str) -> Posting:
    """Return a person's posting by its record's id; raise UnknownPosting, InvalidId."""
    found = tx.posting(ids.parse_record(posting))
    if found is None or found.person != person:
        raise UnknownPosting("没有这条任职，可能编号有误，请从人员页面选择。")
    return found


# ---- grants


def give(tx: Tx, county: County, author: str, power: Power, reason: str) -> list[Grant]:
    """Write a grant; raises WrongPower, InvalidField."""
    known = dict(POWERS)
    if not power.powers or not set(power.powers) <= known.keys():
        raise WrongPower("请选择至少一项授权范围。")
    catalogue = county.editions(tx).catalogue.by_code
    unknown = [code for code in power.items if code not in catalogue]
    if unknown:
        raise WrongPower(f"目录里没有事项“{unknown[0][:40]}”，请核对事项编码。")
    data: dict[str, Value] = {
        "user": power.person, "department": power.department, "powers": list(power.powers),
        "items": list(power.items), "from_on": power.from_on.isoformat(), "reason": reason,
    }  # fmt: skip
    data |= {"to_on": power.to_on.isoformat()} if power.to_on else {}
    data |= {"doc_no": power.doc_no} if power.doc_no else {}
    record = ids.uuid7(county.now(), county.entropy(10))
    done = _write(tx, county, author, record, GRANT_KIND, "give", data)
    rows = [
        Grant(
            record, power.person, one, "", " ".join(power.items), day_number(power.from_on),
            _number(power.to_on), done,
        )
        for one in power.powers
    ]  # fmt: skip
    for row in rows:
        tx.put_grant(row)
    return rows


def take_back(
    tx: Tx, county: County, author: str, rows: Sequence[Grant], to_on: date, reason: str
) -> None:  # fmt: skip
    """Say the last day of a grant; raises PostingEnded, WrongDates, InvalidField."""
    first, last = rows[0].from_on, day_number(to_on)
    if to_on < _date(first) - timedelta(days=1):
        raise WrongDates("收回日期早于授权起始日期，请更正。")
    if rows[0].to_on is not None and rows[0].to_on <= last:
        raise PostingEnded("这份授权在那一天以前就到期了，不用再收回。")
    data: dict[str, Value] = {"to_on": to_on.isoformat(), "reason": reason}
    _write(tx, county, author, rows[0].grant, GRANT_KIND, "end", data)
    for row in rows:
        tx.put_grant(row._replace(to_on=last))


def grant_of(tx: Tx, person: str, grant: str) -> list[Grant]:
    """Return the powers of a person's grant by its record's id; raise UnknownPosting, InvalidId."""
    found = tx.grant(ids.parse_record(grant))
    if not found or found[0].person != person:
        raise UnknownPosting("没有这份授权，可能编号有误，请从人员页面选择。")
    return found


def a_role(word: str) -> str:
    """Return the word of a role that people serve in; raise Misuse."""
    if word not in {one.value for one in Role if one is not Role.CITIZEN}:
        raise Misuse("请选择岗位。")
    return word


def _write(
    tx: Tx, county: County, author: str, record: bytes, kind: str, act: str,
    data: dict[str, Value],
) -> bytes:  # fmt: skip
    """Land one operation of the county on a posting or grant and return its id."""
    editions = county.editions(tx)
    checked = validate(kind, act, data, county.today())
    landing = Landing(tx, editions)
    landing.load([record])
    folded = landing.record(record)
    if not lifecycle.may_follow(kind, folded.state if folded else None, act, checked):
        raise PostingEnded("已经定了结束日期，不能再改；要延长，请另加一条。")
    draft = Draft(
        record, kind, act, checked, tuple(folded.heads) if folded is not None else (),
        author=author, site=editions.centre, scopes=(EVERYBODY,),
    )  # fmt: skip
    (done,) = write(tx, county, [draft], landing)
    landing.finish()
    return done.id


def _overlaps(posting: Posting, first: int, last: int | None) -> bool:
    begins_before = last is None or posting.from_on <= last
    return begins_before and (posting.to_on is None or first <= posting.to_on)


def _number(day: date | None) -> int | None:
    return None if day is None else day_number(day)


def _date(day: int) -> date:
    return date(day // 10_000, day // 100 % 100, day % 100)
