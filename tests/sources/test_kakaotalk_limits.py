"""Hostile and foreign files: one documented error naming the line, or a result; never a crash."""

from __future__ import annotations

import contextlib
import time
import unicodedata
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansim.sources import export as limits
from ansim.sources.export import Export, ExportError, TooLarge, UnknownForm, safe
from ansim.sources.kakaotalk import KNOWN_FORMS, parse
from tests.sources.kakaotalk_writer import FORMS, SEOUL

KO = "별하 님과 카카오톡 대화\n저장한 날짜 : 2023년 1월 9일 오전 9:00\n\n"
ONE = "2023년 1월 5일 오후 3:04, 별하 : "


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"hello\nworld\n", 1),
        (KO.encode() + "이것은 무엇일까\n".encode(), 4),
        ("별하 님과 카카오톡 대화\n\n\n[별하] [오후 3:04] 날짜 줄이 없다".encode(), 4),
        ("2023년 13월 5일 오후 3:04, 별하 : 안녕".encode(), 1),
        ("2023년 2월 30일 오후 3:04, 별하 : 안녕".encode(), 1),
        ("2023년 1월 5일 오후 3:74, 별하 : 안녕".encode(), 1),
        (b"Date,User,Message\nnow,me,hi\n", 2),
        (b"WhatsApp\n1/5/23, 15:04 - A: hi\n", 1),
        (bytes(range(256)) * 10, 1),
    ],
)
def test_a_file_of_unknown_form_is_named_by_its_first_unreadable_line(
    data: bytes, line: int
) -> None:
    with pytest.raises(UnknownForm) as caught:
        parse(data, name="talk.txt")
    assert caught.value.line == line
    is_text = data[:1] != b"\x00"
    for sentence, kind in (
        (caught.value.sentence("ko"), "카카오톡 ‘대화 내보내기’"),
        (caught.value.sentence("en"), "KakaoTalk"),
    ):
        assert sentence.startswith("talk.txt: ")
        assert (str(line) in sentence) is is_text, "a picture has no lines"
        assert kind in sentence
        assert not any(form in sentence for form in KNOWN_FORMS), "our own names help nobody"


