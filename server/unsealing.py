"""Opening sealed complaints where the county keeps the complaint key elsewhere.

The holder brings the key: it opens what has arrived, in memory, and is stored nowhere. Who brought
it, when and why is written down first. Dummies lie among what waits; nobody can tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select

from server import sealed, sight, steward
from server.accounts import Person
from server.desk import Desk
from server.landing import Landing
from server.schema import judgements, operations
from server.storage import Tx
from server.storage.rows import AuditEntry
from shared import ids
from shared.errors import Misuse, Refused
from shared.rights import Role
from shared.verdict import Status
from sync.keys import KEY_BYTES, SealingKey

UNSEALING, UNSEALED = "unseal", "unsealed"
"""Words of the audit log: the key was brought; everything that waited was opened."""
ABOUT = "sealed"
_AT_ONCE = 200
_MARGIN_MS = 60 * 60 * 1000
"""What was on its way into the ledger while the key was last here is looked at again."""
_j, _o = judgements.c, operations.c


class NotTheKey(Refused):
    """What was brought is not the private half of the county's complaint key."""


class NoReasonToUnseal(Misuse):
    """Sealed complaints are opened for a reason."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many sealed acts came since the key was last here, and when that was (Unix ms, 0)."""

    count: int
    since: int


def waiting(desk: Desk, person: Person) -> Waiting | None:
    """Return what waits for the key; None where it lies here, or for whom it is no matter."""
    if desk.county.keys.complaint is not None or person.role != Role.SUPERVISOR:
        return None
    with desk.county.ledger.read() as tx:
        since = _since(tx)
        return Waiting(len(_arrived(tx, since)), since)


def unseal(desk: Desk, person: Person, key: str, reason: str) -> int:
    """Open what waits with the key (64 hexadecimal digits) and return how many complaints it was.

    Raises NotAllowed, NoReasonToUnseal, NotTheKey.
    """
    county = desk.county
    if person.role != Role.SUPERVISOR:
        raise sight.NotAllowed("密封投诉由县督查用投诉密钥开启，请联系县督查。")
    if not reason.strip():
        raise NoReasonToUnseal("请写明开启的理由，理由会记入操作日志。")
    private = _key(key)
    if private is None or private.public != county.keys.complaint_public:
        raise NotTheKey("这不是本县的投诉密钥，请核对保管的密钥（64 位，0 到 9、a 到 f）。")
    started = county.now()
    desk.accounts.note(person, UNSEALING, ABOUT, reason.strip())
    with county.ledger.read() as tx:
        found = _arrived(tx, _since(tx) - _MARGIN_MS)
    opened = sum(
        _open_some(desk, private, found[start : start + _AT_ONCE])
        for start in range(0, len(found), _AT_ONCE)
    )
    done = AuditEntry(
        ids.uuid7(started, county.entropy(10)), started, person.author, UNSEALED, ABOUT, str(opened)
    )
    county.ledger.writing(lambda tx: tx.add_audit(done))
    return opened


def _open_some(desk: Desk, private: SealingKey, names: Sequence[bytes]) -> int:
    return desk.county.ledger.writing(lambda tx: _open(desk, tx, private, names))


def _open(desk: Desk, tx: Tx, private: SealingKey, names: Sequence[bytes]) -> int:
    county = desk.county
    editions, known = county.editions(tx), tx.operations(names)
    judged = tx.judgements_of(names)
    there = tx.records([ids.uuid8("complaint", name) for name in names])
    drafts = [
        draft
        for name in names
        for draft in sealed.complaint_in(
            known[name], judged[name].verdict, private, county.code, editions
        )
        if draft.record not in there
    ]
    landing = Landing(tx, editions)
    landing.load(draft.record for draft in drafts)
    for done, verdict in steward.append(tx, county, drafts) if drafts else []:
        landing.land(done, verdict)
    landing.finish()
    return len(drafts)


def _since(tx: Tx) -> int:
    looks = [one.at for one in tx.audit_entries(about=ABOUT) if one.what == UNSEALED]
    return max(looks, default=0)


def _arrived(tx: Tx, since: int) -> list[bytes]:
    """The sealed acts that came after an instant, the oldest first."""
    found = (
        select(_j.operation)
        .join(operations, and_(_o.county == _j.county, _o.id == _j.operation))
        .where(
            _j.county == tx.county, _j.kind == sealed.KIND, _j.act == sealed.ACT,
            _j.status == Status.ADMITTED.value, _o.received_at > since,
        )
        .order_by(_o.received_at, _j.operation)
    )  # fmt: skip
    return [row[0] for row in tx.connection.execute(found)]


def _key(text: str) -> SealingKey | None:
    try:
        raw = bytes.fromhex("".join(text.split()))
    except ValueError:
        return None
    return SealingKey(raw) if len(raw) == KEY_BYTES else None
