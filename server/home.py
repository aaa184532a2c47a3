"""The home of a county: one folder with configuration, keys, database, spool and attachments.

county.json    what the county is called and where its database lies
card.bin       the county card, signed by the root key, given to every device
keys/          one file per key (0600), see server.keys
core.db        the ledger (SQLCipher), unless county.json names a PostgreSQL URL
front/         the front's spool and its copy of the devices' public keys
attachments/   sealed attachments, named by the hash of their ciphertext
run/           the unix socket between front and core, the lock of `county serve`
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from server import files
from shared.errors import BianminError, Refused
from shared.slips import PROJECT_TEMPLATE, require_template

CONFIG_FILE = "county.json"


class NoHome(BianminError):
    """The folder holds no county, or its configuration cannot be read."""


class HomeExists(Refused):
    """A county is there already; nothing was touched."""


class CountyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What `county.json` holds. Keys of a newer version are passed over."""

    county: int
    """The six-digit region code."""
    name: str
    fingerprint: str
    """Hexadecimal, first 16 bytes of the SHA-256 of the root public key."""
    created_at: int
    database: str | None = None
    """A PostgreSQL URL; None for the embedded database."""
    sample: bool = False
    url: str = "http://127.0.0.1:8710"
    """Where tablets find the front; invitations carry it."""
    number_template: str = PROJECT_TEMPLATE
    """The form of official numbers (办件编号), see `shared.slips.require_template`."""


@dataclass(frozen=True, slots=True)
class CountyHome:
    """The paths of one county. `root` is absolute."""

    root: Path
    config: CountyConfig

    @classmethod
    def open(cls, root: Path) -> CountyHome:
        """Return the county at `root`; raise NoHome, Misuse (the form of its numbers)."""
        path = root.resolve() / CONFIG_FILE
        try:
            config = msgspec.json.decode(path.read_bytes(), type=CountyConfig)
        except FileNotFoundError as error:
            raise NoHome(
                f"{root} 里没有县级数据，请检查目录，或先运行 bianmin county init --home {root}。"
            ) from error
        except (OSError, msgspec.MsgspecError) as error:
            raise NoHome(f"{path} 无法读取，请检查文件权限，或从备份恢复。") from error
        require_template(config.number_template)
        return cls(path.parent, config)

    @classmethod
    def empty(cls, root: Path) -> CountyHome:
        """Make the folders of a county that is about to be restored; raise HomeExists."""
        return cls.create(root, CountyConfig(county=0, name="", fingerprint="", created_at=0))

    @classmethod
    def create(cls, root: Path, config: CountyConfig) -> CountyHome:
        """Make the folders; raise HomeExists. `save_config` comes last and makes it a county."""
        whole = root.resolve()
        if whole.exists() and any(whole.iterdir()):
            raise HomeExists(f"{root} 已有内容，为免覆盖，未作任何改动；请换一个空目录。")
        home = cls(whole, config)
        for folder in (whole, *home.folders()):
            files.make_folder(folder)
        return home

    def discard(self) -> None:
        """Empty a home that did not become a county, so that the same folder can be tried again."""
        for one in self.root.iterdir():
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one)
            else:
                one.unlink()

    def save_config(self) -> None:
        """Write `county.json` durably; raise NotWritten."""
        raw = msgspec.json.format(msgspec.json.encode(self.config), indent=2)
        files.write(self.root / CONFIG_FILE, raw + b"\n")

    def folders(self) -> Iterable[Path]:
        """Every folder of the home."""
        return (self.keys, self.front, self.attachments, self.run)

    @property
    def keys(self) -> Path:
        """The folder of the keys."""
        return self.root / "keys"

    @property
    def front(self) -> Path:
        """The folder of the front process."""
        return self.root / "front"

    @property
    def spool(self) -> Path:
        """The front's spool of sealed envelopes (SQLCipher)."""
        return self.front / "spool.db"

    @property
    def attachments(self) -> Path:
        """The folder of sealed attachments."""
        return self.root / "attachments"

    @property
    def run(self) -> Path:
        """Socket and lock of the running county."""
        return self.root / "run"

    @property
    def socket(self) -> Path:
        """The core's unix socket; processes enter `run` first, since its path may be too long."""
        return self.run / "core.sock"

    @property
    def lock(self) -> Path:
        """The lock file that one `county serve` holds."""
        return self.run / "serve.lock"

    @property
    def address_file(self) -> Path:
        """Where a running `county serve` notes its address."""
        return self.run / "address"

    def address(self) -> str:
        """Return where tablets find the county: of the server that runs, else as configured."""
        try:
            return self.address_file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return self.config.url

    @property
    def card(self) -> Path:
        """The signed county card."""
        return self.root / "card.bin"

    @property
    def core_db(self) -> Path:
        """The embedded database."""
        return self.root / "core.db"

    @property
    def database(self) -> str | Path:
        """What `server.database.open_engine` opens: the PostgreSQL URL or the file."""
        return self.config.database or self.core_db
