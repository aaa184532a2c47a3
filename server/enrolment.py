"""Enrolment: a one-time code and two proved keys become a device, an agent and a posting.

Everything happens in one transaction with the use of the code, so five equal posts at once enrol
one tablet. Who repeats the very same request (its answer was lost) gets the same answer again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

from server.codes import AGENT_LETTERS, SHORT_LETTERS, code_hash, letters
from server.county import County, Editions, day_number
from server.scopes import EVERYBODY
from server.steward import Draft, write
from server.storage import Tx
from server.storage.rows import Agent, Device, Invitation, Posting
from shared import ids
from shared.errors import Refused
from sync.card import open_card
from sync.enrolment import EnrolRequest, EnrolResponse
from sync.keys import BadSignature, key_id
from sync.messages import MalformedMessage

ACTIVE, WAITING = "active", "waiting"
POSTING_KIND, DEVICE_KIND = "posting", "device"
_AGENT_TAG = b"bianmin.agent.1\0"


class WrongCode(Refused):
    """The code is unknown, lapsed, used, or the keys are not proved; which is not told."""

    def __init__(self) -> None:
        super().__init__("注册码不对、已过期或已用过，请核对；仍不行请县里重新发一个。")


class DeviceClosed(Refused):
    """A device that was suspended, revoked or cut asks for another agent."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an enrolment made."""

    device: Device
    agent: Agent
    role: str


def enrol(county: County, raw: bytes) -> EnrolResponse:
    """Enrol a device, or one more agent on it; return the signed answer.

    Raises WrongCode, DeviceClosed.
    """
    try:
        request = EnrolRequest.decode(raw)
        request.require_proof()
    except (MalformedMessage, BadSignature) as error:
        raise WrongCode from error
    digits = _digits(county, request)
    made = county.ledger.writing(lambda tx: _enrol(tx, county, request, digits))
    answer = EnrolResponse(
        state="active" if made.agent.state == ACTIVE else "waiting",
        device=made.device.device.hex(),
        short_code=made.device.short_code,
        site=made.device.site,
        agent=made.agent.agent,
        role=made.role,
        card=county.home.card.read_bytes(),
    )
    return answer.signed(request, county.keys.core)


def device_record(device: bytes) -> bytes:
    """Return the id of a device's record: derived from its key, so it is found without rows."""
    return ids.uuid8("device", device)


def _enrol(tx: Tx, county: County, request: EnrolRequest, digits: str) -> Enrolled:
    device_id = key_id(request.signing_public)
    code = code_hash(request.code)
    invitation = tx.invitation(code)
    if invitation is None:
        raise WrongCode
    if invitation.used_at is not None:
        return _again(tx, request, device_id)
    if county.now() >= invitation.expires_at:
        raise WrongCode
    if not tx.use_invitation(code, county.now()):  # another copy of this request was faster
        return _again(tx, request, device_id)
    editions = county.editions(tx)
    device = tx.device(device_id)
    if device is None:
        device = _new_device(tx, county, request, invitation, editions)
    elif device.state not in (ACTIVE, WAITING):
        raise DeviceClosed("本设备已停用，不能再添加人员；请联系县里处理。")
    agent = _agent(tx, county, request, invitation, device, digits)
    _post(tx, county, agent, invitation, editions)
    return Enrolled(device, agent, invitation.role)


def _again(tx: Tx, request: EnrolRequest, device_id: bytes) -> Enrolled:
    """The answer to this very request was lost on the way: give it again."""
    device = tx.device(device_id)
    mine = [one for one in tx.agents(device=device_id) if one.public == request.agent_public]
    if device is None or not mine:
        raise WrongCode
    postings = tx.postings(person=f"agent:{mine[0].agent}")
    return Enrolled(device, mine[0], postings[-1].role if postings else "")


