"""Understanding and intervening in a real browser: nothing typed is lost, the keyboard stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import (
    DESK,
    TABLET,
    TELEPHONE,
    arrival,
    fits,
    follow,
    keep,
    log_in,
    new_page,
    open_live,
)
from tests.console.serving import Console

pytestmark = pytest.mark.browser


def test_words_are_kept_checked_bettered_and_sent(console: Console, browser: Browser) -> None:
    console.tell("raise", "room")
    page = new_page(browser, DESK)
    log_in(page, console)
    open_live(page, f"{console.address}/alerts/1/")
    page.locator("#thread").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")  # the first line again: arrows go through the covered ones
    expect(page.locator("#thread .masked button").first).to_be_focused()
    with arrival(page):
        page.keyboard.press("Enter")
    expect(page.locator("#thread .masked")).to_have_count(9)
    expect(page.locator("#thread article").first).to_be_focused()
    follow(page.get_by_role("button", name="이 경보 맡기"))
    text = page.locator("#composer textarea")
    expect(text).to_be_focused()

    text.fill("안녕하세요. 왜 사진을 보냈어요?")
    follow(page.get_by_role("button", name="대화 내용 보기"))  # at once: nothing is saved yet
    expect(page.locator("#thread mark").first).to_be_visible()
    expect(page.locator("#thread")).to_be_focused()
    expect(text).to_have_value("안녕하세요. 왜 사진을 보냈어요?")
    page.locator("#note").fill("메모")
    page.get_by_role("button", name="미리보기").click()
    expect(page.locator("#composer mark.unfit")).to_have_text("왜 사진을 보냈")
    expect(page.locator(".findings")).to_be_focused()
    keep(page, "composer-lint")
    page.get_by_role("button", name="이 말로 바꾸기").click()
    expect(text).to_have_value(
        "안녕하세요. 무슨 일이 있었는지, 말하고 싶은 만큼만 편할 때 들려주세요."
    )
    page.get_by_role("button", name="미리보기").click()
    expect(page.locator(".preview")).to_contain_text("확인 번호")
    keep(page, "composer-preview")
    shown = page.locator(".preview .words").inner_text()
    page.get_by_role("button", name="이대로 보내기").click()
    expect(page.locator("#thread .delivery.queued")).to_be_visible()
    page.reload()
    expect(text).to_have_value("")
    expect(page.locator("#note")).to_have_value("메모")

    assert "무슨 일이" in console.tell("deliver")
    youth = new_page(browser, TABLET)
    youth.goto(f"{console.address}/check/")
    code = shown.split("확인 번호 ")[1].split(" ")[0]
    youth.locator("#code").fill(code)
    follow(youth.get_by_role("button", name="확인하기"))
    expect(youth.locator(".banner.success")).to_contain_text("네, 맞아요.")
    assert fits(youth)
    keep(youth, "check")


def test_help_is_recorded_and_every_new_page_fits_a_tablet(
    console: Console,
    browser: Browser,
) -> None:
    console.tell("raise", "room")
    page = new_page(browser, TABLET)
    log_in(page, console, "supervisor")
    page.goto(f"{console.address}/alerts/1/")
    follow(page.get_by_role("button", name="이 경보 맡기"))
    page.get_by_text("기관에 연계하기 · 구조 요청").click()
    page.get_by_role("radio", name="경찰 112").check()
    page.get_by_label("무엇을 알렸나요?").fill("만나자는 말이 있음")
    page.get_by_label("만남이 임박해 구조를 요청함").check()
    page.get_by_label("만남의 때와 곳").fill("오늘 8시 역 앞")
    follow(page.get_by_role("button", name="연계 기록하기"))
    expect(page.locator(".hand-offs")).to_contain_text("구조 요청")
    expect(page.locator(".banner.success")).to_contain_text("연계를 기록했습니다")
    facts = page.get_by_text("청소년성보호법 제15조의2 관련 사실")
    facts.click()
    expect(page.locator("details[open]", has=facts)).to_be_visible()
    assert fits(page)
    keep(page, "alert-help-tablet")
    for path, name in (
        ("me/", "care"),
        ("agencies/", "agencies"),
        ("first-messages/1/", "wording"),
    ):
        page.goto(f"{console.address}/{path}")
        assert fits(page), path
        keep(page, f"{name}-tablet")
    page.set_viewport_size(TELEPHONE)
    for path in ("alerts/1/", "me/", "agencies/", "first-messages/1/", "check/"):
        page.goto(f"{console.address}/{path}")
        assert fits(page), path
