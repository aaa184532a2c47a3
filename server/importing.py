"""Taking in a bundle: the same path as over HTTP, without the front's spool.

What a bundle brings is verified, opened and judged at once, and the reply carries both
acknowledgements, so a tablet cannot tell by which way its work arrived. A bundle that was cut gives
its valid beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from server.county import County
from server.enrolment import DeviceClosed, WrongCode, enrol
from server.front.attachments import AttachmentDigest, AttachmentStore, NotStored
from server.front.gate import Admitted, NotAdmitted, WrongCounty, admit
from server.handover import OPENED, DeviceKey, Handed, HandedOver, HandOver, Outcome
from server.take_in import take_in
from shared.errors import Refused
from sync import frame
from sync.acknowledgement import Stored, sign_stored
from sync.attachment import Kept, MalformedAttachment, parse_part, sign_kept
from sync.bundle import Bundle, Direction, MalformedBundle, Part, PartKind, fit, read, write
from sync.keys import BadSignature
from sync.messages import Failure
from sync.page import MAGIC, SIZE_MAX, MalformedPage, PageHeader

PAGE_BYTES_MAX = 2 << 20
PAGES_MAX = 16


class UnreadableBundle(Refused):
    """The file cannot be read, or nothing in it can be used."""


@dataclass(slots=True)
class Imported:
    """What became of a bundle."""

    envelopes: int = 0
    opened: int = 0
    waiting: int = 0
    refused: int = 0
    attachment_parts: int = 0
    enrolled: int = 0
    damaged: str = ""
    """Why not all of it was taken: a bundle that was cut or garbled, a full disk; '' for all."""


def import_bundle(county: County, path: Path, reply: Path | None) -> Imported:
    """Take in the bundle at `path`, write the reply; raise UnreadableBundle.

    A bundle of strangers alone is refused too; its reply says so as well.
    """
    bundle, damage = _read(path)
    done = Imported(damaged=damage)
    parts: list[Part] = [*_enrolments(county, bundle, done)]
    by_device: dict[bytes, list[Admitted]] = {}
    for raw in bundle.envelopes:
        done.envelopes += 1
        try:
            admitted = admit(raw, county.code, lambda device: _find(county, device))
        except (NotAdmitted, WrongCounty) as error:
            done.refused += 1
            parts.append(_failure("not_admitted", str(error)))
            continue
        by_device.setdefault(admitted.envelope.header.device, []).append(admitted)
    for device, envelopes in by_device.items():
        parts += _take(county, device, envelopes, bundle.cursor, done)
    parts += _attachment_parts(county, bundle, done)  # last: no photo holds up the text
    if reply is not None:
        parts.append(Part(PartKind.CARD, county.home.card.read_bytes()))
        _write(reply, parts)
    if done.refused and not (
        done.envelopes > done.refused or done.enrolled or done.attachment_parts
    ):
        raise UnreadableBundle(
            f"数据包里的 {done.refused} 个信封都不是本县设备的，一个也没有收下；请核对是哪个县的。"
        )
    return done


def _read(path: Path) -> tuple[Bundle, str]:
    try:
        bundle, damage = read(path), ""
    except MalformedBundle as error:
        if error.prefix is None or not error.prefix.parts:
            raise UnreadableBundle(str(error)) from error
        bundle, damage = error.prefix, str(error)
    except OSError as error:
        raise UnreadableBundle(
            f"文件 {path} 无法读取（{error.strerror}），请检查后重试。"
        ) from error
    if bundle.direction is not Direction.UP:
        raise UnreadableBundle("这是县级发给平板的数据包，请在平板上导入。")
    return bundle, damage


def _take(
    county: County,
    device: bytes,
    envelopes: list[Admitted],
    cursor: bytes | None,
    done: Imported,
) -> Iterator[Part]:
    """Take in one device's envelopes; give both acknowledgements and its pages."""
    received_at = county.now()
    ordered = sorted(envelopes, key=_place)
    answer = take_in(
        county,
        HandOver(
            device,
            [Handed(one.envelope.raw, received_at) for one in ordered],
            _stream(envelopes),
            cursor or b"",
            PAGE_BYTES_MAX if cursor is not None else 0,
        ),
    )
    for one, outcome in zip(ordered, answer.outcomes, strict=True):
        yield from _outcome(county, one, outcome, received_at, done)
    for raw in answer.acknowledgements:
        yield Part(PartKind.ACKNOWLEDGEMENT, raw)
    yield from _pages(county, device, envelopes, answer)


