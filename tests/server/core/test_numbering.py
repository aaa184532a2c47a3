"""Official numbers: given once, in the transaction in which a case lands, and seen where it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, event, update

from server import numbering, reconcile, steward
from server.county import County
from server.home import CONFIG_FILE, CountyConfig, CountyHome
from server.rebuild import rebuild
from server.schema import numbers
from server.steward import Draft
from server.storage import COUNTY
from server.storage.rows import Stream
from server.verify import verify
from shared import chain, numbered
from shared.canonical import Value
from shared.civil import civil_date
from shared.errors import Misuse
from shared.ids import record_text
from shared.operation import Operation
from shared.sample import sample_sites
from shared.slips import PROJECT_TEMPLATE, parse_project_number
from tests.server.core.world import DAY, ITEM, Mould, Tablet, ruled, township_of, villages


@pytest.fixture
def town(county: County) -> Tablet:
    """The tablet of the township above Anna's village."""
    return Tablet(county, township_of(villages()[0]), role="clerk")


def of(county: County, *cases: Operation) -> list[list[str]]:
    with county.ledger.read() as tx:
        return [[row.number for row in tx.numbers_of(one.skeleton.record)] for one in cases]


def prefix(tablet: Tablet, case: Operation) -> str:
    on = civil_date(case.skeleton.effective_at)
    return sample_sites().by_id(tablet.site).codes[0].code12 + f"{on:%y%m%d}"


def told(tablet: Tablet) -> list[str]:
    """The numbers that this replica knows."""
    tablet.pull()
    given = (numbered.numbered(one.operation) for one in tablet.received.values())
    return sorted(one.number for one in given if one is not None)


def restored(county: County) -> None:
    """A new epoch with a new stream, as after a restore."""
    with county.ledger.write() as tx:
        head = tx.county_head()
        tx.put_stream(
            Stream(
                head.county_stream,
                0,
                b"",
                COUNTY,
                head.county_seq,
                head.county_head,
                head.epoch,
                0,
                0,
            )
        )
        stream = county.entropy(chain.STREAM_BYTES)
        tx.put_county(
            head._replace(
                epoch=head.epoch + 1, county_stream=stream, county_seq=0,
                county_head=chain.genesis(county.code, stream),
            )
        )  # fmt: skip


def test_a_case_is_numbered_where_it_lands(county: County, town: Tablet) -> None:
    cases = [town.receive("王一"), town.receive("王二")]
    town.send()
    (one,), (two,) = of(county, *cases)
    assert parse_project_number(one) == one
    assert one[:23] == prefix(town, cases[0]) + "00001"
    assert two[:23] == prefix(town, cases[1]) + "00002"
    with county.ledger.read() as tx:
        assert tx.record_of_number("project", one) == cases[0].skeleton.record
        record = numbered.record_of(cases[0].skeleton.record)
        (entry,) = tx.operations_of([record])[record]
    assert entry.operation.skeleton.author == steward.SYSTEM
    assert entry.operation.data == {
        "of": record_text(cases[0].skeleton.record), "number_kind": "project", "number": one,
    }  # fmt: skip


def test_the_sequence_is_of_site_and_day(county: County, town: Tablet) -> None:
    neighbour = Tablet(county, township_of(villages(1, township=1)[0]), role="clerk")
    first = town.receive()
    town.send()
    late = town.record(
        "case", "receive", {"person_name": "王五", "item": ITEM},
        effective_at=first.skeleton.effective_at - DAY,
    )  # fmt: skip
    next_one, other = town.receive("王三"), neighbour.receive("王四")
    town.send()
    neighbour.send()
    found = [numbers[0][18:23] for numbers in of(county, first, next_one, other, late)]
    assert found == ["00001", "00002", "00001", "00001"]


def test_other_records_and_cases_without_effect_get_none(county: County, anna: Tablet) -> None:
    kept = [anna.entrust(), anna.consult()]
    stranger = Tablet(county, villages()[1], posted=False)
    refused = stranger.receive()
    anna.send()
    stranger.send()
    assert ruled(county, refused)[0] != "admitted"
    assert of(county, *kept, refused) == [[], [], []]


def test_a_case_let_in_later_is_numbered_when_it_is_let_in(county: County, town: Tablet) -> None:
    town.set_state("suspended")
    case = town.receive()
    town.send()
    assert ruled(county, case)[0] == "held"
    assert of(county, case) == [[]]
    reconcile.judge(county, [case.id], True, "核实无误", "ADMIN")
    ((number,),) = of(county, case)
    assert number[:18] == prefix(town, case)


def test_later_acts_and_repeats_number_nothing_again(county: County, town: Tablet) -> None:
    case = town.receive()
    town.send()
    before = of(county, case)
    town.take(town.seal())
    town.pull()
    town.record("case", "accept", {}, on=case.skeleton.record)
    town.send()
    assert of(county, case) == before


