"""An administrator adds a counsellor, who enrols a passkey and works; an auditor looks through the
month: on both databases."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import DESK, arrival, follow, keep, log_in, new_page, on_both
from tests.browser.test_sign_in import Device
from tests.console.serving import Console

pytestmark = pytest.mark.browser

FIRST = "고양이가 창문에 앉은 아침 7"


def enter(page: Page, console: Console, name: str, password: str) -> None:
    page.goto(console.address)
    page.locator("#id_username").fill(name)
    page.locator("#id_password").fill(password)
    with arrival(page):
        page.keyboard.press("Enter")


def add(page: Page, console: Console, name: str, role: str) -> None:
    page.goto(f"{console.address}/admin/casework/account/add/")
    page.locator("#id_username").fill(name)
    page.locator("#id_role").select_option(role)
    page.locator("#id_password_new").fill(FIRST)
    follow(page.locator("input[name=_save]"))
    expect(page.locator(".messagelist")).to_be_visible()


def enrol(page: Page, console: Console, name: str, lands: str) -> Device:
    """The first log-in: by the password that was handed over, to a passkey of one's own."""
    device = Device(page)
    enter(page, console, name, FIRST)
    page.wait_for_url("**/account/")
    expect(page.locator("main")).to_contain_text("2단계 인증이 필요합니다")
    follow(page.get_by_role("link", name="패스키 등록"))
    page.locator("#id_name").fill(f"{name}의 노트북")
    follow(page.get_by_role("button", name="패스키 만들기"))
    page.wait_for_url("**/account/codes/")
    follow(page.get_by_role("link", name="적어 두었어요"))
    page.wait_for_url(f"**{lands}")
    assert device.keys() == 1
    return device


@pytest.mark.log_in_ends
@on_both
def test_a_counsellor_is_added_with_a_passkey_and_an_auditor_reviews_the_month(
    console: Console, browser: Browser, complaints: list[str]
) -> None:
    console.address = f"http://localhost:{console.port}"  # passkeys need a name for a host
    console.tell("raise", "room")
    page = new_page(browser, DESK)
    log_in(page, console, "administrator", lands="/admin/")
    add(page, console, "saebyeok", "counsellor")
    add(page, console, "narae", "auditor")
    page.goto(f"{console.address}/queue/")
    expect(page.locator("main")).to_contain_text("없는 페이지")  # never a case

    counsellor = new_page(browser, DESK)
    enrol(counsellor, console, "saebyeok", "/queue/")
    follow(counsellor.get_by_role("button", name="로그아웃", exact=True))
    counsellor.wait_for_url("**/log-in/**")
    follow(counsellor.get_by_role("button", name="패스키로 들어가기"))
    counsellor.wait_for_url("**/queue/")
    follow(counsellor.locator("a.row-link").first)
    follow(counsellor.get_by_role("button", name="대화 내용 보기"))
    expect(counsellor.locator("#thread")).to_contain_text("오늘 데리러 갈게")
    follow(counsellor.get_by_role("button", name="이 경보 맡기"))
    expect(counsellor.locator("#bar")).to_contain_text("님이 맡음")

    auditor = new_page(browser, DESK)
    enrol(auditor, console, "narae", "/audit/")
    follow(auditor.get_by_role("link", name="월별 검토"))
    people = auditor.locator("section", has=auditor.locator("#people"))
    for words in ("account.created", "administrator", "alert.text_revealed", "saebyeok"):
        expect(people).to_contain_text(words)
    auditor.get_by_label("눈에 띈 것").fill("새 상담원 한 사람, 까닭 있는 열람뿐")
    follow(auditor.get_by_role("button", name="살펴보았음을 기록하고 사슬 확인하기"))
    expect(auditor.locator(".banner.success")).to_contain_text("사슬은 온전합니다")
    expect(auditor.locator("main")).to_contain_text("새 상담원 한 사람")
    keep(auditor, "audit-review")

    follow(auditor.get_by_role("link", name="보고서"))
    expect(auditor.get_by_role("img", name="달마다 들어온 경보").first).to_be_visible()
    keep(auditor, "statistics")
    follow(auditor.get_by_role("link", name="투명성 보고서"))
    auditor.get_by_text("파일로 받기").click()
    auditor.get_by_label("까닭").fill("달의 검토")
    with auditor.expect_download() as download:
        auditor.get_by_role("button", name="표로 받기").click()
    assert download.value.suggested_filename.startswith("transparency-")
    auditor.goto(f"{console.address}/audit/?action=report.taken")
    expect(auditor.locator("main")).to_contain_text("달의 검토")
    auditor.goto(f"{console.address}/queue/")
    expect(auditor.locator("main")).to_contain_text("없는 페이지")
    complaints[:] = [said for said in complaints if "status of 404" not in said]  # no case for them
