"""No story reads a page that may just be on its way out, however the machine is loaded.

``click`` comes back before the page it leads to is there. What reads at once, without waiting
(``fits``, ``faults``, ``count()``…), meets the old page, the new one or none. So a press is made by
``follow`` or within ``arrival``, or an ``expect`` of what only comes afterwards stands between.
What these rules do not see, a run with ANSIM_TEST_SLOW does (see slowly.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.slowly import OF_PAGES, OF_PARTS

STORIES = sorted(Path(__file__).parent.glob("test_*.py"))
AT_ONCE = {"fits", "faults", "keep", "url", *OF_PAGES, *OF_PARTS}
WAITS = {"arrival", "expect", "follow", "log_in", "open_live", "goto", "reload", "wait_for_url"}
STAY = {"Tab", "Shift+Tab", "Escape", "ArrowUp", "ArrowDown", "j", "k", "/", "?"}
"""Keys that lead to no other page."""


def names(node: ast.AST) -> set[str]:
    """What is called or looked up in it."""
    found = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
    return found | {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def presses(node: ast.AST) -> bool:
    for one in ast.walk(node):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute):
            keys = {arg.value for arg in one.args if isinstance(arg, ast.Constant)}
            if one.func.attr == "click" or (one.func.attr == "press" and not keys & STAY):
                return True
    return False


def steps(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Simple statements and heads of the others, in their order. What stands within a ``with`` that
    waits is one step."""
    for statement in body:
        inner = [getattr(statement, part, []) for part in ("body", "orelse", "finalbody")]
        whole = isinstance(statement, ast.With) and any(
            name in WAITS or name.startswith("expect_")
            for item in statement.items
            for name in names(item)
        )
        if whole or not any(inner):
            yield statement
            continue
        for field in ("test", "iter"):
            if hasattr(statement, field):
                yield getattr(statement, field)
        for part in inner:
            yield from steps(part)


def races(source: str) -> list[str]:
    """Where this story may meet a page that is not there, in words."""
    found: list[str] = []
    tree = ast.parse(source)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        pressed = 0
        for step in steps(function.body):
            called = names(step)
            reads = called & AT_ONCE
            line = getattr(step, "lineno", 0)
            if pressed and reads and not called & WAITS:
                found.append(f"line {line}: {min(reads)} after the press in line {pressed}")
            if called & WAITS or any(name.startswith("expect_") for name in called):
                pressed = 0
            elif presses(step):
                pressed = line
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and (reads := names(node.test) & set(OF_PARTS)):
            found.append(f"line {node.lineno}: {min(reads)} is asked for once; expect() waits")
    return found


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.stem)
def test_a_story_waits_for_a_page_before_it_reads_it(story: Path) -> None:
    assert not races(story.read_text("utf-8"))


@pytest.mark.parametrize(
    "told",
    [
        "link.click()\n    assert fits(page)",
        "page.keyboard.press('Enter')\n    found = faults(page)",
        "link.click()\n    for _ in range(2):\n        page.content()",
        "follow(link)\n    button.click()\n    keep(page, 'x')",
        "assert link.count() == 0",
    ],
)
def test_the_rule_knows_a_race(told: str) -> None:
    assert len(races(f"def story(page):\n    {told}\n")) == 1


@pytest.mark.parametrize(
    "told",
    [
        "follow(link)\n    assert fits(page)",
        "link.click()\n    expect(page.locator('h1')).to_be_visible()\n    keep(page, 'x')",
        "with arrival(page):\n        page.keyboard.press('Enter')\n    found = faults(page)",
        "with page.expect_download() as download:\n        link.click()\n    keep(page, 'x')",
        "page.keyboard.press('Tab')\n    page.evaluate('document.activeElement')",
    ],
)
def test_the_rule_leaves_alone_who_waits(told: str) -> None:
    assert races(f"def story(page):\n    {told}\n") == []
