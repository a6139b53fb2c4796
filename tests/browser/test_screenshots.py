"""A parent brings three screenshots that overlap: one alert, the conversation put together again,
and beside it what else the pictures show."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import DESK, TELEPHONE, arrival, fits, follow, keep, log_in, new_page
from tests.browser.test_accessibility import faults
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


def test_a_parent_shows_them_by_herself_and_reads_what_the_counsellor_writes(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    first, second, third = shots.three()
    files = [tmp_path / name for name in ("b.png", "c.png", "a.png")]
    for file, data in zip(files, (second, third, first), strict=True):
        file.write_bytes(data)

    parent = new_page(browser, TELEPHONE)
    parent.goto(f"{console.address}/hand-over/")
    expect(parent.locator("main")).to_contain_text("112")
    parent.get_by_label("이 대화를 한 아이의 보호자예요").check()
    parent.get_by_label("이 대화를 읽어도 괜찮아요").check()
    parent.locator("input[type=file]").set_input_files(files)
    expect(parent.locator("#chosen li")).to_have_count(3)
    assert fits(parent)
    keep(parent, "hand-over-telephone")
    follow(parent.get_by_role("button", name="보여 주기", exact=True))
    expect(parent.locator(".donor-code")).to_be_focused()
    code = parent.locator(".donor-code").inner_text()
    assert fits(parent)
    keep(parent, "handed-over-telephone")
    found = faults(parent)
    expect(parent.locator("main")).not_to_contain_text("%")

    page = new_page(browser, DESK)
    log_in(page, console)
    expect(page.locator("#queue [data-alert]")).to_have_count(1)
    page.goto(f"{console.address}/alerts/1/")
    follow(page.get_by_role("button", name="이 경보 맡기"))
    expect(page.locator("#text")).to_be_focused()
    follow(page.get_by_role("button", name="대화 내용 보기"))
    thread = page.locator("#thread")
    expect(thread.locator(".line")).to_have_count(len(shots.TALK))
    expect(thread).to_contain_text("안녕하세요")
    expect(thread).to_contain_text("무서워요")
    expect(thread).to_contain_text("다른 메신저로 부르는 코드")
    expect(thread).to_contain_text("화면에서 본 것 (메시지 밖)")
    page.locator("#text").fill("보여 주셔서 고맙습니다. 여기서 이야기해요.")
    page.get_by_role("button", name="미리보기").click()
    expect(page.locator("#composer")).to_contain_text("파일을 준 보호자")
    page.get_by_role("button", name="이대로 보내기").click()
    expect(thread).to_contain_text("번호로 열어 보기를 기다림")

    follow(parent.get_by_role("link", name="번호로 글 보러 가기"))
    parent.locator("#code").fill(code)
    with arrival(parent):
        parent.keyboard.press("Enter")
    expect(parent.locator(".mail")).to_contain_text("보여 주셔서 고맙습니다.")
    assert not found, "\n".join(found)
