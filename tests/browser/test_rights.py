"""A young person asks that they are read no more and to see what is held: from the asking to the
letter, on both databases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import DESK, TELEPHONE, fits, follow, keep, log_in, new_page, on_both
from tests.console.serving import Console

pytestmark = pytest.mark.browser


@on_both
def test_a_person_asks_for_their_data_and_is_read_no_more(
    console: Console, browser: Browser, tmp_path: Path
) -> None:
    console.tell("raise", "room")
    counsellor = new_page(browser, TELEPHONE)
    log_in(counsellor, console)
    counsellor.goto(f"{console.address}/requests/")
    for kind in ("열람", "처리 정지"):
        counsellor.get_by_role("radio", name=kind).check()
        counsellor.get_by_label("요구한 말").fill(
            "저에 대해 무엇을 가지고 있나요? 그만 읽어 주세요."
        )
        counsellor.get_by_label("답을 받을 곳").fill("같은 대화방")
        follow(counsellor.get_by_role("button", name="요구 받기"))
        expect(counsellor.locator(".banner.success")).to_contain_text("답해야 합니다")
    expect(counsellor.locator("main")).to_contain_text("10일 남음")
    expect(counsellor.locator("main")).not_to_contain_text("그만 읽어 주세요")  # not theirs to read
    assert fits(counsellor)
    keep(counsellor, "requests-telephone")

    page = new_page(browser, DESK)
    log_in(page, console, "supervisor")
    follow(page.get_by_role("link", name="정보 요구"))
    follow(page.get_by_role("link", name="요구 1번"))
    expect(page.locator("main")).to_contain_text("요구 1번")
    expect(page.locator("main")).not_to_contain_text("그만 읽어 주세요")
    follow(page.get_by_role("button", name="이 요구 맡기"))
    expect(page.locator("main")).to_contain_text("그만 읽어 주세요")

    page.get_by_role("button", name="요구 끝내기").click()
    expect(page.get_by_role("radio", name="요구대로 답함")).to_be_focused()  # asked by the browser
    page.get_by_role("radio", name="그 계정에서 확인하는 말을 보냄").check()
    page.get_by_label("무엇을 확인했나요?").fill("대화방에서 확인하는 말이 옴")
    follow(page.get_by_role("button", name="확인 적기"))
    page.get_by_label("경보 번호", exact=True).fill("1")
    follow(page.get_by_role("button", name="이 대화의 계정 보기"))
    page.get_by_role("radio", name="메시지 5개").last.check()  # who is not suspected
    page.locator("#alert-reason").fill("열람 요구에 답하려고")
    follow(page.get_by_role("button", name="이 계정으로 정하기"))
    expect(page.locator(".banner.success")).to_contain_text("대화 1개, 이 계정에 대한 경보 0건")
    answer = page.locator("#answer-text")
    expect(answer).to_have_value(re.compile("이 계정의 메시지 5개, 그중 글이 남은 것 5개"))
    keep(page, "request")
    answer.fill(answer.input_value() + "\n\n궁금한 것은 1388로 물어보세요.")
    follow(page.get_by_role("button", name="답 저장하기"))
    expect(page.locator(".banner.success")).to_contain_text("답을 저장했습니다")
    page.get_by_label("본인이 쓴 말 5개를 붙이기").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="문서로 받기").click()
    letter = tmp_path / "letter.pdf"
    download.value.save_as(letter)
    assert letter.read_bytes().startswith(b"%PDF")
    page.get_by_role("radio", name="요구대로 답함").check()
    page.get_by_label("답을 언제 어떻게 전했나요?").fill("같은 방에서 문서로")
    follow(page.get_by_role("button", name="요구 끝내기"))
    expect(page.locator(".banner.success")).to_contain_text("요구를 끝냈습니다")

    page.goto(f"{console.address}/requests/2/")
    follow(page.get_by_role("button", name="이 요구 맡기"))
    page.get_by_role("radio", name="그 계정에서 확인하는 말을 보냄").check()
    page.get_by_label("무엇을 확인했나요?").fill("대화방에서 확인하는 말이 옴")
    follow(page.get_by_role("button", name="확인 적기"))
    page.get_by_label("경보 번호", exact=True).fill("1")
    follow(page.get_by_role("button", name="이 대화의 계정 보기"))
    page.get_by_role("radio", name="메시지 5개").last.check()
    page.locator("#alert-reason").fill("정지 요구에 답하려고")
    follow(page.get_by_role("button", name="이 계정으로 정하기"))
    follow(page.get_by_role("button", name="읽기를 멈추기"))
    expect(page.locator(".banner.success")).to_contain_text("이제 읽지 않습니다")
    assert console.tell("unread").split() == ["demo", "account", "youthroomzq4k"]
    expect(answer).to_have_value(re.compile("이 계정의 메시지를 읽지 않습니다"))
    follow(page.get_by_role("button", name="답 저장하기"))
    page.get_by_role("radio", name="요구대로 답함").check()
    page.get_by_label("답을 언제 어떻게 전했나요?").fill("같은 방에서 말로")
    follow(page.get_by_role("button", name="요구 끝내기"))
    expect(page.locator(".banner.success")).to_contain_text("요구를 끝냈습니다")

    page.goto(f"{console.address}/audit/?subject=subjectrequest")
    for action in ("request.received", "request.searched", "request.exported", "request.ended"):
        expect(page.locator("main")).to_contain_text(action)
    expect(page.locator("main")).not_to_contain_text("youthroom")
