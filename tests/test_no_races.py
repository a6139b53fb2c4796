"""No test counts on a quick machine: what has to come is waited for, and for long.

A test that gives another process or task ten seconds fails one day in a hundred, on a machine that
does other work too. Limits in time are there to end a test that would never end; the few that are
asked about on purpose stand in ``MEANT``. Pages in a browser have rules of their own
(tests/browser/test_no_races.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

HERE = Path(__file__).parent
FILES = sorted(path for path in HERE.rglob("*.py") if path.name != Path(__file__).name)
LEAST = 60.0
"""Seconds that whatever has to come may take."""
LIMITED = {"timeout", "wait_for", "join", "wait", "communicate", "result", "acquire", "wait_procs"}
"""Calls that are given up after so long."""
WAITERS = ("until", "wait", "gone")
"""How functions begin that wait for a condition; their last argument is a limit."""
MEANT = {
    "connectors/checks/speaking.py": "a sending is cut off, as the courier cuts it off",
    "connectors/running.py": "a connector is told again and again to end",
    "console/test_processes.py": "what another holds is not had",
    "host.py": "a host answers in drips",
}
"""Files in which a short limit is what is asked about, and why."""
STILL = {
    "casework/test_backup.py",
    "commands/test_check.py",
    "console/test_pages.py",
    "console/test_translations.py",
    "detection/test_context.py",
    "stream/test_delivery.py",
    "test_house_rules.py",
}
"""Files that list a whole folder in which nobody writes at that moment."""


def path_of(path: Path) -> str:
    return path.relative_to(HERE).as_posix()


def called(call: ast.Call) -> str:
    """The last name of what is called."""
    what = call.func
    return what.attr if isinstance(what, ast.Attribute) else getattr(what, "id", "")


def limits(node: ast.AST) -> list[ast.expr]:
    """What a call or a definition gives as the longest time to wait."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.args.defaults if node.name.startswith(WAITERS) else []
    if not isinstance(node, ast.Call):
        return []
    name = called(node)
    found: list[ast.expr] = []
    if name in LIMITED or name.endswith("Client") or from_httpx(node):
        found += [word.value for word in node.keywords if word.arg == "timeout"]
    if name in {"timeout", "join", "wait"} and len(node.args) == 1:
        found.append(node.args[0])
    if name.startswith(WAITERS) and len(node.args) > 1:
        found.append(node.args[-1])
    return found


def from_httpx(call: ast.Call) -> bool:
    what = call.func
    return (
        isinstance(what, ast.Attribute)
        and isinstance(what.value, ast.Name)
        and what.value.id == "httpx"
        and what.attr in {"get", "post", "request", "Client", "AsyncClient"}
    )


def short(tree: ast.AST) -> Iterator[str]:
    """Every limit that is shorter than ``LEAST``, in words."""
    for node in ast.walk(tree):
        for each in limits(node):
            value = each.value if isinstance(each, ast.Constant) else None
            if type(value) in (int, float) and 0 < float(str(value)) < LEAST:
                yield f"line {each.lineno}: {value} seconds"
        if isinstance(node, ast.Call) and from_httpx(node):
            words = {word.arg for word in node.keywords}
            if not words & {"timeout", "transport"}:
                yield f"line {node.lineno}: httpx gives up after five seconds"


def made_up(tree: ast.AST) -> Iterator[str]:
    """Settings of made-up examples under which a busy machine fails a test, in words."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and called(node) in {"settings", "register_profile"}):
            continue
        for word in node.keywords:
            kept = "too_slow" in ast.unparse(word.value) or "list(" in ast.unparse(word.value)
            if word.arg == "suppress_health_check" and not kept:
                yield f"line {node.lineno}: making examples may be slow"
            if word.arg == "deadline" and ast.unparse(word.value) != "None":
                yield f"line {node.lineno}: an example may take its time"


def listed(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) == "rglob":
            yield f"line {node.lineno}: use tests/lying_files.py where a server may be writing"


@pytest.mark.parametrize("path", FILES, ids=path_of)
def test_what_has_to_come_may_take_its_time(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    name = path_of(path)
    found = [] if name in MEANT else list(short(tree))
    found += [] if name in STILL else listed(tree)
    assert [*found, *made_up(tree)] == []


def test_exceptions_are_only_where_they_are_needed() -> None:
    for name in MEANT:
        assert list(short(ast.parse((HERE / name).read_text("utf-8")))), name
    for name in STILL:
        assert list(listed(ast.parse((HERE / name).read_text("utf-8")))), name


def test_made_up_examples_are_the_same_each_time_and_may_take_their_time() -> None:
    usual = hypothesis.settings.default
    assert usual is not None
    assert (usual.deadline, usual.derandomize) == (None, True)
    assert hypothesis.HealthCheck.too_slow in usual.suppress_health_check


@pytest.mark.parametrize(
    "told",
    [
        "async with asyncio.timeout(30): pass",
        "process.wait(10)",
        "await until(lambda: there, 20)",
        "async def until(condition, seconds=10.0): pass",
        "httpx.get(address)",
        "thread.join(timeout=5)",
    ],
)
def test_the_rule_knows_a_short_limit(told: str) -> None:
    source = f"async def test() -> None:\n    {told}\n"
    assert len(list(short(ast.parse(source)))) == 1
