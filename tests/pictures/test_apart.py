"""A picture that breaks, fills or stalls its reader takes that one process with it, no more."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from PIL import Image

from ansim.pictures.apart import Apart
from ansim.pictures.values import Limits, Looks, Unread, Wanted, Why
from tests.pictures.drawn import encoded, png_bomb, png_of, shapes, words

PICTURE = encoded(Image.fromarray(shapes(1)))
QUIET = Wanted(words=False)


@pytest.fixture
def apart() -> Iterator[Apart]:
    with Apart() as asked:
        yield asked
    assert readers() == []


def readers() -> list[int]:
    """Processes that read pictures for this one, or were started by those."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if {"ansim.pictures.child", "--psm"} & set(process.cmdline()):
                found.append(process.pid)
    return found


def classifier(folder: Path, body: str) -> Wanted:
    """Makes the reading process run a few lines of the test's own, as an operator's classifier."""
    file = folder / "brought.py"
    file.write_text(f"import os, sys, time\n\ndef run(pixels):\n    {body}\n", "utf-8")
    return Wanted(words=False, classifiers=(f"{file}:run",))


def why(apart: Apart, picture: bytes, wanted: Wanted = QUIET) -> Why:
    with pytest.raises(Unread) as problem:
        apart.ask("look", [picture], Looks, wanted)
    return problem.value.why


def test_a_picture_is_read_in_another_process_that_is_gone_after(
    apart: Apart, tmp_path: Path
) -> None:
    wanted = classifier(tmp_path, "return {str(os.getpid()): 1.0}")
    answers = [apart.ask("look", [PICTURE], Looks, wanted) for _ in range(2)]
    processes = {int(answer.looks[0].labels[0].name) for answer in answers}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert not any(psutil.pid_exists(process) for process in processes)
    assert answers[0].looks[0].width == 400


def test_a_bomb_is_refused_or_takes_only_its_own_process(apart: Apart) -> None:
    assert why(apart, png_bomb(20_000)) is Why.TOO_MANY_PIXELS
    allowed = png_bomb(6_000)
    assert len(allowed) < 100_000
    with Apart(Limits(memory=400 * 1024**2)) as poor:
        assert why(poor, allowed) in (Why.TOO_COSTLY, Why.BROKE)
        assert poor.ask("look", [PICTURE], Looks, QUIET).looks[0].height == 300
    assert apart.ask("look", [PICTURE], Looks, QUIET).looks[0].height == 300


def test_the_picture_that_will_not_open_is_named_by_its_number(apart: Apart) -> None:
    broken = png_of(50, 50, b"no rows at all")
    with pytest.raises(Unread) as problem:
        apart.ask("look", [PICTURE, PICTURE, broken], Looks, QUIET)
    assert (problem.value.why, problem.value.picture) == (Why.DAMAGED, 2)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("while True: pass", Why.TOO_SLOW),
        ("time.sleep(600)", Why.TOO_SLOW),
        ("os._exit(0)", Why.BROKE),
        ("os.abort()", Why.BROKE),
        ("os.write(1, b'x' * 20_000_000); return {}", Why.BROKE),
        ("os.write(1, b'not an answer'); return {}", Why.BROKE),
        ("os.close(1); time.sleep(600)", Why.BROKE),
    ],
)
def test_a_reader_that_goes_wrong_is_ended_and_the_next_picture_is_read(
    tmp_path: Path, body: str, reason: Why
) -> None:
    limits = Limits(wall=2.5) if reason is Why.TOO_SLOW else Limits()
    with Apart(limits) as apart:
        assert why(apart, PICTURE, classifier(tmp_path, body)) is reason
        assert readers() == []
    with Apart() as apart:
        assert apart.ask("look", [PICTURE], Looks, QUIET).looks[0].format == "png"


def test_what_a_reader_started_ends_with_it(tmp_path: Path) -> None:
    body = (
        "import subprocess; other = subprocess.Popen(['sleep', '600']);"
        " return {str(other.pid): 1.0}"
    )
    with Apart() as apart:
        answer = apart.ask("look", [PICTURE], Looks, classifier(tmp_path, body))
    other = int(answer.looks[0].labels[0].name)
    wait_until(lambda: not alive(other))


def test_memory_has_an_end_that_only_the_reader_meets(tmp_path: Path) -> None:
    body = "return {'free': float(bool(bytearray(3 * 1024 ** 3)))}"
    with Apart() as apart:
        answer = apart.ask("look", [PICTURE], Looks, classifier(tmp_path, body))
        assert answer.looks[0].unread == Why.CLASSIFIER
        assert answer.looks[0].fingerprint, "the rest was read"