def test_the_number_is_seen_where_the_case_is(county: County, anna: Tablet, town: Tablet) -> None:
    case = town.receive()
    town.send()
    ((number,),) = of(county, case)
    assert told(town) == [number]
    assert told(anna) == []
    with county.ledger.read() as tx:
        heads = tuple(
            one.operation.id
            for one in tx.operations_of([case.skeleton.record])[case.skeleton.record]
        )
    draft = Draft(
        case.skeleton.record, "case", "correct_record", {"remark": "转办"}, heads,
        scopes=(anna.site,),
    )  # fmt: skip
    county.ledger.writing(lambda tx: steward.write(tx, county, [draft]))
    assert told(anna) == [number]


def test_a_new_epoch_has_a_block_of_its_own(county: County, town: Tablet) -> None:
    before = town.receive("王一")
    town.send()
    restored(county)
    after = town.receive("王二")
    town.send()
    found = [one[0][18:23] for one in of(county, before, after)]
    assert found == ["00001", f"{numbering.SEGMENT + 1:05d}"]


def test_a_block_that_is_used_up_gives_none(
    county: County, town: Tablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbering, "SEGMENT", 3)
    cases = [town.receive(f"王{each}") for each in "一二三"]
    town.send()
    assert [len(found) for found in of(county, *cases)] == [1, 1, 0]


def test_the_form_is_the_countys_own(county: County) -> None:
    config = msgspec.structs.replace(
        county.home.config, number_template="FS-{day}-{site}-{sequence}"
    )
    own = replace(county, home=replace(county.home, config=config))
    town = Tablet(own, township_of(villages()[0]), role="clerk")
    cases = [town.receive("王一"), town.receive("王二")]
    town.send()
    code, day = prefix(town, cases[0])[:12], prefix(town, cases[0])[12:]
    assert of(own, *cases) == [[f"FS-{day}-{code}-00001"], [f"FS-{day}-{code}-00002"]]


def test_a_home_with_another_form_is_not_opened(tmp_path: Path) -> None:
    config = CountyConfig(county=510322, name="富顺县", fingerprint="0", created_at=0)
    CountyHome.create(tmp_path, config).save_config()
    assert CountyHome.open(tmp_path).config.number_template == PROJECT_TEMPLATE
    file = tmp_path / CONFIG_FILE
    raw = msgspec.json.decode(file.read_bytes())
    file.write_bytes(msgspec.json.encode({**raw, "number_template": "{site}{sequence}"}))
    with pytest.raises(Misuse, match="办件编号的格式"):
        CountyHome.open(tmp_path)


def test_numbering_costs_statements_per_sitting_not_per_case(mould: Mould) -> None:
    def statements(cases: int) -> int:
        with mould.cast() as county:
            town = Tablet(county, township_of(villages()[0]), role="clerk")
            for number in range(cases):
                town.receive(f"王{number}", phone=f"1380013{number:04d}")
            count = 0

            def counted(*_: object) -> None:
                nonlocal count
                count += 1

            event.listen(county.ledger.engine, "before_cursor_execute", counted)
            town.send()
            return count

    assert statements(12) <= statements(2) + 2


def test_verify_finds_and_rebuild_heals_a_wrong_number(mould: Mould) -> None:
    with mould.cast() as county:
        town = Tablet(county, township_of(villages()[0]), role="clerk")
        case = town.receive()
        town.send()
        ((number,),) = of(county, case)
        for harm in (delete(numbers), update(numbers).values(record=b"?" * 16)):
            with county.ledger.write() as tx:
                tx.connection.execute(harm)
            assert any(number in one for one in verify(county).violations)
            rebuild(county)
            assert verify(county).ok
            assert of(county, case) == [[number]]


def test_the_first_of_two_stands(county: County, town: Tablet) -> None:
    case = town.receive()
    town.send()
    ((number,),) = of(county, case)
    record = case.skeleton.record
    alias: dict[str, Value] = {
        "of": record_text(record), "number_kind": "project", "number": "5" * 24,
    }  # fmt: skip
    draft = Draft(b"\x01" * 16, numbered.KIND, numbered.ACT, alias)
    county.ledger.writing(lambda tx: steward.write(tx, county, [draft]))
    assert of(county, case) == [[number, "5" * 24]]


def test_both_back_ends_number(both: County) -> None:
    town = Tablet(both, township_of(villages()[0]), role="clerk")
    cases = [town.receive("王一"), town.receive("王二")]
    town.send()
    again = town.receive("王三")
    town.send()
    found = [one[0][18:23] for one in of(both, *cases, again)]
    assert found == ["00001", "00002", "00003"]
