"""How races of the stories are found: a slow network, a slow computer, and a watch on who reads a
page that is being left.

``ANSIM_TEST_SLOW=0.4 pytest tests/browser`` lets every answer take so many seconds more and
Chromium compute at a quarter of its speed. A story then fails that reads a page or presses a key
after something led to another page and before anything was waited for, and one that presses what
stands there while another page is on its way: on a quick machine it would have met the new page,
on a busy one it meets the old, or an empty one between. Off by default.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from playwright.sync_api import Keyboard, Locator, Page, Request, expect

SECONDS = float(os.environ.get("ANSIM_TEST_SLOW", "0"))
SLOWER = 4
BEGINS = 200
"""Milliseconds after a press until what it asks for has surely been asked for."""

OF_PAGES = ("evaluate", "content", "title", "screenshot")
OF_PARTS = (
    *("all", "all_inner_texts", "all_text_contents", "bounding_box", "count", "get_attribute"),
    *("inner_html", "inner_text", "input_value", "is_checked", "is_disabled", "is_enabled"),
    *("is_hidden", "is_visible", "text_content"),
)
"""What is told at once, of a page or of a part of one."""
ACTS = ("check", "click", "fill", "focus", "press", "select_option", "set_input_files", "uncheck")
KEYS = ("press", "type")
WAITS = ("goto", "reload", "wait_for_url")

Complain = Callable[[str], object]
_count = Locator.count


class Watch:
    """What one page has asked for and not yet got: another page, its own next state, or that a
    draft is kept, after which a form goes on its way."""

    def __init__(self, page: Page, complain: Complain) -> None:
        self.page = page
        self.complain = complain
        self.led = False
        """To another page, and nobody has waited for it yet."""
        self.arriving: set[Request] = set()
        self.keeping: set[Request] = set()
        page.on("request", self._asked)
        page.on("requestfinished", self._answered)
        page.on("requestfailed", self._failed)
        page.on("domcontentloaded", lambda _: self._there())

    def _asked(self, request: Request) -> None:
        if request.is_navigation_request():
            self.arriving.add(request)
            self.led = True
        elif request.method == "POST":
            by_htmx = "hx-request" in request.headers
            (self.arriving if by_htmx else self.keeping).add(request)

    def _answered(self, request: Request) -> None:
        self.keeping.discard(request)
        if not request.is_navigation_request():  # a page is there when it has been read
            self.arriving.discard(request)

    def _failed(self, request: Request) -> None:  # a download ends so, too
        self.keeping.discard(request)
        self.arriving.discard(request)
        self.led = self.led and bool(self.arriving)

    def _there(self) -> None:
        self.arriving.clear()
        self.keeping.clear()

    def begin(self) -> None:
        """Gives what was pressed the time to ask for what it wants."""
        if not self.led:
            self.page.wait_for_timeout(BEGINS)
        while self.keeping and not self.arriving:
            self.page.wait_for_timeout(BEGINS)

    def meet(self, what: str, waits: bool) -> None:
        """Somebody reads or acts: that is a race while something is on its way. Who acts on a part
        of a page waits for that part."""
        if self.arriving or (self.led and not waits):
            told = [at for at in traceback.extract_stack() if "browser/" in at.filename]
            lines = [f"{Path(at.filename).name}:{at.lineno}" for at in told[:-2]]
            self.complain(f"{what} while another page is on its way: {' > '.join(lines)}")


_watches: dict[Page, Watch] = {}
_keyboards: dict[Keyboard, Page] = {}


def slow(page: Page, complain: Complain) -> None:
    """Slows this page and watches it, where that was asked for."""
    if not SECONDS:
        return
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    speed = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", {**speed, "latency": 1000 * SECONDS})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    _watches[page] = Watch(page, complain)
    _keyboards[page.keyboard] = page


def _watched(kind: type[Any], name: str) -> None:
    plain = getattr(kind, name)

    @wraps(plain)
    def watched(self: Any, *args: Any, **options: Any) -> Any:
        page = self.page if isinstance(self, Locator) else _keyboards.get(self, self)
        watch = _watches.get(page)
        acts = kind is Keyboard or name in ACTS
        # What only the new page has is waited for by Playwright itself.
        waits = kind is Locator and name in ACTS
        if watch and not (waits and watch.arriving and not _count(self)):
            watch.meet(f"{kind.__name__}.{name}", waits)
        done = plain(self, *args, **options)
        if watch and acts:
            watch.begin()
        return done

    setattr(kind, name, watched)


def awaited(page: Page) -> None:
    """What this page led to has been waited for."""
    if page in _watches:
        _watches[page].led = False


def _waiting(name: str) -> None:
    plain = getattr(Page, name)

    @wraps(plain)
    def waiting(self: Page, *args: Any, **options: Any) -> Any:
        done = plain(self, *args, **options)
        awaited(self)
        return done

    setattr(Page, name, waiting)


def _expecting() -> None:
    plain = type(expect).__call__

    @wraps(plain)
    def expecting(self: Any, actual: Any, *args: Any, **options: Any) -> Any:
        awaited(actual.page if isinstance(actual, Locator) else actual)
        return plain(self, actual, *args, **options)

    setattr(type(expect), "__call__", expecting)  # noqa: B010 - a method cannot be assigned


if SECONDS:
    _expecting()
    for name in WAITS:
        _waiting(name)
    for kind, names in ((Page, OF_PAGES), (Locator, OF_PARTS + ACTS), (Keyboard, KEYS)):
        for name in names:
            _watched(kind, name)
