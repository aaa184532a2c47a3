"""A bundle arrives by hand: the same work as by line, a reply with both acknowledgements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.admin import invite
from server.county import County
from server.front.attachments import AttachmentStore, NotStored
from server.importing import UnreadableBundle, import_bundle
from server.verify import verify
from sync import attachment
from sync.acknowledgement import Opened, Stored
from sync.bundle import Direction, Part, PartKind, read, write_up
from sync.enrolment import EnrolResponse
from sync.messages import Failure
from tests.server.counties import VILLAGE, a_county, a_tablet
from tests.server.tablets import Tablet


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with a_county(tmp_path / "county") as county:
        yield county


@pytest.fixture
def tablet(county: County) -> Tablet:
    return a_tablet(county, invite(county, VILLAGE).code)


def test_a_bundle_is_taken_in_and_answered(county: County, tablet: Tablet, tmp_path: Path) -> None:
    up, down = tmp_path / "up.bmb", tmp_path / "down.bmb"
    for question in ("一", "二", "三"):
        tablet.ask(question)
    write_up(up, [tablet.envelope(3, 4), tablet.envelope(1, 2)], b"")
    done = import_bundle(county, up, down)
    assert (done.envelopes, done.opened, done.refused) == (2, 2, 0)
    reply = read(down)
    assert reply.direction is Direction.DOWN
    stored = tablet.acknowledgements(reply.all(PartKind.ACKNOWLEDGEMENT))
    assert [(one.seq_from, one.seq_to) for one in stored if isinstance(one, Stored)] == [
        (1, 2),
        (3, 4),
    ]
    assert [one.seq for one in stored if isinstance(one, Opened)] == [4]
    pages = [tablet.page(raw) for raw in reply.all(PartKind.PAGE)]
    assert not pages[-1].more
    assert verify(county).violations == ()


def test_the_same_bundle_twice_changes_nothing(
    county: County, tablet: Tablet, tmp_path: Path
) -> None:
    up = tmp_path / "up.bmb"
    tablet.ask("一次就好")
    write_up(up, [tablet.envelope()], None)
    import_bundle(county, up, None)
    before = verify(county)
    assert import_bundle(county, up, None).opened == 1
    assert verify(county) == before


def test_a_bundle_cut_at_any_place_gives_its_beginning_or_one_error(
    county: County, tablet: Tablet, tmp_path: Path
) -> None:
    up, cut = tmp_path / "up.bmb", tmp_path / "cut.bmb"
    tablet.ask("一")
    tablet.ask("二")
    write_up(up, [tablet.envelope(1, 2), tablet.envelope(3, 3)], None)
    raw = up.read_bytes()
    opened = []
    for at in range(0, len(raw), 37):
        cut.write_bytes(raw[:at])
        try:
            done = import_bundle(county, cut, None)
        except UnreadableBundle:
            opened.append(0)
        else:
            assert done.damaged
            opened.append(done.opened)
    assert opened == sorted(opened)
    assert set(opened) == {0, 1, 2}
    assert verify(county).violations == ()


def test_a_strangers_envelope_is_refused_and_named_in_the_reply(
    county: County, tablet: Tablet, tmp_path: Path
) -> None:
    with a_county(tmp_path / "other") as other:
        stranger = a_tablet(other, invite(other, VILLAGE).code)
        stranger.ask("走错了")
        foreign = stranger.envelope()
    tablet.ask("在本县")
    up, down = tmp_path / "up.bmb", tmp_path / "down.bmb"
    write_up(up, [foreign, tablet.envelope()], None)
    done = import_bundle(county, up, down)
    assert (done.opened, done.refused) == (1, 1)
    assert len(read(down).all(PartKind.FAILURE)) == 1
    write_up(up, [foreign], None)
    with pytest.raises(UnreadableBundle, match="都不是本县设备的"):
        import_bundle(county, up, down)
    assert len(read(down).all(PartKind.FAILURE)) == 1


def test_enrolment_and_attachments_travel_by_bundle_too(
    county: County, tablet: Tablet, tmp_path: Path
) -> None:
    fresh = Tablet(county.home.config.fingerprint, county.now)
    request = fresh.request(invite(county, VILLAGE).code)
    ciphertext = attachment.encrypt(b"photo", b"k" * 32)
    parts = [Part(PartKind.ENROL_REQUEST, request.encode())]
    parts += [
        Part(PartKind.ATTACHMENT_PART, raw)
        for raw in attachment.sign_parts(ciphertext, county.code, tablet.device_key)
    ]
    up, down = tmp_path / "up.bmb", tmp_path / "down.bmb"
    write_up(up, [], None, parts)
    done = import_bundle(county, up, down)
    assert (done.enrolled, done.attachment_parts) == (1, 1)
    (raw,) = read(down).all(PartKind.ENROL_RESPONSE)
    assert fresh.enrolled(request, EnrolResponse.decode(raw)).state == "active"
    name = attachment.name_of(ciphertext)
    assert (county.home.attachments / name[:2] / name).read_bytes() == ciphertext
    (word,) = read(down).all(PartKind.ACKNOWLEDGEMENT)
    kept = attachment.open_kept(word, county.keys.front.public)
    assert (kept.county, kept.name) == (county.code, name)


def test_a_full_disk_of_photos_holds_up_no_text(
    county: County, tablet: Tablet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text is in the books before the first photo; what was not stored is told, not lost."""
    stored: list[str] = []
    put = AttachmentStore._write

    def write(self: AttachmentStore, path: str, content: bytes) -> None:
        stored.append(path)
        if len(stored) > 2:
            raise NotStored("附件没有存下，可能磁盘已满，请稍后重试。")
        put(self, path, content)

    monkeypatch.setattr(AttachmentStore, "_write", write)
    tablet.ask("先收文字")
    ciphers = [attachment.encrypt(content, bytes(32)) for content in (b"one", b"two", b"three")]
    parts = [
        Part(PartKind.ATTACHMENT_PART, raw)
        for cipher in ciphers
        for raw in attachment.sign_parts(cipher, county.code, tablet.device_key)
    ]
    up, down = tmp_path / "up.bmb", tmp_path / "down.bmb"
    write_up(up, [tablet.envelope()], b"", parts)
    done = import_bundle(county, up, down)
    assert (done.opened, done.attachment_parts, done.refused) == (1, 1, 0)
    assert "磁盘已满" in done.damaged
    reply = read(down)
    assert [Failure.decode(raw).code for raw in reply.all(PartKind.FAILURE)] == ["full"]
    assert reply.all(PartKind.PAGE)
    kept = attachment.open_kept(
        reply.all(PartKind.ACKNOWLEDGEMENT)[-1], county.keys.front.public
    )  # fmt: skip
    assert kept.name == attachment.name_of(ciphers[0])


def test_what_is_no_bundle_for_the_county_is_one_sentence(county: County, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"hello")
    down = tmp_path / "down.bmb"
    write_up(tmp_path / "up.bmb", [], None)
    import_bundle(county, tmp_path / "up.bmb", down)
    for path in (tmp_path / "text", tmp_path / "absent", down):
        with pytest.raises(UnreadableBundle):
            import_bundle(county, path, None)
