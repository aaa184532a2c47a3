"""The command `bianmin`: parts are imported late, errors become one sentence and an exit code."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint, version
from pathlib import Path

import click
import pytest

from shared.errors import BianminError, Misuse, Refused
from sync.command import ABOUT, GROUP, Parts, run

HERE = __name__


@click.group()
def county() -> None:
    """A part that is installed."""


@county.command()
@click.option("--port", type=int, required=True)
def serve(port: int) -> None:
    click.echo(f"port {port}")


@county.command()
@click.argument("how")
def fail(how: str) -> None:
    errors: dict[str, Exception] = {
        "refused": Refused("设备已停用，请联系县级管理员。"),
        "declared": BianminError("磁盘已满，请清理后再试。"),
        "misuse": Misuse("日期写错了，请写成 2026-01-31。"),
        "library": ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn"),
        "room": ModuleNotFoundError("No module named 'server.gone'", name="server.gone"),
        "abort": click.Abort(),
        "file": click.FileError("名单.xlsx", "打不开"),
    }
    raise errors[how]


@county.command()
@click.pass_context
def leave(ctx: click.Context) -> None:
    ctx.exit(7)


NOT_A_COMMAND = "a part that hands in something else"


@pytest.fixture
def parts() -> Parts:
    return Parts(
        [
            EntryPoint("county", f"{HERE}:county", GROUP),
            EntryPoint("tablet", "library_nobody_has.app:tablet", GROUP),
            EntryPoint("broken", f"{HERE}:NOT_A_COMMAND", GROUP),
            EntryPoint("foreign", "another_missing_library:x", GROUP),
        ]
    )


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_help_lists_every_part_and_imports_none(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parts, ["--help"]) == 0
    out, err = said(capsys)
    assert all(name in out for name in ("county", "tablet", "broken", "foreign"))
    assert ABOUT["county"].line in out
    assert err == ""


def test_help_of_the_real_parts_imports_neither_end() -> None:
    script = (
        "import sys\n"
        "from importlib.metadata import EntryPoint\n"
        "from sync.command import Parts, run\n"
        "names = {'county': 'server.cli', 'agent': 'mobile.cli', 'tablet': 'mobile.cli'}\n"
        "parts = [EntryPoint(n, f'{m}:{n}', 'bianmin.commands') for n, m in names.items()]\n"
        "code = run(Parts(parts), ['--help'])\n"
        "heavy = {'kivy', 'starlette', 'sqlalchemy', 'mobile', 'server'} & set(sys.modules)\n"
        "print('heavy', sorted(heavy))\n"
        "sys.exit(code)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "county" in done.stdout
    assert done.stdout.endswith("heavy []\n")


def test_a_command_runs_with_its_options(parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parts, ["county", "serve", "--port", "8710"]) == 0
    assert said(capsys) == ("port 8710\n", "")


def test_a_command_chooses_its_own_exit_code(parts: Parts) -> None:
    assert run(parts, ["county", "leave"]) == 7


@pytest.mark.parametrize(
    ("how", "code", "sentence"),
    [
        ("refused", 1, "设备已停用，请联系县级管理员。\n"),
        ("declared", 1, "磁盘已满，请清理后再试。\n"),
        ("misuse", 2, "日期写错了，请写成 2026-01-31。\n"),
        ("abort", 1, "已中断。\n"),
    ],
)
def test_a_declared_error_is_one_sentence_on_stderr(
    parts: Parts, capsys: pytest.CaptureFixture[str], how: str, code: int, sentence: str
) -> None:
    assert run(parts, ["county", "fail", how]) == code
    assert said(capsys) == ("", sentence)


def test_a_file_that_cannot_be_opened_is_refused(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parts, ["county", "fail", "file"]) == 1
    out, err = said(capsys)
    assert out == ""
    assert "名单.xlsx" in err


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["nobody"], "bianmin --help"),
        (["county", "nobody"], "bianmin county --help"),
        (["county", "serve"], "缺少参数 --port"),
        (["county", "serve", "--port", "x"], "参数 --port 的值不对"),
        (["county", "serve", "--prot", "1"], "没有选项 --prot"),
        (["county", "fail"], "缺少参数 how"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_exit_code_2(
    parts: Parts, capsys: pytest.CaptureFixture[str], arguments: list[str], wanted: str
) -> None:
    assert run(parts, arguments) == 2
    out, err = said(capsys)
    assert out == ""
    assert wanted in err
    assert err.count("\n") == 1
    assert err.endswith("--help。\n")


def test_a_call_without_a_command_shows_what_there_is(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parts, []) == 2
    out, err = said(capsys)
    assert out == ""
    assert err.startswith("Usage: bianmin")
    assert ABOUT["county"].line in err


def test_a_part_that_is_not_installed_says_how_to_install_it(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parts, ["tablet"]) == 1
    assert said(capsys)[1] == (
        "本机没有安装窗口终端部分（缺少组件 library_nobody_has），"
        '请运行 pip install "bianmin[tablet]" 后再试。\n'
    )


def test_a_library_missing_deep_inside_a_command_is_told_the_same_way(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parts, ["county", "fail", "library"]) == 1
    assert "bianmin[server]" in said(capsys)[1]


def test_a_part_nobody_described_names_the_missing_library(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parts, ["foreign"]) == 1
    assert "another_missing_library" in said(capsys)[1]


def test_a_missing_module_of_our_own_is_a_bug_and_stays_one(parts: Parts) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"server\.gone"):
        run(parts, ["county", "fail", "room"])


def test_a_part_that_hands_in_no_command_is_refused(
    parts: Parts, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(parts, ["broken"]) == 2
    assert "broken" in said(capsys)[1]


def test_version_is_the_distributions(parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parts, ["--version"]) == 0
    assert said(capsys)[0] == f"bianmin {version('bianmin')}\n"
