"""Proposing an edition and deciding on it: two people, one operation each, one published edition.

The maker's proposal is the operation `draft` on a record of its own; it names the hash of the whole
content. The second person's approval is the operation `publish` on the same record, with both
signers and the document number in it; a rejection is `void` with its reason.
"""

from __future__ import annotations

from server import steward
from server.accounts import Person
from server.county import County
from server.editions import recounting, rights
from server.editions.content import Content, begins_on, dated, read_content
from server.editions.drafts import (
    DRAFT,
    PROPOSED,
    BaseMoved,
    ChangedMeanwhile,
    NotOpen,
    UnknownDraft,
)
from server.editions.listing import published
from server.publishing import Signed, publish
from server.steward import Draft
from server.storage import Tx
from server.storage.desk_rows import EditionDraft
from shared import ids
from shared.canonical import Value
from shared.errors import BianminError, Misuse, Refused
from shared.fold import fold
from shared.operation import Operation

PROPOSE, PUBLISH, VOID = "draft", "publish", "void"
WITHDRAWN = "拟制人撤回"


class NotProposed(Refused):
    """Somebody decided on this draft already, or it was taken back."""


class NothingChanged(Refused):
    """The draft says what the edition that stands says."""


class NotReady(Misuse):
    """The draft lacks its document number, or would begin in the past."""


class NoReason(Misuse):
    """A proposal is sent back with a reason."""


class ProposalDiffers(BianminError):
    """What lies in the draft is not what was proposed."""


def propose(county: County, person: Person, draft: bytes, revision: int) -> Operation:
    """Propose a draft for approval; from now on it is not changed.

    Raises NotAllowed, UnknownDraft, NotOpen, ChangedMeanwhile, NotReady, NothingChanged, BaseMoved.
    """

    def step(tx: Tx) -> Operation:
        row = _row(tx, draft)
        rights.require_draft(person, row.kind)
        if row.state != DRAFT:
            raise NotOpen("这份草稿已经提交批准，请等另一位管理员处理。")
        if row.revision != revision:
            raise ChangedMeanwhile("这份草稿刚刚由他人改过，请刷新页面，看过之后再提交。")
        content = read_content(row)
        latest = published(county, tx, row.kind)[0]
        _require_base(row, latest.operation, latest.number)
        rights.require_touched(county, tx, person, latest.edition, content.edition)
        _require_ready(county, content, latest.effective_on.isoformat())
        edition = dated(
            content.edition, number=tx.next_edition_number(row.kind),
            document=content.edition.document, published_on=county.today(),
            effective_on=begins_on(content.edition),
        )  # fmt: skip
        same = dated(
            latest.edition, number=edition.number, document=edition.document,
            published_on=edition.published_on, effective_on=begins_on(edition),
        )  # fmt: skip
        if edition == same:
            raise NothingChanged("草稿与现在的版本没有不同，请先修改再提交。")
        proposed = Content(edition, content.doc_no, content.hands).by(person.author)
        record = ids.uuid7(county.now(), county.entropy(10))
        (done,) = steward.write(
            tx, county,
            [Draft(record, row.kind, PROPOSE, _told(proposed), author=person.author)],
        )  # fmt: skip
        tx.put_draft(
            row._replace(
                state=PROPOSED, content=proposed.to_bytes(), made_by=person.author,
                changed_at=county.now(), revision=row.revision + 1, proposal=record, note="",
            )
        )  # fmt: skip
        return done

    return county.ledger.writing(step)


def approve(county: County, person: Person, draft: bytes) -> Operation:
    """Publish a proposed edition as its second person and return the operation.

    Raises NotAllowed (never the maker), UnknownDraft, NotProposed, BaseMoved, NotReady,
    ProposalDiffers.
    """

    def step(tx: Tx) -> Operation:
        row, content, heads = _proposed(tx, person, draft)
        latest = tx.lock_editions(row.kind)[0]
        _require_base(row, latest.operation or b"", latest.number)
        if begins_on(content.edition) < county.today():
            raise NotReady("生效日期已经过去，请退回，由拟制人改定日期后重新提交。")
        edition = dated(
            content.edition, number=content.edition.number, document=content.edition.document,
            published_on=county.today(), effective_on=begins_on(content.edition),
        )  # fmt: skip
        assert row.proposal is not None
        signed = Signed(row.made_by, person.author, content.doc_no, row.proposal, heads)
        (done,) = publish(tx, county, [edition], signed=signed)
        tx.drop_draft(draft)
        return done

    return county.ledger.writing(step)


