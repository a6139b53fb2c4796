"""Two people talk on a real Matrix server; the agency answers in the room and to one alone.

Started by ``scripts/demo_matrix`` as a newcomer would (``make demo-matrix``), nothing replaced.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import PATIENCE, follow, keep
from tests.browser.test_whole_story import RISKY, log_in, new_page
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.nats]

SCRIPT = Path(__file__).parents[2] / "scripts" / "demo_matrix"
READY = "Ctrl-C stops everything"


class Demo:
    """The demo as a person starts it, and its people from a second terminal."""

    def __init__(self, home: Path) -> None:
        self.console = f"http://127.0.0.1:{(port := free_port())}"
        self._environment = os.environ | {
            "ANSIM_HOME": str(home),
            "ANSIM_NATS_PORT": str(free_port()),
            "ANSIM_CONSOLE_PORT": str(port),
            "ANSIM_INTAKE_PORT": str(free_port()),
        }
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [str(SCRIPT)],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(line.rstrip() for line in self.process.stdout)

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait(self, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while READY not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def log_in_of(self, role: str) -> str:
        found = re.search(rf"^\s+{role}\s+(\w+)\s+([0-9a-f-]{{19}})$", self.output, re.MULTILINE)
        assert found is not None
        return f"{found.group(1)}:{found.group(2)}"

    def do(self, *words: str) -> str:
        """A verb of the script, as in a second terminal; what it prints."""
        done = subprocess.run(
            [str(SCRIPT), *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout

    def sees(self, who: str, text: str) -> str:
        """What this person sees, once ``text`` is in it."""
        deadline = time.monotonic() + PATIENCE / 1000
        while text not in (seen := self.do("read", who)):
            told = "\n".join([f"{who} does not see it", seen, *self.lines[-40:]])
            assert time.monotonic() < deadline, told
        return seen

    def stop(self) -> list[psutil.Process]:
        """Ctrl-C; what is left of it after a while."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(120)
        self._reader.join(60)
        return psutil.wait_procs(children, timeout=60)[1]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path)
    try:
        running.wait()
        yield running
    finally:
        left = running.stop() if running.process.poll() is None else []
    assert not left
    assert not (tmp_path / "demo-matrix").exists(), "what was said is gone"


def test_an_alert_from_matrix_is_answered_in_the_room_and_alone_and_the_answer_comes_back(
    demo: Demo, browser: Browser
) -> None:
    desk = new_page(browser)
    log_in(desk, demo.console, demo.log_in_of("counsellor"))
    expect(desk.get_by_text("지금 기다리는 경보가 없습니다.")).to_be_visible()
    assert "함께 읽습니다" in demo.do("read", "stranger"), "the room was told first"

    for who, text in RISKY:
        demo.do("say", who, text)
    row = desk.locator("#queue [data-alert]").first
    expect(row).to_be_visible()
    follow(row.locator("a.row-link"))
    follow(desk.get_by_role("button", name="대화 내용 보기"))
    expect(desk.locator("#thread")).to_contain_text("우리 둘만의 비밀이야")
    assert "@stranger" not in desk.content(), "account names never reach the console"
    follow(desk.get_by_role("button", name="이 경보 맡기"))

    way = desk.get_by_role("radio", name="대화방 모두에게")
    way.check()
    in_the_room = "안녕하세요, 여기는 상담센터예요. 이 방의 대화를 보고 걱정이 되어 말을 걸어요."
    desk.locator("#composer textarea").fill(in_the_room)
    desk.get_by_role("button", name="미리보기").click()
    desk.get_by_role("button", name="이대로 보내기").click()
    expect(desk.locator("#thread .delivery.sent")).to_be_visible()
    assert f"[안심아이 상담센터] {in_the_room}" in demo.sees("stranger", in_the_room)

    assert "함께 읽습니다" in demo.do("read", "youth"), "nobody has invited them yet"
    alone = "지금 괜찮아요? 이 글은 혼자만 볼 수 있어요. 여기로 답해도 돼요."
    desk.locator("input[name=way][value=private]").check()
    desk.locator("#composer textarea").fill(alone)
    desk.get_by_role("button", name="미리보기").click()
    expect(desk.locator("#composer")).to_contain_text("경보 대상에게는 보이지 않아요")
    desk.get_by_role("button", name="이대로 보내기").click()
    expect(desk.locator("#thread")).to_contain_text(alone)
    demo.sees("youth", alone)  # accepts the invitation: only now it has come
    expect(desk.locator("#thread .delivery.sent")).to_have_count(2)
    keep(desk, "matrix-alert")
    assert alone not in demo.do("read", "stranger"), "the other person must not read it"

    demo.do("answer", "youth", "무서웠어요.. 도와주세요")
    answer = desk.locator("#thread").get_by_text("무서웠어요.. 도와주세요")
    expect(answer).to_be_visible()
    expect(desk.locator("#thread")).to_contain_text("상담원에게만 한 말")
    keep(desk, "matrix-answer")
    assert "무서웠어요" not in demo.do("read", "stranger")
