"""A parent brings three screenshots that overlap: one alert, the conversation put together again,
and beside it what else the pictures show."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import DESK, fits, follow, keep, log_in, new_page
from tests.console.serving import Console
from tests.sources import shots

pytestmark = pytest.mark.browser


def test_three_screenshots_of_a_parent_become_one_alert(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    names = ("3.png", "1.png", "2.png")
    files = [tmp_path / name for name in names]
    third, first, second = shots.three()[2], shots.three()[0], shots.three()[1]
    for file, data in zip(files, (third, first, second), strict=True):
        file.write_bytes(data)

    page = new_page(browser, DESK)
    log_in(page, console)
    page.goto(f"{console.address}/upload/")
    page.get_by_label("참여한 사람의 보호자(법정대리인)").check()
    page.get_by_label("제공하는 사람이 안내를 듣고").check()
    chooser = page.get_by_label("대화 화면 그림 여러 장")
    chooser.set_input_files(files)
    expect(page.locator("#chosen li")).to_have_text(list(names))
    expect(page.locator("#file-limits")).to_contain_text("그림은 20장까지")
    keep(page, "screenshots-chosen")
    follow(page.get_by_role("button", name="읽고 살펴보기"))

    expect(page.locator("#thread .line")).to_have_count(len(shots.TALK))
    expect(page.locator("#thread")).not_to_contain_text("용돈")
    page.get_by_role("button", name="대화 내용 보기").click()
    expect(page.locator("#thread .words").first).to_contain_text("안녕하세요")
    thread = page.locator("#thread")
    expect(thread).to_contain_text("용돈")
    expect(thread).to_contain_text("무서워요")
    expect(thread).to_contain_text("다른 메신저로 부르는 코드")
    expect(thread).to_contain_text(shots.INVITATION)
    expect(thread).to_contain_text("화면에서 본 것 (메시지 밖)")
    expect(thread).not_to_contain_text("메시지 입력")
    assert fits(page)
    keep(page, "screenshots-alert")

    page.goto(f"{console.address}/queue/")
    expect(page.locator("#queue [data-alert]")).to_have_count(1)
