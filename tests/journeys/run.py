"""`make run`: the county with its sample, one enrolled tablet, its window where there is a display.

Everything lies in the folder `run/`; stopped by Ctrl-C and started again, it goes on where it was.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from tests.journeys.commands import BIANMIN, CommandFailed, attempt, bianmin, serving

PORT = 8710
PIN = "246810"
SITE = "510322100201"


def main(folder: Path) -> NoReturn:
    """Serve, enrol, open the window, and stay until a signal interrupts."""
    county, tablet = folder / "county", folder / "tablet"
    login = folder / "sample-login.txt"
    folder.mkdir(exist_ok=True)
    if not (county / "county.json").exists():
        say("第一次运行：建立示范县 富顺县 510322（26 个乡镇、384 个村，示范目录 60 项）…")
        born = bianmin("county", "init", "--home", str(county), "--county", "510322", "--sample")
        login.write_text(born["password"], encoding="utf-8")
    port = int(os.environ.get("PORT", PORT))
    with serving(county, port) as url:
        if not (tablet / "device.json").exists():
            invited = bianmin("county", "invite", "--home", str(county), "--site", SITE)
            bianmin(
                "agent", "enrol", "--home", str(tablet), "--server", url,
                "--code", invited["code"], "--name", "周全", "--pin", PIN,
            )  # fmt: skip
            attempt("agent", "sync", "--home", str(tablet), "--pin", PIN)
        say("")
        say(f"  县级控制台   {url}/   用户名 admin   密码 {login.read_text(encoding='utf-8')}")
        say(f"  平板         .venv/bin/bianmin tablet --home run/tablet   代办员 周全   口令 {PIN}")
        say("  停止         Ctrl-C")
        say("")
        stay(tablet)


def stay(tablet: Path) -> NoReturn:
    """Open the tablet's window where there is a display, and stay until a signal interrupts."""
    if not has_display():
        say("没有显示器：平板窗口未打开，控制台可在浏览器中使用。")
        while True:
            signal.pause()
    window = subprocess.Popen([BIANMIN, "tablet", "--home", str(tablet)])
    try:
        while True:
            signal.pause()
    finally:
        window.terminate()
        window.wait(timeout=30)


def interrupt(_number: int, _frame: object) -> NoReturn:
    """End as Ctrl-C does, so that the county is stopped on the way out."""
    raise KeyboardInterrupt


def has_display() -> bool:
    """Whether a window can be opened here."""
    on_linux = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(on_linux) or sys.platform in ("darwin", "win32")


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, flush=True)


if __name__ == "__main__":
    # A shell starts what it puts in the background with SIGINT ignored: set it in any case.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, interrupt)
    try:
        main(Path("run").resolve())
    except KeyboardInterrupt:
        say("已停止。")
    except CommandFailed as error:
        sys.exit(f"没有启动成功：{error}")
