"""The desk: what agents do becomes operations, folded, listed and found at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlcipher3

from mobile.composite import Catalogue
from mobile.desk import NoSuchRecord, NotFromHere, NotNow, Recorded, Sealed
from mobile.files import NotSaved
from mobile.projection import rebuild
from mobile.tablet import Tablet
from mobile.timekeeping import Reading
from shared import session
from shared.errors import Misuse
from shared.ids import record_text
from shared.kinds import UnknownKind
from shared.operation import restore
from shared.sample import sample_catalogue
from shared.slips import parse
from shared.validation import InvalidField
from sync.keys import verify
from tests.mobile.kit import COUNTY, DAY, PIN, Hands, enrolled, publish_catalogue, unlocked

PROXY = {"person_name": "赵测试", "item": "BM-YB-001", "phone": "13800138000"}


@pytest.fixture
def tablet(tmp_path: Path) -> Tablet:
    return unlocked(tmp_path / "home")


def record(tablet: Tablet, kind: str = "proxy", **data: object) -> Recorded:
    done = tablet.desk.record(kind, {**PROXY, **data} if kind == "proxy" else data)
    assert isinstance(done, Recorded)
    return done


def skeletons(tablet: Tablet) -> list[tuple[str, str]]:
    rows = tablet.store.rows("SELECT skeleton, salt, data FROM operations ORDER BY position")
    found = [restore(*row).skeleton for row in rows]
    return [(one.kind, one.act) for one in found]


def test_a_record_is_listed_shown_and_numbered(tablet: Tablet) -> None:
    done = record(tablet)
    assert done.state == "已委托"
    assert parse(str(done.slip_number)).short_code == "K7Q2"
    (row,) = tablet.desk.records()
    assert (row.record, row.kind, row.state, row.delivery) == (
        done.record, "proxy", "已委托", "saved",
    )  # fmt: skip
    assert (row.name, row.slip) == ("赵测试", done.slip_number)
    shown = tablet.desk.show(done.record).record
    assert shown.fields["person_name"] == "赵测试"
    assert shown.fields["slip"] == done.slip_number


def test_an_item_carries_the_numbers_of_its_edition(tablet: Tablet) -> None:
    tablet.desk.catalogue = Catalogue(sample_catalogue())
    publish_catalogue(tablet)
    fields = tablet.desk.show(record(tablet).record).record.fields
    assert fields["item_name"] == "城乡居民基本医疗保险参保登记"
    assert isinstance(fields["statutory_days"], int)
    assert len(str(fields["item_edition"])) == 64


def test_an_item_nobody_knows_is_kept_as_typed(tablet: Tablet) -> None:
    fields = tablet.desk.show(record(tablet, item="BM-XX-999").record).record.fields
    assert fields["item"] == "BM-XX-999"
    assert "item_name" not in fields


def test_a_question_answered_at_once_is_answered(tablet: Tablet) -> None:
    assert record(tablet, "consultation", question="怎么办", answer="去镇上").state == "已答复"


def test_an_act_moves_the_state_and_names_the_heads_shown(tablet: Tablet) -> None:
    first = record(tablet)
    done = tablet.desk.act(first.record, "check", {"check_result": "complete"})
    assert done.state == "材料齐"
    rows = tablet.store.rows("SELECT skeleton FROM operations WHERE id = ?", (done.operation,))
    assert restore(rows[0][0], None, None).skeleton.parents == (first.operation,)
    assert [row.state for row in tablet.desk.records()] == ["材料齐"]


def test_an_impossible_act_is_one_sentence_and_changes_nothing(tablet: Tablet) -> None:
    done = record(tablet)
    before = skeletons(tablet)
    with pytest.raises(NotNow, match="已委托"):
        tablet.desk.act(done.record, "deliver", {"delivered_to": "赵测试"})
    assert skeletons(tablet) == before


def test_one_field_of_a_person_stores_the_whole_person(tablet: Tablet) -> None:
    done = record(tablet, id_type="999")
    tablet.desk.act(done.record, "amend", {"person_name": "钱测试"})
    rows = tablet.store.rows("SELECT skeleton, salt, data FROM operations ORDER BY position")
    data = restore(*rows[-1]).data
    assert data == {"person_name": "钱测试", "id_type": "999"}
    shown = tablet.desk.show(done.record).record
    assert (shown.fields["person_name"], shown.fields["id_type"]) == ("钱测试", "999")


@pytest.mark.parametrize(
    ("kind", "data", "error"),
    [
        ("nothing", {}, UnknownKind),
        ("verdict", {}, NotFromHere),
        ("posting", {"user": "x"}, NotFromHere),
        ("session", {}, NotFromHere),
        ("sealed", {}, NotFromHere),
        ("proxy", {"person_name": "赵测试"}, InvalidField),
        ("proxy", {**PROXY, "colour": "red"}, InvalidField),
        ("consultation", {}, InvalidField),
    ],
)
def test_bad_input_writes_nothing(
    tablet: Tablet, kind: str, data: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        tablet.desk.record(kind, data)
    assert skeletons(tablet) == []


def test_an_unknown_record_is_refused(tablet: Tablet) -> None:
    with pytest.raises(NoSuchRecord):
        tablet.desk.show(bytes(16))
    with pytest.raises(NoSuchRecord):
        tablet.desk.act(bytes(16), "amend", {"phone": "13800138000"})


def test_the_machinery_is_no_record(tablet: Tablet) -> None:
    record(tablet)
    rows = tablet.store.rows("SELECT record FROM operations ORDER BY position")
    with pytest.raises(NoSuchRecord):
        tablet.desk.show(rows[0][0])  # the session


def test_one_session_for_one_unlock_signed_by_the_agent(tablet: Tablet) -> None:
    record(tablet)
    record(tablet)
    assert skeletons(tablet) == [("session", "open"), ("proxy", "entrust"), ("proxy", "entrust")]
    rows = tablet.store.rows("SELECT skeleton, salt, data FROM operations ORDER BY position")
    opened, first, second = (restore(*row) for row in rows)
    assert {first.skeleton.session, second.skeleton.session} == {opened.id}
    assert opened.skeleton.session is None
    stream = opened.skeleton.stream
    head = bytes.fromhex(str(opened.data["head"]))
    verify(
        tablet.keys.slot.public, session.TAG,
        session.signed_bytes(COUNTY, stream, head, "ABCDEFGH", None),
        session.signature_of(opened.data),
    )  # fmt: skip


def test_a_second_window_opens_a_session_of_its_own(tablet: Tablet) -> None:
    record(tablet)
    second = tablet.locked.unlock(PIN)
    record(second)
    record(tablet)  # the second opening closed the first session
    kinds = [kind for kind, _ in skeletons(tablet)]
    assert kinds == ["session", "proxy", "session", "proxy", "session", "proxy"]


def test_a_rating_has_a_session_of_the_citizen(tablet: Tablet) -> None:
    of = record(tablet)
    rated = tablet.desk.record("rating", {"of": record_text(of.record), "level": 5})
    assert isinstance(rated, Recorded)
    record(tablet)
    rows = tablet.store.rows("SELECT skeleton, salt, data FROM operations ORDER BY position")
    found = [restore(*row) for row in rows]
    opened, rating, reopened, after = found[2:]
    assert opened.skeleton.act == session.OPEN_CITIZEN
    assert session.citizen_of(opened.data) == of.record
    assert (rating.skeleton.author, rating.skeleton.session) == ("citizen", opened.id)
    assert (reopened.skeleton.act, after.skeleton.session) == (session.OPEN, reopened.id)


def test_a_failed_write_leaves_no_session_behind(tablet: Tablet) -> None:
    tablet.store.execute("CREATE TRIGGER full BEFORE INSERT ON records BEGIN "
                         "SELECT RAISE(ABORT, 'full'); END")  # fmt: skip
    with pytest.raises(sqlcipher3.dbapi2.IntegrityError):
        record(tablet)
    assert skeletons(tablet) == []
    tablet.store.execute("DROP TRIGGER full")
    record(tablet)
    assert [kind for kind, _ in skeletons(tablet)] == ["session", "proxy"]


def test_a_full_disk_says_not_saved_and_work_goes_on_after(tablet: Tablet) -> None:
    record(tablet)
    before = skeletons(tablet)
    pages = int(tablet.store.row("PRAGMA page_count")[0])
    tablet.store.execute(f"PRAGMA max_page_count = {pages}")

    def until_full() -> None:
        while True:
            record(tablet, remark="长" * 900)

    with pytest.raises(NotSaved, match="未保存"):
        until_full()
    count = len(skeletons(tablet))
    tablet.store.execute("PRAGMA max_page_count = 1000000")
    record(tablet)
    assert len(skeletons(tablet)) == count + 1
    assert skeletons(tablet)[: len(before)] == before
    assert tablet.freezer.freeze() >= 1  # the chain is whole: envelopes prove it


def test_the_clock_never_runs_backwards(tmp_path: Path) -> None:
    clock = Hands()
    tablet = unlocked(tmp_path / "home", clock=clock)
    record(tablet)
    for jump in (-3650 * DAY, 7300 * DAY, -3650 * DAY):
        clock.wall += jump
        record(tablet)
    rows = tablet.store.rows("SELECT skeleton FROM operations WHERE own = 1 ORDER BY seq")
    assert len(rows) == 5
    clocks = [restore(row[0], None, None).skeleton.clock for row in rows]
    assert clocks == sorted(set(clocks))


def test_the_projection_can_be_dropped_and_rebuilt(tablet: Tablet) -> None:
    for _ in range(3):
        tablet.desk.act(record(tablet).record, "amend", {"phone": "13900139000"})
    before = tablet.store.rows("SELECT * FROM records ORDER BY record")
    assert tablet.rebuild() == 4  # three records and the session
    assert tablet.store.rows("SELECT * FROM records ORDER BY record") == before
    assert rebuild(tablet.store, 1) == 4


def test_a_sealed_complaint_leaves_the_code_alone(tablet: Tablet) -> None:
    record(tablet)
    before = (tablet.status(), tablet.desk.records(), skeletons(tablet))
    done = tablet.desk.record(
        "complaint", {"target_kind": "person", "content": "收了好处费", "target_name": "李某"}
    )
    assert isinstance(done, Sealed)
    assert len(done.query_code) == 12
    assert (tablet.status(), tablet.desk.records()) == before[:2]
    assert tablet.desk.search("好处费") == tablet.desk.search("李某") == []
    content = b"".join(
        bytes(value)
        for row in tablet.store.rows("SELECT skeleton, data FROM operations")
        for value in row
    )
    assert "好处费".encode() not in content
    assert done.query_code.encode() not in content
    assert "赵测试".encode() in content  # the search can find


def test_a_complaint_about_a_site_is_open(tablet: Tablet) -> None:
    done = tablet.desk.record("complaint", {"target_kind": "site", "content": "门没开"})
    assert isinstance(done, Recorded)
    assert [row.kind for row in tablet.desk.records()] == ["complaint"]


def test_dummies_come_about_once_a_day_and_look_alike(tmp_path: Path) -> None:
    clock = Hands()
    tablet = unlocked(tmp_path / "home", clock=clock)
    for _ in range(60):
        clock.advance(DAY // 4)
        record(tablet)
    tablet.desk.record("complaint", {"target_kind": "undisclosed", "content": "有问题"})
    rows = tablet.store.rows(
        """SELECT length(data), length(skeleton) FROM operations
           WHERE own = (SELECT number FROM streams WHERE purpose = 'sealed')"""
    )
    assert 5 <= len(rows) <= 40
    assert len({row[0] for row in rows}) == 1
    assert max(row[1] for row in rows) - min(row[1] for row in rows) <= 2  # the seq's own length


def test_names_are_nowhere_on_the_disk(tmp_path: Path) -> None:
    locked = enrolled(tmp_path / "home")
    tablet = locked.unlock(PIN)
    for _ in range(30):
        record(tablet, person_name="欧阳测试", address_text="测试村三组")
    (tmp_path / "control").write_text("欧阳测试")
    needles = ("欧阳测试".encode(), "测试村".encode(), b"13800138000", "医疗保险".encode())
    for moment in ("open", "locked"):
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        found = [path.name for path in files for needle in needles if needle in path.read_bytes()]
        assert found == ["control"], moment
        assert not any(path.read_bytes().startswith(b"SQLite format 3") for path in files)
        if moment == "open":
            assert any(path.name == "store.db-wal" for path in files)
            tablet.lock()


def test_an_act_in_another_window_is_in_the_row_too(tmp_path: Path) -> None:
    """The other window acts in the moment between a tap and the save."""
    locked = enrolled(tmp_path / "home")
    tablet, other = locked.unlock(PIN), locked.unlock(PIN)
    publish_catalogue(tablet)
    done = record(tablet)
    read_clock = tablet.desk.read_clock

    def while_the_other_acts() -> Reading:
        tablet.desk.read_clock = read_clock
        other.desk.act(done.record, "amend", {"person_name": "钱测试"})
        return read_clock()

    tablet.desk.read_clock = while_the_other_acts
    tablet.desk.act(done.record, "amend", {"phone": "13900139000"})
    rows = tablet.store.rows("SELECT * FROM records ORDER BY record")
    rebuild(tablet.store, tablet.log.author.rank)
    assert tablet.store.rows("SELECT * FROM records ORDER BY record") == rows
    assert [row.record for row in tablet.desk.search("钱测试")] == [done.record]


def test_misuse_is_not_refusal() -> None:
    assert not issubclass(NotNow, Misuse)


def test_another_name_than_the_one_that_was_read_is_only_said(tablet: Tablet) -> None:
    done = record(tablet, id_no="51990119480315003X", id_assurance="read")
    tablet.desk.act(done.record, "amend", {"person_name": "赵测验"})
    shown = tablet.desk.show(done.record).record
    assert (shown.fields["id_no"], shown.fields["id_assurance"]) == ("51990119480315003X", "stated")
    assert [one.register for one in shown.downgrades] == ["person_name"]
    tablet.desk.act(done.record, "amend", {"id_assurance": "seen"})
    assert tablet.desk.show(done.record).record.fields["id_assurance"] == "seen"


def test_birth_date_and_sex_come_from_the_number(tablet: Tablet) -> None:
    done = record(tablet, id_no="51990119480315003X")
    fields = tablet.desk.show(done.record).record.fields
    assert (fields["birth_on"], fields["sex"]) == ("1948-03-15", "male")
    with pytest.raises(InvalidField, match="不一致"):
        record(tablet, id_no="51990119480315003X", birth_on="1950-01-01")


def test_what_counts_once_is_refused_here_already(tablet: Tablet) -> None:
    done = record(tablet, "case", person_name="赵测试", item="BM-YB-001")
    for act in ("accept", "forward", "acknowledge"):
        tablet.desk.act(done.record, act, {})
    tablet.desk.act(done.record, "extend", {"extend_days": 5, "reason": "疑难"})
    with pytest.raises(NotNow, match="只办一次"):
        tablet.desk.act(done.record, "extend", {"extend_days": 5, "reason": "疑难"})


def test_an_errand_of_another_route_is_refused_here_already(tablet: Tablet) -> None:
    done = record(tablet, route="a")
    tablet.desk.act(done.record, "check", {})
    with pytest.raises(NotNow, match="办理路径”现在是“乡镇办理"):
        tablet.desk.act(done.record, "finish_errand", {})
