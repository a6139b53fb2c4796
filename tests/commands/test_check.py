"""``ansim check``: what a person is told about a file, as a report and as data."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansim import cli
from ansim.chat import Message
from ansim.commands import score
from ansim.commands.check import language
from ansim.commands.check.chart import ROWS, chart
from ansim.commands.check.finding import examine
from ansim.commands.check.report import MOST_TEXT, Style, lines, marked
from ansim.detection import AlertEvent, Assessment, Detector, Priority, Span, Turn
from ansim.sources.export import safe
from ansim.sources.kakaotalk import parse

SAMPLES = Path(__file__).parents[1] / "samples" / "kakaotalk"
RISKY = SAMPLES / "risky-android.txt"
ORDINARY = SAMPLES / "ordinary-windows.txt"
ENGLISH = SAMPLES / "english-ios.txt"
PLAIN = Style(colour=False, blocks=True, width=80)


@pytest.fixture(autouse=True)
def _korean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.main(["check", *arguments]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def data(capsys: pytest.CaptureFixture[str], file: Path) -> dict[str, Any]:
    answer = json.loads(report(capsys, str(file), "--json"))
    assert isinstance(answer, dict)
    return answer


def test_a_risky_chat_is_explained_and_help_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    text = report(capsys, str(RISKY))
    assert "사람의 도움이 필요해 보이는 대화입니다." in text
    assert "누구에 관해: 모름이" in text
    assert "대가·선물 제안" in text
    assert "사진·영상 요구" in text
    assert "〔" in text
    assert "서울 시간으로 읽음" in text
    assert "삭제되거나 가려진 메시지 1개" in text
    assert "AI의 추정이며 법적 판단이 아닙니다" in text
    for number in ("112", "117", "1366", "1388"):
        assert f"\n  {number} " in text
    assert "\x1b" not in text


def test_the_report_speaks_english_when_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = report(capsys, str(RISKY), "--lang", "en")
    assert "This conversation seems to need a person's help." in asked
    assert "not a legal finding" in asked
    assert "image request" in asked
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert report(capsys, str(RISKY)) == asked
    assert "사람의 도움이" in report(capsys, str(RISKY), "--lang", "ko")


@pytest.mark.parametrize(
    ("wanted", "environ", "spoken"),
    [
        (None, {}, "ko"),
        (None, {"LANG": "C.UTF-8"}, "ko"),
        (None, {"LANG": "en_GB.UTF-8"}, "en"),
        (None, {"LC_ALL": "ko_KR.UTF-8", "LANG": "en_GB.UTF-8"}, "ko"),
        ("ko", {"LANG": "en_GB.UTF-8"}, "ko"),
        ("en", {"LANG": "ko_KR.UTF-8"}, "en"),
    ],
)
def test_korean_unless_english_is_asked_for(
    wanted: str | None, environ: dict[str, str], spoken: str
) -> None:
    assert language(wanted, environ) == spoken


def test_json_has_exactly_the_promised_keys_and_spans_lie_in_the_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = data(capsys, RISKY)
    assert list(answer) == ["risk", "priority", "about", "turns"]
    assert answer["about"] == "모름이"
    assert answer["priority"] in ("P1", "P2", "P3", "P4")
    assert answer["risk"] == max(turn["risk"] for turn in answer["turns"])
    export = parse(RISKY.read_bytes())
    assert len(answer["turns"]) == len(export.turns)
    spans = 0
    for turn, said in zip(answer["turns"], export.turns, strict=True):
        assert list(turn) == ["at", "from", "text", "risk", "tactics", "spans"]
        assert (turn["at"], turn["from"], turn["text"]) == (said.at, said.sender, said.text)
        assert all(0.0 <= chance <= 1.0 for chance in turn["tactics"].values())
        for start, end, tactic in turn["spans"]:
            assert 0 <= start < end <= len(said.text)
            assert tactic in turn["tactics"]
            spans += 1
    assert spans >= 3


def test_check_and_score_agree(capsys: pytest.CaptureFixture[str]) -> None:
    answer = data(capsys, RISKY)
    turns = [score.ScoredTurn(t["at"], t["from"], t["text"]) for t in answer["turns"]]
    scored = next(score.score(Detector.load(), [score.ScoredConversation("x", turns)]))
    assert scored["about"] == answer["about"]
    assert scored["priority"] == answer["priority"]
    rated = scored["turns"]
    assert isinstance(rated, list)
    for mine, theirs in zip(answer["turns"], rated, strict=True):
        assert mine["risk"] == pytest.approx(theirs["risk"], abs=1e-9)
        assert mine["tactics"] == pytest.approx(theirs["tactics"])
        assert [tuple(s) for s in mine["spans"]] == [
            (span.start, span.end, span.tactic) for span in theirs["spans"]
        ]


def test_an_ordinary_chat_raises_nothing_and_is_not_called_safe(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = report(capsys, str(ORDINARY))
    assert "위험 신호를 찾지 못했습니다. 안전하다는 뜻은 아닙니다." in text
    assert "우선순위" not in text
    assert "〔" not in text
    answer = data(capsys, ORDINARY)
    assert (answer["priority"], answer["about"]) == (None, None)
    assert 0.0 <= answer["risk"] < Detector.load().watch


def test_a_chat_in_another_language_is_not_assessed(capsys: pytest.CaptureFixture[str]) -> None:
    text = report(capsys, str(ENGLISH))
    assert "판단하지 않음" in text
    assert "찾지 못했습니다" not in text
    answer = data(capsys, ENGLISH)
    assert (answer["risk"], answer["priority"], answer["about"]) == (None, None, None)
    assert all(turn["risk"] is None and turn["spans"] == [] for turn in answer["turns"])


def test_foreign_text_cannot_hide_a_risky_chat(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "talk.txt"
    song = "2023년 1월 5일 오후 8:02, 모름이 : " + "la la the long song goes on " * 60 + "\n"
    first = "2023년 1월 5일 오후 8:02, 모름이 : 안녕"
    text = RISKY.read_text("utf-8").replace(first, song + first)
    file.write_text(text, "utf-8")
    assert data(capsys, file)["about"] == "모름이"


def test_foreign_text_around_risky_words_does_not_hide_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "talk.txt"
    file.write_text(re.sub("(모름이 : )", r"\1" + "so long a song " * 9, RISKY.read_text("utf-8")))
    answer = data(capsys, file)
    assert answer["about"] == "모름이"
    for turn in answer["turns"]:
        for start, end, _ in turn["spans"]:
            assert re.search("[가-힣]", turn["text"][start:end])


def test_a_long_chat_in_another_language_raises_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "talk.txt"
    words = re.findall(r"\w+", "send me the file when you are home and keep it between us please")
    file.write_text(
        "\n".join(
            f"Jan {1 + n // 20}, 2023 at {n % 12 or 12}:04 PM, {'AB'[n % 2]} : "
            + " ".join(words[n % 7 : n % 7 + 6])
            for n in range(120)
        )
    )
    answer = data(capsys, file)
    assert len(answer["turns"]) == 120
    assert (answer["risk"], answer["about"]) == (None, None)


class _Told:
    """Stands in for the detector where the order of alerts matters."""

    watch = 0.5

    def __init__(self, told: list[list[AlertEvent]]) -> None:
        self.told = told
        self.versions = Detector.load().versions

    def assess(
        self, states: dict[str, Any], said: list[Message]
    ) -> tuple[dict[str, Any], list[Assessment]]:
        return {}, [
            Assessment(
                conversation="check",
                turn=Turn(
                    id=one.id,
                    author=one.author,
                    at=one.at,
                    text=one.text,
                    risk=0.2,
                    tactics={"T09": 0.9},
                    spans=(Span(0, 1, "T09"),),
                ),
                risk=0.2,
                about=None,
                priority=None,
                alerts=tuple(events),
            )
            for one, events in zip(said, self.told, strict=True)
        ]


def _alert(about: str, priority: Priority, risk: float) -> AlertEvent:
    return AlertEvent(about=about, episode=1, raised=True, risk=risk, priority=priority, why=())


def test_the_most_urgent_account_comes_first_with_its_most_urgent_moment() -> None:
    export = parse(ORDINARY.read_bytes())
    told: list[list[AlertEvent]] = [[] for _ in export.turns]
    told[2] = [_alert("가", Priority.P3, 0.9), _alert("하", Priority.P1, 0.8)]
    told[3] = [_alert("하", Priority.P2, 0.7), _alert("나", Priority.P1, 0.95)]
    finding = examine(export, _Told(told))  # type: ignore[arg-type]
    assert [(event.about, event.priority, event.risk) for event in finding.events] == [
        ("나", Priority.P1, 0.95),
        ("하", Priority.P1, 0.8),
        ("가", Priority.P3, 0.9),
    ]


def test_a_quiet_chat_is_not_picked_apart() -> None:
    export = parse(ORDINARY.read_bytes())
    finding = examine(export, _Told([[] for _ in export.turns]))  # type: ignore[arg-type]
    shown = "\n".join(lines(finding, "x.txt", "ko", PLAIN))
    assert "눈여겨볼 대목" not in shown
    assert "〔" not in shown


def _controls(text: str) -> list[str]:
    return [ascii(c) for c in text if c != "\n" and unicodedata.category(c)[0] == "C"]


def test_nothing_in_a_chat_reaches_the_terminal_raw(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    evil = "\x1b]0;owned\x07\x1b[31m\u202e\u2066\x9b2J\x00\ufeff\U000e0041"
    file = tmp_path / "talk.txt"
    head, _, rest = RISKY.read_text("utf-8").partition("\n")
    text = f"{evil}{head}\n{rest}".replace("용돈", f"용{evil}돈")
    file.write_text(text.replace("모름이 :", f"모름이{evil} :"), "utf-8")
    shown = report(capsys, str(file))
    assert _controls(shown) == []
    assert "모름이·" in shown
    printed = report(capsys, str(file), "--json")
    assert _controls(printed) == []
    answer = json.loads(printed)
    assert any(evil in turn["text"] for turn in answer["turns"])
    assert answer["about"] == f"모름이{evil}"


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--lang", "en"]])
def test_what_cannot_be_read_is_one_clear_line_and_status_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str]
) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_bytes("이것은 대화가 \x1b[2J 아니다\n".encode())
    (tmp_path / "empty.txt").write_bytes(b"")
    for name in ("odd.txt", "empty.txt", "missing.txt", "."):
        assert cli.main(["check", str(tmp_path / name), *arguments]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.count("\n") == 1
        assert _controls(printed.err) == []
        if name == "odd.txt":
            assert "csv" in printed.err, "what can be read"
            assert "이것은 대화가" in printed.err


def test_standard_input_is_read_and_nothing_is_left_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ansim.cli", "check", "-", "--json"],
        input=RISKY.read_bytes(),
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path), "ANSIM_HOME": str(tmp_path / "var")},
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout)["about"] == "모름이"
    assert list(tmp_path.rglob("*")) == []


class _Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


class _OldTerminal(_Terminal):
    encoding = "ascii"  # type: ignore[assignment]


def test_colour_is_for_terminals_that_want_it() -> None:
    assert Style.of(_Terminal(), {}).colour
    assert not Style.of(_Terminal(), {"NO_COLOR": "1"}).colour
    assert not Style.of(_Terminal(), {"TERM": "dumb"}).colour
    assert not Style.of(io.StringIO(), {}).colour
    assert not Style.of(_OldTerminal(), {}).blocks


def test_the_chart_keeps_every_peak() -> None:
    risks = [0.1] * 500 + [0.95] + [0.1] * 500
    for blocks in (True, False):
        drawn = chart(risks, 0.7, "mark", width=50, blocks=blocks)
        assert len(drawn) == ROWS
        assert all(len(line) <= 50 + 20 for line in drawn)
        assert drawn[0].strip()[-1] not in ("│", "|")  # the peak shows in the top row
        assert [line.endswith("mark") for line in drawn] == [False, True, False, False, False]
    assert all(
        ord(c) < 128 for line in chart(risks, 0.7, "mark", width=50, blocks=False) for c in line
    )
    assert chart([], 0.7, "mark", width=50, blocks=True) == []


@pytest.mark.parametrize(
    ("text", "spans", "shown"),
    [
        ("사진 보내", [(0, 2)], "〔사진〕 보내"),
        ("사진 보내", [(0, 2), (3, 5)], "〔사진〕 〔보내〕"),
        ("사진 보내", [(0, 4), (2, 5)], "〔사진 보내〕"),
        ("사진\n보내", [], "사진 보내"),
        ("사\x1b진", [(0, 3)], "〔사·진〕"),
    ],
)
def test_spans_are_marked_in_the_text(text: str, spans: list[tuple[int, int]], shown: str) -> None:
    assert marked(text, tuple(Span(a, b, "T09") for a, b in spans), PLAIN) == shown


def test_a_long_message_is_shown_around_its_span() -> None:
    text = "가" * 5000 + "사진" + "나" * 5000
    shown = marked(text, (Span(5000, 5002, "T09"),), PLAIN)
    assert "〔사진〕" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) <= MOST_TEXT + 4


@st.composite
def _marked_texts(draw: st.DrawFn) -> tuple[str, tuple[Span, ...]]:
    text = draw(st.text(max_size=600))
    place = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(place, place), max_size=5))
    return text, tuple(Span(min(p), max(p), "T01") for p in pairs if p[0] != p[1])


@given(_marked_texts())
def test_marking_never_lets_a_control_character_through(case: tuple[str, tuple[Span, ...]]) -> None:
    text, spans = case
    shown = marked(text, spans, PLAIN)
    assert _controls(shown) == []
    assert "\n" not in shown
    if len(text) <= MOST_TEXT and "〔" not in text and "〕" not in text:
        assert shown.replace("〔", "").replace("〕", "") == safe(text)


def test_help_names_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["check", "--help"])
    assert "카카오톡" in capsys.readouterr().out
