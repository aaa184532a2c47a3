"""The house rules as functions from a module to the places that break them.

A finding is one line, "path:line what is wrong". Each rule says why it exists.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterable, Iterator

from tests.house.tree import Module

CLOCKS = frozenset({"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"})
CLOCK_OWNERS = frozenset({"datetime", "date", "dt", "time"})
CHANCE = frozenset({"uuid1", "uuid4", "uuid6", "uuid7", "urandom", "token_bytes", "token_hex"})
OUTSIDE = frozenset({"open", "input", "print", "exec", "eval", "__import__"})
SQL = re.compile(
    r"\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s.*\bSET\s|DELETE\s+FROM\s|REPLACE\s+INTO\s"
    r"|(CREATE|DROP|ALTER)\s+(TABLE|INDEX|VIEW|TRIGGER|UNIQUE|VIRTUAL)\b|WITH\s+\w+\s+AS\s)",
    re.DOTALL,
)
BROAD = frozenset({"Exception", "BaseException"})
BUILTIN_ERRORS = frozenset(
    name
    for name, thing in vars(builtins).items()
    if isinstance(thing, type) and issubclass(thing, BaseException)
)


def impure(module: Module) -> Iterator[str]:
    """Clock, chance and disk come into `shared` as arguments: any machine folds the same."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in OUTSIDE | CHANCE:
                yield f"{module.path}:{node.lineno} calls {node.func.id}()"
        elif isinstance(node, ast.Attribute):
            owner = _last_name(node.value)
            if node.attr in CHANCE or (node.attr in CLOCKS and owner in CLOCK_OWNERS):
                yield f"{module.path}:{node.lineno} uses {owner}.{node.attr}"


def sql_from_pieces(module: Module) -> Iterator[str]:
    """Values reach SQL as parameters only; PRAGMA, which takes none, is not meant here."""
    lines = {
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.expr) and SQL.match(_assembled(node))
    }
    for line in sorted(lines):
        yield f"{module.path}:{line} builds SQL from pieces"


def blind_except(module: Module) -> Iterator[str]:
    """Only named errors are caught: a bug must not look like a bad network.

    Cleaning up and raising the same error again hides nothing and is let through.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and not _raises_again(node):
            kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(kind is None or _last_name(kind) in BROAD for kind in kinds):
                yield f"{module.path}:{node.lineno} catches everything"


def undocumented(module: Module) -> Iterator[str]:
    """A reader learns from the first lines what a file is for; a bare `__init__` may stay empty."""
    if module.text.strip() and not ast.get_docstring(module.tree):
        yield f"{module.path}:1 has no docstring"


def evasive_test(module: Module) -> Iterator[str]:
    """No test is skipped, expected to fail, slept through or run against a stand-in."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            owner = _last_name(node.value)
            if (owner in {"pytest", "mark"} and node.attr in {"skip", "skipif", "xfail"}) or (
                owner in {"time", "asyncio"} and node.attr == "sleep"
            ):
                yield f"{module.path}:{node.lineno} uses {owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = {alias.name for alias in node.names}
            if node.module.startswith("unittest") or (node.module == "time" and "sleep" in names):
                yield f"{module.path}:{node.lineno} imports from {node.module}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("unittest"):
                    yield f"{module.path}:{node.lineno} imports {alias.name}"


def stray_errors(modules: Iterable[Module]) -> Iterator[str]:
    """Every error class of the product derives from BianminError: main() shows those, and no other.

    Bases are followed by name through all modules.
    """
    classes = {
        node.name: (f"{module.path}:{node.lineno}", [_last_name(base) for base in node.bases])
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    }

    def ancestors(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        bases = classes[name][1] if name in classes and name not in seen else []
        found = set(bases)
        for base in bases:
            found |= ancestors(base, seen | {name})
        return found

    for name, (place, _) in classes.items():
        above = ancestors(name)
        if above & BUILTIN_ERRORS and name != "BianminError" and "BianminError" not in above:
            yield f"{place} {name} does not derive from BianminError"


def lengths(module: Module) -> Iterator[tuple[str, int, int]]:
    """(name, lines, most allowed) of the file and of each function: what fits one head."""
    yield module.path, module.text.count("\n"), 400
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{module.path}::{node.name}", lines, 60


# Taken apart, so that these lines do not find themselves.
FOREIGN = re.compile(
    "|".join(
        (
            r"(py" + r"pi\.org|pythonhosted\.org|reg" + r"istry\.npmjs|deb\.debian\.org)",
            r"--(extra-)?index-" + r"url[= ]+\S",
            r"file:/" + r"//",
            r"(?<![\w.])/(ro" + r"ot|opt/py" + r"pi|work/(main|sha" + r"red)|home/[a-z]+)/",
        )
    )
)


def foreign_places(path: str, text: str) -> Iterator[str]:
    """No package index and no folder of somebody's machine: a clone works anywhere."""
    for number, line in enumerate(text.splitlines(), start=1):
        found = FOREIGN.search(line)
        if found:
            yield f"{path}:{number} names {found.group()}"


def _last_name(node: ast.expr | None) -> str:
    """`c` of the expression `a.b.c` or `c[…]`, else ""."""
    if isinstance(node, ast.Subscript):
        return _last_name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _assembled(node: ast.expr) -> str:
    """How a text put together at run time begins (f-string, sum, %, format); "" for all else."""
    match node:
        case ast.JoinedStr(values=parts):
            if any(isinstance(part, ast.FormattedValue) for part in parts):
                return "".join(_constant(part) or "?" for part in parts)
        case ast.BinOp(op=ast.Mod() | ast.Add()):
            return _constant(node)
        case ast.Call(func=ast.Attribute(value=template, attr="format")):
            return _constant(template)
    return ""


def _constant(node: ast.expr) -> str:
    """The text of a string constant, of the left-most one in a sum; "" for anything else."""
    while isinstance(node, ast.BinOp):
        node = node.left
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
