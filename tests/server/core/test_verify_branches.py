"""Verify asks for the device's signature on every operation of a fork, too."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Engine, delete, update

from server.county import County
from server.schema import metadata
from server.verify import verify
from shared import operation
from shared.operation import Operation
from tests.server.core.test_forks import restored
from tests.server.core.world import Mould, Tablet, villages

OPERATIONS, ENVELOPES = metadata.tables["operations"], metadata.tables["envelopes"]


def forked(county: County) -> list[Operation]:
    """A stream with two branches: one in two envelopes, one that shares its third operation."""
    tablet = Tablet(county, villages()[0])
    tablet.consult("一")
    tablet.consult("二")
    tablet.send()
    twin, liar = restored(tablet, 2), restored(tablet, 1)
    lost = [twin.consult(str(number)) for number in range(4)]
    twin.take(twin.seal(3, 4))
    twin.take(twin.seal(5, 6))
    liar.consult("另一个")
    liar.append(tablet.log[2])
    liar.append(lost[1])
    liar.consult("再一个")
    assert liar.take(liar.seal(2)).fresh == 2
    assert verify(county).violations == ()
    return lost


def change(engine: Engine, changed: Operation, **values: object) -> None:
    with engine.begin() as connection:
        where = OPERATIONS.c.id == changed.id
        assert connection.execute(update(OPERATIONS).where(where).values(values)).rowcount == 1


def unsigned(county: County) -> list[str]:
    return [one for one in verify(county).violations if "没有设备签名" in one]


@pytest.mark.parametrize(("at", "told"), [(0, "第 3 到 4 号"), (3, "第 5 到 6 号")])
def test_a_branch_whose_envelope_is_gone_is_found(mould: Mould, at: int, told: str) -> None:
    with mould.cast() as county:
        lost = forked(county)
        with county.ledger.read() as tx:
            digest = tx.stored([lost[at].id])[lost[at].id].envelope
        with county.ledger.engine.begin() as connection:
            connection.execute(delete(ENVELOPES).where(ENVELOPES.c.digest == digest))
        (found,) = unsigned(county)
        assert told in found


def test_an_operation_that_was_put_under_another_envelope_is_found(mould: Mould) -> None:
    with mould.cast() as county:
        lost = forked(county)
        with county.ledger.read() as tx:
            digest = tx.stored([lost[3].id])[lost[3].id].envelope
        change(county.ledger.engine, lost[0], envelope=digest)
        assert unsigned(county)


def test_an_operation_that_the_device_never_signed_is_found_on_a_branch(mould: Mould) -> None:
    """Whole in itself, with an id of its own: only the heads that the device signed deny it."""
    with mould.cast() as county:
        lost = forked(county)
        forged = msgspec.structs.replace(lost[2].skeleton, site="s0009")
        raw = operation.encode_skeleton(forged)
        change(county.ledger.engine, lost[2], skeleton=raw, id=operation.operation_id(raw))
        (found,) = unsigned(county)
        assert "第 5 到 6 号" in found
