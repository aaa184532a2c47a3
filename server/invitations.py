"""Invitations at the desk: a one-time code with its QR, those that are still out, calling one off.

The code is shown once; the county keeps its hash. The QR says where the county is and which one it
is, so a tablet that scans it can be fooled by nobody in between (`sync.enrolment`).
"""

from __future__ import annotations

from dataclasses import dataclass

from server import sight
from server.accounts import Person
from server.admin import Invited, find_site, invite
from server.desk import Desk
from server.storage import Tx
from server.storage.rows import Invitation
from shared.errors import Refused
from shared.permissions import Capability
from shared.regions import Level
from shared.rights import ROLE_LABELS, Role

INVITED, CALLED_OFF = "invite_device", "end_invitation"
NAME_MAX = 64


class UnknownInvitation(Refused):
    """No invitation of this id is still out."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the page shows once: code, what the QR holds, the address a tablet connects to."""

    invited: Invited
    name: str
    qr_text: str
    address: str


def send(
    desk: Desk, person: Person, site: str, name: str = "", *, head: bool = False
) -> Sent:  # fmt: skip
    """Make a one-time code for a site; raises NotAllowed, UnknownSite, Misuse."""
    county, config = desk.county, desk.county.home.config
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        _require(desk, person, person.site, tx)
        place = find_site(editions, site, county.today())
        _require(desk, person, place.id, tx)
    named = " ".join(name.split())[:NAME_MAX]
    is_head = head and place.level is Level.TOWNSHIP
    made = invite(county, place.id, agent=named, head=is_head, made_by=person.author)
    desk.accounts.note(person, INVITED, place.id, f"{named} {ROLE_LABELS[Role(made.role)]}".strip())
    address = county.home.address().rstrip("/")
    return Sent(made, named, made.qr_text(address, config.county, config.fingerprint), address)


def still_out(desk: Desk, person: Person) -> list[Invitation]:
    """Return the invitations that hold and nobody has used, of sites this person looks after."""
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        return [
            one
            for one in tx.open_invitations(desk.county.now())
            if sight.over_site(person, editions, Capability.ENROL_DEVICE, one.site).mode != "no"
        ]


def may_send(desk: Desk, person: Person) -> bool:
    """Return whether this person sends invitations."""
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
    return sight.over_site(person, editions, Capability.ENROL_DEVICE, person.site).allowed


def call_off(desk: Desk, person: Person, invitation: str) -> None:
    """Let an invitation lapse at once; raises NotAllowed, UnknownInvitation."""

    def step(tx: Tx) -> None:
        _require(desk, person, person.site, tx)
        try:
            row = tx.invitation(bytes.fromhex(invitation))
        except ValueError:
            row = None
        if row is None or not tx.end_invitation(row.invitation, desk.county.now()):
            raise UnknownInvitation("这个注册码已经用过、作废或到期，请刷新列表。")
        tx.add_audit(desk.accounts.entry(person.author, CALLED_OFF, row.site, row.name))

    desk.county.ledger.writing(step)


def _require(desk: Desk, person: Person, site: str, tx: Tx) -> None:
    editions = desk.county.editions(tx)
    decision = sight.over_site(person, editions, Capability.ENROL_DEVICE, site)
    if not decision.allowed:
        raise sight.NotAllowed(decision.reason)
