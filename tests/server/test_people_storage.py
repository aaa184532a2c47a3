"""The storage of people and access on both back ends: codes, log-ins, periods, work in hand."""

from __future__ import annotations

from server.storage import Ledger
from server.storage.rows import (
    Agent,
    AuditEntry,
    Device,
    Invitation,
    Judgement,
    Posting,
    RecordRow,
    Staff,
    StaffCode,
    StaffSession,
)
from shared import ids
from tests.server.ledgers import DEVICE, NOW

PERSON = Staff("BCDEFGHJ", "admin", "$argon2id$", None, "administrator", "", 1, "active", NOW)
OTHER = PERSON._replace(staff="CDEFGHJK", name="other")


def test_a_code_is_taken_once_and_belongs_to_one_person(ledger: Ledger) -> None:
    with ledger.write() as tx:
        tx.put_staff(PERSON)
        tx.put_staff(OTHER)
        mine = [StaffCode(PERSON.staff, "recovery", bytes([n]) * 16, NOW + n) for n in range(3)]
        assert tx.add_staff_codes(mine) == 3
        assert tx.add_staff_codes(mine[:1]) == 0
        assert tx.add_staff_codes([mine[0]._replace(staff=OTHER.staff)]) == 1
        assert tx.take_staff_code(PERSON.staff, "recovery", mine[0].code)
        assert not tx.take_staff_code(PERSON.staff, "recovery", mine[0].code)
        assert not tx.take_staff_code(PERSON.staff, "used", mine[1].code)
        tx.drop_staff_codes(PERSON.staff, "recovery", before=NOW + 2)
        assert tx.staff_codes(PERSON.staff, "recovery") == mine[2:]
        tx.drop_staff_codes(PERSON.staff)
        assert tx.staff_codes(PERSON.staff, "recovery") == []
        assert len(tx.staff_codes(OTHER.staff, "recovery")) == 1
        sealed = tx.seal_factor(PERSON.staff, b"secret")
        assert tx.open_factor(PERSON.staff, sealed) == b"secret"


def test_log_ins_of_one_person_the_last_seen_first(ledger: Ledger) -> None:
    with ledger.write() as tx:
        tx.put_staff(PERSON)
        tx.put_staff(OTHER)
        for number, staff in ((1, PERSON.staff), (2, PERSON.staff), (3, OTHER.staff)):
            tx.put_staff_session(
                StaffSession(bytes([number]) * 32, staff, "f", NOW, NOW + number, NOW + 9, "这里")
            )
        found = tx.staff_sessions_of(PERSON.staff)
        assert [(one.token[0], one.place) for one in found] == [(2, "这里"), (1, "这里")]


def test_a_period_of_the_log_is_a_range_of_ids(ledger: Ledger) -> None:
    entries = [
        AuditEntry(ids.uuid7(NOW + n, bytes(10)), NOW + n, "staff:A", "read" if n % 2 else "log_in",
                   f"r{n}", "")
        for n in range(6)
    ]  # fmt: skip
    with ledger.write() as tx:
        for one in entries:
            tx.add_audit(one)
        assert tx.audit_entries(since=NOW + 2, until=NOW + 4) == [entries[3], entries[2]]
        assert tx.audit_entries(what="read", since=NOW + 2) == [entries[5], entries[3]]
        assert tx.audit_entries(people=["staff:A"], until=NOW + 1) == [entries[0]]
        assert tx.audit_entries(people=[]) == []
        assert tx.audit_entries(about="r4", what="log_in") == [entries[4]]


def test_work_in_hand_is_found_by_site_state_and_maker(ledger: Ledger) -> None:
    def row(number: int, site: str, kind: str = "proxy", closed: int | None = None) -> RecordRow:
        return RecordRow(
            ids.uuid7(NOW + number, bytes(10)), kind, "已委托", site, "t", "", "", 20261101, closed,
            None, b"d" * 32, b"card", 0, 0, number,
        )  # fmt: skip

    rows = [row(1, "s1"), row(2, "s1", "case"), row(3, "s2"), row(4, "s1", closed=20261102),
            row(5, "s1", "session")]  # fmt: skip
    with ledger.write() as tx:
        tx.put_records(rows)
        found = tx.open_at(["s1"], ["proxy", "case"])
        assert [(one.record, one.folded) for one in found] == [
            (rows[0].record, b"card"), (rows[1].record, b"card"),
        ]  # fmt: skip
        assert tx.count_open(["s1", "s2"], ["proxy", "case"]) == 3
        assert tx.open_at([], ["proxy"]) == []
        assert set(tx.registered_at("s1", NOW + 2, ["proxy", "case"])) == {
            rows[1].record, rows[3].record,
        }  # fmt: skip
        tx.put_judgements(
            [
                Judgement(
                    rows[0].record, bytes([n]) * 32, "proxy", act, "s1", author, 1, n, "admitted",
                    None, NOW, 20261101, 1, "", before, after,
                )
                for n, (act, author, before, after) in enumerate(
                    (("entrust", "agent:A", "", "已委托"), ("amend", "agent:B", "已委托", "已委托"))
                )
            ]
        )  # fmt: skip
        assert tx.founders([one.record for one in rows]) == {rows[0].record: "agent:A"}


def test_postings_that_run_or_will_and_invitations_that_are_out(ledger: Ledger) -> None:
    def posting(number: int, to_on: int | None) -> Posting:
        return Posting(bytes([number]) * 16, "agent:A", "s1", "village", 20260101, to_on, None)

    rows = [posting(1, 20260630), posting(2, 20260701), posting(3, None)]
    invitation = Invitation(b"i" * 32, "s1", "village", "", "staff:A", NOW, NOW + 100, None)
    with ledger.write() as tx:
        for one in rows:
            tx.put_posting(one)
        assert tx.postings_at(20260701) == rows[1:]
        assert tx.posting(rows[0].posting) == rows[0]
        assert tx.posting(b"x" * 16) is None
        tx.add_invitation(invitation)
        assert tx.open_invitations(NOW) == [invitation]
        assert tx.open_invitations(NOW + 100) == []
        assert tx.end_invitation(invitation.invitation, NOW + 1)
        assert not tx.end_invitation(invitation.invitation, NOW + 2)
        assert tx.open_invitations(NOW + 2) == []
        tablet = Device(DEVICE, "平板", "A7", "s1", b"s" * 32, b"x" * 32, "waiting", NOW, None, "",
                        None, "")  # fmt: skip
        tx.put_device(tablet)
        tx.put_agent(Agent("A", DEVICE, "甲", b"k" * 32, "waiting", NOW, "012345"))
        assert [one.digits for one in tx.agents(device=DEVICE)] == ["012345"]
