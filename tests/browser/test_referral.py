"""A case from two alerts, reported to the police by two people with a package of evidence that is
checked at the keyboard, and refused by name when one byte of it has changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import DESK, TELEPHONE, fits, follow, keep, log_in, new_page, on_both
from tests.browser.test_evidence import verify
from tests.console.serving import Console

pytestmark = pytest.mark.browser

ANSWERS = {
    "급한가, 왜": "급하지 않음",
    "담당자 연락처": "02-000-0000",
    "이름 (모르면 부르는 이름)": "별",
    "나이": "15세라고 말함",
    "안전하게 연락하는 방법": "기관을 거쳐서",
    "보호자가 아는가, 알려도 되는가": "아직 모름, 알리지 말 것",
    "무슨 일이 있었나 (사람이 읽고 확인한 것)": "상대 계정이 9번 메시지에서 사진을 요구함.",
    "나이: 청소년이 말했는가, 상대가 알았는가": "2번 메시지에서 말함",
    "상대가 요구하거나 권한 것": "9번 메시지",
}


def open_case(page: Page, console: Console) -> None:
    """From the first alert, with the second joined on the page of the case."""
    page.goto(f"{console.address}/cases/new/?alert=1")
    page.locator("[name=title]").fill("게임방 중학생")
    follow(page.get_by_role("button", name="사례 열기"))
    page.wait_for_url(f"{console.address}/cases/1/")
    page.locator("#alerts summary", has_text="다른 경보 넣기").click()
    form = page.locator("form:has(#add-number)")
    form.locator("#add-number").fill("2")
    form.get_by_label("같은 청소년임을 확인함").check()
    follow(form.get_by_role("button", name="넣기"))
    expect(page.locator("#alerts-title")).to_have_text("경보 2")


def take_evidence(page: Page, console: Console, folder: Path) -> Path:
    page.goto(f"{console.address}/evidence/?alert=1")
    page.get_by_label("까닭").fill("수사 협조")
    follow(page.get_by_role("button", name="증거 자료 만들기"))
    link = page.locator("#packages").get_by_role("link", name="내려받기")
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    package = folder / "package.zip"
    download.value.save_as(package)
    return package


@on_both
def test_two_alerts_become_a_case_that_two_people_report_with_its_evidence(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    console.tell("raise", "one")
    console.tell("raise", "two")
    writer, second = new_page(browser, DESK), new_page(browser, DESK)
    log_in(writer, console)
    log_in(second, console, "supervisor")
    package = take_evidence(second, console, tmp_path)
    open_case(writer, console)

    learn = writer.locator("form:has(#learned-how)")
    learn.locator("#learned-how").fill("청소년이 말해 줌")
    follow(learn.get_by_role("button", name="알게 된 때 적기"))
    expect(writer.locator("#reports")).to_contain_text("경찰에 바로 신고해야 합니다")
    writer.locator("#reports summary", has_text="신고서 쓰기").click()
    writer.get_by_label("경찰 신고 (ECRM 양식)").check()
    follow(writer.get_by_role("button", name="신고서 쓰기"))
    expect(writer.locator("#gaps")).to_contain_text("함께 가는 증거 자료와 SHA-256")
    expect(writer.get_by_role("button", name="두 번째 사람에게 올리기")).to_be_disabled()
    keep(writer, "referral-gaps")
    for label, words in ANSWERS.items():
        writer.get_by_label(label, exact=True).fill(words)
    follow(writer.get_by_role("button", name="붙이기"))  # and what was typed is kept
    expect(writer.locator("#complete-title")).to_have_text("완성도 100%")
    sha256 = writer.locator("#packages code").inner_text()
    assert re.fullmatch("[0-9a-f]{64}", sha256)
    follow(writer.get_by_role("button", name="두 번째 사람에게 올리기"))
    expect(writer.locator("#referral-state")).to_have_text("두 번째 사람을 기다림")
    expect(writer.get_by_role("button", name="읽었고 승인합니다")).to_have_count(0)

    second.goto(f"{console.address}/referrals/")
    follow(second.get_by_role("link", name="신고서 1번"))
    expect(second.locator("main")).to_contain_text("상대 계정이 9번 메시지에서")
    follow(second.get_by_role("button", name="읽었고 승인합니다"))
    second.locator("#to").fill("경찰청 사이버범죄 신고시스템")
    follow(second.get_by_role("button", name="보낸 것을 기록하기"))
    second.locator("#reference").fill("접수 2026-77")
    follow(second.get_by_role("button", name="접수 번호 적기"))
    expect(second.locator("#referral-state")).to_have_text("접수됨")
    keep(second, "referral")
    with second.expect_download() as download:
        second.locator("#reason").fill("서류철에 넣으려고")
        second.get_by_role("button", name="PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    writer.goto(f"{console.address}/cases/1/")
    expect(writer.locator("#reports")).to_contain_text("경찰 신고를 보냄")

    status, told = verify(console, package)
    assert status == 0, told
    data = bytearray(package.read_bytes())
    data[data.index("우리 둘만의 비밀".encode())] ^= 1
    package.write_bytes(data)
    status, told = verify(console, package)
    assert status == 1
    assert "✗ facts/messages.jsonl: " in told

    telephone = new_page(browser, TELEPHONE, "dark")
    log_in(telephone, console, "supervisor")
    for path in ("/referrals/", "/referrals/1/"):
        telephone.goto(f"{console.address}{path}")
        assert fits(telephone), path
    keep(telephone, "referral-telephone")
