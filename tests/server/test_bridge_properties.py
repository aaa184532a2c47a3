"""Whatever happens between two exports, and wherever one is cut off: the province ends up knowing
what the ledger says, once, and an answer taken twice is an answer taken once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.bridge.answers import take_answer
from server.bridge.desk import open_rejections
from shared.canonical import Value
from tests.server.bridging import Cut, Office, an_office, answer_to, fill_codes, id_no, laid
from tests.server.core.world import ITEM, OTHER_ITEM, Mould

ACTS: tuple[tuple[str, dict[str, Value]], ...] = (
    ("accept", {}), ("decide", {"outcome": "granted"}), ("close", {}), ("withdraw", {}),
    ("decide", {"outcome": "denied", "outcome_reason": "不符合条件", "remedy": "可申请复议"}),
    ("suspend", {"procedure": "公示", "reason": "公示七天"}), ("resume", {}),
    ("amend", {"phone": "13800000000"}), ("amend", {"phone": "13900000000"}),
    ("void", {"reason": "重复登记"}), ("correct_record", {"person_name": "测试乙"}),
    ("hand_out", {}), ("amend", {"materials": [{"name": "户口簿", "form": "copy", "count": 1}]}),
)  # fmt: skip
"""Acts of the life cycle; what the state does not allow stands without effect."""

STEPS = st.one_of(
    st.tuples(st.just("receive"), st.sampled_from([ITEM, OTHER_ITEM]), st.booleans()),
    st.tuples(st.just("act"), st.integers(0, 5), st.sampled_from(ACTS)),
    st.tuples(st.just("closed"), st.just(0), st.just(0)),
    st.tuples(st.just("closed"), st.just(0), st.just(0)),
    st.tuples(st.just("void"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("rate"), st.integers(0, 5), st.integers(1, 5)),
    st.tuples(st.just("export"), st.integers(1, 6), st.just(0)),
    st.tuples(st.just("cut"), st.integers(1, 4), st.integers(1, 3)),
    st.tuples(st.just("all"), st.just(0), st.just(0)),
    st.tuples(st.just("answer"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("codes"), st.sampled_from(["01", "02", ""]), st.just(0)),
)


@pytest.fixture(scope="module")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Mould:
    """A county that was born once, to be copied."""
    return Mould(tmp_path_factory.mktemp("mould"))


@settings(
    max_examples=20, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=st.lists(STEPS, min_size=4, max_size=22))
def test_the_province_knows_what_the_ledger_says(mould: Mould, steps: list[tuple]) -> None:  # type: ignore[type-arg]
    with an_office(mould) as office:
        for step in steps:
            _do(office, *step)
        fill_codes(office.county, event_name={"accept": "02"})  # what waited for a code comes now
        office.export_all()
        assert office.province.rows == office.due()
        again = office.export()
        assert (again.batch, again.is_full) == (None, False)
        known = dict(office.province.versions)
        for told in [*office.files, *reversed(office.files)]:
            office.province.take(told)  # in any order, any number of times
        assert office.province.rows == office.due()
        assert office.province.versions == known


def _do(office: Office, what: str, one: object, more: object) -> None:
    case = office.cases[one % len(office.cases)] if isinstance(one, int) and office.cases else b""
    if what == "receive":
        office.receive(item=str(one), **({"id_no": id_no(1)} if more else {}))
    elif what == "act" and case:
        assert isinstance(more, tuple)
        office.act(case, more[0], **more[1])
    elif what == "void" and case:
        office.act(case, "void", reason="重复登记")
    elif what == "closed":
        office.closed()
    elif what == "rate" and case:
        assert isinstance(more, int)
        office.rate(case, more)
    elif what == "export":
        assert isinstance(one, int)
        office.export(cases_max=one)
    elif what == "cut":
        assert isinstance(one, int)
        assert isinstance(more, int)
        with suppress(Cut):
            office.export(cases_max=more, cut_at=one)
    elif what == "all":
        office.export("all")
    elif what == "codes":
        fill_codes(office.county, event_name={"accept": str(one)})
    elif what == "answer" and office.files:
        _answer(office, one, bool(more))


def _answer(office: Office, which: object, reject: bool) -> None:
    """Answer a file, twice: the second time nothing may change."""
    assert isinstance(which, int)
    told = office.files[which % len(office.files)]
    keys = [row["row_guid"] for rows in told["tables"].values() for row in rows]
    with laid(answer_to(told, reject=keys[:1] if reject else ())) as path:
        take_answer(office.county, path)
        before = _books(office)
        done = take_answer(office.county, path)
        assert (done.accepted, done.rejected, done.numbers) == (0, 0, 0)
        assert _books(office) == before


def _books(office: Office) -> object:
    with office.county.ledger.read() as tx:
        head = tx.county_head()
        return (
            head.county_seq, tx.bridge_batches(50), open_rejections(tx),
            tx.bridge_cases(office.cases), tx.all_numbers(),
        )  # fmt: skip


@contextmanager
def _worked(mould: Mould) -> Iterator[Office]:
    with an_office(mould) as office:
        for number in range(5):
            record = office.closed(name=f"测试{'甲乙丙丁戊'[number]}")
            office.rate(record, 5)
        yield office


def test_cut_off_at_every_step_it_brings_the_same(mould: Mould) -> None:
    with _worked(mould) as office:
        office.export_all()
        whole, steps = office.province.rows, office._steps
    assert steps == 0
    cuts = 0
    for cut_at in range(1, 40):
        with _worked(mould) as office:
            try:
                office.export(cases_max=2, cut_at=cut_at)
            except Cut:
                cuts += 1
            else:
                break
            office.export_all()
            assert office.province.rows == office.due()
            assert len(office.province.rows) == len(whole)
    assert cuts >= 4


def test_a_cut_export_comes_again_byte_by_byte(mould: Mould, tmp_path: Path) -> None:
    from server.bridge import desk

    with _worked(mould) as office:
        first = tmp_path / "first.xlsx"
        made = desk.export(office.county, None, "last", first)
        assert made.batch is not None
        number = str(made.batch.batch % 1_000_000)
        for name in ("second.xlsx", "third.xlsx"):
            office.county.now()
            desk.again(office.county, None, number, tmp_path / name)
            assert (tmp_path / name).read_bytes() == first.read_bytes()
        for name in ("one.json", "two.json"):
            desk.again(office.county, None, number, tmp_path / name)
        assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
        office.closed()
        office.export_all()
        desk.again(office.county, None, number, tmp_path / "fourth.xlsx")
        assert (tmp_path / "fourth.xlsx").read_bytes() == first.read_bytes()
        with pytest.raises(desk.UnknownBatch, match="没有批次"):
            desk.again(office.county, None, "99", tmp_path / "none.json")
        assert not (tmp_path / "none.json").exists()
