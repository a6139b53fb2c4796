"""The demo room in a real browser: two windows talk, hostile words stay words."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from ansim.keys import Keyring
from ansim.stream.gateway.ledger import MemoryLedger, Queued
from ansim.stream.routing import ACCOUNT, CONVERSATION
from tests.gateway.conftest import Running

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.nats,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
]
HOSTILE = '<img src=x onerror="document.title=1"><b>굵게</b> \u202e&amp;'


def watch(page: Page) -> list[str]:
    """Everything the page complains about."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


async def test_two_windows_talk_and_a_counsellor_joins(
    running: Running, ledger: MemoryLedger, keyring: Keyring
) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"]
        )
        stranger = await (await browser.new_context(locale="ko-KR")).new_page()
        youth = await (await browser.new_context(locale="ko-KR")).new_page()
        complaints = watch(stranger), watch(youth)
        await stranger.goto(f"{running.base}/demo/")
        await expect(stranger.locator("h1")).to_contain_text("데모 대화방")
        await expect(stranger.locator("#sample option")).to_have_count(5)
        address = await stranger.locator("#link").input_value()
        await youth.goto(address)
        await youth.get_by_label("청소년").check()

        await stranger.locator("#text").fill(HOSTILE)
        await stranger.locator("#text").press("Enter")
        await expect(youth.locator(".said .bubble")).to_have_text(HOSTILE)
        await expect(youth.locator(".said img, .said b")).to_have_count(0)
        await youth.locator("#text").fill("누구세요?")
        await youth.get_by_role("button", name="보내기").click()
        await expect(stranger.locator(".said")).to_have_count(2)
        await expect(stranger.locator(".said").nth(1).locator(".voice")).to_have_text("청소년")
        await expect(stranger.locator(".said.own")).to_have_count(1)
        await expect(youth.locator(".said.own")).to_have_count(1)

        room = address.partition("room=")[2]
        ledger.queued.append(
            Queued(
                id="o-1",
                source="demo",
                conversation=keyring.pseudonym(CONVERSATION, "demo", room),
                text="안녕하세요, 상담센터입니다.",
                language="ko",
                author="1",
            )
        )
        for page in (stranger, youth):
            official = page.locator(".said.agency")
            await expect(official).to_have_count(1)
            await expect(official.locator(".voice")).to_have_text("공식 상담 메시지")
        ledger.queued.append(
            Queued(
                id="o-2",
                source="demo",
                conversation=keyring.pseudonym(CONVERSATION, "demo", room),
                recipient=keyring.pseudonym(ACCOUNT, "demo", f"푸른고래@{room}"),
                text="둘이서만 이야기해요.",
                language="ko",
                author="1",
            )
        )
        await expect(youth.locator(".said.private .alone")).to_have_text(
            "나와 상담센터만 볼 수 있어요"
        )
        await youth.get_by_label("상담센터에만 답하기").check()
        await youth.locator("#text").fill("고마워요")
        await youth.locator("#text").press("Enter")
        await expect(youth.locator(".said.private")).to_have_count(2)
        await expect(stranger.locator(".said")).to_have_count(3)
        await youth.locator("#language").click()
        await expect(youth.locator("h1")).to_contain_text("Demo room")
        await expect(youth.locator(".said.agency .voice")).to_have_text(
            ["Official counselling message"] * 2
        )
        await youth.reload()
        await expect(youth.locator(".said")).to_have_count(5)
        await expect(youth.locator("h1")).to_contain_text("Demo room")
        assert await stranger.title() == "데모 대화방 · 안심아이"
        assert complaints == ([], [])
        await browser.close()
