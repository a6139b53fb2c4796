"""Files of other messengers: recognised by content, read within limits, never a crash."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansim.sources.export import (
    MAX_FILE_BYTES,
    Export,
    ExportError,
    SystemKind,
    TooLarge,
    UnknownForm,
)
from ansim.sources.exports import SeveralConversations, archive, parse
from tests.sources import export_files as files
from tests.sources.export_files import BEGIN, ORDINARY, RISKY, Word

WRITERS: dict[str, Callable[[Sequence[Word]], bytes]] = {
    "discord-json": files.discord,
    "telegram-json": files.telegram,
    "instagram-json": files.instagram,
    "line-text": files.line,
    "slack-zip": lambda said: files.slack({"일반": said}),
}
EACH = pytest.mark.parametrize("form", WRITERS)


def told(export: Export) -> list[tuple[str, str, float]]:
    return [(turn.sender, turn.text, turn.at) for turn in export.turns]


@EACH
def test_a_file_gives_back_what_was_said_by_whom_and_when(form: str) -> None:
    export = parse(WRITERS[form](RISKY))
    assert export.form == form
    assert told(export) == [tuple(word) for word in RISKY]
    assert export.participants == ["여름", "바람"]
    assert export.warnings == []


@EACH
def test_the_name_of_a_file_says_nothing(form: str) -> None:
    assert parse(WRITERS[form](ORDINARY), name="photo.png").form == form


def test_kakaotalk_is_still_read() -> None:
    text = "2026년 1월 5일 오후 3:04, 별하 : 안녕\n2026년 1월 5일 오후 3:05, 달 : 응\n"
    assert parse(text.encode()).form == "kakaotalk-android-text-ko"


@pytest.mark.parametrize("language", files.LINE_HEADS)
@pytest.mark.parametrize("gap", ["\t", " "])
def test_line_is_read_in_three_languages_from_telephone_and_computer(
    language: str, gap: str
) -> None:
    export = parse(files.line(RISKY, language, gap=gap))
    assert told(export) == [tuple(word) for word in RISKY]
    assert export.title == "바람"


def test_line_keeps_lines_pictures_calls_and_what_was_taken_back() -> None:
    text = (
        "[LINE] Chat history with 긴 이름\nSaved on: 2026/01/09 10:00\n\n2026/01/05(Mon)\n"
        '15:04\t여름\t"첫 줄\n둘째 ""줄"""\n15:05\t긴 이름\t[사진]\n15:06\t여름\t☎ Call time 1:23\n'
        "15:07\t긴 이름 unsent a message.\n오후 3:08\t긴 이름\t[Sticker]\n"
    )
    export = parse(text.encode())
    assert [turn.text for turn in export.turns] == ['첫 줄\n둘째 "줄"', "", "", ""]
    kinds = [turn.attachments[0].kind.value for turn in export.turns if turn.attachments]
    assert kinds == ["image", "call", "sticker"]
    assert [line.kind for line in export.system] == [SystemKind.DELETED]
    assert export.turns[-1].at - export.turns[0].at == 240


def test_discord_tells_namesakes_apart_and_marks_what_was_changed() -> None:
    document = json.loads(files.discord(RISKY))
    document["messages"][1]["timestampEdited"] = files.iso(BEGIN + 500)
    document["messages"][2]["attachments"] = [{"fileName": "a.png"}]
    document["messages"][3]["type"] = "RecipientAdd"
    export = parse(json.dumps(document).encode())
    assert export.participants == ["여름", "바람"]  # not the nickname that both have
    assert [(one.code, one.line, one.count) for one in export.warnings] == [("edited", 2, 1)]
    assert export.turns[2].attachments[0].name == "a.png"
    assert export.system[0].kind is SystemKind.INVITED


def test_telegram_joins_formatted_pieces_and_knows_media_and_service_lines() -> None:
    chat = files.telegram_chat(RISKY)
    chat["messages"][0]["text"] = ["안녕 ", {"type": "bold", "text": "친구"}, "야"]
    chat["messages"][1] |= {"photo": "photos/1.jpg", "text": ""}
    chat["messages"][2] |= {"media_type": "voice_message", "file": "v.ogg", "edited": "…"}
    chat["messages"][3] = {
        "id": 3,
        "type": "service",
        "date_unixtime": str(int(BEGIN)),
        "actor": "바람",
        "action": "invite_members",
        "text": "",
    }
    export = parse(json.dumps(chat).encode())
    assert export.turns[0].text == "안녕 친구야"
    assert export.turns[1].attachments[0].kind.value == "image"
    assert export.turns[2].attachments[0].kind.value == "audio"
    assert export.system[0].kind is SystemKind.INVITED
    assert [one.code for one in export.warnings] == ["edited"]


def test_instagram_parts_are_put_together_oldest_first() -> None:
    folder = "your_instagram_activity/messages/inbox/chat_1"
    data = files.archive(
        {
            f"{folder}/message_1.json": files.instagram(RISKY[4:]),
            f"{folder}/message_2.json": files.instagram(RISKY[:4]),
            "personal_information/personal_information.json": b"{}",
        }
    )
    export = parse(data)
    assert told(export) == [tuple(word) for word in RISKY]


def test_instagram_text_that_is_no_mangled_text_stays_as_it_is() -> None:
    assert files.mangled("안녕") != "안녕"
    document = json.loads(files.instagram(RISKY))
    document["messages"][0]["content"] = "이미 바른 글 é"
    document["messages"][1] |= {"is_unsent": True}
    export = parse(json.dumps(document).encode())
    assert export.turns[-1].text == "이미 바른 글 é"
    assert export.system[0].kind is SystemKind.DELETED


