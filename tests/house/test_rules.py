"""The house rules hold everywhere, and each rule can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.house import rules
from tests.house.tree import Module, modules, parse, product, tracked_texts

# Longer than the house allows, each with its length: a number here may only go down.
RATCHET: dict[str, int] = {}

Rule = Callable[[Module], Iterator[str]]


def test_shared_has_no_clock_chance_or_disk() -> None:
    assert [f for m in modules() if m.room == "shared" for f in rules.impure(m)] == []


def test_no_sql_is_built_from_pieces() -> None:
    assert [f for m in modules() for f in rules.sql_from_pieces(m)] == []


def test_no_except_is_blind() -> None:
    assert [f for m in modules() for f in rules.blind_except(m)] == []


def test_every_module_says_what_it_is_for() -> None:
    assert [f for m in modules() for f in rules.undocumented(m)] == []


def test_every_error_of_the_product_is_declared() -> None:
    assert list(rules.stray_errors(product())) == []


def test_no_test_evades() -> None:
    tests = [m for m in modules() if m.room == "tests" and m.path != "tests/house/not_run.py"]
    assert [f for m in tests for f in rules.evasive_test(m)] == []


def test_files_and_functions_fit_one_head() -> None:
    long = {
        name: lines
        for module in modules()
        for name, lines, most in rules.lengths(module)
        if lines > most
    }
    assert long == RATCHET, "shorten it; if it was already listed and got shorter, lower its number"


def test_no_tracked_file_names_an_index_or_a_machine() -> None:
    assert [f for path, text in tracked_texts() for f in rules.foreign_places(path, text)] == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (rules.impure, "import datetime\ndatetime.datetime.now()"),
        (rules.impure, "from datetime import date\ndate.today()"),
        (rules.impure, "import time\ntime.time_ns()"),
        (rules.impure, "import uuid\nuuid.uuid4()"),
        (rules.impure, "from uuid import uuid4\nuuid4()"),
        (rules.impure, "import os\nos.urandom(16)"),
        (rules.impure, "open('f')"),
        (rules.sql_from_pieces, "f'SELECT * FROM {table}'"),
        (rules.sql_from_pieces, "f'UPDATE {table} SET a = 1'"),
        (rules.sql_from_pieces, "'DELETE FROM t WHERE id = %s' % i"),
        (rules.sql_from_pieces, "'INSERT INTO t VALUES (' + values + ')'"),
        (rules.sql_from_pieces, "'CREATE TABLE {}'.format(name)"),
        (rules.blind_except, "try: pass\nexcept: pass"),
        (rules.blind_except, "try: pass\nexcept Exception: pass"),
        (rules.blind_except, "try: pass\nexcept (OSError, BaseException): pass"),
        (rules.undocumented, "x = 1"),
        (rules.evasive_test, "import pytest\n@pytest.mark.skip\ndef test_a(): ..."),
        (rules.evasive_test, "import pytest\npytest.skip('later')"),
        (rules.evasive_test, "import pytest\n@pytest.mark.xfail\ndef test_a(): ..."),
        (rules.evasive_test, "import time\ntime.sleep(1)"),
        (rules.evasive_test, "from time import sleep"),
        (rules.evasive_test, "from unittest.mock import patch"),
    ],
)
def test_a_rule_finds_what_it_forbids(rule: Rule, source: str) -> None:
    assert len(list(rule(parse("x.py", source)))) == 1


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (rules.impure, "def due(clock, today): return clock.now() > today"),
        (rules.impure, "from uuid import UUID\nUUID(bytes=b'x' * 16)"),
        (rules.sql_from_pieces, "'SELECT * FROM t WHERE id = ?'"),
        (rules.sql_from_pieces, "f'PRAGMA user_version = {n}'"),
        (rules.sql_from_pieces, "f'Select {n} people'"),
        (rules.blind_except, "try: pass\nexcept (OSError, ValueError): pass"),
        (rules.blind_except, "try: pass\nexcept BaseException:\n    undo()\n    raise"),
        (rules.undocumented, ""),
        (rules.undocumented, '"""What it is for."""\nx = 1'),
        (rules.evasive_test, "def test_a(clock): clock.sleep(3)"),
    ],
)
def test_a_rule_leaves_the_rest_alone(rule: Rule, source: str) -> None:
    assert list(rule(parse("x.py", source))) == []


def test_an_error_is_followed_to_its_root_through_modules() -> None:
    root = parse("a.py", "class BianminError(Exception): ...\nclass Refused(BianminError): ...")
    good = parse("b.py", "class Full(Refused, OSError): ...\nclass Row: ...")
    stray = parse("c.py", "class Lost(errors.Missing): ...\nclass Missing(KeyError): ...")
    assert list(rules.stray_errors([root, good])) == []
    assert [finding.split()[1] for finding in rules.stray_errors([root, good, stray])] == [
        "Lost",
        "Missing",
    ]


def test_lengths_count_the_file_and_each_function() -> None:
    body = "    x = 1\n" * 60
    found = list(rules.lengths(parse("x.py", f"def long():\n{body}" + "\n" * 340)))
    assert found == [("x.py", 401, 400), ("x.py::long", 61, 60)]


@pytest.mark.parametrize(
    ("line", "places"),
    [
        ("--index-" + "url=somewhere", 1),
        ("see /ro" + "ot/notes", 1),
        ("python /home/" + "li/x.py", 1),
        ("--no-emit-index-" + "url --no-annotate", 0),
        ("GET /work/items", 0),
    ],
)
def test_foreign_places_are_found_line_by_line(line: str, places: int) -> None:
    assert len(list(rules.foreign_places("f", f"first\n{line}\n"))) == places
