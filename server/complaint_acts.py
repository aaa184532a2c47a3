"""投诉台, acting: what a person may do now with a complaint, and doing it.

Every act passes `server.acting` (rights, life cycle, form, heads, landing). What the desk asks
beyond that stands here: a sealed complaint is acted on by who has opened it; nobody is given one
who is recused (`server.recusal`); the county centre does not act on what concerns itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server import acting, recusal, sight, steward
from server.accounts import OPENED, SESSION_MS, Person
from server.api import messages
from server.complaint_steps import ASSIGN, BY_KEY, NOTE, STEPS, TARGET, Step
from server.complaints import COMPANION, KIND, Case, companion_of, subject_of
from server.county import Editions, day_number
from server.desk import Desk, Seen
from server.landing import Landing
from server.recusal import Worker
from server.sight import NotAllowed
from server.steward import Draft
from server.storage import Tx
from shared import ids, lifecycle
from shared.canonical import Value
from shared.errors import Misuse, Refused
from shared.kinds import SEALED_TARGETS
from shared.operation import Operation
from shared.permissions import Capability, Question, may
from shared.record import Record
from shared.rights import Role
from shared.validation import validate

OWN_CAUSE = "投诉涉及您所在的站点，请由不在该站点任职的督查办理，或分流到纪检监察、信访等渠道。"
_WORKING = frozenset({"转办中", "办理中"})
_NEIGHBOURS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class UnknownStep(Misuse):
    """The desk knows no such step, or the step no such field."""


class NotOpened(Refused):
    """A sealed complaint is acted on by somebody who has not opened it."""


class Recused(Refused):
    """The handler who was chosen must not handle this complaint."""


class UnclearTarget(Refused):
    """Nobody, or more than one, is called so."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who may be given a complaint."""

    author: str
    name: str
    role: str
    site: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What this person may do now, with the handlers to choose from."""

    steps: Sequence[Step]
    handlers: Sequence[Choice] = ()
    may_release: bool = False
    why_not: str = ""
    """Why the person may do nothing although they see it; '' where nothing stands in the way."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A step somebody wants taken; `shown` are the heads of the complaint they looked at."""

    record: bytes
    step: str
    values: Mapping[str, object]
    reason: str
    shown: tuple[bytes, ...]


def offer(desk: Desk, person: Person, case: Case) -> Offer:
    """Return what the person may do with a complaint now; nothing before it was opened."""
    record, county = case.seen.record, desk.county
    if not case.is_open_to:
        return Offer(())
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        own = _is_own_cause(tx, person, record, day_number(county.today()))
        steps = [
            step
            for step in STEPS
            if _is_next(step, record)
            and _is_allowed(person, editions, case.seen, step)
            and (step.is_neutral or not own)
        ]
        handlers = []
        if any(step.key == ASSIGN for step in steps):
            handlers = choices(tx, editions, record, day_number(county.today()))
        subject = subject_of(case.seen.row, record)
        may_release = not own and sight.may_use(person, editions, subject, Capability.RELEASE_REPLY)
    return Offer(steps, handlers, may_release, OWN_CAUSE if own else "")


def choices(tx: Tx, editions: Editions, record: Record, on: int) -> list[Choice]:
    """Return who may be given a complaint on a day (20261031), by site; a sealed one only to
    people with an account here, since a tablet's site would read it with them."""
    aim = recusal.aim_of(tx, record.fields, on)
    found = [
        Choice(worker.author, _name_of(worker), place.role, place.site)
        for worker in recusal.workers(tx, on)
        if not recusal.why_not(worker, aim, editions.sites)
        for place in worker.places[:1]
        if _may_handle(worker, record)
    ]
    return sorted(found, key=lambda one: (one.site, one.role, one.name, one.author))