@pytest.mark.parametrize(
    ("data", "korean", "english"),
    [
        (b"", "한 줄도 없습니다", "no message"),
        (b"\n\n  \n", "한 줄도 없습니다", "no message"),
        (bytes(300), "글로 된 파일이 아닙니다", "no text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "글로 된 파일이 아닙니다", "no text"),
        (b"hello", "1번째 줄이 아는 형식이 아닙니다: “hello”", "line 1 is in no form"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_as_it_is(data: bytes, korean: str, english: str) -> None:
    with pytest.raises(UnknownForm) as caught:
        parse(data)
    assert korean in caught.value.sentence("ko")
    assert english in caught.value.sentence("en")


def test_the_error_shows_the_line_short_and_harmless() -> None:
    with pytest.raises(UnknownForm) as caught:
        parse(("\x1b[2J\u202e몰래\x07" + "가" * 500).encode())
    shown = caught.value.text
    assert len(shown) == 60
    assert all(unicodedata.category(c)[0] != "C" for c in str(caught.value))
    assert "몰래" in shown


def test_safe_leaves_ordinary_text_alone() -> None:
    assert safe("안녕 hello 😀") == "안녕 hello 😀"
    assert safe("a\nb\tc\u2028d") == "a b c d"
    assert safe("abcdef", 4) == "abc…"


def test_a_message_over_64_kib_is_refused_with_its_line() -> None:
    fits = ONE + "가" * (65536 // 3)
    assert parse((KO + fits).encode()).turns
    with pytest.raises(TooLarge) as caught:
        parse((KO + ONE + "짧다\n" + fits + "나\n").encode())
    assert caught.value.line == 5
    with pytest.raises(TooLarge) as caught:
        parse((KO + ONE + "가\n" * 40000).encode())
    assert caught.value.line == 4
    with pytest.raises(TooLarge) as caught:
        parse(('Date,User,Message\n2023-01-05 15:04:00,별하,"' + "가" * 200_000).encode())
    assert caught.value.line == 2


def test_too_many_messages_and_too_large_files_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ansim.sources.kakaotalk.importer.MAX_MESSAGES", 3)
    monkeypatch.setattr("ansim.sources.kakaotalk.table.MAX_MESSAGES", 3)
    parse((KO + (ONE + "안녕\n") * 3).encode())
    with pytest.raises(TooLarge) as caught:
        parse((KO + (ONE + "안녕\n") * 4).encode())
    assert caught.value.line == 7
    with pytest.raises(TooLarge):
        parse(("Date,User,Message\n" + "2023-01-05 15:04:00,별하,안녕\n" * 4).encode())
    with pytest.raises(TooLarge, match="64 MiB"):
        parse(b" " * (limits.MAX_FILE_BYTES + 1))


NASTY = [
    "[" * 200,
    "[a] " * 60,
    "] [오후 " * 60,
    "님이 " * 100 + "님을 초대했습니다",
    "님이 님을 " * 60 + "초대했습니다.",
    "님을 내보냈습니다" * 20 + ".",
    "invited " * 60 + ".",
    " : " * 200,
    "- " * 100,
    "--------------- 2023년 1월 5일 목요일 ---------------",
    "2023년 1월 5일 오후 3:04",
    "",
    "A left.",
    "2023년 " * 40,
    '"' * 101,
]


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize(
    "head",
    [
        KO + ONE + "안녕\n",
        "--------------- 2023년 1월 5일 목요일 ---------------\n[별하] [오후 3:04] 안녕\n",
        "Jan 5, 2023 at 3:04 PM, 별하 : hi\n",
        "Date,User,Message\n2023-01-05 15:04:00,별하,안녕\n",
    ],
)
def test_time_is_linear_in_hostile_lines(head: str, nasty: str) -> None:
    def took(size: int) -> float:
        lines = [nasty] * (size // (len(nasty) + 1))
        # A record now and then, so that the limit of one message does not end it early.
        record = head.rstrip("\n").rpartition("\n")[2]
        for at in range(0, len(lines), 100):
            lines[at] = record
        data = (head + "\n".join(lines)).encode()
        begun = time.process_time()
        with contextlib.suppress(ExportError):
            parse(data)
        return time.process_time() - begun

    took(20_000)
    small, large = took(50_000), took(400_000)
    assert large < 5.0
    assert large < 24 * small + 0.5  # eight times as long; the rest is a busy machine


PIECES = st.sampled_from(
    [
        KO,
        ONE,
        "2023년 1월 5일 목요일",
        "2023년 1월 5일 오후 3:04",
        "2023년 1월 5일 오후 3:05, 별하님이 나갔습니다.",
        "--------------- 2023년 1월 6일 금요일 ---------------",
        "--------------- Friday, January 6, 2023 ---------------",
        "[별하] [오후 3:04] ",
        "[별하] [3:04 PM] ",
        "[] [오후 3:04] ",
        "2023. 1. 5. 오후 3:04, ",
        "오후 3:04, 별하 : ",
        "Jan 5, 2023 at 3:04 PM, ",
        "January 5, 2023, 3:04 PM: ",
        "Date,User,Message\n",
        '2023-01-05 15:04:00,"별하","',
        "KakaoTalk Chats with ",
        "Date Saved : ",
        "저장한 날짜 : ",
        " : ",
        ", ",
        '"',
        "\n",
        "\n\n",
        "사진",
        "삭제된 메시지입니다.",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(PIECES, PIECES, st.text(max_size=20)), max_size=25).map("".join))
def test_no_text_made_of_pieces_of_exports_crashes_it(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    try:
        export = parse(data)
    except ExportError as error:
        said: tuple[str, ...] = (error.sentence("ko"), error.sentence("en"))
    else:
        said = tuple(str(remark) for remark in export.warnings)
        _check(export, text)
    assert all(said)


def _check(export: Export, text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(1 <= turn.line <= lines for turn in export.turns)
    assert all(turn.sender in export.participants for turn in export.turns)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300))
def test_no_bytes_crash_it(data: bytes) -> None:
    try:
        parse(data)
    except ExportError:
        return


NAME = st.text(st.sampled_from("별하소담라온모름 ,]['(:).😀aB1님"), min_size=1, max_size=12).filter(
    lambda name: name.strip() == name and " : " not in f" {name} " and "] [" not in name
)
WORDS = st.text(
    st.one_of(
        st.sampled_from("안녕하세요 사진 [오후] : , 3:04 \"'\n\n년월일-"),
        st.characters(exclude_categories=["Cs", "Cc"]),
    ),
    min_size=1,
    max_size=40,
).filter(lambda text: text.rstrip() == text and text.lstrip() == text)
TYPED = st.sampled_from(
    ["2023년 1월 7일 오후 3:00", "2023년 1월 7일 토요일", "[별하] 3:04", "January 7, 2023"]
)
LINES = st.lists(st.one_of(WORDS, WORDS, TYPED), min_size=1, max_size=3).map(
    lambda lines: "\n".join(lines).strip()
)
CONVERSATION = st.lists(st.tuples(st.integers(0, 3000), NAME, LINES), min_size=1, max_size=12)


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=60)
@given(CONVERSATION, st.integers(0, 20000))
def test_what_is_written_in_a_form_is_read_back(
    form: str, gaps: list[tuple[int, str, str]], begin: int
) -> None:
    name, write = FORMS[form]
    at = datetime(2015, 1, 1, tzinfo=SEOUL) + timedelta(hours=begin)
    said = []
    for gap, who, words in gaps:
        at += timedelta(minutes=gap)
        said.append((at, who, words.replace("\r", "")))
    export = parse(write(said).encode())
    assert export.form == name or ("-en" in name and "May" in write(said))
    assert [
        (datetime.fromtimestamp(turn.at, SEOUL), turn.sender, turn.text) for turn in export.turns
    ] == said