def _new_device(
    tx: Tx, county: County, request: EnrolRequest, invitation: Invitation, editions: Editions
) -> Device:
    now = county.now()
    device = Device(
        device=key_id(request.signing_public),
        name=request.device_name,
        short_code=_short_code(tx, county),
        site=invitation.site,
        signing_public=request.signing_public,
        sealing_public=request.sealing_public,
        state=ACTIVE if county.sample else WAITING,
        enrolled_at=now,
        last_seen_at=None,
        app_version="",
        invitation=invitation.invitation,
        decided_by="system" if county.sample else "",
    )
    tx.put_device(device)
    record = device_record(device.device)
    (enrolled,) = write(
        tx,
        county,
        [
            Draft(
                record,
                DEVICE_KIND,
                "enrol",
                {
                    "site": device.site,
                    "short_code": device.short_code,
                    "public_key": device.signing_public.hex(),
                    "enrolled_at": now,
                },
                site=editions.centre,
                scopes=(EVERYBODY,),
            )
        ],
    )
    if county.sample:
        write(
            tx,
            county,
            [
                Draft(
                    record, DEVICE_KIND, "approve", {}, (enrolled.id,), site=editions.centre,
                    scopes=(EVERYBODY,),
                )
            ],
        )  # fmt: skip
    return device


def _digits(county: County, request: EnrolRequest) -> str:
    """The six digits of both screens, computed outside the transaction (slow on purpose), and only
    for a code that somebody was given."""
    with county.ledger.read() as tx:
        if tx.invitation(code_hash(request.code)) is None:
            raise WrongCode
    card = open_card(county.home.card.read_bytes(), county.home.config.fingerprint)
    return request.short_code(card.root_public)


def _agent(
    tx: Tx, county: County, request: EnrolRequest, invitation: Invitation, device: Device,
    digits: str,
) -> Agent:  # fmt: skip
    name = invitation.name or request.agent_name
    agent = Agent(
        agent=_same_person(tx, invitation) or _agent_id(tx, request.agent_public),
        device=device.device,
        name=name,
        public=request.agent_public,
        state=device.state if county.sample else WAITING,
        enrolled_at=county.now(),
        digits=digits,
    )
    tx.put_agent(agent)
    return agent


def _same_person(tx: Tx, invitation: Invitation) -> str:
    """The id of the one person the invitation names at its site, or ''.

    Somebody with a tablet already, or somebody of the loaded staff table who comes for the first.
    """
    if not invitation.name:
        return ""
    named = {
        posting.person.removeprefix("agent:")
        for posting in tx.postings(site=invitation.site)
        if posting.to_on is None and _name_of(tx, posting) == invitation.name
    }
    return named.pop() if len(named) == 1 else ""


def _name_of(tx: Tx, posting: Posting) -> str:
    written = tx.operation(posting.operation) if posting.operation else None
    return str(written.data.get("user_name", "")) if written else ""


def _post(tx: Tx, county: County, agent: Agent, invitation: Invitation, editions: Editions) -> None:
    """Write the posting that gives the agent its rights, unless it has this very one already."""
    person, today = f"agent:{agent.agent}", county.today()
    if any(
        (posting.site, posting.role) == (invitation.site, invitation.role)
        for posting in tx.postings_on(person, day_number(today))
    ):
        return
    record = ids.uuid7(county.now(), county.entropy(10))
    (written,) = write(
        tx,
        county,
        [
            Draft(
                record,
                POSTING_KIND,
                "appoint",
                {
                    "user": person,
                    "user_name": agent.name,
                    "site": invitation.site,
                    "role": invitation.role,
                    "from_on": today.isoformat(),
                },
                site=editions.centre,
                scopes=(EVERYBODY,),
            )
        ],
    )
    tx.put_posting(
        Posting(
            record, person, invitation.site, invitation.role, day_number(today), None, written.id
        )
    )


def _short_code(tx: Tx, county: County) -> str:
    """A free short code: 32^4 are many more than a county's tablets."""
    while True:
        code = letters(SHORT_LETTERS, county.entropy)
        if tx.device_by_code(code) is None:
            return code


def _agent_id(tx: Tx, public: bytes) -> str:
    """A free id, drawn from the agent's key: who enrols again at a restored county stays the same
    author, and the work of before counts. One that is taken gives way to the next."""
    digest = _AGENT_TAG + public
    while True:
        digest = hashlib.sha256(digest).digest()
        agent = letters(AGENT_LETTERS, partial(_first, digest))
        if not tx.agents(agent=agent) and not tx.postings(person=f"agent:{agent}"):
            return agent


def _first(drawn: bytes, length: int) -> bytes:
    return drawn[:length]
