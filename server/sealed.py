"""The sealed stream at the county: the verdict judges the form; opening makes a complaint.

Only the holder of the complaint key opens. The sample county holds it and opens at once; a real one
may keep the key elsewhere and open later. What was opened is a county operation `register` on a
complaint record that is routed to no site, and figures count those.
"""

from __future__ import annotations

from collections.abc import Sequence

from server import steward
from server.county import County
from server.landing import Landing
from server.steward import Draft
from server.storage import ACTS, SEALED, Tx
from server.verdicts import Ruling
from shared import ids
from shared.operation import Operation
from shared.validation import InvalidField, validate
from shared.verdict import Status
from sync import sealed
from sync.sealed import MalformedSealed
from sync.suites import CannotOpen

KIND = sealed.KIND


def judge(operation: Operation) -> Ruling:
    """Return the ruling on a sealed act: its form is all there is to judge."""
    if sealed.is_well_formed(operation.skeleton, operation.data):
        return Ruling(Status.ADMITTED, 0)
    return Ruling(Status.REFUSED, 0, "sealed_form")


def purpose_of(operations: Sequence[Operation]) -> str:
    """Return what a stream is for, by what it carries."""
    return SEALED if operations[0].skeleton.kind == KIND else ACTS


def open_arrived(tx: Tx, county: County, landing: Landing, operations: Sequence[Operation]) -> None:
    """Open sealed complaints where this county holds the key, and register what they say."""
    key = county.keys.complaint
    arrived = [op for op in operations if op.skeleton.kind == KIND]
    if key is None or not arrived:
        return
    drafts: list[Draft] = []
    for operation in arrived:
        if not sealed.is_well_formed(operation.skeleton, operation.data):
            continue
        try:
            complaint = sealed.open_sealed(
                operation.skeleton, operation.data, complaint_private=key.raw, county=county.code
            )
            data = None if complaint is None else validate("complaint", "register", complaint)
        except (CannotOpen, MalformedSealed, InvalidField):
            continue  # stays in the ledger sealed; the complaint desk lists what does not open
        if data is not None:
            site = data.get("target_site")
            drafts.append(
                Draft(
                    ids.uuid8("complaint", operation.id), "complaint", "register", data,
                    author=steward.SYSTEM, site=site if isinstance(site, str) else "",
                    effective_at=operation.skeleton.effective_at,
                )
            )  # fmt: skip
    if drafts:
        landing.load(draft.record for draft in drafts)
        for done, verdict in steward.append(tx, county, drafts):
            landing.land(done, verdict)