def approve_and_count(county: County, person: Person, draft: bytes) -> Operation:
    """Approve, and begin to count due dates anew; what is left is done by the hour."""
    done = approve(county, person, draft)
    recounting.run(county, batches=recounting.BATCHES_AT_ONCE)
    return done


def reject(county: County, person: Person, draft: bytes, reason: str) -> Operation:
    """Send a proposal back with a reason; it is a draft again. Raises as `approve`, NoReason."""
    said = " ".join(reason.split())
    if not said:
        raise NoReason("请写明退回的理由，拟制人要据此修改。")

    def step(tx: Tx) -> Operation:
        row, _, heads = _proposed(tx, person, draft)
        return _send_back(tx, county, row, heads, person, said[:500])

    return county.ledger.writing(step)


def withdraw(county: County, person: Person, draft: bytes) -> Operation:
    """Take one's own proposal back. Raises NotAllowed, UnknownDraft, NotProposed."""

    def step(tx: Tx) -> Operation:
        row = _row(tx, draft)
        rights.require_draft(person, row.kind)
        if row.state != PROPOSED or row.made_by != person.author:
            raise NotProposed("只有提交的人可以撤回还没有批准的草稿，请刷新页面。")
        return _send_back(tx, county, row, _heads(tx, row), person, WITHDRAWN)

    return county.ledger.writing(step)


def _send_back(
    tx: Tx, county: County, row: EditionDraft, heads: tuple[bytes, ...], person: Person, said: str
) -> Operation:
    assert row.proposal is not None
    voided = Draft(
        row.proposal, row.kind, VOID, {"reason": said}, parents=heads, author=person.author
    )
    (done,) = steward.write(tx, county, [voided])
    tx.put_draft(
        row._replace(
            state=DRAFT, proposal=None, note=said, changed_at=county.now(),
            revision=row.revision + 1,
        )
    )  # fmt: skip
    return done


def _proposed(
    tx: Tx, person: Person, draft: bytes
) -> tuple[EditionDraft, Content, tuple[bytes, ...]]:
    """A proposal this person may decide on, as it was proposed, with its record's heads."""
    row = _row(tx, draft)
    content = read_content(row)
    rights.require_approve(person, row.kind, content)
    if row.state != PROPOSED or row.proposal is None:
        raise NotProposed("这份草稿已经由他人处理或撤回，请刷新页面。")
    (entry,) = tx.operations_of([row.proposal])[row.proposal]
    if entry.operation.data.get("content_hash") != content.edition.content_hash().hex():
        raise ProposalDiffers("草稿内容与提交时的指纹不符，不能批准，请联系县级技术人员核查。")
    return row, content, _heads(tx, row)


def _heads(tx: Tx, row: EditionDraft) -> tuple[bytes, ...]:
    assert row.proposal is not None
    return fold(tx.operations_of([row.proposal])[row.proposal]).heads


def _row(tx: Tx, draft: bytes) -> EditionDraft:
    row = tx.draft(draft, locked=True)
    if row is None:
        raise UnknownDraft("没有这份草稿，可能已经公布或放弃，请从列表中选择。")
    return row


def _require_base(row: EditionDraft, latest: bytes, number: int) -> None:
    if row.base != latest:
        raise BaseMoved(f"起草之后已经公布了第 {number} 版，请先把草稿更新到新版上，核对后再提交。")


def _require_ready(county: County, content: Content, not_before: str) -> None:
    begun = begins_on(content.edition)
    if not content.doc_no:
        raise NotReady("请先填写文号，公布的版本要有正式文件。")
    if begun < county.today():
        raise NotReady(f"生效日期 {begun} 已经过去，请改为今天或以后。")
    if begun.isoformat() < not_before:
        raise NotReady(f"生效日期不能早于上一版的生效日期 {not_before}，请更正。")


def _told(content: Content) -> dict[str, Value]:
    edition = content.edition
    return {
        "number": edition.number, "title": edition.document, "doc_no": content.doc_no,
        "published_on": edition.published_on.isoformat(),
        "effective_on": begins_on(edition).isoformat(),
        "content_hash": edition.content_hash().hex(),
    }  # fmt: skip
