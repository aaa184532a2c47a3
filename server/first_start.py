"""First start without an IT person: the steps from an empty folder to a county that serves.

What is done is read off the county itself, so a start that was cut off goes on where it was; a
county is made aside and renamed into place, so there is never half of one. `setup.json` marks a
home whose first start has not ended.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from server import files, passwords
from server.accounts import ACTIVE
from server.backup import BackedUp, backup
from server.birth import init_county
from server.codes import AGENT_LETTERS, letters
from server.console.render import BEIJING
from server.county import County, NoEdition
from server.home import CONFIG_FILE, CountyHome, HomeExists
from server.storage.rows import Staff
from server.today import last_backup
from shared.errors import Misuse
from shared.rights import Role
from shared.sample import SAMPLE_COUNTY

MARK = "setup.json"
NAME_MAX = 64


class Step(StrEnum):
    """The steps in their order; each is done before the next is shown."""

    COUNTY = "county"
    TABLES = "tables"
    ADMIN = "admin"
    BACKUP = "backup"
    TABLET = "tablet"


class NotAFolder(Misuse):
    """The folder for backups is not there, or is the county's own."""


def is_unfinished(root: Path) -> bool:
    """Return whether `serve` begins with the first start: an empty folder, or one not ended."""
    if (root / CONFIG_FILE).exists():
        return (root / MARK).exists()
    return not root.exists() or (root.is_dir() and not any(root.iterdir()))


def make_county(
    root: Path, code: str, name: str, *, sample: bool, now: Callable[[], int],
    entropy: Callable[[int], bytes],
) -> None:  # fmt: skip
    """Make the county aside and rename it to `root`. Raises Misuse, HomeExists, NotWritten."""
    code, name = code.strip(), " ".join(name.split())
    if sample:
        code, name = SAMPLE_COUNTY, ""
    elif not (code.isascii() and code.isdecimal() and len(code) == 6 and code[0] != "0"):
        raise Misuse("县代码是六位数字，例如 510322，请核对后重新填写。")
    elif not 0 < len(name) <= NAME_MAX:
        raise Misuse(f"请填写县名，最多 {NAME_MAX} 个字。")
    root = root.resolve()
    if root.exists() and any(root.iterdir()):
        raise HomeExists(f"{root} 已有内容，为免覆盖，未作任何改动；请换一个空目录。")
    aside = root.with_name(f".{root.name}.making")
    shutil.rmtree(aside, ignore_errors=True)  # of a start that was cut off here
    init_county(
        aside, int(code), database=None, sample=sample, name=name, now=now, entropy=entropy,
        with_admin=False,
    )  # fmt: skip
    files.write(aside / MARK, b"{}\n")
    os.replace(aside, root)  # noqa: PTH105 - onto an empty folder, in one step
    files.sync_folder(root.parent)


def step_of(county: County) -> Step:
    """Return what is to be done next for a county that exists."""
    with county.ledger.read() as tx:
        try:
            county.editions(tx)
        except NoEdition:
            return Step.TABLES
        if not any(_is_begun(one) for one in tx.staff_list()):
            return Step.ADMIN
    return Step.BACKUP if last_backup(county.home) is None else Step.TABLET


def first_administrator(county: County, name: str, password: str, repeat: str) -> None:
    """Enter the first administrator, who chose the password. Raises Misuse, WeakPassword.

    Somebody of the loaded staff table keeps the account and its id.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MAX:
        raise Misuse(f"请填写姓名，最多 {NAME_MAX} 个字。")
    if password != repeat:
        raise Misuse("两次输入的密码不一样，请重新输入。")
    passwords.require_strong(password, name)
    hashed = passwords.hash_password(password)
    with county.ledger.read() as tx:
        centre, known = county.editions(tx).centre, tx.staff_named(name)
    if known is not None and known.role != Role.ADMINISTRATOR.value:
        raise Misuse(f"人员表里的“{name}”不是管理员，请换一个人或换一个登录名。")
    row = known or Staff(
        letters(AGENT_LETTERS, county.entropy), name, "", None, Role.ADMINISTRATOR.value, centre,
        0, ACTIVE, county.now(),
    )  # fmt: skip
    made = row._replace(password=hashed, must_change=0)
    county.ledger.writing(lambda tx: tx.put_staff(made))


def first_backup(county: County, folder: str, *, outside: bool) -> tuple[Path, BackedUp]:
    """Write a backup into an existing folder; return the file and what it holds.

    Raises NotAFolder, BackupRefused, NotWritten.
    """
    where = Path(folder.strip())
    if not folder.strip() or not where.is_absolute() or not where.is_dir():
        raise NotAFolder("没有这个文件夹，请先插好U盘或接好另一块盘，再填写它的完整路径。")
    if where.resolve().is_relative_to(county.home.root):
        raise NotAFolder("备份不能放在县级数据自己的目录里，请换一块盘上的文件夹。")
    at = datetime.fromtimestamp(county.now() / 1000, BEIJING).strftime("%Y%m%d-%H%M%S")
    path = where / f"bianmin-{county.code}-{at}.tar"
    return path, backup(county, path, outside=outside)


def finish(home: CountyHome) -> None:
    """End the first start: from now on `serve` serves."""
    (home.root / MARK).unlink(missing_ok=True)
    files.sync_folder(home.root)


def _is_begun(one: Staff) -> bool:
    return (one.role, one.state, one.must_change) == (Role.ADMINISTRATOR.value, ACTIVE, 0)
