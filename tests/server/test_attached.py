"""An attachment travels sealed and is opened only with the key of its operation."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from server.admin import invite
from server.attached import AttachmentMissing, attachments_of, open_attachment
from server.front.attachments import AttachmentDigest, AttachmentStore
from server.handover import Handed, HandOver
from server.take_in import take_in
from shared import ids
from shared.papers import PaperUnusable
from sync import attachment
from tests.server.counties import VILLAGE, a_county, a_tablet


def test_what_the_tablet_photographed_is_what_the_county_opens(tmp_path: Path) -> None:
    plain, key = os.urandom(100_000), os.urandom(32)
    cipher = attachment.encrypt(plain, key)
    name = attachment.name_of(cipher)
    with a_county(tmp_path / "county") as county:
        tablet = a_tablet(county, invite(county, VILLAGE).code)
        asked = tablet.ask("附一张照片")
        added = tablet.write(
            "attachment",
            "add",
            {
                "of": ids.record_text(asked.skeleton.record),
                "content_hash": hashlib.sha256(plain).hexdigest(),
                "cipher_hash": name,
                "key": key.hex(),
                "media_type": "image/jpeg",
                "file_name": "照片.jpg",
            },
        )
        message = HandOver(tablet.device_key.id, [Handed(tablet.envelope(), county.now())])
        take_in(county, message)
        record = added.skeleton.record
        with pytest.raises(AttachmentMissing):
            open_attachment(county, record)
        with county.ledger.read() as tx:
            (listed,) = attachments_of(tx, county, asked.skeleton.record)
        assert (listed.record, listed.is_here) == (record, False)
        store = AttachmentStore(county.home.attachments)
        for raw in attachment.sign_parts(cipher, county.code, tablet.device_key):
            part = attachment.parse_part(raw)
            store.put(part.header, part.content)
        with county.ledger.read() as tx:
            assert attachments_of(tx, county, asked.skeleton.record)[0].is_here
            assert attachments_of(tx, county, record) == []
        opened = open_attachment(county, record)
        assert (opened.content, opened.paper.media_type) == (plain, "image/jpeg")
        for none in (asked.skeleton.record, bytes(16)):
            with pytest.raises(PaperUnusable):
                open_attachment(county, none)
        lying = county.home.attachments / name[:2] / name
        lying.write_bytes(cipher[:-1] + bytes([cipher[-1] ^ 1]))
        with pytest.raises(PaperUnusable):
            open_attachment(county, record)


def test_parts_that_do_not_make_the_name_are_dropped(tmp_path: Path) -> None:
    store = AttachmentStore(tmp_path)
    cipher = attachment.encrypt(os.urandom(70_000), b"k" * 32)
    with a_county(tmp_path / "county") as county:
        tablet = a_tablet(county, invite(county, VILLAGE).code)
        parts = [
            attachment.parse_part(raw)
            for raw in attachment.sign_parts(cipher, county.code, tablet.device_key)
        ]
    for part in parts[:-1]:
        assert not store.put(part.header, bytes(len(part.content)))
    with pytest.raises(AttachmentDigest):
        store.put(parts[-1].header, parts[-1].content)
    assert store.parts(parts[0].header.name) == set()
    assert [store.put(part.header, part.content) for part in parts] == [False, False, True]
    assert store.get(parts[0].header.name) == cipher
