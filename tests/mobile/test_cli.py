"""The commands as a script calls them: exit codes, JSON keys, sentences, the PIN's three ways."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mobile.cli import agent
from shared.errors import BianminError, Misuse
from tests.mobile.county import County, Serving

PIN = "246810"


class Shell:
    """Calls `bianmin agent …` in this process, as `sync.command` does."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url

    def __call__(self, *arguments: str, pin: str | None = PIN, stdin: str | None = None) -> Any:
        """Return the JSON document; raise the declared error."""
        command, *rest = arguments
        given = [command, "--home", str(self.home), "--json", *rest]
        if pin is not None:
            given += ["--pin", pin]
        done = CliRunner().invoke(agent, given, input=stdin, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    with Serving(County(now=time.time_ns() // 1_000_000)) as serving:
        made = Shell(Path(tmp_path_factory.mktemp("cli")) / "home", serving.url)
        document = made("enrol", "--server", serving.url, "--code", "CODE", "--name", "测试员甲")
        assert {"device", "site", "state"} <= document.keys()
        assert document["state"] == "active"
        yield made


def record(shell: Shell, kind: str, **data: object) -> Any:
    return shell("record", kind, "--data", json.dumps(data))


def test_record_act_show_list_search(shell: Shell) -> None:
    made = record(shell, "proxy", person_name="赵测试", item="BM-YB-001", phone="13800138000")
    assert {"record", "operation", "slip_number"} <= made.keys()
    done = shell("act", made["record"], "check", "--data", '{"check_result":"complete"}')
    assert (done["record"], done["state"]) == (made["record"], "材料齐")
    shown = shell("show", made["record"])
    assert shown["fields"]["person_name"] == "赵测试"
    assert shown["conflicts"] == []
    assert [step["act"] for step in shown["history"]] == ["entrust", "check"]
    for rows in (shell("list"), shell("search", "zcs")):
        (row,) = [row for row in rows if row["record"] == made["record"]]
        assert (row["kind"], row["state"], row["delivery"]) == ("proxy", "材料齐", "saved")


def test_a_sealed_complaint_answers_the_code_alone(shell: Shell) -> None:
    before = shell("list"), shell("status")
    made = record(shell, "complaint", target_kind="undisclosed", content="有人收钱")
    assert made.keys() == {"query_code"}
    assert (shell("list"), shell("status")) == before


def test_status_and_sync(shell: Shell, tmp_path: Path) -> None:
    record(shell, "consultation", question="问")
    now = shell("status")
    assert now.keys() == {"pending", "held", "refused", "last_delivered_at"}
    assert now["pending"] == shell("status", pin=None)["pending"] > 0
    up = shell("export", str(tmp_path / "up"), pin=None)
    assert up["operations"] == now["pending"]
    done = shell("sync", pin=None)
    assert (done["pushed"], done["pending"]) == (now["pending"], 0)
    assert {"pushed", "pulled", "pending", "bytes_up", "bytes_down", "round_trips"} <= done.keys()
    done = shell("sync")
    assert {row["delivery"] for row in shell("list")} == {"merged"}
    assert shell("status")["last_delivered_at"] > 0


def test_data_from_a_file_and_pin_from_standard_input(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('{"question": "从文件"}')
    made = shell(
        "record", "consultation", "--file", str(tmp_path / "data.json"), pin="-", stdin=f"{PIN}\n"
    )
    assert shell("show", made["record"])["fields"]["question"] == "从文件"


def test_pin_from_the_environment(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIANMIN_PIN", PIN)
    assert isinstance(shell("list", pin=None), list)


def test_one_more_agent_and_whose_turn_it_is(shell: Shell) -> None:
    shell("enrol", "--server", shell.url, "--code", "C2", "--name", "测试员乙", pin="135791")
    made = shell(
        "record", "consultation", "--data", '{"question":"乙"}', "--as", "测试员乙", pin="135791"
    )
    assert shell("show", made["record"], pin="135791")["fields"]["question"] == "乙"
    assert isinstance(shell("list", "--as", "测试员甲"), list)


@pytest.mark.parametrize(
    "arguments",
    [
        ("record", "nothing", "--data", "{}"),
        ("record", "proxy", "--data", "{}"),
        ("act", "01a20a9d-027c-7cd0-bfea-941eff3b89ab", "amend"),
        ("act", "xyz", "amend"),
        ("show", "01a20a9d-027c-7cd0-bfea-941eff3b89ab"),
        ("list", "--as", "没有这个人"),
        ("import", "/nonexistent"),
        ("sync", "--server", "http://127.0.0.1:1"),
    ],
)
def test_refusals_are_one_sentence(shell: Shell, arguments: tuple[str, ...]) -> None:
    with pytest.raises(BianminError) as caught:
        shell(*arguments)
    assert not isinstance(caught.value, Misuse)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(("。", "；"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("record", "proxy", "--data", "{"),
        ("record", "proxy", "--data", "[]"),
        ("record", "proxy", "--data", '{"level": NaN}'),
        ("record", "proxy", "--data", "{}", "--file", "x"),
        ("record", "proxy", "--file", "/nonexistent"),
        ("sync", "--server", "nonsense"),
        ("enrol", "--code", "CODE", "--name", "丙"),
        ("enrol", "--server", "http://127.0.0.1:1", "--code", " ", "--name", "丙"),
    ],
)
def test_misuse_is_told_apart(shell: Shell, arguments: tuple[str, ...]) -> None:
    with pytest.raises(Misuse):
        shell(*arguments)


def test_without_a_pin_only_the_outbox_is_served(shell: Shell) -> None:
    for arguments in (("list",), ("search", "赵"), ("record", "proxy"), ("show", "x" * 32)):
        with pytest.raises((Misuse, BianminError)):
            shell(*arguments, pin=None)
