"""Make the fixed vectors in tests/fixtures/vectors/. Run once; from then on they are only read.

    python -m tests.tools.make_vectors

They hold bytes of version 1 as hexadecimal text, with what every later version has to read from
them. A vector that exists is never written again: a new format gets a new file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared import chain
from shared.operation import Operation
from sync import bundle
from sync.acknowledgement import Opened, Stored, sign_opened, sign_stored
from sync.attachment import encrypt, name_of, sign_parts
from sync.bundle import Bundle, Direction, Part, PartKind
from sync.card import sign_card
from sync.page import Received, seal_page
from tests.sync import samples
from tests.sync.samples import (
    AGENT,
    CORE,
    COUNTY,
    DEVICE,
    FRONT,
    NOW_MS,
    RECIPIENT,
    ROOT,
    SEALING,
    STREAM,
    Tablet,
    raw_key,
)  # fmt: skip
from tests.sync.test_card import CARD
from tests.sync.test_enrolment import ANSWER, REQUEST

TARGET = Path(__file__).parents[1] / "fixtures" / "vectors"


def described(operation: Operation) -> dict[str, Any]:
    """Return everything an operation is made of, and its id."""
    assert operation.salt is not None
    assert operation.data_bytes is not None
    return {
        "skeleton": operation.skeleton_bytes.hex(),
        "salt": operation.salt.hex(),
        "data": operation.data_bytes.hex(),
        "id": operation.id.hex(),
        "record": operation.skeleton.record.hex(),
        "data_as_json": operation.data,
    }


def stream() -> Tablet:
    """Return six operations: an opening, what was done in the session, a matter before it."""
    tablet = Tablet()
    opening = tablet.write({"agent": "ABCDEFGH"}, kind="session")
    tablet.write()
    for number in range(4):
        tablet.write(on=tablet.operations[-1] if number % 2 else None, session=opening.id)
    return tablet


def operations() -> dict[str, Any]:
    """Return a short stream with its heads."""
    tablet = stream()
    return {
        "county": COUNTY,
        "stream": STREAM.hex(),
        "seed_of_block_1": tablet.seeds[1].hex(),
        "head_0": chain.genesis(COUNTY, STREAM).hex(),
        "operations": [described(each) for each in tablet.operations],
        "heads": [tablet.head(seq).hex() for seq in range(1, 7)],
    }


def envelopes() -> dict[str, Any]:
    """Return the same stream in two envelopes, and one with nothing new."""
    tablet = stream()
    return {
        "recipient_private": RECIPIENT.raw.hex(),
        "device_public": DEVICE.public.hex(),
        "first": tablet.seal(1, 4).hex(),
        "second": tablet.seal(5, 6).hex(),
        "empty": tablet.ask().hex(),
        "ids": [each.id.hex() for each in tablet.operations],
    }


def page() -> dict[str, Any]:
    """Return a page as the core sealed it."""
    raw = seal_page(samples.sample_page(), SEALING.public, CORE)
    return {
        "device_private": SEALING.raw.hex(),
        "core_public": CORE.public.hex(),
        "cursor_asked": b"before".hex(),
        "page": raw.hex(),
        "entries": [repr_entry(entry) for entry in samples.sample_page().entries],
    }


def repr_entry(entry: Any) -> list[Any]:
    """Return an entry as plain JSON."""
    if isinstance(entry, Received):
        return [entry.operation.id.hex(), entry.operation.has_data, list(entry.verdict)]
    return [entry.seq_from, entry.seq_to, entry.as_written, list(entry.verdict)]


def acknowledgements() -> dict[str, Any]:
    """Return one of each kind."""
    stored = Stored(COUNTY, 1, STREAM, 3, 9, raw_key("head"), NOW_MS)
    opened = Opened(COUNTY, 1, STREAM, 9, raw_key("head"), 4)
    return {
        "front_public": FRONT.public.hex(),
        "core_public": CORE.public.hex(),
        "stored": sign_stored(stored, FRONT).hex(),
        "stored_fields": [COUNTY, 1, STREAM.hex(), 3, 9, raw_key("head").hex(), NOW_MS],
        "opened": sign_opened(opened, CORE).hex(),
        "opened_fields": [COUNTY, 1, STREAM.hex(), 9, raw_key("head").hex(), 4],
    }


def bundles() -> dict[str, Any]:
    """Return a bundle up; its parts are those of the other vectors."""
    tablet = stream()
    parts = (Part(PartKind.ENVELOPE, tablet.seal(1, 6)), Part(PartKind.CURSOR, b"cursor"))
    return {
        "up": bundle.encode(Bundle(Direction.UP, parts)).hex(),
        "parts": [[part.kind.name, part.content.hex()] for part in parts],
    }


def county() -> dict[str, Any]:
    """Return card, enrolment and an attachment."""
    ciphertext = encrypt("照片".encode(), raw_key("attachment"))
    (part,) = sign_parts(ciphertext, COUNTY, DEVICE)
    return {
        "fingerprint": CARD.fingerprint,
        "card": sign_card(CARD, ROOT).hex(),
        "enrol_request": REQUEST.encode().hex(),
        "enrol_response": ANSWER.signed(REQUEST, CORE).encode().hex(),
        "core_public": CORE.public.hex(),
        "agent_public": AGENT.public.hex(),
        "short_code": REQUEST.short_code(ROOT.public),
        "attachment": ciphertext.hex(),
        "attachment_key": raw_key("attachment").hex(),
        "attachment_name": name_of(ciphertext),
        "attachment_part": part.hex(),
    }


def main() -> None:
    """Write every vector that is not there yet."""
    TARGET.mkdir(parents=True, exist_ok=True)
    makers = (operations, envelopes, page, acknowledgements, bundles, county)
    for make in makers:
        path = TARGET / f"{make.__name__}_1.json"
        if not path.exists():
            text = json.dumps(make(), ensure_ascii=False, indent=1) + "\n"
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
