"""Who handed a chat in is written to, reads with their code on a telephone, and answers."""

from __future__ import annotations

import re
from pathlib import Path

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
)
from tests.browser.test_accessibility import faults
from tests.console.serving import Console

pytestmark = pytest.mark.browser
RISKY = Path(__file__).parents[1] / "samples/kakaotalk/risky-android.txt"


def test_a_letter_to_who_handed_a_chat_in_is_read_and_answered(
    console: Console, browser: Browser
) -> None:
    page = new_page(browser, DESK)
    log_in(page, console)
    page.goto(f"{console.address}/upload/")
    page.get_by_label("대화에 참여한 본인").check()
    page.get_by_label("제공하는 사람이 안내를 듣고").check()
    page.get_by_label("예, 번호를 받아 스스로").check()
    page.locator("input[type=file]").set_input_files(RISKY)
    follow(page.get_by_role("button", name="읽고 살펴보기"))
    expect(page.locator(".donor-code")).to_be_focused()
    keep(page, "donor-code")
    code = page.locator(".donor-code").inner_text()
    found = faults(page)
    follow(page.get_by_role("link", name="건넸어요"))
    follow(page.get_by_role("button", name="이 경보 맡기"))
    expect(page.locator("#text")).to_be_focused()
    follow(page.get_by_role("button", name="대화 내용 보기"))
    expect(page.locator("#thread")).to_be_focused()
    page.locator("#text").fill("파일을 건네줘서 고마워요. 괜찮으면 여기서 이야기해요.")
    page.get_by_role("button", name="미리보기").click()
    expect(page.locator("#composer")).to_contain_text("연락 번호를 가진 사람(파일을 준 본인)에게만")
    page.get_by_role("button", name="이대로 보내기").click()
    expect(page.locator("#composer .banner.success")).to_be_focused()
    expect(page.locator("#thread")).to_contain_text("번호로 열어 보기를 기다림")

    reader = new_page(browser, TELEPHONE)
    reader.goto(f"{console.address}/letters/")
    reader.locator("#code").fill(code.lower())
    with arrival(reader):
        reader.keyboard.press("Enter")
    expect(reader.locator(".mail")).to_contain_text("파일을 건네줘서 고마워요.")
    assert fits(reader)
    found += faults(reader)
    reader.get_by_label("답하기").fill("네, 무서웠어요.")
    follow(reader.get_by_role("button", name="보내기", exact=True))
    expect(reader.locator(".banner.success")).to_be_focused()
    expect(reader.locator(".mail .mine")).to_contain_text("네, 무서웠어요.")
    keep(reader, "letters-telephone")

    expect(page.locator("#thread")).to_contain_text("번호로 열어 봄")  # by itself
    expect(page.locator("#thread .donor")).to_contain_text("네, 무서웠어요.")
    expect(page.locator("#thread .donor")).to_contain_text("번호로 상담원에게만")
    page.locator("#composer").scroll_into_view_if_needed()
    keep(page, "alert-donor")
    found += faults(page)

    reader.get_by_text("그만 받고 싶으면").click()
    follow(reader.get_by_role("button", name="그만 받기"))
    expect(reader.locator(".banner.success")).to_contain_text("이제 아무 글도 오지 않아요")
    page.reload()
    expect(page.locator("#composer")).to_contain_text("그만 받기로 했습니다")
    assert not found, "\n".join(found)


def test_the_menu_of_a_telephone_folds_behind_one_button(
    console: Console, browser: Browser
) -> None:
    page = new_page(browser, TELEPHONE)
    log_in(page, console, "supervisor")
    menu, links = page.get_by_role("button", name="메뉴"), page.locator("#menu")
    expect(links).to_be_hidden()
    height = page.locator("header.top").bounding_box()
    assert height is not None
    assert height["height"] < TELEPHONE["height"] / 4
    menu.focus()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("aria-expanded", "true")
    expect(links).to_be_visible()
    assert fits(page)
    keep(page, "menu-telephone")
    found = faults(page)
    page.keyboard.press("Tab")
    expect(links.get_by_role("link", name="대기열")).to_be_focused()
    page.keyboard.press("Escape")
    expect(links).to_be_hidden()
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    follow(links.get_by_role("link", name="첫 메시지"))
    expect(page).to_have_url(re.compile("/first-messages/$"))
    expect(page.locator("#menu")).to_be_hidden()
    page.set_viewport_size(DESK)
    expect(page.locator("#menu")).to_be_visible()
    expect(menu).to_be_hidden()
    assert not found, "\n".join(found)


def test_a_tablet_leaves_the_page_its_room(console: Console, browser: Browser) -> None:
    page = new_page(browser, TABLET)
    log_in(page, console, "supervisor")
    header = page.locator("header.top").bounding_box()
    assert header is not None
    assert header["height"] < 80, "more than one row"
    page.get_by_role("button", name="메뉴").click()
    follow(page.locator("#menu").get_by_role("link", name="감사 기록"))
    expect(page).to_have_url(re.compile("/audit/$"))
    assert fits(page)

    # Without scripts nothing folds.
    context = browser.new_context(viewport=TELEPHONE, java_script_enabled=False, locale="ko-KR")
    page = context.new_page()
    log_in(page, console, "supervisor")
    expect(page.get_by_role("link", name="첫 메시지")).to_be_visible()
    expect(page.get_by_role("button", name="메뉴")).to_be_hidden()