def _pages(
    county: County, device: bytes, envelopes: list[Admitted], answer: HandedOver
) -> Iterator[Part]:
    """The pages of a reply, one after the other, until the feed's end or the bundle is full."""
    page, count = answer.page, 0
    while page is not None:
        yield Part(PartKind.PAGE, page)
        count += 1
        header = frame.decode_header(
            PageHeader, frame.unpack(page, MAGIC, SIZE_MAX, MalformedPage).header, MalformedPage
        )
        if not header.more or count >= PAGES_MAX:
            return
        message = HandOver(device, [], _stream(envelopes), header.cursor, PAGE_BYTES_MAX)
        page = take_in(county, message).page


def _outcome(
    county: County, one: Admitted, outcome: Outcome, received_at: int, done: Imported
) -> Iterator[Part]:
    if outcome.state == OPENED:
        done.opened += 1
        if not one.envelope.empty:
            yield Part(PartKind.ACKNOWLEDGEMENT, _stored(county, one, received_at))
        return
    refusal = outcome.refusal
    if refusal is not None and refusal.code in ("gap", "unknown_device"):
        done.waiting += 1
    else:
        done.refused += 1
    if refusal is not None:
        yield _failure(refusal.code, refusal.sentence)


def _stored(county: County, one: Admitted, received_at: int) -> bytes:
    header = one.envelope.header
    with county.ledger.read() as tx:
        epoch = tx.county_head().epoch
    return sign_stored(
        Stored(
            county.code,
            epoch,
            header.stream,
            header.seq_from,
            header.seq_to,
            header.head_after,
            received_at,
        ),
        county.keys.front,
    )


def _enrolments(county: County, bundle: Bundle, done: Imported) -> Iterator[Part]:
    for raw in bundle.all(PartKind.ENROL_REQUEST):
        try:
            answer = enrol(county, raw)
        except (WrongCode, DeviceClosed) as error:
            done.refused += 1
            yield _failure("enrol", str(error))
            continue
        done.enrolled += 1
        yield Part(PartKind.ENROL_RESPONSE, answer.encode())


def _attachment_parts(county: County, bundle: Bundle, done: Imported) -> Iterator[Part]:
    """Store the parts; give the front's word for each attachment that is whole now.

    A full disk ends it: what the front gave its word for lies here, the rest has to come again.
    """
    store = AttachmentStore(county.home.attachments)
    kept: dict[str, None] = {}
    for raw in bundle.all(PartKind.ATTACHMENT_PART):
        try:
            part = parse_part(raw)
            device = _find(county, part.header.device)
            if device is None or part.header.county != county.code:
                raise NotAdmitted
            part.verify(device.signing_public)
            if store.put(part.header, part.content):
                kept[part.header.name] = None
        except (MalformedAttachment, BadSignature, NotAdmitted, AttachmentDigest):
            done.refused += 1
            continue
        except NotStored as error:
            done.damaged = done.damaged or str(error)
            yield _failure("full", str(error))
            break
        done.attachment_parts += 1
    if kept:
        with county.ledger.read() as tx:
            epoch = tx.county_head().epoch
        for name in kept:
            word = sign_kept(Kept(county.code, epoch, name), county.keys.front)
            yield Part(PartKind.ACKNOWLEDGEMENT, word)


def _find(county: County, device: bytes) -> DeviceKey | None:
    with county.ledger.read() as tx:
        row = tx.device(device)
    return None if row is None else DeviceKey(row.device, row.signing_public, row.state)


def _place(one: Admitted) -> tuple[bytes, int]:
    header = one.envelope.header
    return header.stream, header.seq_from


def _stream(envelopes: list[Admitted]) -> bytes:
    asking = [one.envelope for one in envelopes if one.envelope.empty]
    return (asking or [envelopes[0].envelope])[0].header.stream


def _failure(code: str, sentence: str) -> Part:
    return Part(PartKind.FAILURE, Failure(code, sentence).encode())


def _write(path: Path, parts: list[Part]) -> None:
    try:
        write(path, Bundle(Direction.DOWN, tuple(fit(parts))))
    except OSError as error:
        raise UnreadableBundle(
            f"回执写不进 {path}（{error.strerror}），数据已经入账；请换个位置再导入一次以取得回执。"
        ) from error
