"""A source in a browser: added step by step by the keyboard, approved by another, tried out,
watched, paused and removed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import DESK, TELEPHONE, arrival, fits, follow, keep, log_in, new_page
from tests.browser.test_accessibility import faults
from tests.console.serving import Console

pytestmark = pytest.mark.browser

TOKEN = "syt_very-secret-token"


def next_step(page: Page, title: str) -> None:
    """Enter sends the form, as somebody without a mouse would do it."""
    with arrival(page):
        page.get_by_role("button", name="다음").press("Enter")
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def test_a_source_is_added_watched_and_removed(console: Console, browser: Browser) -> None:
    page = new_page(browser, DESK)
    log_in(page, console, "administrator", "/admin/")
    page.goto(f"{console.address}/sources/")
    found = faults(page)
    follow(page.get_by_role("link", name="출처 더하기"))
    found += faults(page)
    keep(page, "source-connectors")
    follow(page.get_by_role("button", name="다음"))
    expect(page.locator("[data-focus]")).to_be_focused()
    expect(page.locator("[data-focus]")).to_contain_text("연결 방식을 골라 주세요")
    page.get_by_role("radio", name="matrix").check()
    next_step(page, "이름과 종류")
    found += faults(page)
    page.get_by_label("이름 (콘솔에 보이는)").fill("동네 공부방")
    page.get_by_label("이름표").fill("공부방")
    page.get_by_role("radio", name="모두에게 알린 봇").check()
    follow(page.get_by_role("button", name="다음"))
    expect(page.locator("[data-focus]")).to_contain_text("영어 글자")
    expect(page.get_by_label("이름 (콘솔에 보이는)")).to_have_value("동네 공부방")
    expect(page.get_by_role("radio", name="모두에게 알린 봇")).to_be_checked()
    page.get_by_label("이름표").fill("study")
    next_step(page, "법적 근거")
    found += faults(page)
    expect(page.get_by_label("왜 읽어도 되나요")).to_have_value(re.compile("제15조"))
    next_step(page, "방에 알리기")
    found += faults(page)
    expect(page.locator("#room-ko")).to_have_value(re.compile("!그만"))
    next_step(page, "연결 정보")
    found += faults(page)
    page.get_by_label("접속 토큰").fill(TOKEN)
    follow(page.get_by_role("button", name="다음"))
    expect(page.locator("[data-focus]")).to_contain_text("homeserver")
    assert TOKEN not in page.content()
    expect(page.locator("main")).to_contain_text("이미 적어 두었습니다")
    page.get_by_label("홈서버 주소").fill("https://matrix.example")
    page.get_by_label("봇 계정").fill("@ansim:matrix.example")
    follow(page.get_by_role("button", name="이전"))
    expect(page.get_by_role("heading", name="방에 알리기", exact=True)).to_be_visible()
    next_step(page, "연결 정보")
    expect(page.get_by_label("봇 계정")).to_have_value("@ansim:matrix.example")
    next_step(page, "확인")
    found += faults(page)
    keep(page, "source-summary")
    assert TOKEN not in page.content()
    follow(page.get_by_role("button", name="이대로 더하기"))
    page.wait_for_url("**/sources/of/study/")
    found += faults(page)
    expect(page.locator("#source-health")).to_contain_text("승인을 기다림")

    supervisor = new_page(browser, TELEPHONE)
    log_in(supervisor, console, "supervisor")
    supervisor.goto(f"{console.address}/sources/")
    assert fits(supervisor)
    follow(supervisor.get_by_role("link", name="동네 공부방"))
    assert fits(supervisor)
    expect(supervisor.get_by_role("button", name="승인하기")).to_be_visible()
    expect(supervisor.get_by_role("button", name="쉬게 하기")).to_have_count(0)
    follow(supervisor.get_by_role("button", name="승인하기"))
    expect(supervisor.locator(".banner.success")).to_contain_text("승인했습니다")
    found += faults(supervisor)
    follow(supervisor.get_by_role("link", name="고치기와 지난 판").first)
    expect(supervisor.get_by_role("heading", level=2, name="지난 판")).to_be_visible()
    found += faults(supervisor)
    assert fits(supervisor)

    # The gateway speaks: the page that is open hears it by itself.
    expect(page.locator("#source-health")).to_contain_text("아직 소식이 없음")
    console.tell("told-of-source", "study", "trouble", "the homeserver does not answer")
    expect(page.locator("#source-health")).to_contain_text("the homeserver does not answer")
    console.tell("told-of-source", "study", "listening", "")
    expect(page.locator("#source-health")).to_contain_text("듣는 중")
    page.get_by_label("방 (플랫폼에서 쓰는 ID)").fill("!abc:matrix.example")
    follow(page.get_by_role("button", name="시험 글 보내기"))
    expect(page.locator("#source-health")).to_contain_text("보내려고 대기 중")
    found += faults(page)
    keep(page, "source")
    page.goto(f"{console.address}/sources/")
    row = page.get_by_role("link", name="동네 공부방")
    row.focus()
    expect(page.get_by_role("row").filter(has=row)).to_contain_text("듣는 중")
    console.tell("told-of-source", "study", "trouble", "again")
    expect(page.get_by_role("row").filter(has=row)).to_contain_text("again")
    expect(row).to_be_focused()  # the rows were renewed under the keyboard
    found += faults(page)
    keep(page, "sources")

    row.click()
    page.locator("#reason").fill("방 주인의 부탁")
    follow(page.get_by_role("button", name="쉬게 하기"))
    expect(page.locator("main")).to_contain_text("방 주인의 부탁")
    follow(page.get_by_role("button", name="다시 읽기"))
    page.get_by_text("이 출처 없애기").click()
    page.locator("#why").fill("공부방이 문을 닫음")
    page.get_by_label("확인: 이름표").fill("studi")
    follow(page.get_by_role("button", name="없애기", exact=True))
    expect(page.locator("[data-focus]")).to_contain_text("‘study’")
    found += faults(page)
    expect(page.locator("#why")).to_have_value("공부방이 문을 닫음")
    page.get_by_label("확인: 이름표").fill("study")
    follow(page.get_by_role("button", name="없애기", exact=True))
    expect(page.locator("main")).to_contain_text("없앤 출처입니다")
    follow(page.get_by_role("button", name="English"))
    expect(page.locator("main")).to_contain_text("This source was removed")
    assert not found, "\n".join(found)
