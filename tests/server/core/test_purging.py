"""An admitted purge erases data and salt at the county, whichever comes first."""

from __future__ import annotations

from server import steward
from server.county import County
from server.rebuild import rebuild
from server.steward import Draft
from server.storage import Tx
from server.storage.rows import StoredOperation
from server.verify import verify
from shared import ids
from shared.canonical import Value
from shared.operation import Operation
from tests.server.core.world import Tablet, folded, operations, ruled, villages

FIELDS: list[Value] = ["person_name", "phone", "item"]


def naming(*erased: Operation) -> dict[str, Value]:
    """What a purge of these says."""
    return {
        "reason": "保存期满",
        "operations": [{"id": one.id.hex(), "fields": FIELDS} for one in erased],
    }


def stored(county: County, op: Operation) -> StoredOperation:
    with county.ledger.read() as tx:
        return tx.stored([op.id])[op.id]


def purge_at_county(county: County, erased: Operation) -> None:
    record = folded(county, erased)

    def step(tx: Tx) -> None:
        draft = Draft(
            record.id, record.kind, "purge", naming(erased), record.heads, "staff:ADMIN", "s0001"
        )
        steward.write(tx, county, [draft])

    county.ledger.writing(step)


def test_a_purge_of_the_county_erases_data_and_salt_and_the_books_agree(
    county: County, anna: Tablet
) -> None:
    op = anna.entrust("王小二", phone="13800000001")
    amended = anna.amend(op, remark="急")
    anna.send()
    purge_at_county(county, op)
    row = stored(county, op)
    assert (row.data, row.salt) == (None, None)
    assert stored(county, amended).data is not None
    assert ruled(county, op) == ("admitted", "")
    now = folded(county, op)
    assert now.state == "已委托"
    assert set(now.purged) == {"person_name", "phone", "item"}
    assert (now.fields.get("phone"), now.fields.get("remark")) == (None, "急")
    with county.ledger.read() as tx:
        (shown,) = tx.records([now.id]).values()
        assert shown.digest == now.digest()
        assert tx.match_keys_on([now.id]) == {now.id: []}
    assert verify(county).violations == ()
    rebuild(county)
    assert verify(county).violations == ()


def test_what_arrives_again_stays_erased(county: County, anna: Tablet) -> None:
    op = anna.entrust("王小二")
    raw = anna.seal()
    anna.take(raw)
    purge_at_county(county, op)
    count = operations(county)
    anna.take(raw)
    anna.consult()
    assert anna.send(first=1).refusal is None
    assert stored(county, op).data is None
    assert operations(county) > count


def test_what_arrives_after_its_purge_is_stored_without_data(county: County, anna: Tablet) -> None:
    op = anna.entrust("王小二")
    anna.send()
    late = anna.amend(op, phone="13800000001")
    admin = Tablet(county, "s0001", role="administrator")
    purge = admin.record(
        "proxy", "purge", naming(op, late), record=op.skeleton.record, parents=(op.id,)
    )
    admin.send()
    assert ruled(county, purge) == ("admitted", "")
    assert stored(county, op).data is None
    anna.send()
    row = stored(county, late)
    assert (row.data, row.salt) == (None, None)
    assert folded(county, op).fields.get("phone") is None
    assert ruled(county, late) == ("admitted", "")


def test_a_purge_that_is_not_admitted_erases_nothing(county: County, anna: Tablet) -> None:
    op = anna.entrust("王小二")
    anna.send()
    purge = anna.record("proxy", "purge", naming(op), on=op.skeleton.record)
    anna.send()
    assert ruled(county, purge)[0] == "refused"
    assert stored(county, op).data is not None


def test_a_purge_does_not_erase_a_purge(county: County, anna: Tablet) -> None:
    op = anna.entrust("王小二")
    anna.send()
    purge_at_county(county, op)
    record = folded(county, op)
    (first,) = record.heads
    with county.ledger.read() as tx:
        earlier = tx.operation(first)
    assert earlier is not None
    purge_at_county(county, earlier)
    assert stored(county, earlier).data is not None
    assert folded(county, op).state == "已委托"


def test_tablets_fold_what_was_erased_as_the_county_does(county: County, anna: Tablet) -> None:
    op = anna.entrust("王小二")
    anna.send()
    anna.pull()
    purge_at_county(county, op)
    fresh = Tablet(county, villages()[0])
    for tablet in (anna, fresh):
        tablet.pull()
        assert tablet.folded(op.skeleton.record).digest() == folded(county, op).digest()
    assert not fresh.received[op.id].operation.has_data


def test_a_purged_attachment_belongs_to_nothing_any_more(county: County, anna: Tablet) -> None:
    op = anna.entrust("王小二")
    paper = anna.record(
        "attachment",
        "add",
        {"of": ids.record_text(op.skeleton.record), "content_hash": "0" * 64, "key": "1" * 64},
    )
    anna.send()
    with county.ledger.read() as tx:
        assert [one.record for one in tx.attached_to([op.skeleton.record])] == [
            paper.skeleton.record
        ]
    purge_at_county(county, paper)
    with county.ledger.read() as tx:
        assert tx.attached_to([op.skeleton.record]) == []
    rebuild(county)
    assert verify(county).violations == ()