def test_slack_marks_are_read_as_people_see_them() -> None:
    said = files.chat(
        ("여름", "<@U00000000> &lt;봐&gt; <https://example.org|여기>"), ("바람", "응")
    )
    export = parse(files.slack({"일반": said}))
    assert export.turns[0].text == "@바람 <봐> 여기 (https://example.org)"
    assert export.title == "#일반"


def test_a_file_with_several_conversations_asks_which_and_reads_that_one_only() -> None:
    for data in (
        files.telegram_all({"가족": ORDINARY, "바람": RISKY}),
        files.slack({"가족": ORDINARY, "바람": RISKY}),
        files.archive(
            {
                "m/inbox/a/message_1.json": files.instagram(ORDINARY, "가족"),
                "m/inbox/b/message_1.json": files.instagram(RISKY, "바람"),
            }
        ),
    ):
        with pytest.raises(SeveralConversations) as asked:
            parse(data)
        assert [(one.number, one.messages) for one in asked.value.held] == [(1, 3), (2, 7)]
        assert "바람" in asked.value.held[1].title
        assert told(parse(data, number=2)) == [tuple(word) for word in RISKY]
        with pytest.raises(SeveralConversations):
            parse(data, number=3)


def test_odd_items_are_left_out_and_counted_and_hold_no_other_up() -> None:
    document = json.loads(files.discord(RISKY))
    odd: list[Any] = [
        None,
        7,
        "x",
        [],
        {},
        {"timestamp": "gestern", "content": "a", "author": {"name": "b"}},
        {"timestamp": files.iso(BEGIN), "content": {"a": 1}, "author": {"name": "b"}},
        {"timestamp": files.iso(BEGIN), "content": "a", "author": []},
    ]
    document["messages"] = [*odd, *document["messages"]]
    export = parse(json.dumps(document).encode())
    assert told(export) == [tuple(word) for word in RISKY]
    assert [(one.code, one.count) for one in export.warnings] == [("odd", len(odd))]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a": 1, "b": 2}', "a, b"),
        (b'{"guild": {}, "channel": {"id": "1"}, "messages": [', "끝까지"),
        (b"PK\x03\x04 broken", "압축"),
        (files.archive({"a.txt": b"x"}), "글로 된 파일이 아닙니다"),
        (files.discord([]), "메시지가 하나도"),
        (b"[LINE] Chat history with A\nSaved on: 2026/01/09 10:00\n", "메시지가 하나도"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(data: bytes, words: str) -> None:
    with pytest.raises(ExportError) as refused:
        parse(data)
    assert words in refused.value.korean
    assert refused.value.english


def test_a_password_and_a_bomb_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1_000_000)
    with pytest.raises(TooLarge):
        parse(files.archive({"users.json": b" " * 5_000_000}))
    held = bytearray(files.slack({"a": ORDINARY}))
    for sign in (b"PK\x03\x04", b"PK\x01\x02"):
        at = held.find(sign)
        held[at + (6 if sign[2] == 3 else 8)] |= 1
    with pytest.raises(ExportError, match="암호"):
        parse(bytes(held))


def test_too_many_files_and_too_large_a_file_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILES", 3)
    with pytest.raises(TooLarge):
        parse(files.archive({f"{n}.json": b"{}" for n in range(4)}))
    with pytest.raises(TooLarge):
        parse(b"{" + b" " * MAX_FILE_BYTES)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "messages",
                    "type",
                    "id",
                    "content",
                    "author",
                    "name",
                    "timestamp",
                    "text",
                    "from",
                    "date_unixtime",
                    "participants",
                    "sender_name",
                    "timestamp_ms",
                    "photos",
                    "share",
                    "attachments",
                    "stickers",
                    "guild",
                    "channel",
                    "chats",
                    "list",
                    "ts",
                    "user",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None)
@given(_JSON, st.sampled_from(["discord", "telegram", "instagram", "slack", "bare"]))
def test_any_json_gives_an_export_or_a_sentence(value: Any, form: str) -> None:
    document: Any = {
        "discord": {"guild": {}, "channel": {"id": "1"}, "messages": value},
        "telegram": {"type": "x", "id": 1, "name": value, "messages": value},
        "instagram": {"participants": [], "title": value, "messages": [value]},
    }.get(form, value)
    data = json.dumps(document).encode()
    if form == "slack":
        data = files.archive({"users.json": data, "a/2026-01-01.json": data})
    _read_or_refused(data)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(WRITERS)), st.data())
def test_any_damage_gives_an_export_or_a_sentence(form: str, data: st.DataObject) -> None:
    held = bytearray(WRITERS[form](RISKY))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(held) - 1))
        held[place] = data.draw(st.integers(0, 255))
    _read_or_refused(bytes(held[: data.draw(st.integers(1, len(held)))]))


def _read_or_refused(data: bytes) -> None:
    try:
        export = parse(data)
    except ExportError:
        return
    for turn in export.turns:
        assert turn.sender
        assert turn.text or turn.attachments
        turn.text.encode()
        assert "\0" not in turn.text or export.form.startswith("kakaotalk")


def test_a_zip_inside_says_what_it_is_not() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as opened:
        opened.writestr("inner.zip", files.slack({"a": ORDINARY}))
    with pytest.raises(UnknownForm):
        parse(held.getvalue())
