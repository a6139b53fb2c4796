"""Every page, as a desk and as a tablet shows it: pictures for docs/screenshots/pages, to be looked
at by people. Only where pictures were asked for (`make screenshots`).

Pages and who sees them come from the table in tests/console/test_access.py, so that a new page has
its pictures without being named here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from ansim.casework.roles import TABLE, Role
from tests.browser.pages import DESK, TABLET, fits, log_in, new_page
from tests.browser.test_accessibility import BEFORE_THE_DOOR, ENDLESS, visit
from tests.console.serving import Console
from tests.console.test_access import NEEDED, POST_ONLY

FOLDER = os.environ.get("ANSIM_SCREENSHOTS")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not FOLDER, reason="no pictures were asked for"),
]
PIECES = ("list/", "live/", "progress/", "file/")
QUALITY = 60


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console in a busy night: something stands in every part of its pages."""
    running = Console(tmp_path_factory.mktemp("desk"))
    running.passwords |= json.loads(running.tell("night"))
    yield running
    running.stop()


def seen_first_by(path: str) -> Role | None:
    """The first role, in the order of the table, that sees the page; None for nobody's in
    particular."""
    act = NEEDED[path]
    return next((role for role in Role if act is None or act in TABLE[role]), None)


def test_every_page_has_its_pictures(desk: Console, browser: Browser) -> None:
    folder = Path(str(FOLDER)) / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    pages = [
        path
        for path in NEEDED
        if path not in ENDLESS
        and not path.rstrip("/").endswith(POST_ONLY)
        and not path.endswith(PIECES)
    ]
    wide: list[str] = []
    kept = 0
    for role in (None, *Role):
        page = new_page(browser, DESK)
        mine: list[str] = list(BEFORE_THE_DOOR)
        if role is not None:
            landing = "/queue/" if role in (Role.COUNSELLOR, Role.SUPERVISOR) else None
            log_in(page, desk, role.value, landing)
            mine = [path for path in pages if seen_first_by(path) is role]
        for path in mine:
            for size, name in ((DESK, "desk"), (TABLET, "tablet")):
                page.set_viewport_size(size)
                status = visit(page, desk.address + path)
                shown = urlsplit(page.url).path == path  # not another page that it led to
                if not shown or status != (404 if path == "/nothing-here/" else 200):
                    continue
                title = re.sub(r"\W+", "-", path).strip("-") or "home"
                if not fits(page):
                    wide.append(f"{path} {name}")
                page.screenshot(path=folder / f"{title}-{name}.jpg", type="jpeg", quality=QUALITY)
                kept += 1
    assert kept > 2 * len(BEFORE_THE_DOOR)
    assert not wide, "something sticks out to the side: " + ", ".join(wide)
