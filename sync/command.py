"""The one command `bianmin`: it gathers what the installed parts hand in, and knows none of them.

Every part names its commands under the entry-point group `bianmin.commands`; a part is imported
when one of its commands is called, never for `--help`. So the two ends need not import each other,
and a tablet without the extra `server` answers a county command with one sentence, not a traceback.

Exit codes: 0 done, 1 refused or not possible now, 2 the call itself is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import NamedTuple

import click

from shared.errors import BianminError, Misuse

GROUP = "bianmin.commands"
ROOMS = frozenset({"shared", "sync", "mobile", "server"})


class About(NamedTuple):
    """What the overview says of a command without importing it, and the extra it needs."""

    line: str
    part: str
    extra: str


ABOUT = {
    "county": About("县级：建库、收件、入账、冲突处理、报表", "县级服务", "server"),
    "agent": About("村级、乡镇窗口的命令行：登记、办理、同步", "窗口终端", "tablet"),
    "tablet": About("打开窗口终端（平板界面）", "窗口终端", "tablet"),
    "relay": About("乡镇中继：代收并转送密封的数据", "中继", "server"),
    "simulate": About("全系统模拟：在虚拟时间里制造各种故障", "模拟", "dev"),
    "simulate-county": About("模拟一个县的一年，并核对总数", "模拟", "dev"),
}


class PartMissing(BianminError):
    """A command was called whose part (an extra of the distribution) is not installed here."""

    def __init__(self, command: str, module: str) -> None:
        about = ABOUT.get(command)
        if about is None:
            what = f"本机缺少命令“{command}”所需的组件 {module}，请联系管理员补装后再试。"
        else:
            what = (
                f"本机没有安装{about.part}部分（缺少组件 {module}），"
                f'请运行 pip install "bianmin[{about.extra}]" 后再试。'
            )
        super().__init__(what)
        self.command = command
        self.module = module


class Parts(click.Group):
    """The top-level command group; `parts` are the entry points of the installed parts."""

    def __init__(self, parts: Iterable[EntryPoint]) -> None:
        super().__init__(
            "bianmin",
            help="便民：断网也能办事的乡村便民服务。每个命令后加 --help 查看用法。",
            params=[
                click.Option(
                    ["--version"],
                    is_flag=True,
                    is_eager=True,
                    expose_value=False,
                    callback=_print_version,
                    help="显示版本号后退出。",
                )
            ],
        )
        self.parts = {part.name: part for part in parts}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the installed parts' commands; imports nothing."""
        return sorted(self.parts)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the part that owns the command; None if no part does."""
        part = self.parts.get(cmd_name)
        if part is None:
            return None
        command: object = part.load()
        if not isinstance(command, click.Command):
            raise Misuse(f"命令“{cmd_name}”登记有误，请重新安装本软件。")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, from the table above: click's own would import every part."""
        rows = [
            (name, ABOUT[name].line if name in ABOUT else "") for name in self.list_commands(ctx)
        ]
        if rows:
            with formatter.section("命令"):
                formatter.write_dl(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line of this process and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(Parts(entry_points(group=GROUP)), given))


def run(parts: Parts, arguments: list[str]) -> int:
    """Run one call and return its exit code; a declared error becomes one sentence on stderr.

    A module of our own that cannot be imported is a bug and is raised as it is.
    """
    try:
        code: object = parts.main(arguments, prog_name="bianmin", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.UsageError as error:
        click.echo(_usage_sentence(error), err=True)
        return 2
    except click.Abort:
        click.echo("已中断。", err=True)
        return 1
    except click.ClickException as error:
        click.echo(error.format_message(), err=True)
        return 1
    except Misuse as error:
        click.echo(str(error), err=True)
        return 2
    except BianminError as error:
        click.echo(str(error), err=True)
        return 1
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module in ROOMS or not module:
            raise
        click.echo(str(PartMissing(_command_of(arguments), module)), err=True)
        return 1
    return code if isinstance(code, int) else 0


def _command_of(arguments: Sequence[str]) -> str:
    """The first word of a call that is not an option."""
    return next((word for word in arguments if not word.startswith("-")), "")


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"bianmin {version('bianmin')}")
        ctx.exit()


def _usage_sentence(error: click.UsageError) -> str:
    """One Chinese sentence for a wrong call, with the help page to read next."""
    path = error.ctx.command_path if error.ctx else "bianmin"
    return f"{_what_is_wrong(error)}，请看 {path} --help。"


def _what_is_wrong(error: click.UsageError) -> str:
    if isinstance(error, click.NoSuchOption):
        return f"没有选项 {error.option_name}"
    if isinstance(error, click.MissingParameter):
        return f"缺少参数 {_parameter(error)}"
    if isinstance(error, click.BadParameter):
        return f"参数 {_parameter(error)} 的值不对（{error.message.rstrip('.')}）"
    return f"用法不对（{error.format_message().rstrip('.')}）"


def _parameter(error: click.BadParameter) -> str:
    hint = error.param_hint
    if hint is None and error.param is not None:
        hint = error.param.opts[0] if error.param.opts else error.param.human_readable_name
    if hint is None:
        return ""
    return hint if isinstance(hint, str) else "、".join(hint)
