"""The key ring: what a wrong PIN, a copied file and a lowered parameter do not give."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from mobile import files
from mobile.keyring import FLOOR, STANDARD, Kdf, Keyring, KeyringDamaged, NoSuchAgent, SlotDamaged
from mobile.slot import (
    TRIES_MAX,
    WAITS_MS,
    BadPin,
    PinWait,
    Slot,
    SlotDestroyed,
    WrongPin,
)

FAST = Kdf(64, 1)
HOUR = 3_600_000
DATA, AGENT, PUBLIC, DEVICE = (bytes([n]) * 32 for n in (1, 2, 3, 4))


def ring(home: Path, *, kdf: Kdf = FAST, floor: Kdf = FAST) -> Keyring:
    return Keyring(home / "keyring", home / "device.secret", kdf=kdf, floor=floor)


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    made = ring(tmp_path)
    made.create(DEVICE)
    return made


def add(keys: Keyring, pin: str = "246810", name: str = "测试员甲") -> Slot:
    return keys.add(pin, name, DATA, AGENT, PUBLIC)


def test_the_right_pin_gives_both_keys(keys: Keyring) -> None:
    slot = add(keys)
    unlocked = keys.unlock(slot, "246810", 0)
    assert (unlocked.data_key, unlocked.agent_key) == (DATA, AGENT)
    derived = {unlocked.store_key, unlocked.attachment_key, unlocked.index_key, DATA, AGENT}
    assert len(derived) == 5


def test_the_device_signs_without_a_pin(keys: Keyring) -> None:
    assert keys.signing_key() == DEVICE


@pytest.mark.parametrize("refused", [1, 2])
def test_keys_that_a_crash_left_half_made_are_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int
) -> None:
    write, count = files.write, itertools.count(1)

    def until_killed(path: Path, content: bytes, mode: int = 0o600) -> None:
        if next(count) == refused:
            raise KeyboardInterrupt
        write(path, content, mode)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", until_killed)
        with pytest.raises(KeyboardInterrupt):
            ring(tmp_path).create(DEVICE)
    again = ring(tmp_path)
    if not again.exists():
        again.create(AGENT)
    assert again.signing_key() in {DEVICE, AGENT}


def test_the_device_secret_is_for_its_owner_alone(keys: Keyring, tmp_path: Path) -> None:
    assert (tmp_path / "device.secret").stat().st_mode & 0o777 == 0o600


def test_the_sealing_key_needs_the_data_key(keys: Keyring) -> None:
    keys.keep_sealing_key(DATA, AGENT)
    assert keys.sealing_key(DATA) == AGENT
    with pytest.raises(KeyringDamaged):
        keys.sealing_key(bytes(32))


def test_the_data_key_is_handed_over_by_the_county_only(keys: Keyring) -> None:
    keys.keep_handover(b"c" * 32, DATA)
    assert keys.handed_over(b"c" * 32) == DATA
    with pytest.raises(KeyringDamaged):
        keys.handed_over(b"d" * 32)


def test_real_slots_cost_what_the_floor_asks() -> None:
    assert STANDARD >= FLOOR == Kdf(64 * 1024, 3)


def test_real_parameters_open_and_weaker_ones_are_refused(tmp_path: Path) -> None:
    real = Keyring(tmp_path / "keyring", tmp_path / "device.secret")
    real.create(DEVICE)
    slot = add(real)
    assert real.unlock(slot, "246810", 0).data_key == DATA
    path = tmp_path / "keyring" / "1.slot"
    for place, weaker in ((3, 64), (4, 1)):
        file = msgspec.msgpack.decode(path.read_bytes())
        file[place] = weaker
        tampered = msgspec.msgpack.encode(file)
        kept = path.read_bytes()
        path.write_bytes(tampered)
        with pytest.raises(SlotDamaged, match="参数"):
            real.unlock(slot, "246810", 0)
        path.write_bytes(kept)


def test_every_flipped_byte_of_a_slot_is_noticed(keys: Keyring, tmp_path: Path) -> None:
    slot = add(keys)
    path = tmp_path / "keyring" / "1.slot"
    counter = tmp_path / "keyring" / "1.tries"
    whole, fresh = path.read_bytes(), counter.read_bytes()
    for place in range(len(whole)):
        raw = bytearray(whole)
        raw[place] ^= 0x01
        path.write_bytes(bytes(raw))
        with pytest.raises((SlotDamaged, WrongPin)):
            keys.unlock(keys.slots()[0], "246810", 0)
        counter.write_bytes(fresh)
    path.write_bytes(whole)
    assert keys.unlock(slot, "246810", 0).data_key == DATA


def test_a_slot_cut_at_any_length_is_noticed(keys: Keyring, tmp_path: Path) -> None:
    slot = add(keys)
    path = tmp_path / "keyring" / "1.slot"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(SlotDamaged):
            keys.unlock(slot, "246810", 0)


def test_a_copied_slot_opens_nowhere_else(keys: Keyring, tmp_path: Path) -> None:
    slot = add(keys)
    other = tmp_path / "other"
    other.mkdir()
    thief = ring(other)
    thief.create(DEVICE)
    for file in (tmp_path / "keyring").iterdir():
        if file.name != "device.key":
            (other / "keyring" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(WrongPin):
        thief.unlock(slot, "246810", 0)


def test_wrong_pins_wait_longer_and_destroy_at_ten(keys: Keyring, tmp_path: Path) -> None:
    slot = add(keys)
    now = 0
    for wrong in range(1, TRIES_MAX):
        with pytest.raises(WrongPin, match="PIN 不对") as caught:
            keys.unlock(slot, "000000", now)
        assert (caught.value.tries_left, caught.value.wait_ms) == (
            TRIES_MAX - wrong, WAITS_MS[wrong],
        )  # fmt: skip
        if wait := WAITS_MS[wrong]:
            with pytest.raises(PinWait):  # the right one, but too soon, and not counted
                keys.unlock(slot, "246810", now + wait - 1)
        now += wait
    with pytest.raises(SlotDestroyed):
        keys.unlock(slot, "000000", now)
    with pytest.raises(SlotDestroyed):
        keys.unlock(slot, "246810", now + HOUR)
    assert not (tmp_path / "keyring" / "1.slot").exists()


def test_the_right_pin_resets_the_counter(keys: Keyring) -> None:
    slot = add(keys)
    for _ in range(3):
        for _ in range(2):
            with pytest.raises(WrongPin):
                keys.unlock(slot, "000000", 0)
        keys.unlock(slot, "246810", 0)


def test_a_try_is_counted_before_it_is_made(keys: Keyring, tmp_path: Path) -> None:
    slot = add(keys)
    path = tmp_path / "keyring" / "1.slot"
    file = msgspec.msgpack.decode(path.read_bytes())
    file[5] = b"short"  # the try itself breaks off
    path.write_bytes(msgspec.msgpack.encode(file))
    before = (tmp_path / "keyring" / "1.tries").read_bytes()
    with pytest.raises((SlotDamaged, WrongPin)):
        keys.unlock(slot, "246810", 7)
    assert (tmp_path / "keyring" / "1.tries").read_bytes() != before


def test_taking_the_counter_away_gives_no_tries_back(keys: Keyring, tmp_path: Path) -> None:
    slot = add(keys)
    (tmp_path / "keyring" / "1.tries").unlink()
    with pytest.raises(PinWait):
        keys.unlock(slot, "000000", 0)


def test_a_clock_set_back_makes_nobody_wait_for_years(keys: Keyring) -> None:
    slot = add(keys)
    for _ in range(3):
        with pytest.raises(WrongPin):
            keys.unlock(slot, "000000", 50 * 365 * 24 * HOUR)
    with pytest.raises(PinWait):
        keys.unlock(slot, "246810", 0)
    assert keys.unlock(slot, "246810", WAITS_MS[3]).data_key == DATA


def test_changing_a_pin_keeps_the_keys(keys: Keyring) -> None:
    slot = add(keys)
    with pytest.raises(WrongPin):
        keys.change_pin(slot, "000000", "135791", 0)
    keys.change_pin(slot, "246810", "135791", 0)
    assert keys.unlock(slot, "135791", 0).data_key == DATA
    with pytest.raises(WrongPin):
        keys.unlock(slot, "246810", 0)


def test_each_agent_has_an_own_pin(keys: Keyring) -> None:
    add(keys)
    second = keys.add("135791", "测试员乙", DATA, b"b" * 32, b"p" * 32)
    assert [slot.name for slot in keys.slots()] == ["测试员甲", "测试员乙"]
    assert keys.unlock(second, "135791", 0).agent_key == b"b" * 32
    with pytest.raises(WrongPin):
        keys.unlock(second, "246810", 0)


def test_what_the_county_answers_is_noted_on_the_slot(keys: Keyring) -> None:
    slot = keys.describe(add(keys), agent="ABCDEFGH", site="s0001", role="village")
    assert keys.find("测试员甲") == keys.find("ABCDEFGH") == slot
    assert keys.unlock(slot, "246810", 0).data_key == DATA
    with pytest.raises(NoSuchAgent):
        keys.find("测试员丙")


def test_names_are_not_readable_in_the_files(keys: Keyring, tmp_path: Path) -> None:
    add(keys)
    content = b"".join(path.read_bytes() for path in (tmp_path / "keyring").iterdir())
    assert "测试员甲".encode() not in content


@pytest.mark.parametrize("pin", ["", "123", "1" * 65])
def test_a_pin_has_a_sensible_length(keys: Keyring, pin: str) -> None:
    with pytest.raises(BadPin):
        add(keys, pin)


def test_a_lost_device_secret_is_one_clear_error(keys: Keyring, tmp_path: Path) -> None:
    add(keys)
    for content in (b"", b"x" * 31):
        (tmp_path / "device.secret").write_bytes(content)
        with pytest.raises(KeyringDamaged):
            keys.signing_key()
    (tmp_path / "device.secret").unlink()
    with pytest.raises(KeyringDamaged):
        keys.slots()


def test_waits_only_grow() -> None:
    assert len(WAITS_MS) == TRIES_MAX
    assert all(a <= b for a, b in itertools.pairwise(WAITS_MS))


def test_right_pins_at_the_same_moment_are_no_wrong_tries(keys: Keyring) -> None:
    slot = add(keys)
    with ThreadPoolExecutor(12) as pool:
        opened = list(pool.map(lambda _: keys.unlock(slot, "246810", HOUR), range(48)))
    assert {each.data_key for each in opened} == {DATA}
    with pytest.raises(WrongPin) as wrong:
        keys.unlock(slot, "000000", HOUR)
    assert wrong.value.tries_left == TRIES_MAX - 1
