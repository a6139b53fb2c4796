"""``ansim review-eval`` against a stand-in: nothing is lost, and the advice follows the figures."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ansim.cli import main
from ansim.commands.review_eval import chosen, heard, read_window
from ansim.reviewing.asking import chat_data, prompt_version
from ansim.reviewing.series import Said
from ansim.training import corpus, scores, second_opinions
from ansim.training.evaluation import Judged, evaluate
from tests.reviewing.stand_in import Messages, StandIn
from tests.reviewing.talk import answer

CORPUS = Path(__file__).parents[2] / "data" / "conversations.jsonl"


@contextmanager
def served(says: Callable[[Messages], str]) -> Iterator[StandIn]:
    """A stand-in in a thread of its own: the command has an event loop itself."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = StandIn(says)
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(60)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


@pytest.fixture(scope="module")
def judged() -> Judged:
    _, rows = scores.read(scores.default_path())
    return evaluate(corpus.load(CORPUS), rows).model


@pytest.fixture
def truth(judged: Judged) -> Callable[[Messages], str]:
    """A model that knows how each conversation ends. No real one does."""
    known = {
        chat_data(read_window(conversation)).decode(): conversation.grooming
        for conversation in judged.conversations
    }

    def says(messages: Messages) -> str:
        risk = 1.0 if known[messages[1]["content"].split("\n")[1]] else 0.0
        return answer(risk=risk, tactics=[], quotes=[])

    return says


def run(server: StandIn, folder: Path, monkeypatch: pytest.MonkeyPatch, most: int = 3) -> int:
    monkeypatch.setenv("ANSIM_REVIEWER_URL", server.url)
    monkeypatch.setenv("ANSIM_REVIEWER_MODEL", "stand-in")
    told = ["review-eval", "--corpus", str(CORPUS), "--most", str(most)]
    return main([*told, "--answers", str(folder / "a.jsonl"), "--out", str(folder / "r.md")])


def test_it_asks_about_both_kinds_and_writes_the_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, truth: Callable[[Messages], str]
) -> None:
    with served(truth) as server:
        assert run(server, tmp_path, monkeypatch) == 0
    assert len(server.questions) == 6
    page = (tmp_path / "r.md").read_text("utf-8")
    for line in ("| detector alone |", "| reviewer alone | 1.000", "| both", "Refused answers: 0"):
        assert line in page
    assert "Recommended: explain" in page, "three of a kind decide nothing"
    assert "stand-in" in page


def test_a_file_that_is_not_there_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANSIM_REVIEWER_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("ANSIM_REVIEWER_MODEL", "nobody")
    monkeypatch.chdir(tmp_path)
    assert main(["review-eval", "--answers", "a.jsonl"]) == 2
    said = capsys.readouterr().err
    assert "data/conversations.jsonl" in said
    assert "--corpus" in said


def test_a_run_that_was_stopped_goes_on_where_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    truth: Callable[[Messages], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with served(truth) as server:

        def says(messages: Messages) -> str:
            if len(server.questions) >= 4:
                server.manner = "503"
            return truth(messages)

        server.says = says
        assert run(server, tmp_path, monkeypatch) == 1
        assert "server_error" in capsys.readouterr().err
        saved = (tmp_path / "a.jsonl").read_bytes()
        assert saved.count(b"\n") == 4
        assert not (tmp_path / "r.md").exists()
        (tmp_path / "a.jsonl").write_bytes(saved[:-9])  # cut off while it was being written
        server.manner, server.says = "streams", truth
        before = len(server.questions)
        assert run(server, tmp_path, monkeypatch) == 0
        assert len(server.questions) - before == 3
        assert run(server, tmp_path, monkeypatch) == 0
        assert len(server.questions) - before == 3, "all is known: nothing is asked"


def test_no_word_of_a_conversation_or_an_answer_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, truth: Callable[[Messages], str]
) -> None:
    with served(truth) as server:
        run(server, tmp_path, monkeypatch, most=1)
    saved = (tmp_path / "a.jsonl").read_text("utf-8")
    assert saved.isascii()
    assert {name for line in saved.splitlines() for name in json.loads(line)} <= {
        *("id", "window", "model", "prompt", "risk", "quoted", "tactics", "refused", "seconds")
    }


def test_a_model_that_does_not_keep_to_the_form_is_not_recommended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(lambda _: "안전합니다") as server:
        assert run(server, tmp_path, monkeypatch) == 0
    page = (tmp_path / "r.md").read_text("utf-8")
    assert "not_json 6" in page
    assert "Recommended: off" in page


def said_of(judged: Judged, risk: Callable[[bool, int], float]) -> list[Said]:
    return [
        Said(
            id=row.id,
            window="",
            model="m",
            prompt=prompt_version(),
            risk=risk(row.grooming, number),
            quoted=True,
            tactics=("T09",),
            seconds=1.0,
        )
        for number, row in enumerate(judged.rows)
    ]


def report_on(judged: Judged, risk: Callable[[bool, int], float]) -> str:
    kept, mine = heard(judged, said_of(judged, risk))
    return second_opinions.report(kept, mine, "m", "1")


def test_a_model_that_knows_better_may_weigh_and_one_that_guesses_is_switched_off(
    judged: Judged,
) -> None:
    page = report_on(judged, lambda grooming, _: float(grooming))
    assert "Recommended: weigh" in page
    page = report_on(judged, lambda _, number: number % 7 / 6)
    assert "Recommended: off" in page


def test_a_model_that_cries_wolf_explains_at_most(judged: Judged) -> None:
    page = report_on(judged, lambda grooming, number: 1.0 if grooming or number % 3 else 0.0)
    assert "Recommended: weigh" not in page


def test_the_same_conversations_are_drawn_every_time(judged: Judged) -> None:
    drawn = chosen(judged.conversations, 5)
    assert [c.id for c in drawn] == [c.id for c in chosen(judged.conversations[::-1], 5)]
    assert sum(c.grooming for c in drawn) == 5
    assert len(drawn) == 10


def test_without_a_model_it_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ANSIM_REVIEWER_URL", raising=False)
    assert main(["review-eval", "--answers", str(tmp_path / "a")]) == 2
    assert "ANSIM_REVIEWER_URL" in capsys.readouterr().err
    monkeypatch.setenv("ANSIM_REVIEWER_URL", "https://models.example/v1")
    assert main(["review-eval", "--answers", str(tmp_path / "a")]) == 2
    assert "ANSIM_REVIEWER_BASIS" in capsys.readouterr().err
