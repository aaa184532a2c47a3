"""The sealed stream at the county: the verdict judges the form; opening makes a complaint.

Only the holder of the complaint key opens. The sample county holds it and opens at once; a real one
may keep the key elsewhere and open later (`server.unsealing`). What was opened is a county
operation `register` on a complaint record that is routed to no site, and figures count those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server import steward
from server.county import County, Editions
from server.landing import Landing
from server.steward import Draft
from server.storage import ACTS, SEALED, Tx
from server.verdicts import Ruling
from shared import ids
from shared.operation import VERSION, Operation
from shared.validation import InvalidField, validate
from shared.verdict import Status, Verdict
from sync import sealed
from sync.keys import SealingKey
from sync.sealed import MalformedSealed
from sync.suites import CannotOpen, UnknownSuite

KIND, ACT = sealed.KIND, sealed.ACT


def judge(operation: Operation, effective_at: int | None, *, is_alone: bool) -> Ruling:
    """Return the ruling on a sealed act: its form, a record of its own included, is all of it.

    `effective_at` as rulings hold it; `is_alone`: its record holds nothing else.
    """
    if operation.skeleton.version > VERSION:
        return Ruling(Status.HELD, 0, "newer_version", effective_at)
    if is_alone and sealed.is_well_formed(operation.skeleton, operation.data):
        return Ruling(Status.ADMITTED, 0, "", effective_at)
    return Ruling(Status.REFUSED, 0, "sealed_form", effective_at)


def purpose_of(operations: Sequence[Operation]) -> str:
    """Return what a stream is for, by what it carries."""
    return SEALED if operations[0].skeleton.kind == KIND else ACTS


def open_arrived(
    tx: Tx, county: County, landing: Landing, operations: Sequence[Operation]
) -> None:  # fmt: skip
    """Open sealed complaints where this county holds the key, and register what they say.

    What is refused, held, or does not open stays in the ledger as it is.
    """
    key = county.keys.complaint
    drafts: list[Draft] = []
    for operation in operations:
        if key is not None and operation.skeleton.kind == KIND:
            verdict = landing.verdict(operation)
            if verdict.status is Status.ADMITTED:
                drafts += complaint_in(operation, verdict, key, county.code, county.editions(tx))
    if drafts:
        landing.load(draft.record for draft in drafts)
        for done, verdict in steward.append(tx, county, drafts):
            landing.land(done, verdict)


def complaint_in(
    operation: Operation, verdict: Verdict, key: SealingKey, county: int, editions: Editions
) -> Iterator[Draft]:
    """Yield the registration of what lies inside, if anything does that a complaint can be."""
    try:
        inside = sealed.open_sealed(
            operation.skeleton, operation.data, complaint_private=key.raw, county=county
        )
        data = None if inside is None else validate("complaint", "register", inside.complaint)
    except (CannotOpen, UnknownSuite, MalformedSealed, InvalidField):
        return
    if inside is not None and data is not None:
        yield Draft(
            ids.uuid8("complaint", operation.id), "complaint", "register", data,
            author=steward.SYSTEM, site=inside.site if editions.knows(inside.site) else "",
            effective_at=verdict.effective_at,
        )  # fmt: skip
