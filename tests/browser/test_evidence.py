"""Evidence of an alert taken out in a real browser, checked at the keyboard, and refused when one
byte of it has changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import (
    DESK,
    TELEPHONE,
    arrival,
    fits,
    follow,
    keep,
    log_in,
    new_page,
    on_both,
)
from tests.console.serving import Console

pytestmark = pytest.mark.browser


def verify(console: Console, package: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "ansim.cli", "verify", str(package)],
        env=console.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@on_both
def test_a_package_is_asked_for_fetched_checked_and_refused_when_changed(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    console.tell("raise", "room")
    page = new_page(browser, DESK)
    log_in(page, console, "supervisor")
    follow(page.get_by_role("link", name="증거 자료"))
    page.get_by_label("경보 번호").fill("1")
    page.get_by_role("button", name="증거 자료 만들기").click()
    expect(page.get_by_label("까닭")).to_be_focused()  # the browser itself asks for a reason
    page.get_by_label("까닭").fill("수사 협조 요청 2026-77")
    with arrival(page):
        page.keyboard.press("Enter")
    expect(page.locator("#packages progress")).to_be_visible()
    keep(page, "evidence-making")
    link = page.locator("#packages").get_by_role("link", name="내려받기")
    expect(link).to_be_visible()
    expect(page.locator("#news")).to_have_text("증거 자료가 끝났습니다.")
    keep(page, "evidence")
    with page.expect_download() as download:
        link.click()
    package = tmp_path / "package.zip"
    download.value.save_as(package)
    status, told = verify(console, package)
    assert status == 0, told
    assert "메시지 / messages 10" in told

    data = bytearray(package.read_bytes())
    data[data.index("우리 둘만의 비밀".encode())] ^= 1
    package.write_bytes(data)
    status, told = verify(console, package)
    assert status == 1
    assert "✗ facts/messages.jsonl: " in told

    page.goto(f"{console.address}/audit/?action=evidence")
    expect(page.locator("main")).to_contain_text("수사 협조 요청 2026-77")
    for action in ("evidence.ordered", "evidence.made", "evidence.fetched"):
        expect(page.locator("main")).to_contain_text(action)

    telephone = new_page(browser, TELEPHONE, "dark")
    log_in(telephone, console, "supervisor")
    telephone.goto(f"{console.address}/evidence/")
    expect(telephone.get_by_role("link", name="내려받기")).to_be_visible()
    assert fits(telephone)
    keep(telephone, "evidence-telephone")
