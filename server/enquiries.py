"""What the court looks up for the few acts that need more than record, postings and grants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from server.accounts import ACTIVE
from server.brief import NOTHING_FOUND, Bench, Found
from server.county import CATALOGUE, Editions, day_number
from server.judge import believed_on
from server.landing import Landing
from server.recusal import handler_misfit
from server.storage import Tx
from server.storage.rows import Posting
from shared.canonical import Value
from shared.catalogue import CatalogueEdition, Item
from shared.ids import InvalidId, parse_record
from shared.operation import VERSION, Operation
from shared.record import Record
from shared.rights import Role

_OTHER_OF = {"merge": "merged_into", "absorb": "absorbed"}
_PROLONGING = frozenset({"suspend", "extend"})


def enquire(
    tx: Tx, bench: Bench, landing: Landing, operation: Operation, postings: Sequence[Posting]
) -> Found:
    """Return what this act needs to know of other records, people and editions."""
    skeleton = operation.skeleton
    is_department = any(one.role == Role.DEPARTMENT for one in postings)
    is_prolonged = skeleton.kind == "case" and skeleton.act in _PROLONGING
    if skeleton.version > VERSION or not operation.has_data:
        return NOTHING_FOUND  # held for this very reason
    if skeleton.kind == "complaint" and operation.data.get("handler"):
        return Found(is_recused=_is_recused(tx, bench, landing, operation))
    if not (is_department or is_prolonged or skeleton.act in _OTHER_OF):
        return NOTHING_FOUND
    editions = bench.editions
    record, data = landing.record(skeleton.record), operation.data
    fields: Mapping[str, Value] = data if record is None else record.fields
    owner, other = "", ""
    if is_department:
        owner, _ = _elsewhere(tx, editions, landing, fields.get("of"))
    if skeleton.act in _OTHER_OF:
        _, other = _elsewhere(tx, editions, landing, data.get(_OTHER_OF[skeleton.act]))
    if not is_prolonged:
        return Found(owner, other)
    is_approved = _is_approved(tx, editions, operation, believed_on(bench, operation))
    return Found(owner, other, is_approved, _listed(tx, editions, fields))


def _is_recused(tx: Tx, bench: Bench, landing: Landing, operation: Operation) -> bool:
    """Whether a complaint is given to somebody who must not handle it; its target may come along
    in the act itself."""
    record = landing.record(operation.skeleton.record)
    data = operation.data
    fields = data if record is None else {**record.fields, **data}
    on = day_number(believed_on(bench, operation))
    return bool(handler_misfit(tx, bench.editions, fields, data["handler"], on))


def _elsewhere(tx: Tx, editions: Editions, landing: Landing, named: Value) -> tuple[str, str]:
    """Return item and township of another record, '' and '' where it is not known."""
    try:
        record = parse_record(named) if isinstance(named, str) else None
    except InvalidId:
        record = None
    if record is None:
        return "", ""
    here = _loaded(landing, record)
    founder = None if here is None else landing.founder(record)
    if here is not None and founder is not None:  # of this very sitting: not in a list yet
        return str(here.fields.get("item") or ""), editions.township_of(founder.site)
    row = tx.record(record)
    return ("", "") if row is None else (row.item, editions.township_of(row.site))


def _loaded(landing: Landing, record: bytes) -> Record | None:
    try:
        return landing.record(record)
    except KeyError:  # none of the records this transaction works on
        return None


def _listed(tx: Tx, editions: Editions, fields: Mapping[str, Value]) -> Item | None:
    """The record's item in the edition whose hash it names; else in today's."""
    code = fields.get("item")
    edition = _named_edition(tx, fields.get("item_edition")) or editions.catalogue
    return edition.by_code.get(code) if isinstance(code, str) else None


def _named_edition(tx: Tx, named: Value) -> CatalogueEdition | None:
    try:
        digest = bytes.fromhex(named) if isinstance(named, str) else b""
    except ValueError:
        return None
    row = tx.edition_named(CATALOGUE, digest) if digest else None
    published = tx.operation(row.operation) if row is not None and row.operation else None
    return None if published is None else CatalogueEdition.from_data(published.data.get("content"))


# ---- who approved it


def _is_approved(tx: Tx, editions: Editions, operation: Operation, on: date) -> bool:
    """Whether `approved_by` names a head who serves at the acting township that day.

    By author (`agent:…`, `staff:…`), by id alone, or by name; and never the person who acts.
    """
    skeleton, named = operation.skeleton, operation.data.get("approved_by")
    if not isinstance(named, str) or not named:
        return False
    if named in {skeleton.author, skeleton.author.partition(":")[2]}:
        return False
    where = editions.township_of(skeleton.site) or skeleton.site
    staff = tx.staff_member(named.removeprefix("staff:"))
    wanted = {named}
    if staff is not None and staff.role == Role.HEAD:  # the same person at a desk
        wanted.add(staff.name)
    day = day_number(on)
    heads = [
        one
        for one in tx.postings(site=where)
        if one.role == Role.HEAD and one.person != skeleton.author
        if one.from_on <= day and (one.to_on is None or day <= one.to_on)
    ]
    if any(wanted & _names_of(tx, one) for one in heads):
        return True
    return _is_head_at_desk(tx, named, where, skeleton.author)


def _names_of(tx: Tx, posting: Posting) -> set[str]:
    """What a serving person may be called: author, id, name in the posting, names on tablets."""
    _, _, own = posting.person.partition(":")
    written = tx.operation(posting.operation) if posting.operation else None
    names = {one.name for one in tx.agents(agent=own)}
    if written is not None:
        names.add(str(written.data.get("user_name") or ""))
    return {posting.person, own, *names} - {""}


def _is_head_at_desk(tx: Tx, named: str, where: str, actor: str) -> bool:
    """A head who works at the console has an account there and may have no tablet."""
    row = tx.staff_member(named.removeprefix("staff:")) or tx.staff_named(named)
    if row is None or row.state != ACTIVE or row.role != Role.HEAD or row.site != where:
        return False
    return row.name not in {one.name for one in tx.agents(agent=actor.partition(":")[2])}
