"""The desk in a real browser: by keyboard alone, and called from another page."""

from __future__ import annotations

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
)
from tests.console.serving import Console

pytestmark = pytest.mark.browser


def test_a_p1_is_taken_and_escalated_by_keyboard_alone(
    console: Console,
    browser: Browser,
) -> None:
    for room in ("one", "two"):
        console.tell("raise", room)
    page = new_page(browser, DESK)
    log_in(page, console)
    expect(page.locator("#queue [data-due]").first).to_contain_text("남음")
    for number in (1, 2):  # one press, one row, whatever the list does meanwhile
        page.keyboard.press("j")
        expect(page.locator(f"a.row-link[href='/alerts/{number}/']")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("a.row-link[href='/alerts/1/']")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("c?")  # words, not keys
    expect(page.locator("#q")).to_have_value("c?")
    page.locator("#q").fill("")
    page.locator("a.row-link[href='/alerts/2/']").focus()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("a.row-link[href='/alerts/2/']").focus()
    with arrival(page):
        page.keyboard.press("c")
    page.wait_for_url("**/alerts/2/**")
    expect(page.locator("#bar")).to_contain_text("님이 맡음")
    expect(page.locator("#composer textarea")).to_be_focused()  # where claiming leads
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator("#escalate-text")).to_be_focused()
    page.keyboard.type("오늘 만나자는 말이 있어요. 같이 봐 주세요.")
    follow(page.locator("#escalate button"))
    expect(page.locator("#triage-state")).to_contain_text("슈퍼바이저에게 올렸습니다")
    lead = new_page(browser, DESK, "dark")
    log_in(lead, console, "supervisor")
    expect(lead.locator("#escalated-title")).to_be_visible()
    for path, name in (("watch", "watch"), ("budget", "budget"), ("audit", "audit")):
        lead.goto(f"{console.address}/{path}/")
        assert fits(lead)
        keep(lead, name)


def test_a_key_pressed_the_moment_the_list_renews_itself_finds_its_row(
    console: Console,
    browser: Browser,
) -> None:
    for room in ("one", "two", "three"):
        console.tell("raise", room)
    page = new_page(browser, DESK)
    log_in(page, console)
    expect(page.locator("#queue [data-alert]")).to_have_count(3)
    page.locator("a.row-link[href='/alerts/1/']").focus()
    # The key comes with the new list, before htmx has settled it, on one new list after another.
    reached = page.evaluate(
        """() => new Promise((done) => {
            const reached = [];
            let element = document.activeElement;
            const renew = () => document.body.dispatchEvent(new CustomEvent("ansim:change"));
            document.addEventListener("htmx:afterSwap", () => {
                if (element.isConnected) return;  // once for each new list
                const key = reached.length % 2 ? "k" : "j";
                const pressed = new KeyboardEvent("keydown", { key, bubbles: true });
                document.activeElement.dispatchEvent(pressed);
                element = document.activeElement;
                reached.push(element.getAttribute("href"));
                if (reached.length === 6) done(reached); else setTimeout(renew, 50);
            });
            renew();
        })"""
    )
    assert reached == ["/alerts/2/", "/alerts/1/"] * 3


def test_a_row_that_comes_in_above_does_not_take_the_claim_under_the_finger(
    console: Console,
    browser: Browser,
) -> None:
    for room in ("one", "two"):
        console.tell("raise", room)
    page = new_page(browser, DESK)
    log_in(page, console)
    press = page.get_by_role("button", name="경보 2번 맡기")
    press.focus()
    # Alert 1 is claimed elsewhere: its row leaves from above.
    colleague = new_page(browser, DESK)
    log_in(colleague, console, "supervisor")
    follow(colleague.get_by_role("button", name="경보 1번 맡기"))
    expect(page.locator("#queue section[aria-labelledby=others-title]")).to_contain_text("경보 1번")
    expect(press).to_be_focused()


def test_keys_can_be_switched_off_and_stay_so(
    console: Console,
    browser: Browser,
) -> None:
    console.tell("raise", "one")
    page = new_page(browser, DESK)
    log_in(page, console)
    page.get_by_role("button", name="단축키").click()
    page.get_by_label("한 글자 단축키 쓰기").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.reload()
    page.keyboard.press("j")
    expect(page.locator("a.row-link")).not_to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()


def test_a_p1_calls_from_whatever_page_is_open(
    console: Console,
    browser: Browser,
) -> None:
    page = new_page(browser, DESK)
    log_in(page, console)
    page.context.grant_permissions(["notifications"])
    # What the page asks of the browser, kept where it can be looked at.
    page.add_init_script(
        "window.rung = []; window.called = [];"
        "const Before = AudioContext.prototype.createOscillator;"
        "AudioContext.prototype.createOscillator = function () {"
        " window.rung.push(1); return Before.call(this); };"
        "window.Notification = class {"
        " constructor(text, how) { window.called.push([text, how.tag]); }"
        " static permission = 'granted'; addEventListener() {} };"
        "window.AudioContext = class extends AudioContext {"
        " constructor() { super();"
        " const tell = () => { document.documentElement.dataset.audio = this.state; };"
        " this.addEventListener('statechange', tell); tell(); } };"
        "document.addEventListener('ansim:news', () => {"
        " document.documentElement.dataset.greeted = ''; });"
    )
    page.reload()
    page.locator("[data-notices]").click()
    expect(page.locator("[data-notices]")).to_have_attribute("aria-pressed", "true")
    page.goto(f"{console.address}/upload/")
    expect(page.locator("html[data-greeted]")).to_be_attached()  # now it hears of everything
    page.mouse.click(5, 300)  # browsers let a page sound once somebody has touched it
    expect(page.locator("html[data-audio=running]")).to_be_attached()
    console.tell("raise", "one")
    banner = page.locator("#urgent")
    expect(banner).to_contain_text("P1 경보가 들어왔습니다 · 경보 1번")
    assert page.evaluate("window.called") == [["P1 경보가 들어왔습니다 · 경보 1번", "ansim-1"]]
    assert page.evaluate("window.rung.length") == 3
    follow(banner.get_by_role("link"))
    page.wait_for_url("**/alerts/1/**")


def test_the_desk_fits_a_narrow_screen(
    console: Console,
    browser: Browser,
) -> None:
    console.tell("raise", "one")
    page = new_page(browser, TELEPHONE)
    log_in(page, console, "supervisor")
    for path in ("queue/", "queue/?state=all&q=1", "handover/", "watch/", "budget/", "alerts/1/"):
        page.goto(f"{console.address}/{path}")
        assert fits(page), path
