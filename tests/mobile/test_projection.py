"""Most records are one operation: their row is read off it, and has to be what folding gives."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mobile import projection
from mobile.log import of_others
from mobile.projection import outline
from mobile.tablet import Tablet
from shared import lifecycle
from shared.canonical import Value
from shared.fold import Entry, fold
from shared.kinds import KINDS
from shared.papers import owner_of
from shared.verdict import Status
from tests.mobile.kit import unlocked
from tests.shared.history import make, verdict

PLAIN: st.SearchStrategy[Value] = st.none() | st.text(max_size=3) | st.integers(0, 9)
VALUES: st.SearchStrategy[Value] = (
    PLAIN | st.lists(PLAIN, max_size=2) | st.dictionaries(st.text(max_size=2), PLAIN)
)
STEWARDS = ("settle", "purge", "declare_lost", "confirm_held")
PARENT = make("entrust")


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """One operation of any kind and act, as it may come from anybody."""
    kind = draw(st.sampled_from([*KINDS, "unheard_of"]))
    table = KINDS.get(kind)
    fields = [*table.fields, "state", "evidence", "x"] if table else ["x"]
    data: dict[str, Value] = {**draw(st.dictionaries(st.sampled_from(fields), VALUES, max_size=6))}
    creating = sorted(table.creating_acts) if table else ["register"]
    acts = [*creating * 4, *lifecycle.acts_of(kind), *STEWARDS, "unheard_of"]
    parents = draw(st.sampled_from([(), (), (), (PARENT,)]))
    op = make(draw(st.sampled_from(acts)), data, kind=kind, parents=parents)
    op = op.without_data() if draw(st.integers(0, 9)) == 0 else op
    ruled = draw(st.none() | st.sampled_from([Status.ADMITTED] * 3 + [Status.HELD, Status.REFUSED]))
    given_at = draw(st.integers(-5, 5))
    judged = None if ruled is None else verdict(ruled, at=given_at)
    return Entry(op, judged, draw(st.sampled_from([None, 2])))


@given(entries())
def test_the_short_way_leads_where_folding_does(entry: Entry) -> None:
    shown, record = outline([entry]), fold([entry])
    assert (shown.record, shown.kind, shown.state) == (record.id, record.kind, record.state)
    assert shown.fields == record.fields
    assert shown.conflicts == len(record.conflicts)
    assert shown.updated == max((one.effective_at for one in record.history), default=0)
    assert shown.owner == owner_of(record)


def test_every_kind_that_people_begin_takes_it() -> None:
    """Else the test above would compare folding with itself."""
    short = {
        kind.name
        for kind in KINDS.values()
        if projection._lone(Entry(make(kind.default_act, kind=kind.name), verdict())) is not None
    }
    assert {"consultation", "proxy", "complaint", "appointment", "rating", "person"} <= short
    assert "attachment" not in short


def test_many_records_are_stored_as_one_by_one(tmp_path: Path) -> None:
    one, many = (unlocked(tmp_path / name) for name in ("one", "many"))
    found = [
        of_others([Entry(make("entrust", {"person_name": f"张{n}"}, record=bytes([n]) * 16),
                         verdict())])
        for n in range(7)
    ]  # fmt: skip
    with one.store.write(), many.store.write():
        for each in found:
            projection.project(one.store, each)
        assert projection.project_all(many.store, found) == 7
    assert rows(one) == rows(many)
    assert len(rows(one)) == 7


def rows(tablet: Tablet) -> list[tuple[object, ...]]:
    return tablet.store.rows("SELECT * FROM records ORDER BY record")
