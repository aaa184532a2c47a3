"""The storage contract for people and arrivals: what is put comes back, on both back ends."""

from __future__ import annotations

import pytest

from server.database import AlreadyThere, NotThere
from server.storage import Ledger
from server.storage.rows import (
    Agent,
    AuditEntry,
    Checkpoint,
    Device,
    Edition,
    Envelope,
    Grant,
    Posting,
    Staff,
    StaffSession,
)
from tests.server.ledgers import DEVICE, NOW, STREAM, record_id

TABLET = Device(
    DEVICE, "团结村平板", "A7", "s0001", b"s" * 32, b"x" * 32, "waiting", NOW, None, "", None, ""
)  # fmt: skip
PERSON = Staff("BCDEFGHJ", "admin", "$argon2id$", None, "administrator", "", 1, "active", NOW)


def test_devices_are_found_by_key_code_site_and_state(ledger: Ledger) -> None:
    other = TABLET._replace(device=b"device02", short_code="A8", site="s0002", enrolled_at=NOW + 1)
    with ledger.write() as tx:
        tx.put_device(TABLET)
        tx.put_device(other)
        tx.put_device(other._replace(state="active"))
        tx.seen_device(DEVICE, NOW + 5, "0.1.0")
        tx.seen_device(DEVICE, NOW + 6)
        seen = TABLET._replace(last_seen_at=NOW + 6, app_version="0.1.0")
        assert tx.device(DEVICE) == tx.device_by_code("A7") == seen
        assert tx.device(b"unknown!") is None
        assert [one.device for one in tx.devices()] == [DEVICE, b"device02"]
        assert [one.device for one in tx.devices(states=["active", "cut"])] == [b"device02"]
        assert tx.devices(site="s0001") == [seen]


def test_a_short_code_names_one_device(ledger: Ledger) -> None:
    with ledger.write() as tx:
        tx.put_device(TABLET)
    with pytest.raises(AlreadyThere), ledger.write() as tx:
        tx.put_device(TABLET._replace(device=b"device02"))


def test_an_agent_holds_a_key_on_a_known_device(ledger: Ledger) -> None:
    one = Agent("ABCDEFGH", DEVICE, "演示员", b"a" * 32, "active", NOW)
    with pytest.raises(NotThere), ledger.write() as tx:
        tx.put_agent(one)
    with ledger.write() as tx:
        tx.put_device(TABLET)
        tx.put_agent(one)
        tx.put_agent(one._replace(agent="BCDEFGHJ"))
        assert tx.agent("ABCDEFGH", DEVICE) == one
        assert tx.agent("ABCDEFGH", b"device02") is None
        assert len(tx.agents()) == len(tx.agents(device=DEVICE)) == 2
        assert tx.agents(agent="ABCDEFGH") == [one]


def test_postings_count_on_their_first_and_last_day(ledger: Ledger) -> None:
    one = Posting(b"p" * 16, "agent:ABCDEFGH", "s0001", "village", 20260101, 20260630, None)
    later = Posting(b"q" * 16, "agent:ABCDEFGH", "s0002", "department", 20260701, None, b"o" * 32,
                    "县民政局")  # fmt: skip
    with ledger.write() as tx:
        tx.put_posting(later)
        tx.put_posting(one._replace(to_on=None))
        tx.put_posting(one)
        assert tx.postings(person="agent:ABCDEFGH") == [one, later]
        assert tx.postings(site="s0002") == [later]
        days = [20251231, 20260101, 20260630, 20260701, 20991231]
        running = [[p.site for p in tx.postings_on("agent:ABCDEFGH", day)] for day in days]
    assert running == [[], ["s0001"], ["s0001"], ["s0002"], ["s0002"]]


def test_a_grant_has_one_row_per_power(ledger: Ledger) -> None:
    one = Grant(b"g" * 16, "staff:BCDEFGHJ", "decide", "s0100", "", 20260101, None, None)
    with ledger.write() as tx:
        tx.put_grant(one)
        tx.put_grant(one._replace(power="seal"))
        tx.put_grant(one._replace(power="seal", to_on=20260301))
        assert [(g.power, g.to_on) for g in tx.grants(person="staff:BCDEFGHJ")] == [
            ("decide", None),
            ("seal", 20260301),
        ]
        assert tx.grants(person="staff:NOBODY") == []


def test_staff_and_their_log_ins(ledger: Ledger) -> None:
    login = StaffSession(b"t" * 32, PERSON.staff, "form", NOW, NOW, NOW + 100)
    with ledger.write() as tx:
        tx.put_staff(PERSON)
        for number in range(3):
            tx.put_staff_session(
                login._replace(token=bytes([number]) * 32, expires_at=NOW + 100 * number)
            )
        tx.put_staff_session(login._replace(seen_at=NOW + 9))
        assert tx.staff_session(b"t" * 32) == login._replace(seen_at=NOW + 9)
        tx.end_staff_sessions(token=b"t" * 32)
        tx.end_staff_sessions(expired_at=NOW + 100)
        tx.end_staff_sessions()
        alive = [tx.staff_session(bytes([number]) * 32) is not None for number in range(3)]
        assert alive == [False, False, True]
        tx.end_staff_sessions(staff_id=PERSON.staff)
        assert tx.staff_session(bytes([2]) * 32) is None
        assert tx.staff_named("admin") == tx.staff_member(PERSON.staff) == PERSON
        assert tx.staff_list() == [PERSON]
    with pytest.raises(AlreadyThere), ledger.write() as tx:
        tx.put_staff(PERSON._replace(staff="CDEFGHJK"))


def test_the_audit_log_is_read_backwards(ledger: Ledger) -> None:
    entries = [
        AuditEntry(record_id(n), NOW + n, f"staff:{'AB'[n % 2]}", "reveal", "r1", "phone")
        for n in range(5)
    ]
    with ledger.write() as tx:
        for one in entries:
            tx.add_audit(one)
        first = tx.audit_entries(limit=2)
        assert first + tx.audit_entries(before=first[-1].entry) == entries[::-1]
        assert tx.audit_entries(person="staff:B") == [entries[3], entries[1]]
        assert tx.audit_entries(about="r2") == []


def test_envelopes_checkpoints_and_editions(ledger: Ledger) -> None:
    envelope = Envelope(
        b"e" * 32, STREAM, 1, 9, b"h" * 32, NOW, "opened", None, b"header", b"b" * 32, b"s" * 64
    )  # fmt: skip
    editions = [
        Edition("catalogue", number, bytes([number]) * 32, None, day)
        for number, day in ((1, 20260101), (2, 20260701), (3, 20260701))
    ]
    checkpoint = Checkpoint(1, 9, b"h" * 32, NOW, b"s" * 64)
    with ledger.write() as tx:
        tx.put_envelope(envelope)
        tx.put_envelope(envelope._replace(verdict=b"v" * 32))
        assert tx.envelope(b"e" * 32) == envelope._replace(verdict=b"v" * 32)
        assert tx.envelopes(STREAM) == tx.all_envelopes() == [tx.envelope(b"e" * 32)]
        assert tx.all_envelopes(after=b"e" * 32) == []
        tx.add_checkpoint(checkpoint._replace(epoch=2))
        tx.add_checkpoint(checkpoint)
        assert tx.checkpoints() == [checkpoint, checkpoint._replace(epoch=2)]
        assert tx.next_edition_number("catalogue") == 1
        for one in editions:
            tx.put_edition(one)
        in_force = [tx.edition_on("catalogue", day) for day in (20251231, 20260630, 20260701)]
        assert in_force == [None, editions[0], editions[2]]
        assert tx.next_edition_number("catalogue") == 4
