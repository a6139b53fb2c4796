"""The console alone in a real browser: live without reload, usable by keyboard, calm on a tablet.

The whole path with demo room and detection is in test_whole_story.py. With
``ANSIM_SCREENSHOTS=docs/screenshots`` the pages are kept as pictures.
"""

from __future__ import annotations

import re

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


def test_an_alert_is_seen_taken_answered_and_closed(console: Console, browser: Browser) -> None:
    page = new_page(browser, DESK, "dark")
    page.goto(console.address)
    keep(page, "log-in")
    log_in(page, console)
    expect(page.get_by_text("지금 기다리는 경보가 없습니다.")).to_be_visible()
    page.evaluate("window.notReloaded = true")

    console.tell("raise", "room")
    row = page.locator("#queue [data-alert]").first
    expect(row).to_be_visible()
    expect(row).to_contain_text("P1")
    expect(page.locator("#news")).to_contain_text("새 경보가 들어왔습니다. ▲ P1")
    expect(page).to_have_title("(1) 대기열 · 안심아이")
    assert page.evaluate("window.notReloaded") is True

    with arrival(page):
        row.locator("a.row-link").press("Enter")
    expect(page.locator("#thread .masked")).to_have_count(10)
    expect(page.locator("#thread")).not_to_contain_text("용돈")
    follow(page.get_by_role("button", name="대화 내용 보기"))
    expect(page.locator("#thread mark")).to_have_count(8)
    follow(page.get_by_role("button", name="이 경보 맡기"))
    expect(page.locator("#bar")).to_contain_text("님이 맡음")

    page.locator("#template").select_option(label="만나자는 말이 있을 때")
    text = page.locator("#composer textarea")
    expect(text).to_have_value(re.compile("약속했더라도 나가지 않아도 돼요."))
    text.fill("별하님, 괜찮아요? 여기 있을게요.")
    console.tell("raise", "room", "2", "거기 있어?")  # news arrive while somebody writes
    expect(page.locator("#thread article")).to_have_count(11)
    expect(text).to_have_value("별하님, 괜찮아요? 여기 있을게요.")
    expect(text).to_be_focused()
    page.get_by_role("button", name="미리보기").click()
    expect(page.locator(".preview")).to_contain_text("여기 있을게요.")
    page.get_by_role("button", name="이대로 보내기").click()
    expect(page.locator("#thread .delivery.queued")).to_be_visible()
    assert "여기 있을게요" in console.tell("deliver")
    expect(page.locator("#thread .delivery.sent")).to_be_visible()

    follow(page.get_by_role("button", name="종결", exact=True))
    expect(page.locator("#close-error")).to_have_text("결과를 골라야 종결할 수 있습니다.")
    expect(page.locator("#close-error")).to_be_focused()
    page.get_by_label("그루밍이 맞음", exact=True).check()
    page.locator("#grounds-confirmed").select_option("tactics")
    page.get_by_label("청소년과 대화함").check()
    follow(page.get_by_role("button", name="종결", exact=True))
    expect(page.locator(".banner.success")).to_contain_text("종결했습니다")
    expect(page.get_by_text("지금 기다리는 경보가 없습니다.")).to_be_visible()


def test_a_tablet_shows_every_page_without_scrolling_sideways(
    console: Console, browser: Browser
) -> None:
    for room in ("one", "two"):
        console.tell("raise", room)
    page = new_page(browser, TABLET)
    log_in(page, console)
    expect(page.locator("#queue [data-alert]")).to_have_count(2)
    assert fits(page)
    keep(page, "queue-tablet")
    follow(page.locator("a.row-link").first)
    follow(page.get_by_role("button", name="대화 내용 보기"))
    follow(page.get_by_role("button", name="이 경보 맡기"))
    expect(page.locator("#thread mark").first).to_be_visible()
    assert fits(page)
    keep(page, "alert-tablet")
    page.goto(f"{console.address}/upload/")
    assert fits(page)
    keep(page, "upload-tablet")
    page.set_viewport_size(TELEPHONE)
    for path in ("/queue/", "/upload/", "/alerts/1/"):
        page.goto(console.address + path)
        assert fits(page), path


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(
    console: Console, browser: Browser
) -> None:
    console.tell("raise", "room")
    page = new_page(browser, DESK)
    log_in(page, console)
    open_live(page, f"{console.address}/alerts/1/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    reached = set()
    for _ in range(14):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break  # once round
        where = page.evaluate("document.activeElement.innerText || document.activeElement.id")
        reached.add(where)
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"no focus to be seen on {where!r}"
    assert {"이 경보 맡기", "대화 내용 보기", "표로 보기"} <= {name.strip() for name in reached}


def test_news_do_not_take_the_keyboard_away(console: Console, browser: Browser) -> None:
    console.tell("raise", "room")
    page = new_page(browser, DESK)
    log_in(page, console)
    page.locator("a.row-link").first.focus()
    console.tell("raise", "other")
    expect(page.locator("#queue [data-alert]")).to_have_count(2)
    expect(page.locator("a.row-link[href='/alerts/1/']")).to_be_focused()
    open_live(page, f"{console.address}/alerts/1/")
    page.get_by_role("button", name="이 경보 맡기").focus()
    page.evaluate("document.querySelector('#bar button').dataset.old = '1'")
    console.tell("raise", "room", "2")
    expect(page.locator("#bar button[data-old]")).to_have_count(0)
    expect(page.get_by_role("button", name="이 경보 맡기")).to_be_focused()


def test_a_lost_connection_is_said_and_mends_itself(console: Console, browser: Browser) -> None:
    page = new_page(browser, DESK)
    log_in(page, console)
    expect(page.locator("#lost")).to_be_hidden()
    with page.expect_response("**/queue/list/**"):  # the first news have come: it is connected
        page.reload()
    page.context.set_offline(True)
    console.process.terminate()
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#lost")).to_contain_text("연결이 끊겼습니다")
    console.process.wait(60)
    console.start()
    page.context.set_offline(False)
    console.tell("raise", "room")
    expect(page.locator("#queue [data-alert]")).to_be_visible()
    expect(page.locator("#lost")).to_be_hidden()


def test_the_administrators_pages_work_under_the_strict_policy(
    console: Console, browser: Browser
) -> None:
    page = new_page(browser, DESK)
    log_in(page, console, "administrator", "/admin/")
    for path in ("casework/account/", "casework/account/add/", "casework/auditevent/"):
        page.goto(f"{console.address}/admin/{path}")
    page.goto(f"{console.address}/admin/casework/sourcerecord/")
    page.locator("input[name=_selected_action][value=demo]").check()  # donated files need no key
    page.locator("select[name=action]").select_option("renew_key")
    follow(page.locator("button[name=index]"))
    expect(page.locator(".messagelist")).to_contain_text("ansim_")


def test_english_is_one_press_away(console: Console, browser: Browser) -> None:
    console.tell("raise", "room")
    page = new_page(browser, DESK)
    log_in(page, console)
    follow(page.get_by_role("button", name="English"))
    expect(page.get_by_role("heading", name="Waiting alerts 1")).to_be_visible()
    follow(page.locator("a.row-link"))
    follow(page.get_by_role("button", name="Show the words"))
    expect(page.locator("#thread")).to_contain_text("Account A")
    expect(page.locator("#assessment")).to_contain_text("not a legal finding")
    keep(page, "alert-english")
