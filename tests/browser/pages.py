"""What every story needs: a page of one's own, the log-in, pictures, what a browser says, and ways
to press what leads to another page that come back only when that page is there.

Playwright's ``click`` does not wait for the page it leads to. So whatever leads to one is pressed
by ``follow`` (or inside ``arrival``); tests/browser/test_no_races.py and slowly.py watch over it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, ViewportSize, expect

from tests.browser.slowly import awaited, slow
from tests.console.serving import Console

DESK: ViewportSize = {"width": 1280, "height": 800}
TABLET: ViewportSize = {"width": 820, "height": 1180}
TELEPHONE: ViewportSize = {"width": 360, "height": 740}

PATIENCE = 1000 * float(os.environ.get("ANSIM_TEST_PATIENCE", "90"))
"""Milliseconds for a page or a word to appear: other work may keep the machine busy. On one that is
very busy, set ANSIM_TEST_PATIENCE to more seconds."""

on_both = pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"], indirect=True)
"""A story that is told once on each database."""

heard: list[list[str]] = []
"""What the browsers of a test complained of; the last list is that of the test that runs."""


def new_page(browser: Browser, size: ViewportSize, scheme: str = "light") -> Page:
    """A page of a person of their own."""
    context = browser.new_context(
        viewport=size,
        color_scheme="dark" if scheme == "dark" else "light",
        locale="ko-KR",
        timezone_id="Asia/Seoul",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("pageerror", lambda error: heard[-1].append(str(error)))
    page.on("console", lambda said: _complaint(said.type, said.text))
    slow(page, heard[-1].append)
    return page


def _complaint(kind: str, text: str) -> None:
    # A refused form (422) and a lost connection are part of a story; a breach of policy never is.
    # htmx reports the request that a change of page cuts off as sendError and afterRequest.
    cut_off = text.startswith(("htmx:sendError,", "htmx:afterRequest,"))
    expected = "422" in text or "ERR_" in text or cut_off
    if kind == "error" and not expected:
        heard[-1].append(text)


@contextmanager
def arrival(page: Page) -> Iterator[None]:
    """Around what leads to another page: comes back when that page is there, its scripts too."""
    with page.expect_navigation():
        yield
    awaited(page)


def follow(pressed: Locator) -> None:
    """Presses what leads to another page, which is there afterwards."""
    with arrival(pressed.page):
        pressed.click()


def open_live(page: Page, address: str) -> None:
    """Opens an alert. The first news of a page renew what it shows; they have come afterwards."""

    def first_news(answer: Response) -> bool:
        return answer.url == f"{address}live/"

    with page.expect_response(first_news):
        page.goto(address)
    # htmx marks what waits for an answer, is being exchanged or has just been exchanged.
    at_work = page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")
    expect(at_work).to_have_count(0)


def log_in(
    page: Page, console: Console, name: str = "counsellor", lands: str | None = "/queue/"
) -> None:
    """Logs in through the form; ``lands`` is the page that this role begins with (None: any)."""
    page.goto(console.address)
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill(console.passwords[name])
    with arrival(page):
        page.locator("#id_password").press("Enter")
    if lands:
        page.wait_for_url(f"{console.address}{lands}")
    else:
        page.wait_for_url(lambda address: "/log-in/" not in address)


def keep(page: Page, name: str) -> None:
    """A picture for docs/, where it was asked for."""
    folder = os.environ.get("ANSIM_SCREENSHOTS")
    if folder:
        page.screenshot(
            path=str(Path(folder) / f"{name}.png"), animations="disabled", caret="initial"
        )


def fits(page: Page) -> bool:
    """Nothing sticks out to the side."""
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )
