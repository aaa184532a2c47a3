"""What the administrator does: begin a county, invite, approve, suspend, revoke, add staff.

Each act is one transaction on the county's database, so the commands work beside a running server
and without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server.accounts import Accounts
from server.codes import CODE_LETTERS, code_hash, letters, shown
from server.county import County, Editions
from server.enrolment import ACTIVE, DEVICE_KIND, WAITING, device_record
from server.landing import Landing
from server.scopes import EVERYBODY
from server.steward import Draft, write
from server.storage import ACTS, Tx
from server.storage.rows import Device, Invitation
from shared.canonical import Value
from shared.errors import Misuse, Refused
from shared.regions import Level
from shared.rights import Role
from shared.sites import Site

HOUR_MS = 60 * 60 * 1000
INVITATION_MS = 24 * HOUR_MS
SUSPENDED, REVOKED = "suspended", "revoked"
_STATE_AFTER = {"approve": ACTIVE, "suspend": SUSPENDED, "revoke": REVOKED}
ALLOWED_FROM = {
    "approve": (WAITING, SUSPENDED),
    "suspend": (ACTIVE, WAITING),
    "revoke": (WAITING, ACTIVE, SUSPENDED, "cut"),
}
STATE_WORDS = {WAITING: "待批准", ACTIVE: "启用", SUSPENDED: "停用", REVOKED: "撤销", "cut": "截断"}
_ROLE_OF_LEVEL = {
    Level.VILLAGE: Role.VILLAGE,
    Level.TOWNSHIP: Role.CLERK,
    Level.COUNTY: Role.CLERK,
}


class UnknownDevice(Refused):
    """No device of this id or short code."""


class WrongState(Refused):
    """The device is not in a state from which this is done."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A one-time code, shown once; the county keeps its hash."""

    code: str
    site: Site
    role: str
    expires_at: int

    def qr_text(self, url: str, county: int, fingerprint: str) -> str:
        """Return what the QR holds: version, address, county, fingerprint, code, expiry (s)."""
        expiry = self.expires_at // 1000
        return f"BM1|{url}|{county}|{fingerprint}|{self.code.replace('-', '')}|{expiry}"


def invite(
    county: County, site: str, *, agent: str = "", head: bool = False, made_by: str = ""
) -> Invited:  # fmt: skip
    """Make a one-time enrolment code for a site (12-digit code or site id), good for 24 hours."""
    code = letters(CODE_LETTERS, county.entropy)
    now = county.now()

    def step(tx: Tx) -> Invited:
        place = find_site(county.editions(tx), site, county.today())
        if head and place.level is not Level.TOWNSHIP:
            raise Misuse(
                f"“{place.name}”不是乡镇站点，没有主任；请去掉 --role head 或改选乡镇站点。"
            )
        role = Role.HEAD if head else _ROLE_OF_LEVEL[place.level]
        row = Invitation(
            invitation=code_hash(code),
            site=place.id,
            role=role.value,
            name=agent.strip(),
            made_by=made_by,
            made_at=now,
            expires_at=now + INVITATION_MS,
            used_at=None,
        )
        tx.add_invitation(row)
        return Invited(shown(code), place, row.role, row.expires_at)

    return county.ledger.writing(step)


def decide_device(
    county: County, act: str, device: str, staff: str, reason: str = "", *, digits: str = ""
) -> Device:  # fmt: skip
    """Approve, suspend or revoke a device (key id or short code) in the name of a staff member.

    The reason, where one is given, goes into the operation. `digits`: of those who wait on it, only
    whoever's tablet shows these is approved; '' for all.

    A revocation cuts its streams where they stand: what the county has up to there stays admitted,
    later arrivals wait for a person. Raises UnknownDevice, UnknownStaff, WrongState.
    """
    person = accounts_of(county).named(staff)

    def step(tx: Tx) -> Device:
        row = find_device(tx, device)
        if act == "approve" and row.state == ACTIVE and _activate_agents(tx, row, digits):
            return row  # one more agent on a tablet that is in use already
        if row.state not in ALLOWED_FROM[act]:
            word = STATE_WORDS.get(row.state, row.state)
            raise WrongState(f"设备 {row.short_code} 现为“{word}”，不能这样处理。")
        author = f"staff:{person.staff}"
        changed = row._replace(state=_STATE_AFTER[act], decided_by=author)
        tx.put_device(changed)
        if act == "approve":
            _activate_agents(tx, changed, digits)
        data: dict[str, Value] = {"reason": reason} if reason else {}
        if act == "revoke":
            data["cut_seq"] = _cut(tx, changed)
        _write_act(tx, county, changed, act, data, author)
        return changed

    return county.ledger.writing(step)


