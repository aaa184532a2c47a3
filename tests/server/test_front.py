"""The front by itself, while its core is down: verify, store, acknowledge, nothing else."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from server.front import attachments, spool
from server.front.app import GUESSES_PER_ADDRESS, Front, front_app
from server.handover import DeviceKey, Devices
from server.home import CountyConfig, CountyHome
from server.keys import CountyKeys, create_keys
from shared import chain, operation
from shared.operation import Operation
from sync import attachment, envelope
from sync.acknowledgement import open_stored
from sync.enrolment import EnrolRequest
from sync.keys import SigningKey
from sync.messages import CONTENT_TYPE, ENVELOPES_MAX, Failure, SyncRequest, SyncResponse
from tests.server.running import running

COUNTY = 510322
NOW = 1_790_000_000_000
STREAM = b"s" * 16
DEVICE = SigningKey(b"d" * 32)
STRANGER = SigningKey(b"x" * 32)


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    config = CountyConfig(county=COUNTY, name="富顺县", fingerprint="00" * 16, created_at=NOW)
    home = CountyHome.create(tmp_path / "county", config)
    home.save_config()
    return home


@pytest.fixture
def keys(home: CountyHome) -> CountyKeys:
    return create_keys(home, NOW, os.urandom)


@pytest.fixture
def app(home: CountyHome, keys: CountyKeys) -> Starlette:
    app = front_app(home, uds=str(home.socket), now=lambda: NOW)
    know(front_of(app), "active")
    return app


@pytest.fixture
def front(app: Starlette) -> Front:
    return front_of(app)


@pytest.fixture
def client(app: Starlette) -> Iterator[httpx.Client]:
    with running(app) as client:
        yield client


def know(front: Front, state: str) -> None:
    """Let the front know the device, as a list from the core would."""
    devices = Devices(1, [DeviceKey(DEVICE.id, DEVICE.public, state)])
    front.spool.replace_devices(devices)
    front.deliverer._devices = (1, {one.device: one for one in devices.devices})


def front_of(app: Starlette) -> Front:
    front: Front = app.state.front
    return front


def operations(count: int, question: str = "低保怎么办") -> list[Operation]:
    return [
        operation.build(
            stream=STREAM, seq=seq, author="agent:ABCDEFGH", site="s0001", session=None,
            record=seq.to_bytes(16, "big"), kind="consultation", act="register", parents=(),
            clock=seq, quality=3, effective_at=NOW, data={"question": question}, salt=b"s" * 16,
        )
        for seq in range(1, count + 1)
    ]  # fmt: skip


def sealed(
    keys: CountyKeys, *, key: SigningKey = DEVICE, county: int = COUNTY, question: str = "怎么办"
) -> bytes:
    return envelope.seal_envelope(
        operations(3, question),
        None,
        county=county,
        recipient_public=keys.recipients[0].public,
        device_key=key,
        head_before=chain.genesis(county, STREAM),
        clock=1,
    )


def post(client: httpx.Client, *envelopes: bytes) -> SyncResponse:
    answer = client.post("/v1/sync", content=SyncRequest(list(envelopes), b"", 1 << 20).encode())
    assert answer.status_code == 200, answer.content
    assert answer.headers["content-type"] == CONTENT_TYPE
    return SyncResponse.decode(answer.content)


def test_an_envelope_is_stored_and_acknowledged_without_the_core(
    client: httpx.Client, keys: CountyKeys, front: Front
) -> None:
    raw = sealed(keys)
    answer = post(client, raw)
    stored = open_stored(answer.acknowledgements[0], keys.front.public)
    assert (stored.county, stored.stream, stored.seq_from, stored.seq_to) == (COUNTY, STREAM, 1, 3)
    assert stored.head == envelope.parse(raw).header.head_after
    assert answer.page is None
    assert [one.raw for one in front.spool.unopened()] == [raw]


def test_the_same_envelope_again_gets_the_same_acknowledgement_and_is_kept_once(
    client: httpx.Client, keys: CountyKeys, front: Front
) -> None:
    raw = sealed(keys)
    answers = [post(client, raw).acknowledgements for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert post(client, raw, raw).acknowledgements == answers[0] * 2
    assert front.spool.size() == (1, 1)


def test_nothing_new_is_no_envelope_to_store(
    client: httpx.Client, keys: CountyKeys, front: Front
) -> None:
    raw = envelope.empty_envelope(
        county=COUNTY, recipient_public=keys.recipients[0].public, device_key=DEVICE,
        stream=STREAM, seq=3, head=b"h" * 32, clock=1,
    )  # fmt: skip
    assert post(client, raw) == SyncResponse([], None, [])
    assert front.spool.size() == (0, 0)


def test_before_the_signature_every_refusal_is_the_same_bytes(
    client: httpx.Client, keys: CountyKeys, front: Front
) -> None:
    raw = sealed(keys)
    bad_suite = bytearray(raw)
    bad_suite[8] ^= 0xFF
    bodies = [
        b"",
        b"garbage",
        b"x" * (7 << 20),
        SyncRequest([], b"", 0).encode(),
        SyncRequest([b"BME1 nothing"], b"", 0).encode(),
        SyncRequest([bytes(bad_suite)], b"", 0).encode(),
        SyncRequest([sealed(keys, key=STRANGER)], b"", 0).encode(),
        SyncRequest([raw[:-1] + bytes([raw[-1] ^ 1])], b"", 0).encode(),
        SyncRequest([raw] * (ENVELOPES_MAX + 1), b"", 0).encode(),
        SyncRequest([raw], b"", 0).encode()[:-1],
    ]
    answers = [client.post("/v1/sync", content=body) for body in bodies]
    assert {(a.status_code, a.content) for a in answers} == {
        (403, answers[0].content),
    }
    assert Failure.decode(answers[0].content).code == "not_admitted"
    assert front.spool.size() == (0, 0)


def test_every_flipped_byte_of_an_envelope_is_refused(
    client: httpx.Client, keys: CountyKeys, front: Front
) -> None:
    raw = sealed(keys)
    for at in range(0, len(raw), 7):
        altered = raw[:at] + bytes([raw[at] ^ 0x55]) + raw[at + 1 :]
        answer = client.post("/v1/sync", content=SyncRequest([altered], b"", 0).encode())
        assert answer.status_code == 403, at
    assert front.spool.size() == (0, 0)


def test_a_bad_envelope_does_not_hold_up_a_good_one(client: httpx.Client, keys: CountyKeys) -> None:
    answer = post(client, sealed(keys, key=STRANGER), sealed(keys))
    assert [(one.index, one.code) for one in answer.refusals] == [(0, "not_admitted")]
    assert len(answer.acknowledgements) == 1


def test_another_countys_envelope_of_a_known_device_is_refused_by_name(
    client: httpx.Client, keys: CountyKeys
) -> None:
    answer = client.post(
        "/v1/sync", content=SyncRequest([sealed(keys, county=510300)], b"", 0).encode()
    )
    assert answer.status_code == 403
    mixed = post(client, sealed(keys), sealed(keys, county=510300))
    assert [(one.index, one.code) for one in mixed.refusals] == [(1, "wrong_county")]


def test_a_suspended_device_is_spooled_and_marked_up_to_its_quota(
    client: httpx.Client, keys: CountyKeys, monkeypatch: pytest.MonkeyPatch, front: Front
) -> None:
    know(front, "suspended")
    raw = sealed(keys)
    assert len(post(client, raw).acknowledgements) == 1
    assert [one.marked for one in front.spool.unopened()] == ["suspended"]
    monkeypatch.setattr("server.front.spool.MARKED_BYTES_MAX", len(raw))
    over = client.post(
        "/v1/sync", content=SyncRequest([sealed(keys, question="另一件")], b"", 0).encode()
    )
    assert (over.status_code, Failure.decode(over.content).code) == (429, "over_quota")
    assert len(post(client, raw).acknowledgements) == 1, "what lies there is still acknowledged"


def test_the_spool_holds_nothing_readable(
    client: httpx.Client, keys: CountyKeys, home: CountyHome, front: Front
) -> None:
    secret = "低保金领取人张春花"
    post(client, sealed(keys, question=secret))
    found = b"".join(path.read_bytes() for path in home.front.iterdir())
    assert len(found) > 4096
    assert secret.encode() not in found
    assert b"SQLite format 3" not in found
    assert STREAM not in found


def test_the_spool_survives_a_restart(
    client: httpx.Client, keys: CountyKeys, home: CountyHome
) -> None:
    raw = sealed(keys)
    first = post(client, raw).acknowledgements
    app = front_app(home, uds=str(home.socket), now=lambda: NOW + 1)
    with running(app) as again:
        assert post(again, raw).acknowledgements == first
        assert front_of(app).spool.size() == (1, 1)


def test_attachments_arrive_by_part_in_any_order_and_once(
    client: httpx.Client, front: Front, keys: CountyKeys
) -> None:
    ciphertext = attachment.encrypt(os.urandom(100_000), b"k" * 32)
    name = attachment.name_of(ciphertext)
    parts = list(attachment.sign_parts(ciphertext, COUNTY, DEVICE))
    order = [2, 0, 0, 3, 1]
    answers = [client.put(f"/v1/attachments/{name}/{n}", content=parts[n]) for n in order]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 202, 201]
    assert [answer.content for answer in answers[:-1]] == [b""] * 4
    kept = attachment.open_kept(answers[-1].content, keys.front.public)
    assert kept == attachment.Kept(COUNTY, front.deliverer.epoch, name)
    again = client.put(f"/v1/attachments/{name}/0", content=parts[0])
    assert (again.status_code, again.content) == (201, answers[-1].content)
    assert client.get(f"/v1/attachments/{name}").content == ciphertext
    rest = client.get(f"/v1/attachments/{name}", headers={"range": "bytes=70000-"})
    assert (rest.status_code, rest.content) == (206, ciphertext[70_000:])
    assert not list(front.attachments.parts(name))


def test_a_part_of_a_stranger_or_under_another_name_is_refused(client: httpx.Client) -> None:
    ciphertext = attachment.encrypt(b"photo", b"k" * 32)
    name = attachment.name_of(ciphertext)
    (stranger,) = attachment.sign_parts(ciphertext, COUNTY, STRANGER)
    (own,) = attachment.sign_parts(ciphertext, COUNTY, DEVICE)
    answers = [
        client.put(f"/v1/attachments/{name}/0", content=stranger),
        client.put(f"/v1/attachments/{'0' * 64}/0", content=own),
        client.put(f"/v1/attachments/{name}/0", content=own + b"x"),
    ]
    assert {(a.status_code, a.content) for a in answers} == {(403, answers[0].content)}
    assert client.get(f"/v1/attachments/{name}").status_code == 404


def parts_of(content: bytes) -> tuple[str, list[bytes]]:
    """Return name and signed parts of an attachment."""
    ciphertext = attachment.encrypt(content, os.urandom(32))
    parts = list(attachment.sign_parts(ciphertext, COUNTY, DEVICE))
    return attachment.name_of(ciphertext), parts


def put(client: httpx.Client, name: str, parts: list[bytes], number: int = 0) -> tuple[int, str]:
    """Put one part; return the status and the code of a refusal."""
    answer = client.put(f"/v1/attachments/{name}/{number}", content=parts[number])
    return answer.status_code, Failure.decode(answer.content).code if answer.is_error else ""


@pytest.mark.parametrize("state", ["suspended", "revoked", "lost"])
def test_a_device_not_in_use_leaves_attachments_up_to_its_quota_only(
    client: httpx.Client, front: Front, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(spool, "MARKED_BYTES_MAX", 150_000)
    know(front, state)
    first, second = parts_of(bytes(100_000)), parts_of(bytes(100_000))
    assert [put(client, *first, number)[0] for number in range(4)] == [202, 202, 202, 201]
    assert put(client, *second) == (429, "over_quota")
    assert put(client, *first)[0] == 201, "what is whole counts for nobody"
    know(front, "active")
    assert put(client, *second) == (202, "")


def test_a_device_leaves_only_so_much_half_done(client: httpx.Client, front: Front) -> None:
    begun = [parts_of(bytes(40_000)) for _ in range(spool.UNFINISHED_MAX)]
    late = parts_of(bytes(40_000))
    assert {put(client, *one) for one in begun} == {(202, "")}
    assert put(client, *late) == (429, "over_quota")
    assert put(client, *begun[3], 1)[0] == 201
    assert put(client, *late)[0] == 202
    other = parts_of(bytes(40_000))
    assert put(client, *other) == (429, "over_quota")
    for part in (attachment.parse_part(raw) for raw in begun[5][1]):  # a bundle brought it
        front.attachments.put(part.header, part.content)
    front.deliverer._prune_more(NOW)
    assert put(client, *other)[0] == 202


def test_what_nobody_goes_on_with_is_dropped_after_a_month(
    client: httpx.Client, front: Front
) -> None:
    name, parts = parts_of(bytes(100_000))
    late, late_parts = parts_of(bytes(100_000))
    for one in (name, late):
        put(client, one, parts if one == name else late_parts)
    folders = {one: front.attachments._folder / "parts" / one for one in (name, late)}
    day_s = spool.DAY_MS // 1000
    for one, days in ((name, 31), (late, 29)):
        for path in (*folders[one].iterdir(), folders[one]):
            os.utime(path, (NOW // 1000 - days * day_s,) * 2)
    front.deliverer._prune_more(NOW)
    assert not folders[name].exists()
    assert front.attachments.parts(late) == {0}
    front.spool.prune(NOW + 31 * spool.DAY_MS)
    assert front.spool.unfinished_uploads() == []


def test_a_large_attachment_is_never_in_memory_as_a_whole(
    client: httpx.Client, front: Front
) -> None:
    name, size = "ab" * 32, 12 << 20
    path = front.attachments._folder / "ab" / name
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(size)
    tracemalloc.start()
    try:
        ranges = []
        for start in (0, 1, size - 1):
            headers = {"range": f"bytes={start}-"} if start else {}
            with client.stream("GET", f"/v1/attachments/{name}", headers=headers) as answer:
                assert answer.status_code == (206 if start else 200)
                assert sum(map(len, answer.iter_raw())) == size - start
                assert answer.headers["content-length"] == str(size - start)
                assert answer.headers["content-type"] == CONTENT_TYPE
                assert answer.headers["cache-control"] == "no-store"
                ranges.append(answer.headers.get("content-range"))
        assert ranges == [None, *(f"bytes {n}-{size - 1}/{size}" for n in (1, size - 1))]
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    nothing = client.get(f"/v1/attachments/{name}", headers={"range": f"bytes={size}-"})
    assert (nothing.status_code, nothing.content) == (206, b"")


def test_a_new_folder_is_on_the_disk_before_the_front_signs(
    client: httpx.Client, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(attachments, "sync_folder", synced.append)
    name, parts = parts_of(b"photo")
    assert put(client, name, parts)[0] == 201
    assert synced[-2:] == [front.attachments._folder / name[:2], front.attachments._folder]


def test_guessing_codes_is_slowed_down(client: httpx.Client, front: Front) -> None:
    for _ in range(GUESSES_PER_ADDRESS):
        front.guesses.note("127.0.0.1")
    key = SigningKey(b"t" * 32)
    request = EnrolRequest("AAAA", "平板", key.public, b"p" * 32, "张三", key.public)
    answer = client.post("/v1/enrol", content=request.proved(key, key).encode())
    assert (answer.status_code, Failure.decode(answer.content).code) == (429, "too_many")


def test_without_the_core_the_front_says_so_and_goes_on(client: httpx.Client) -> None:
    health = client.get("/healthz")
    assert (health.status_code, health.json()["core"]) == (200, "down")
    assert health.json()["sweeper"] == "up"
    assert client.get("/").status_code == 503
    assert client.get("/core/devices").status_code == 404
    assert "bianmin_front_waiting" in client.get("/metrics").text


def test_a_front_whose_sweeper_has_stopped_is_not_well(client: httpx.Client, front: Front) -> None:
    front.deliverer.stop()
    health = client.get("/healthz")
    assert (health.status_code, health.json()["sweeper"]) == (503, "down")
