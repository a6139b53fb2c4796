"""axe-core finds nothing serious on any page, for any role, by day and by night.

Which pages there are and who may see them is taken from the table in tests/console/test_access.py,
so that a new page is looked at without being named here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect

from ansim.casework.roles import TABLE, Role
from tests.browser import pages
from tests.browser.pages import DESK, follow, log_in, new_page
from tests.console.serving import Console
from tests.console.test_access import NEEDED, POST_ONLY

pytestmark = pytest.mark.browser

ENDLESS = {"/events/"}
BEFORE_THE_DOOR = ("/log-in/", "/check/", "/letters/", "/hand-over/", "/nothing-here/")
ADMIN = (
    *("", "casework/account/", "casework/account/add/", "casework/account/1/change/"),
    *("casework/sourcerecord/", "casework/auditevent/", "password_change/"),
)
FADED = """() => Promise.all(
    document.getAnimations()
        .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
        .map((one) => one.finished.catch(() => {}))
)"""
_axe = Axe()


def faults(page: Page) -> list[str]:
    """What axe calls serious or critical: all rules by day, colours once more by night."""
    found: list[str] = []
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found += _asked(page, "light", {})
    page.emulate_media(color_scheme="dark")
    page.evaluate(FADED)  # the administrators' pages fade from one colour to the other
    return found + _asked(page, "dark", {"runOnly": ["color-contrast", "link-in-text-block"]})


def _asked(page: Page, scheme: str, options: dict[str, object]) -> list[str]:
    # Without preload: axe would put style sheets into the page, which our policy forbids.
    options = {"resultTypes": ["violations"], "preload": False, **options}
    return [
        f"{page.url} {scheme} {fault['id']}: {fault['help']}: "
        + " · ".join(node["html"][:160] for node in fault["nodes"][:3])
        for fault in _axe.run(page, options=options).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


def visit(page: Page, address: str) -> int:
    """Status of the page, 0 for a file or a piece of a page. One that is missing, or takes no GET,
    is no fault here."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    try:
        answer = page.goto(address)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return 0
    assert answer is not None
    if "<html" not in answer.text():
        return 0
    pages.heard[-1][:] = [said for said in pages.heard[-1] if "status of 40" not in said]
    return answer.status


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console in a busy night: something stands in every part of its pages."""
    running = Console(tmp_path_factory.mktemp("desk"))
    running.passwords |= json.loads(running.tell("night"))
    yield running
    running.stop()


@pytest.mark.parametrize("role", list(Role))
def test_no_page_of_a_role_has_a_serious_fault(desk: Console, browser: Browser, role: Role) -> None:
    page = new_page(browser, DESK)
    landing = "/queue/" if role in (Role.COUNSELLOR, Role.SUPERVISOR) else None
    log_in(page, desk, role.value, landing)
    found: list[str] = []
    paths = [
        path
        for path, act in NEEDED.items()
        if (act is None or act in TABLE[role])
        and path not in ENDLESS
        and not path.rstrip("/").endswith(POST_ONLY)
    ]
    seen = 0
    for path in paths:
        if visit(page, desk.address + path) == 200:
            seen += 1
            found += faults(page)
    assert seen, paths
    assert not found, "\n".join(found)


def test_no_page_before_the_door_has_a_serious_fault(desk: Console, browser: Browser) -> None:
    page = new_page(browser, DESK)
    found: list[str] = []
    for path in BEFORE_THE_DOOR:
        visit(page, desk.address + path)
        found += faults(page)
    page.goto(f"{desk.address}/check/")
    page.locator("#code").fill("ABCDE-FGHJK")
    follow(page.get_by_role("button", name="확인하기"))
    found += faults(page)
    assert not found, "\n".join(found)


def test_the_administrators_pages_have_no_serious_fault(desk: Console, browser: Browser) -> None:
    page = new_page(browser, DESK)
    log_in(page, desk, "administrator", "/admin/")
    found: list[str] = []
    for path in ADMIN:
        assert visit(page, f"{desk.address}/admin/{path}") == 200, path
        found += faults(page)
    assert not found, "\n".join(found)


def test_an_alert_has_no_serious_fault_whatever_state_it_is_in(
    desk: Console, browser: Browser
) -> None:
    page = new_page(browser, DESK)
    log_in(page, desk)
    found: list[str] = []
    page.goto(f"{desk.address}/alerts/1/")
    follow(page.get_by_role("button", name="대화 내용 보기"))
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    found += faults(page)  # mine, with words, marks, hand-offs, plan, and every part unfolded
    page.locator("#composer textarea").fill("안녕하세요. 왜 사진을 보냈어요?")
    page.get_by_role("button", name="미리보기").click()
    expect(page.locator("#composer mark.unfit")).to_be_visible()
    found += faults(page)  # a draft that may not go
    follow(page.get_by_role("button", name="종결", exact=True))
    expect(page.locator("#close-error")).to_be_visible()
    found += faults(page)  # a closing that may not be
    for number in (2, 3, 4, 6):  # on hold, dismissed, a colleague's, nobody's
        page.goto(f"{desk.address}/alerts/{number}/")
        found += faults(page)
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    found += faults(page)
    page.goto(f"{desk.address}/queue/?state=all&q=1")
    found += faults(page)
    page.goto(f"{desk.address}/queue/?q=999")
    found += faults(page)
    follow(page.get_by_role("button", name="English"))
    found += faults(page)
    assert not found, "\n".join(found)


def test_a_case_has_no_serious_fault_whatever_is_unfolded(desk: Console, browser: Browser) -> None:
    page = new_page(browser, DESK)
    log_in(page, desk)
    found: list[str] = []
    page.goto(f"{desk.address}/cases/1/")
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    found += faults(page)
    follow(page.get_by_role("button", name="사례 종결하기"))  # an alert is still open
    expect(page.locator("[data-focus]")).to_be_visible()
    found += faults(page)
    page.goto(f"{desk.address}/cases/new/?alert=2")
    found += faults(page)
    page.goto(f"{desk.address}/cases/1/people/0/?part=young")
    found += faults(page)
    assert not found, "\n".join(found)