def take(desk: Desk, person: Person, asked: Asked) -> Operation:
    """Take one step and return its operation.

    Raises UnknownStep, UnknownRecord, NotOpened, Recused, UnclearTarget, NotAllowed, and what
    `acting.perform` raises: MovedOn, NotNow, NoReason, InvalidField.
    """
    step = BY_KEY.get(asked.step)
    if step is None or not asked.values.keys() <= set(step.fields):
        raise UnknownStep("没有这一步，或多填了内容，请刷新页面，从给出的操作中选择。")
    seen = desk.record(person, asked.record)
    _require_opened(desk, person, seen)
    if step.key == NOTE:
        return _note(desk, person, seen, asked)
    if step.key == TARGET and person.role != Role.SUPERVISOR:
        raise NotAllowed("查明的对象由县督查登记，请把情况报送县督查。")
    county = desk.county
    today = day_number(county.today())
    values = {name: value for name, value in asked.values.items() if value not in (None, "")}
    scopes: tuple[str, ...] = ()
    with county.ledger.read() as tx:
        if step.key == TARGET:
            values = _target(tx, values, today, is_conduct=seen.sight.sealed)
        elif step.key == ASSIGN:
            scopes = _scopes_of(tx, str(values.get("handler") or ""), today)

    def check(tx: Tx, editions: Editions, record: Record, data: Mapping[str, Value]) -> None:
        if not step.is_neutral and _is_own_cause(tx, person, record, today):
            raise NotAllowed(OWN_CAUSE)
        if not _is_next(step, record):
            raise acting.NotNow(f"现在是“{record.state}”，不用再“{step.label}”，请刷新页面。")
        if step.key == ASSIGN:
            _require_fit(tx, editions, record, data["handler"], today)

    wanted = acting.Wanted(
        asked.record, step.act, {**values, **step.fixed}, asked.reason, asked.shown, scopes
    )
    return acting.perform(county, person, wanted, check)


def release(
    desk: Desk, person: Person, record: bytes, operation: bytes, *, admit: bool, reason: str,
    shown: tuple[bytes, ...],
) -> Operation:  # fmt: skip
    """Release a reply that a tablet proposed, or send it back, and return the decision.

    Raises UnknownRecord, NotOpened, MovedOn, NothingToActOn, NoReason, NotAllowed, NothingToSettle.
    """
    if not reason.strip():
        raise acting.NoReason("请写明理由，理由会记入这一步操作。")
    seen = desk.record(person, record)
    _require_opened(desk, person, seen)
    if operation not in {one.operation for one in seen.record.without_effect}:
        raise acting.NothingToActOn("没有这份待放行的答复，可能已经处理，请刷新页面。")
    if set(shown) != set(seen.record.heads):
        raise acting.MovedOn("这条记录刚刚有了新的进展，请刷新页面，看过之后再办。")
    with desk.county.ledger.read() as tx:
        if _is_own_cause(tx, person, seen.record, day_number(desk.county.today())):
            raise NotAllowed(OWN_CAUSE)
    asked = messages.Judge(operation.hex(), "admit" if admit else "refuse", reason.strip())
    return desk.judge(person, asked)


# ---- whether


def _is_next(step: Step, record: Record) -> bool:
    if step.key == NOTE:
        return record.state in _WORKING
    if step.key == "extend" and record.fields.get("complex") is True:
        return False
    if lifecycle.is_once(KIND, step.act) and any(one.act == step.act for one in record.history):
        return False
    is_ended = record.state is not None and lifecycle.is_end(KIND, record.state)
    if step.key == TARGET and is_ended:
        return False
    return lifecycle.may_follow(KIND, record.state, step.act, dict(step.fixed))


def _is_allowed(person: Person, editions: Editions, seen: Seen, step: Step) -> bool:
    subject = subject_of(seen.row, seen.record)
    if step.key == NOTE:
        return sight.may_use(person, editions, subject, Capability.WORK_COMPLAINT)
    if step.key == TARGET and person.role != Role.SUPERVISOR:
        return False
    return sight.may_act(person, editions, subject, step.act).allowed


def _may_handle(worker: Worker, record: Record) -> bool:
    """Whether the table lets this person work on the complaint, and see it, once it is theirs."""
    is_conduct = record.fields.get("target_kind") in SEALED_TARGETS
    if is_conduct and not worker.author.startswith("staff:"):
        return False
    return any(
        may(Question(role=place.role, kind=KIND, act="investigate", is_handler=True,
                     person_target=is_conduct)).allowed
        and may(Question(role=place.role, capability=Capability.VIEW_RECORD, is_handler=True,
                         same_site=True, same_township=True, person_target=is_conduct)).allowed
        for place in worker.places
    )  # fmt: skip


def _require_opened(desk: Desk, person: Person, seen: Seen) -> None:
    """Raise NotOpened unless this person opened the sealed complaint in the last hours."""
    if not seen.sight.sealed:
        return
    since = desk.county.now() - SESSION_MS
    with desk.county.ledger.read() as tx:
        about = ids.record_text(seen.record.id)
        looks = tx.audit_entries(person=person.author, about=about)
    if not any(one.what == OPENED and one.at > since for one in looks):
        raise NotOpened("这是密封投诉，请先写明理由开启，看过内容再办理。")


def _require_fit(
    tx: Tx, editions: Editions, record: Record, handler: Value, on: int
) -> None:  # fmt: skip
    if handler in {one.author for one in choices(tx, editions, record, on)}:
        return
    reason = recusal.handler_misfit(tx, editions, record.fields, handler, on)
    if reason:
        raise Recused(f"不能转办给这个人：{reason}，请从名单中另选承办人。")
    raise Recused("不能转办给这个人，请从名单中选择承办人。")


def _is_own_cause(tx: Tx, person: Person, record: Record, on: int) -> bool:
    """Whether the complaint is about the person's own site, or about a colleague of the county's
    supervision there: then nobody of that site decides it."""
    fields = record.fields
    if fields.get("target_kind") == "site" and fields.get("target_site") == person.site:
        return True
    if fields.get("target_kind") not in SEALED_TARGETS:
        return False
    return any(
        place.site == person.site and place.role in _NEIGHBOURS
        for one in recusal.aim_of(tx, fields, on).people
        for place in one.places
    )


# ---- what


def _target(
    tx: Tx, values: Mapping[str, object], on: int, *, is_conduct: bool
) -> dict[str, object]:  # fmt: skip
    """The fields that say whom it is about: a person of the service by name or id, and a site."""
    found: dict[str, object] = {}
    if values.get("target_site"):
        found["target_site"] = values["target_site"]
    called = str(values.get("target") or "").strip()
    if called and not is_conduct:
        raise UnclearTarget("这件投诉不是密封登记的，不能改为投诉工作人员，请另行密封登记。")
    if called:
        people = [one for one in recusal.workers(tx, on) if one.is_called({called})]
        if len(people) != 1:
            problem = f"有 {len(people)} 位叫这个名字，请改填编号" if people else "没有这个人"
            raise UnclearTarget(f"{problem}，编号见“工作人员”和“设备”页。")
        (one,) = people
        found |= {
            "target_kind": "person", "target": one.author.partition(":")[2],
            "target_name": _name_of(one),
        }  # fmt: skip
        if one.places and "target_site" not in found:
            found["target_site"] = one.places[0].site
    return found


def _scopes_of(tx: Tx, handler: str, on: int) -> tuple[str, ...]:
    """The sites whose tablets have to learn of it: where an agent who is given it serves."""
    if not handler.startswith("agent:"):
        return ()
    return tuple(
        sorted({place.site for one in recusal.workers(tx, on) if one.author == handler
                for place in one.places})
    )  # fmt: skip


def _name_of(worker: Worker) -> str:
    return min(worker.names, default=worker.author.partition(":")[2])


def _note(desk: Desk, person: Person, seen: Seen, asked: Asked) -> Operation:
    """Write what the handler reports into the complaint's restricted part."""
    county, name = desk.county, companion_of(asked.record)
    if not asked.reason.strip():
        raise acting.NoReason("请写明理由，理由会记入这一步操作。")

    def step(tx: Tx) -> Operation:
        editions = county.editions(tx)
        landing = Landing(tx, editions)
        landing.load([asked.record, name])
        complaint, before = landing.record(asked.record), landing.record(name)
        if complaint is None or complaint.state not in _WORKING:
            raise acting.NotNow("这件投诉现在不在办理，请刷新页面看最新状态。")
        subject = subject_of(seen.row, complaint)
        if not sight.may_use(person, editions, subject, Capability.WORK_COMPLAINT):
            raise NotAllowed("不是承办人，请由承办人报送。")
        if set(asked.shown) != set(complaint.heads):
            raise acting.MovedOn("这条记录刚刚有了新的进展，请刷新页面，看过之后再办。")
        act = "register" if before is None else "amend"
        said = {
            "of": ids.record_text(asked.record), "reason": asked.reason.strip(),
            "handler_notes": asked.values.get("handler_notes"),
        }  # fmt: skip
        data = validate(COMPANION, act, said, county.today())
        if not data.get("handler_notes"):
            raise UnknownStep("请写明办理情况再报送。")
        draft = Draft(
            name, COMPANION, act, data, () if before is None else before.heads,
            author=person.author, site=person.site,
        )  # fmt: skip
        (done,) = steward.write(tx, county, [draft], landing)
        landing.finish()
        return done

    return county.ledger.writing(step)
