"""What version 1 wrote, every later version reads. The files are made once and only read here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared import chain
from shared.operation import restore, salt_of
from shared.verdict import Status, Verdict
from sync import bundle, envelope
from sync.acknowledgement import Opened, Stored, open_opened, open_stored
from sync.attachment import decrypt, name_of, parse_part
from sync.bundle import PartKind
from sync.card import open_card
from sync.codec import Origin, derive_record_id
from sync.enrolment import EnrolRequest, EnrolResponse
from sync.page import Own, Received, open_page

FOLDER = Path(__file__).parents[1] / "fixtures" / "vectors"
unhex = bytes.fromhex


def vector(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}_1.json").read_text(encoding="utf-8"))
    return found


def test_operations_ids_salts_and_heads() -> None:
    found = vector("operations")
    seed = unhex(found["seed_of_block_1"])
    head = chain.genesis(found["county"], unhex(found["stream"]))
    assert head.hex() == found["head_0"]
    for seq, (each, expected) in enumerate(
        zip(found["operations"], found["heads"], strict=True), 1
    ):
        made = restore(unhex(each["skeleton"]), unhex(each["salt"]), unhex(each["data"]))
        assert made.id.hex() == each["id"]
        assert made.data == each["data_as_json"]
        assert made.salt == salt_of(seed, seq)
        if not made.skeleton.parents:
            derived = derive_record_id(seed, seq, made.skeleton.clock >> 16)
            assert derived.hex() == each["record"]
        head = chain.extend(head, made.id)
        assert head.hex() == expected


def test_envelopes_open() -> None:
    found = vector("envelopes")
    private, ids = unhex(found["recipient_private"]), found["ids"]
    first = envelope.parse(unhex(found["first"]))
    second = envelope.parse(unhex(found["second"]))
    empty = envelope.parse(unhex(found["empty"]))
    for each in (first, second, empty):
        each.verify(unhex(found["device_public"]))
    opened = first.open(private)

    def earlier(seq: int) -> Origin:
        return Origin(opened[seq - 1].id, opened[seq - 1].skeleton.record)

    rest = second.open(private, earlier)
    assert [each.id.hex() for each in opened + rest] == ids
    assert all(each.has_data for each in opened + rest)
    assert (empty.header.seq_from, empty.header.head_after) == (7, second.header.head_after)


def test_a_page_opens() -> None:
    found = vector("page")
    page = open_page(
        unhex(found["page"]), unhex(found["device_private"]), unhex(found["core_public"])
    )
    assert page.answers(unhex(found["cursor_asked"]))
    for entry, expected in zip(page.entries, found["entries"], strict=True):
        epoch, seq, status, *rest = expected[-1]
        verdict = Verdict(epoch, seq, Status(status), *rest)
        if isinstance(entry, Received):
            assert [entry.operation.id.hex(), entry.operation.has_data] == expected[:2]
        else:
            assert isinstance(entry, Own)
            assert [entry.seq_from, entry.seq_to, entry.as_written] == expected[:3]
        assert entry.verdict == verdict


def test_acknowledgements_verify() -> None:
    found = vector("acknowledgements")
    stored = open_stored(unhex(found["stored"]), unhex(found["front_public"]))
    county, epoch, stream, seq_from, seq_to, head, received_at = found["stored_fields"]
    assert stored == Stored(
        county, epoch, unhex(stream), seq_from, seq_to, unhex(head), received_at
    )
    opened = open_opened(unhex(found["opened"]), unhex(found["core_public"]))
    county, epoch, stream, seq, head, backed_up = found["opened_fields"]
    assert opened == Opened(county, epoch, unhex(stream), seq, unhex(head), backed_up)


def test_a_bundle_opens() -> None:
    found = vector("bundles")
    up = bundle.decode(unhex(found["up"]))
    assert [[part.kind.name, part.content.hex()] for part in up.parts] == found["parts"]
    assert up.all(PartKind.CURSOR) == [b"cursor"]
    assert len(up.envelopes) == 1


def test_card_enrolment_and_attachment() -> None:
    found = vector("county")
    card = open_card(unhex(found["card"]), found["fingerprint"])
    request = EnrolRequest.decode(unhex(found["enrol_request"]))
    request.require_proof()
    EnrolResponse.decode(unhex(found["enrol_response"])).require_signed(request, card.core_public)
    assert request.short_code(card.root_public) == found["short_code"]
    ciphertext = unhex(found["attachment"])
    assert decrypt(ciphertext, unhex(found["attachment_key"])) == "照片".encode()
    assert name_of(ciphertext) == found["attachment_name"]
    part = parse_part(unhex(found["attachment_part"]))
    part.verify(request.signing_public)
    assert part.content == ciphertext