def test_a_reader_writes_no_file_and_knows_nothing_of_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIM_SMTP_URL", "smtp://somebody:secret@localhost")
    left = tmp_path / "left"
    tries = classifier(
        tmp_path,
        "\n    ".join(
            [
                "seen = {name: 1.0 for name in os.environ}",
                f"try: file = open({str(left)!r}, 'wb'); file.write(b'x'); file.close()",
                "except OSError: seen['refused'] = 1.0",
                "return seen",
            ]
        ),
    )
    with Apart() as apart:
        answer = apart.ask("look", [PICTURE], Looks, tries)
    seen = {label.name for label in answer.looks[0].labels}
    assert "refused" in seen
    assert not [name for name in seen if name.startswith("ANSIM") or name == "HOME"]
    assert left.read_bytes() == b""


def test_words_are_read_without_a_file_being_written(tmp_path: Path) -> None:
    """Files cannot be written there (see above), and still the words come."""
    with Apart() as apart:
        look = apart.ask("look", [encoded(words())], Looks).looks[0]
    assert look.unread == ""
    assert "용돈 줄게" in look.text


async def test_when_too_many_wait_the_next_is_told_at_once(tmp_path: Path) -> None:
    slow = classifier(tmp_path, "time.sleep(1.5); return {}")
    with Apart(at_once=1, waiting=1) as apart:
        first = asyncio.create_task(apart.ask_async("look", [PICTURE], Looks, slow))
        second = asyncio.create_task(apart.ask_async("look", [PICTURE], Looks, QUIET))
        await asyncio.sleep(0)
        with pytest.raises(Unread, match="busy"):
            await apart.ask_async("look", [PICTURE], Looks, QUIET)
        assert (await first).looks[0].width == (await second).looks[0].width == 400
        assert (await apart.ask_async("look", [PICTURE], Looks, QUIET)).looks


def test_who_waits_too_long_for_a_turn_is_told(tmp_path: Path) -> None:
    go = tmp_path / "go"
    slow = classifier(
        tmp_path, f"\n    while not os.path.exists({str(go)!r}): time.sleep(0.05)\n    return {{}}"
    )
    with Apart(Limits(turn=0.2, wall=200.0)) as apart, ThreadPoolExecutor(1) as thread:
        first = thread.submit(apart.ask, "look", [PICTURE], Looks, slow)
        wait_until(lambda: bool(readers()))
        assert why(apart, PICTURE) is Why.BUSY
        go.touch()
        assert first.result().looks


def test_closing_ends_what_runs(tmp_path: Path) -> None:
    slow = classifier(tmp_path, "time.sleep(600); return {}")
    apart = Apart()
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(apart.ask, "look", [PICTURE], Looks, slow)
        wait_until(lambda: bool(readers()))
        apart.close()
        with pytest.raises(Unread):
            running.result(timeout=120)
    assert readers() == []
    assert why(apart, PICTURE) is Why.BUSY


def test_no_reader_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "brought.py"
    note = tmp_path / "pid"
    os.mkfifo(note)
    file.write_text(
        f"import os, time\n\ndef run(pixels):\n    pipe = os.open({str(note)!r}, os.O_WRONLY)\n"
        "    os.write(pipe, str(os.getpid()).encode())\n    os.close(pipe)\n    time.sleep(600)\n",
        "utf-8",
    )
    script = (
        "from ansim.pictures.apart import Apart\n"
        "from ansim.pictures.values import Looks, Wanted\n"
        "import sys\n"
        f"wanted = Wanted(words=False, classifiers=({f'{file}:run'!r},))\n"
        "Apart().ask('look', [sys.stdin.buffer.read()], Looks, wanted)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        parent.stdin.write(PICTURE)
        parent.stdin.close()
        reader = int(note.read_text())
        assert alive(reader)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_until(lambda: not alive(reader))


def test_asking_leaves_no_descriptor_open(apart: Apart) -> None:
    apart.ask("look", [PICTURE], Looks, QUIET)
    gc.collect()  # what earlier tests left is not closed while we count
    before = psutil.Process().num_fds()
    apart.ask("look", [PICTURE], Looks, QUIET)
    assert why(apart, png_of(5, 5, b"")) is Why.DAMAGED
    assert why(apart, b"") is Why.UNKNOWN_TYPE
    assert psutil.Process().num_fds() == before


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(true: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
