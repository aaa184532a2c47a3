"""The lock names every dependency with hashes, and the pip that installs it is the locked one."""

from __future__ import annotations

import hashlib
import re
import tomllib

from tests.house.tree import ROOT

ENTRY = re.compile(r"^([a-z0-9-]+)==([^\s;]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def locked() -> dict[str, tuple[str, set[str]]]:
    """Name → (version, SHA-256 of its files) of every distribution in the lock."""
    found: dict[str, tuple[str, set[str]]] = {}
    name = ""
    for line in (ROOT / "requirements" / "lock.txt").read_text("utf-8").splitlines():
        entry = ENTRY.match(line)
        if entry:
            name = entry[1]
            found[name] = (entry[2], set())
        if line.strip() and not line.startswith("#"):
            found[name][1].update(HASH.findall(line))
    return found


def declared() -> set[str]:
    """Names of every dependency in pyproject.toml, the extras' among them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0] for group in groups for line in group}
    return {name.lower().replace("_", "-") for name in wanted}


def test_every_declared_dependency_is_locked() -> None:
    assert declared() - locked().keys() == set(), "run `make lock`"


def test_what_kivy_needs_at_run_time_is_locked() -> None:
    assert {"docutils", "filetype", "kivy-garden", "pygments"} <= locked().keys()


def test_every_locked_distribution_has_a_hash() -> None:
    assert [name for name, (_, hashes) in locked().items() if not hashes] == []


def test_the_pip_in_the_repository_is_the_locked_one() -> None:
    version, hashes = locked()["pip"]
    wheels = list((ROOT / ".ci").glob("pip-*.whl"))
    assert [wheel.name for wheel in wheels] == [f"pip-{version}-py3-none-any.whl"], (
        f"fetch it: .venv/bin/python -m pip download --no-deps --dest .ci pip=={version}"
    )
    assert hashlib.sha256(wheels[0].read_bytes()).hexdigest() in hashes
