"""Setting up a second factor and logging in with it, in a real browser: an app, and a passkey of
Chromium's virtual authenticator.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

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
from tests.console.serving import Console

pytestmark = pytest.mark.browser


@pytest.fixture
def strict(console: Console) -> Console:
    """The demo's own accounts need a second factor too. Passkeys need a name for a host."""
    console.process.terminate()
    console.process.wait(60)
    console.environment["ANSIM_SECOND_FACTOR"] = "everybody"
    console.address = f"http://localhost:{console.port}"
    console.start()
    return console


def code(secret: str, at: int = 0) -> str:
    """What an authenticator app shows now, or ``at`` half minutes from now (RFC 6238)."""
    from base64 import b32decode

    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    app = TOTP(b32decode(secret), 6, SHA1(), 30)  # noqa: S303 - what apps do
    return app.generate(time.time() + 30 * at).decode()


class Device:
    """A virtual authenticator in this page's browser: it has a finger on it, or not."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        options: dict[str, Any] = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.name = {"authenticatorId": made["authenticatorId"]}

    def knows_its_owner(self, yes: bool) -> None:
        self.session.send("WebAuthn.setUserVerified", {**self.name, "isUserVerified": yes})

    def keys(self) -> int:
        return len(self.session.send("WebAuthn.getCredentials", self.name)["credentials"])


def leave(page: Page) -> None:
    follow(page.get_by_role("button", name="로그아웃", exact=True))
    page.wait_for_url("**/log-in/**")


def password(page: Page, console: Console, lands: str) -> None:
    page.locator("#id_username").fill("counsellor")
    page.locator("#id_password").fill(console.passwords["counsellor"])
    with arrival(page):
        page.locator("#id_password").press("Enter")
    page.wait_for_url(f"**{lands}")


@pytest.mark.log_in_ends
def test_a_passkey_is_made_and_logs_in_alone_and_after_a_password(
    strict: Console, browser: Browser
) -> None:
    page = new_page(browser, DESK)
    device = Device(page)
    log_in(page, strict, lands="/account/")
    expect(page.locator("main")).to_contain_text("2단계 인증이 필요합니다")
    expect(page.get_by_role("link", name="대기열")).to_have_count(0)
    keep(page, "second-factor")
    follow(page.get_by_role("link", name="패스키 등록"))
    page.locator("#id_name").fill("당직실 노트북")
    follow(page.get_by_role("button", name="패스키 만들기"))
    page.wait_for_url("**/account/codes/")
    assert device.keys() == 1
    expect(page.locator(".codes li")).to_have_count(10)
    keep(page, "recovery-codes")
    follow(page.get_by_role("link", name="적어 두었어요"))
    page.wait_for_url("**/queue/")
    page.goto(f"{strict.address}/account/")
    expect(page.locator(".factors").first).to_contain_text("당직실 노트북")
    keep(page, "my-log-in")
    leave(page)

    keep(page, "log-in-passkey")
    follow(page.get_by_role("button", name="패스키로 들어가기"))
    page.wait_for_url("**/queue/")
    leave(page)

    password(page, strict, "/log-in/second/")
    follow(page.get_by_role("button", name="패스키로 확인"))
    page.wait_for_url("**/queue/")
    leave(page)

    device.knows_its_owner(False)  # somebody else's finger
    page.get_by_role("button", name="패스키로 들어가기").click()
    expect(page.locator("[data-passkey-error]")).to_be_visible()
    expect(page.get_by_role("button", name="패스키로 들어가기")).to_be_focused()
    page.goto(f"{strict.address}/queue/")
    page.wait_for_url("**/log-in/**")


@pytest.mark.log_in_ends
def test_an_app_is_set_up_by_keyboard_and_its_code_opens_the_desk(
    strict: Console, browser: Browser
) -> None:
    page = new_page(browser, TABLET, "dark")
    log_in(page, strict, lands="/account/")
    with arrival(page):
        page.get_by_role("link", name="인증 앱 등록").press("Enter")
    secret = page.locator("#secret").inner_text().replace(" ", "")
    expect(page.locator(".qr svg")).to_be_visible()
    expect(page.locator("#id_code")).to_be_focused()
    keep(page, "authenticator-app-tablet")
    assert fits(page)
    page.keyboard.type(code(secret, 1))  # good for a minute at least
    with arrival(page):
        page.keyboard.press("Enter")
    page.wait_for_url("**/account/codes/")
    spare = page.locator(".codes code").first.inner_text()
    follow(page.get_by_role("link", name="적어 두었어요"))
    page.wait_for_url("**/queue/")
    leave(page)

    for by_app in (True, False):
        password(page, strict, "/log-in/second/")
        expect(page.locator("#id_code")).to_be_focused()
        page.keyboard.type(code(secret, 1) if by_app else spare)
        keep(page, "second-step-tablet")
        with arrival(page):
            page.keyboard.press("Enter")
        page.wait_for_url("**/queue/")
        leave(page)
    password(page, strict, "/log-in/second/")
    expect(page.locator("#id_code")).to_be_focused()
    page.keyboard.type(spare)
    with arrival(page):
        page.keyboard.press("Enter")
    expect(page.locator(".field-error[role=alert]").last).to_contain_text("맞지 않습니다")


@pytest.mark.log_in_ends
def test_an_administrator_lets_somebody_enrol_anew(console: Console, browser: Browser) -> None:
    page = new_page(browser, DESK)
    log_in(page, console, "administrator", lands="/admin/")
    page.goto(f"{console.address}/admin/casework/account/")
    follow(page.get_by_role("link", name="counsellor", exact=True))
    follow(page.get_by_role("link", name="지우고 다시 등록하게 하기"))
    follow(page.locator("form button.main"))
    expect(page.locator(".banner.error")).to_be_focused()
    page.get_by_label("까닭").fill("전화기를 잃음, 얼굴을 보고 확인함")
    keep(page, "reset-second-factor")
    follow(page.locator("form button.main"))
    expect(page.locator(".messagelist")).to_contain_text("2단계 인증을 지웠습니다")
    follow(page.get_by_role("link", name="비밀번호 변경"))
    page.wait_for_url("**/account/password/")
    keep(page, "password")


def test_the_pages_of_ones_own_log_in_fit_a_telephone_and_speak_english(
    strict: Console, browser: Browser
) -> None:
    page = new_page(browser, TELEPHONE)
    log_in(page, strict, lands="/account/")
    for path in ("", "app/", "passkey/", "password/"):
        page.goto(f"{strict.address}/account/{path}")
        assert fits(page), path
    page.goto(f"{strict.address}/account/")
    follow(page.get_by_role("button", name="English"))
    expect(page.get_by_role("heading", name="My log-in")).to_be_visible()
    expect(page.locator("main")).to_contain_text("a second factor is required")


@pytest.mark.log_in_ends
def test_an_open_page_says_that_the_log_in_is_about_to_end_and_then_shows_the_way_in(
    console: Console, browser: Browser
) -> None:
    console.process.terminate()
    console.process.wait(60)
    console.environment["ANSIM_IDLE_MINUTES"] = "2"
    console.start()
    page = new_page(browser, DESK)
    page.clock.install()
    log_in(page, console)
    page.clock.run_for(31_000)  # the page's clock: it asks
    expect(page.locator("#ending")).to_be_visible()
    page.locator("#ending button").click()
    expect(page.locator("#ending")).to_be_visible()
    console.tell("away", "2")
    page.clock.run_for(95_000)
    page.wait_for_url("**/log-in/**")
    expect(page.locator("main")).to_contain_text("오래 아무 일도 없어")
