"""The county's home and keys: made once, private, found again, rotated in time."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from server.home import CountyConfig, CountyHome, HomeExists, NoHome
from server.keys import (
    DAY_MS,
    KEEP_MS,
    PERIOD_MS,
    KeyUnreadable,
    create_keys,
    load_front_keys,
    load_keys,
    rotate_recipients,
)

NOW = 1_790_000_000_000
CONFIG = CountyConfig(county=510322, name="富顺县", fingerprint="00" * 16, created_at=NOW)


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    made = CountyHome.create(tmp_path / "county", CONFIG)
    create_keys(made, NOW, os.urandom)
    made.save_config()
    return made


def test_a_home_is_found_again_as_it_was_made(home: CountyHome) -> None:
    assert CountyHome.open(home.root) == home


def test_an_existing_folder_is_never_made_into_a_county(home: CountyHome) -> None:
    before = {p: p.read_bytes() for p in home.root.rglob("*") if p.is_file()}
    with pytest.raises(HomeExists):
        CountyHome.create(home.root, CONFIG)
    assert {p: p.read_bytes() for p in home.root.rglob("*") if p.is_file()} == before


def test_a_folder_without_a_county_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoHome, match="county init"):
        CountyHome.open(tmp_path)


def test_a_broken_configuration_is_one_declared_error(home: CountyHome) -> None:
    (home.root / "county.json").write_bytes(b'{"county": "x"')
    with pytest.raises(NoHome):
        CountyHome.open(home.root)


def test_keys_are_private_and_differ(home: CountyHome) -> None:
    paths = list(home.keys.glob("*.key"))
    assert len({path.read_bytes() for path in paths}) == len(paths) == 9
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert stat.S_IMODE(home.keys.stat().st_mode) == 0o700


def test_keys_are_read_as_they_were_drawn(home: CountyHome) -> None:
    keys = load_keys(home)
    again = load_keys(home)
    assert keys.core.raw == again.core.raw
    assert load_front_keys(home).front.public == keys.front.public
    assert keys.recipient(keys.recipients[0].key_id) == keys.recipients[0]
    assert keys.recipient(b"\0" * 8) is None


def test_the_root_and_complaint_keys_may_be_carried_away(home: CountyHome) -> None:
    before = load_keys(home)
    (home.keys / "root.key").unlink()
    (home.keys / "complaint.key").unlink()
    keys = load_keys(home)
    assert keys.root is None
    assert keys.complaint is None
    assert keys.complaint_public == before.complaint_public


@pytest.mark.parametrize("name", ["core", "front", "data"])
def test_a_missing_or_cut_key_is_one_declared_error(home: CountyHome, name: str) -> None:
    (home.keys / f"{name}.key").write_bytes(b"short")
    with pytest.raises(KeyUnreadable, match=name):
        load_keys(home)
    (home.keys / f"{name}.key").unlink()
    with pytest.raises(KeyUnreadable, match=name):
        load_keys(home)


def test_a_recipient_key_follows_before_the_last_period_ends(home: CountyHome) -> None:
    assert not rotate_recipients(home, NOW + DAY_MS, os.urandom)
    late = NOW + PERIOD_MS - DAY_MS
    assert rotate_recipients(home, late, os.urandom)
    assert not rotate_recipients(home, late + DAY_MS, os.urandom)
    keys = load_keys(home)
    assert len(keys.recipients) == 2
    assert keys.current_recipient(NOW) == keys.recipients[0]
    assert keys.current_recipient(late) == keys.recipients[1]


def test_an_old_recipient_key_is_kept_long_enough_for_late_mail(home: CountyHome) -> None:
    rotate_recipients(home, NOW + PERIOD_MS, os.urandom)
    first = load_keys(home).recipients[0]
    rotate_recipients(home, NOW + PERIOD_MS + KEEP_MS, os.urandom)
    assert load_keys(home).recipient(first.key_id) is not None
    rotate_recipients(home, NOW + PERIOD_MS + KEEP_MS + 1, os.urandom)
    assert load_keys(home).recipient(first.key_id) is None