def devices(county: County) -> list[dict[str, object]]:
    """Return what `county devices` prints, one entry per device."""
    with county.ledger.read() as tx:
        rows = tx.devices()
        if not rows:  # nor sites, perhaps: a county that is not loaded yet
            return []
        editions, today = county.editions(tx), county.today()
        seqs: dict[bytes, int] = {}
        for stream in tx.streams():
            if stream.purpose == ACTS and stream.branch == 0:
                seqs[stream.device] = max(seqs.get(stream.device, 0), stream.seq)
        return [
            {
                "device": row.device.hex(),
                "short_code": row.short_code,
                "name": row.name,
                "site": row.site,
                "site_code": _code(editions, row.site, today),
                "state": row.state,
                "enrolled_at": row.enrolled_at,
                "last_seen_at": row.last_seen_at,
                "seq": seqs.get(row.device, 0),
                "agents": [agent.name for agent in tx.agents(device=row.device)],
            }
            for row in rows
        ]


def add_staff(county: County, name: str, role: str, site: str) -> tuple[str, str]:
    """Enter a staff member; return (id, one-time password).

    Raises Misuse for an empty name, UnknownSite, AlreadyThere.
    """
    if not name.strip():
        raise Misuse("姓名不能空着，请写明工作人员的姓名。")
    with county.ledger.read() as tx:
        place = find_site(county.editions(tx), site, county.today())
    row, password = accounts_of(county).add(name, role, place.id)
    return row.staff, password


def accounts_of(county: County) -> Accounts:
    """Return the county's staff accounts."""
    return Accounts(county.ledger, county.now, county.entropy)


def find_site(editions: Editions, text: str, on: date) -> Site:
    """Return the site of a 12-digit region code or a site id; raise UnknownSite."""
    wanted = text.strip()
    if wanted.isdigit():
        return editions.sites.by_code(wanted, on)
    return editions.sites.by_id(wanted)


def find_device(tx: Tx, text: str) -> Device:
    """Return the device of a key id (16 hexadecimal digits) or short code; raise UnknownDevice."""
    wanted = text.strip()
    row = tx.device_by_code(wanted.upper())
    if row is None:
        try:
            row = tx.device(bytes.fromhex(wanted))
        except ValueError:
            row = None
    if row is None:
        raise UnknownDevice(f"没有设备“{wanted[:40]}”，请从 bianmin county devices 的列表中复制。")
    return row


def _activate_agents(tx: Tx, device: Device, digits: str) -> int:
    waiting = [
        agent
        for agent in tx.agents(device=device.device)
        if agent.state == WAITING and digits in {"", agent.digits}
    ]
    for agent in waiting:
        tx.put_agent(agent._replace(state=ACTIVE))
    return len(waiting)


def _cut(tx: Tx, device: Device) -> int:
    """Cut every stream of a device where it stands; return the seq of its stream of acts."""
    acts = 0
    for stream in tx.streams(device=device.device):
        if stream.branch == 0:
            tx.put_stream(stream._replace(cut_seq=stream.seq))
            if stream.purpose == ACTS:
                acts = stream.seq
    return acts


def _write_act(
    tx: Tx, county: County, device: Device, act: str, data: dict[str, Value], author: str
) -> None:
    record = device_record(device.device)
    editions = county.editions(tx)
    landing = Landing(tx, editions)
    landing.load([record])
    folded = landing.record(record)
    heads: Sequence[bytes] = folded.heads if folded is not None else ()
    draft = Draft(
        record, DEVICE_KIND, act, dict(data), tuple(heads), author=author, site=editions.centre,
        scopes=(EVERYBODY,),
    )  # fmt: skip
    write(tx, county, [draft])


def _code(editions: Editions, site: str, on: date) -> str:
    code = editions.sites.by_id(site).code_on(on) if editions.knows(site) else None
    return code.code12 if code is not None else ""
