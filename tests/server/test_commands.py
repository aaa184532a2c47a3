"""`bianmin county …` as scripts call it: one JSON document, or one sentence and an exit code."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from server.cli import county as group
from server.county import County
from server.opening import wall_clock
from sync.bundle import write_up
from sync.command import GROUP, Parts, run
from tests.server.counties import CENTRE, TOWNSHIP, VILLAGE, a_county, a_tablet

COMMANDS = {
    *("init", "load", "serve", "invite", "approve", "suspend", "revoke", "staff", "import"),
    *("conflicts", "pairs", "held", "devices", "settle", "judge", "report", "run-due", "verify"),
    *("rebuild", "export", "backup", "restore", "bridge"),
    *("close-month", "bulletin", "year-table"),
}

DOES = {"approve": "启用设备", "suspend": "停用和挂失设备", "revoke": "撤销设备"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("commands") / "county"
    assert call("init", root, "--county", "510322", "--sample") == 0
    return root


def call(command: str, home: Path, *rest: str) -> int:
    """Run a command in this process; return its exit code."""
    words = ["county", *command.split(), "--home", str(home), *rest]
    return run(Parts(entry_points(group=GROUP)), words)


def answer(capsys: pytest.CaptureFixture[str], command: str, home: Path, *rest: str) -> object:
    """Run a command with --json and return its one document."""
    capsys.readouterr()
    assert call(command, home, *rest, "--json") == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    document: object = json.loads(out)
    return document


def refused(capsys: pytest.CaptureFixture[str], code: int, command: str, *rest: object) -> str:
    """Run a command that must fail with this code and one sentence, and return the sentence."""
    capsys.readouterr()
    home, *words = rest
    assert isinstance(home, Path)
    assert call(command, home, *map(str, words)) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1, shown.err
    return shown.err


def test_every_command_of_the_contract_is_there() -> None:
    assert set(group.commands) == COMMANDS


def test_init_prints_county_fingerprint_and_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    born = answer(capsys, "init", tmp_path / "a", "--county", "510322", "--sample")
    assert isinstance(born, dict)
    assert born["county"] == "510322"
    assert len(born["fingerprint"]) == 32
    assert born["staff"] == "admin"
    assert len(born["password"]) >= 12
    bare = answer(capsys, "init", tmp_path / "b", "--county", "510300")
    assert isinstance(bare, dict)
    assert "password" not in bare
    assert bare["fingerprint"] != born["fingerprint"]


def test_init_refuses_what_is_there_and_another_countys_sample(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "已有内容" in refused(capsys, 1, "init", home, "--county", "510322")
    assert "510322" in refused(capsys, 2, "init", tmp_path / "x", "--county", "110101", "--sample")
    assert not (tmp_path / "x").exists()
    assert "--county" in refused(capsys, 2, "init", tmp_path / "x", "--county", "12")


def test_an_invitation_has_code_url_expiry_and_qr(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = answer(capsys, "invite", home, "--site", VILLAGE, "--url", "http://10.0.0.2:8710/")
    assert isinstance(made, dict)
    assert {"code", "url", "expires_at", "qr_text"} <= made.keys()
    assert made["url"] == "http://10.0.0.2:8710"
    assert made["code"].replace("-", "") in made["qr_text"]
    assert len(made["qr_text"]) <= 150
    head = answer(capsys, "invite", home, "--site", TOWNSHIP, "--role", "head")
    assert isinstance(head, dict)
    assert head["role"] == "head"
    assert call("invite", home, "--site", VILLAGE) == 0
    assert "注册码" in capsys.readouterr().out


def test_lists_are_json_arrays_and_readable_lines(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("conflicts", "pairs", "held", "devices"):
        assert isinstance(answer(capsys, command, home), list)
        assert call(command, home) == 0
        assert capsys.readouterr().out.strip()


def test_staff_are_added_once(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    added = answer(capsys, "staff add", home, "李四", "--role", "clerk", "--site", TOWNSHIP)
    assert isinstance(added, dict)
    assert added["password"]
    again = ("staff add", home, "李四", "--role", "clerk", "--site", TOWNSHIP)
    assert refused(capsys, 1, *again)
    wrong = ("staff add", home, "王五", "--role", "king", "--site", TOWNSHIP)
    assert "--role" in refused(capsys, 2, *wrong)


def test_a_device_goes_through_its_states(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_county(tmp_path / "own") as county:
        made = answer(capsys, "invite", county.home.root, "--site", VILLAGE)
        assert isinstance(made, dict)
        county.now = wall_clock
        tablet = a_tablet(county, made["code"])
        tablet.ask("命令行")
        up, down = tmp_path / "up", tmp_path / "down"
        write_up(up, [tablet.envelope()], b"")
        root, device = county.home.root, tablet.device_key.id.hex()
        done = answer(capsys, "import", root, str(up), "--reply", str(down))
        assert isinstance(done, dict)
        assert (done["opened"], done["refused"]) == (1, 0)
        assert down.stat().st_size > 0
        devices = answer(capsys, "devices", root)
        assert isinstance(devices, list)
        (listed,) = devices
        assert {"device", "site", "state", "last_seen_at", "seq"} <= listed.keys()
        assert (listed["device"], listed["state"], listed["seq"]) == (device, "active", 2)
        for act, state in (("suspend", "suspended"), ("approve", "active"), ("revoke", "revoked")):
            decided = answer(capsys, act, root, device, "--as", "admin")
            assert isinstance(decided, dict)
            assert decided["state"] == state
        assert "撤销" in refused(capsys, 1, "approve", root, device, "--as", "admin")
        assert "谁" in refused(capsys, 1, "suspend", root, device, "--as", "谁")


@pytest.fixture
def tablet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[County, str]]:
    """A sample county with one tablet of a village in use: the county, the tablet's key id."""
    with a_county(tmp_path / "own") as county:
        made = answer(capsys, "invite", county.home.root, "--site", VILLAGE)
        assert isinstance(made, dict)
        county.now = wall_clock
        yield county, a_tablet(county, made["code"]).device_key.id.hex()


