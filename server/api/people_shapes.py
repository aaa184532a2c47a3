"""Requests and answers of the endpoints about people, accounts, devices and the audit log."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.api.messages import Reason

Text = Annotated[str, Meta(max_length=200)]
Code = Annotated[str, Meta(max_length=20)]
Password = Annotated[str, Meta(min_length=1, max_length=200)]
RoleWord = Literal["village", "clerk", "head", "department", "supervisor", "administrator"]


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A request: what it does not know it refuses."""


# ---- one's own account


class Me(msgspec.Struct):
    """Who is logged in."""

    person: str
    name: str
    role: str
    site: str
    factor_on: bool
    recovery_codes: int


class SessionLine(msgspec.Struct):
    """One of one's own log-ins; `key` names it and opens nothing."""

    key: str
    place: str
    created_at: int
    seen_at: int
    ends_at: int
    is_this: bool


class FactorSetup(msgspec.Struct):
    """A secret for an authenticator; `paper` comes back with its first code."""

    secret: str
    address: str
    paper: str


class TurnOn(_Asked):
    """The first code of a secret that was shown."""

    paper: Annotated[str, Meta(max_length=500)]
    code: Code


class OwnPassword(_Asked):
    """One's own password, once more."""

    password: Password


class RecoveryCodes(msgspec.Struct):
    """Shown once."""

    codes: list[str]


# ---- staff


class PostingLine(msgspec.Struct):
    """Who served where: first and last day, null while it runs."""

    posting: str
    site: str
    role: str
    department: str
    from_on: str
    to_on: str | None


class PersonLine(msgspec.Struct):
    """One person as the list shows them; `person` is `staff:…` at a desk, `agent:…` at a tablet."""

    person: str
    name: str
    role: str
    site: str
    state: Literal["serving", "coming", "locked", "ended"]


class PeopleList(msgspec.Struct):
    """One page of the list."""

    people: list[PersonLine]
    total: int
    page: int


class GrantLine(msgspec.Struct):
    """A written grant; no items: all of the department."""

    grant: str
    powers: list[str]
    items: list[str]
    from_on: str
    to_on: str | None


class Whole(msgspec.Struct):
    """One person with postings, grants, tablets and what lies in their hands."""

    person: PersonLine
    staff_no: str
    phone: str
    postings: list[PostingLine]
    grants: list[GrantLine]
    devices: list[str]
    held: int
    factor_on: bool
    must_change: bool


class NewPerson(_Asked):
    """Somebody new, at a desk (a password) or a tablet (then send an invitation)."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    role: RoleWord
    site: Text
    reason: Reason
    at: Literal["desk", "tablet"] = "desk"
    from_on: date | None = None
    to_on: date | None = None
    department: Text = ""
    staff_no: Annotated[str, Meta(max_length=64)] = ""
    phone: Annotated[str, Meta(max_length=30)] = ""


class AddedPerson(msgspec.Struct):
    """Who was entered; the one-time password is shown once, '' at a tablet."""

    person: str
    password: str


class ChangePosting(_Asked):
    """Move, change of role, or end. `on`: first day of what follows; of an end, the last day."""

    on: date
    what: Literal["move", "end"]
    posting: Annotated[str, Meta(max_length=40)] = ""
    site: Text = ""
    role: RoleWord | Literal[""] = ""
    department: Text = ""
    reason: Annotated[str, Meta(max_length=2000)] = ""
    seen_held: bool = False


class EffectOfChange(msgspec.Struct):
    """What a change would mean."""

    held: int
    already: int
    tablets: int
    ends_account: bool


class MorePosting(_Asked):
    """One more posting."""

    site: Text
    role: RoleWord
    from_on: date
    reason: Reason
    to_on: date | None = None
    department: Text = ""


class NewGrant(_Asked):
    """A written grant."""

    department: Text
    powers: Annotated[list[str], Meta(min_length=1, max_length=10)]
    from_on: date
    reason: Reason
    items: Annotated[list[str], Meta(max_length=1000)] = []
    to_on: date | None = None
    doc_no: Annotated[str, Meta(max_length=100)] = ""


class EndGrant(_Asked):
    """Taking a grant back: its last day."""

    to_on: date
    reason: Reason


class AccountAct(_Asked):
    """What an administrator does to an account."""

    act: Literal["password", "lock", "unlock", "factor"]
    reason: Reason


class AccountDone(msgspec.Struct):
    """`password` is the new one-time password, shown once, '' otherwise."""

    password: str


class Matter(msgspec.Struct):
    """An open matter in somebody's hands."""

    record: str
    kind: str
    state: str | None
    site: str
    item: str
    due_on: str | None


class HandOverList(msgspec.Struct):
    """What is to be handed over, and who could take it (`agent:ID@SITE`)."""

    held: list[Matter]
    successors: list[str]


class HandOverTo(_Asked):
    """Whom, and which matters; none named: all."""

    to: Text
    reason: Reason
    matters: Annotated[list[str], Meta(max_length=500)] = []


class HandedOver(msgspec.Struct):
    """How many matters went over."""

    count: int


class RightsLine(msgspec.Struct):
    """One row of the permission table: by role, in words."""

    capability: str
    label: str
    cells: dict[str, list[str]]


# ---- audit log and devices


class AuditLine(msgspec.Struct):
    """One entry of the audit log."""

    entry: str
    at: int
    person: str
    what: str
    about: str
    detail: str


class AgentLine(msgspec.Struct):
    """One person on a tablet."""

    agent: str
    name: str
    state: str


class DeviceAct(msgspec.Struct):
    """What was done with a tablet."""

    act: str
    at: int
    author: str
    reason: str


class DeviceWhole(msgspec.Struct):
    """One tablet: its agents, its history, what the county knows it holds, what may be done."""

    device: str
    short_code: str
    name: str
    site: str
    state: str
    last_seen_at: int | None
    app_version: str
    received: int
    spooled: int
    open_matters: int
    recent: int
    agents: list[AgentLine]
    history: list[DeviceAct]
    may: list[str]


class DecideDevice(_Asked):
    """Approve (with the six digits the tablet shows), suspend or revoke."""

    act: Literal["approve", "suspend", "revoke"]
    reason: Annotated[str, Meta(max_length=500)] = ""
    digits: Annotated[str, Meta(max_length=20)] = ""
    second_name: Annotated[str, Meta(max_length=64)] = ""
    second_password: Annotated[str, Meta(max_length=200)] = ""
    second_code: Code = ""


class DeviceState(msgspec.Struct):
    """What became of a tablet."""

    device: str
    state: str


class NewInvitation(_Asked):
    """Which site is invited, and whom."""

    site: Text
    name: Annotated[str, Meta(max_length=64)] = ""
    head: bool = False


class Invitation(msgspec.Struct):
    """An invitation that is still out."""

    invitation: str
    site: str
    role: str
    name: str
    made_by: str
    expires_at: int


class SentInvitation(msgspec.Struct):
    """A one-time code, shown once, and what its QR holds."""

    code: str
    qr_text: str
    address: str
    site: str
    role: str
    expires_at: int