@pytest.mark.parametrize(
    ("role", "site", "said"),
    [
        ("village", VILLAGE, "没有“撤销设备”的权限"),
        ("clerk", TOWNSHIP, "没有“撤销设备”的权限"),
        ("head", TOWNSHIP, "可以提出“撤销设备”"),
        ("supervisor", CENTRE, "没有“撤销设备”的权限"),
    ],
)
def test_a_command_asks_for_the_right_that_the_console_asks_for(
    tablet: tuple[County, str], capsys: pytest.CaptureFixture[str], role: str, site: str, said: str
) -> None:
    county, device = tablet
    answer(capsys, "staff add", county.home.root, "某人", "--role", role, "--site", site)
    for act in ("approve", "suspend", "revoke"):
        told = refused(capsys, 1, act, county.home.root, device, "--as", "某人")
        assert said.replace("撤销设备", DOES[act]) in told
    with county.ledger.read() as tx:
        assert [row.state for row in tx.devices()] == ["active"]
    done = answer(capsys, "revoke", county.home.root, device, "--as", "admin")
    assert isinstance(done, dict)
    assert done["state"] == "revoked"


def test_a_silent_tablet_is_revoked_by_two_people_outside_the_sample_county(
    tablet: tuple[County, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    county, device = tablet
    root = county.home.root
    other = answer(capsys, "staff add", root, "另一位", "--role", "administrator", "--site", CENTRE)
    assert isinstance(other, dict)
    with county.ledger.write() as tx:
        (row,) = tx.devices()
        tx.put_device(row._replace(last_seen_at=1))
    config = json.loads((root / "county.json").read_text())
    (root / "county.json").write_text(json.dumps(config | {"sample": False}))
    own = ("revoke", root, device, "--as", "admin", "--reason", "遗失")
    assert "一同确认" in refused(capsys, 1, *own)
    assert "不对" in refused(capsys, 1, *own, "--second", "另一位", "--password", "x")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{other['password']}\n"))
    done = answer(capsys, "revoke", root, *own[2:], "--second", "另一位", "--password", "-")
    assert isinstance(done, dict)
    assert done["state"] == "revoked"


def test_a_report_has_its_period_and_figures(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    period = ("--from", "2026-11-01", "--to", "2026-11-30")
    report = answer(capsys, "report", home, *period, "--site", CENTRE)
    assert isinstance(report, dict)
    assert (report["from"], report["to"]) == ("2026-11-01", "2026-11-30")
    assert {"value", "numerator", "denominator"} <= report["metrics"]["M1"].keys()
    assert "2026-10-31" in refused(capsys, 2, "report", home, "--from", "x", "--to", "2026-11-30")
    assert refused(capsys, 2, "report", home, "--from", "2026-12-01", "--to", "2026-11-30")


def test_what_is_due_is_done_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with a_county(tmp_path / "county") as county:
        first = answer(capsys, "run-due", county.home.root, "--now", "2027-01-10")
        again = answer(capsys, "run-due", county.home.root, "--now", "2027-01-10")
    assert isinstance(first, dict)
    assert isinstance(again, dict)
    assert first["month_closes"] == ["2026-11", "2026-12"]
    assert again["month_closes"] == []


def test_the_books_agree_before_and_after_a_rebuild(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "verify", home)
    assert isinstance(found, dict)
    assert (found["ok"], found["violations"]) == (True, [])
    assert isinstance(answer(capsys, "rebuild", home), dict)
    assert answer(capsys, "verify", home) == found
    exported = answer(capsys, "export", home, str(tmp_path / "ledger"))
    assert isinstance(exported, dict)
    assert exported["operations"] == found["operations"]


def test_backup_and_restore_by_command(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "backup"
    assert answer(capsys, "backup", home, str(file))
    assert answer(capsys, "restore", tmp_path / "again", str(file)) == {"epoch": 2}
    assert "已有内容" in refused(capsys, 1, "restore", home, file)


def test_wrong_calls_are_misuse_with_one_sentence(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settled = ("--value", "1", "--reason", "核对", "--as", "admin")
    assert "--field" in refused(capsys, 2, "settle", home, *settled)
    assert "JSON" in refused(capsys, 2, "settle", home, "00" * 16, "--field", "phone",
                             "--value", "{", "--reason", "核对", "--as", "admin")  # fmt: skip
    assert refused(capsys, 2, "judge", home, "00" * 32, "maybe", "--reason", "x", "--as", "admin")
    assert refused(capsys, 1, "judge", home, "00" * 32, "admit", "--reason", "x", "--as", "admin")
    assert "理由" in refused(capsys, 2, "settle", home, "00" * 16, "--field", "phone",
                             "--value", "1", "--reason", " ", "--as", "admin")  # fmt: skip
    assert "county init" in refused(capsys, 1, "verify", home / "nothing")
