"""KakaoTalk exports: each form in each language, doubtful lines, and files that are none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from ansim.chat import AttachmentKind
from ansim.sources.export import Export, SystemKind, messages
from ansim.sources.kakaotalk import parse
from tests.sources.kakaotalk_writer import SEOUL

SAMPLES = Path(__file__).parents[1] / "samples" / "kakaotalk"
KO = "별하 님과 카카오톡 대화\n저장한 날짜 : 2023년 1월 9일 오전 9:00\n\n\n"
WIN = (
    "별하 님과 카카오톡 대화\n저장한 날짜 : 2023-01-09 09:00:00\n\n"
    "--------------- 2023년 1월 5일 목요일 ---------------\n"
)
ONE_EMPTY = "--------------- 2023년 1월 5일 목요일 ---------------\n[별하] [오후 3:04]"


def seoul(*parts: int) -> float:
    return datetime(*parts, tzinfo=SEOUL).timestamp()  # type: ignore[misc, arg-type]


def said(export: Export) -> list[tuple[float, str, str]]:
    return [(turn.at, turn.sender, turn.text) for turn in export.turns]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("android-text-ko", KO + "2023년 1월 5일 오후 3:04, 별하 : 안녕"),
        ("android-text-ko", "2023년 1월 5일 15:04, 별하 : 안녕"),
        ("android-text-ko", KO + "2023년 1월 5일 오후 3:04\n2023년 1월 5일 오후 3:04, 별하 : 안녕"),
        ("android-text-en", "January 5, 2023 at 3:04 PM, 별하 : 안녕"),
        ("android-text-en", "January 5, 2023 at 3:04\u202fPM, 별하 : 안녕"),
        ("android-text-en", "January 5, 2023, 3:04 PM, 별하 : 안녕"),
        ("android-text-en", "January 5, 2023, 15:04, 별하 : 안녕"),
        ("android-text-en", "3:04PM, January 5, 2023, 별하 : 안녕"),
        ("android-text-en", "5 January 2023 at 15:04, 별하 : 안녕"),
        ("windows-text-ko", WIN + "[별하] [오후 3:04] 안녕"),
        ("windows-text-ko", WIN + "[별하] [15:04] 안녕"),
        (
            "windows-text-en",
            "--------------- Thursday, January 5, 2023 ---------------\n[별하] [3:04 PM] 안녕",
        ),
        (
            "windows-text-en",
            "--------------- Thursday, January 5, 2023 ---------------\n[별하] [15:04] 안녕",
        ),
        ("ios-text-ko", "2023. 1. 5. 오후 3:04, 별하 : 안녕"),
        ("ios-text-ko", "2023. 1. 5. 15:04, 별하 : 안녕"),
        ("ios-text-ko", "2023년 1월 5일 목요일\n오후 3:04, 별하 : 안녕"),
        (
            "ios-text-ko",
            "Talk_2023.1.9 09:00-1.txt\n저장한 날짜 : 2023. 1. 9. 오전 9:00\n\n"
            "2023년 1월 5일 목요일\n2023. 1. 5. 오후 3:04, 별하 : 안녕",
        ),
        ("ios-text-en", "Jan 5, 2023 at 3:04 PM, 별하 : 안녕"),
        ("ios-text-en", "Jan 5, 2023, 15:04, 별하 : 안녕"),
        ("csv", 'Date,User,Message\n"2023-01-05 15:04:00","별하","안녕"'),
        ("csv", "Date,User,Message\n2023-01-05 15:04:00,별하,안녕"),
        ("csv", "날짜,사용자,메시지\n2023-01-05 15:04,별하,안녕"),
    ],
)
def test_a_message_is_read_in_every_form(form: str, text: str) -> None:
    export = parse(text.encode())
    assert export.form == f"kakaotalk-{form}"
    assert said(export) == [(seoul(2023, 1, 5, 15, 4), "별하", "안녕")]
    assert export.zone == "Asia/Seoul"


@pytest.mark.parametrize(
    ("written", "hour"),
    [("오전 12:04", 0), ("오후 12:04", 12), ("오전 1:04", 1), ("오후 11:04", 23), ("오전 0:04", 0)],
)
def test_noon_and_midnight_are_told_apart(written: str, hour: int) -> None:
    export = parse(f"2023년 1월 5일 {written}, 별하 : 안녕".encode())
    assert export.turns[0].at == seoul(2023, 1, 5, hour, 4)


@pytest.mark.parametrize(
    ("written", "hour"), [("12:04 AM", 0), ("12:04 PM", 12), ("1:04 p.m.", 13)]
)
def test_noon_and_midnight_are_told_apart_in_english(written: str, hour: int) -> None:
    export = parse(f"Jan 5, 2023 at {written}, 별하 : 안녕".encode())
    assert export.turns[0].at == seoul(2023, 1, 5, hour, 4)


@pytest.mark.parametrize(
    ("head", "title", "saved"),
    [
        (
            "별하 님과 카카오톡 대화\n저장한 날짜 : 2023년 1월 9일 오전 9:00",
            "별하",
            (2023, 1, 9, 9, 0),
        ),
        (
            "우리 반 15 카카오톡 대화\n저장한 날짜 : 2023-01-09 09:00:05",
            "우리 반 15",
            (2023, 1, 9, 9, 0, 5),
        ),
        (
            "KakaoTalk Chats with 별하\nDate Saved : January 9, 2023 at 9:00 AM",
            "별하",
            (2023, 1, 9, 9, 0),
        ),
        (
            "별하 with KakaoTalk Chats\nDate Saved: 2023-01-09 09:00:05",
            "별하",
            (2023, 1, 9, 9, 0, 5),
        ),
    ],
)
def test_title_and_time_of_export_come_from_the_head(
    head: str, title: str, saved: tuple[int, ...]
) -> None:
    export = parse(f"{head}\n\n2023년 1월 5일 오후 3:04, 별하 : 안녕".encode())
    assert export.title == title
    assert export.exported_at == seoul(*saved)


def test_lines_that_begin_no_record_go_on_with_the_message() -> None:
    export = parse((KO + "2023년 1월 5일 오후 3:04, 별하 : 하나\n\n셋\n\n\n").encode())
    assert export.turns[0].text == "하나\n\n셋"
    export = parse((WIN + "[별하] [오후 3:04] 하나\n[둘] 셋\n[넷] [다섯] 여섯").encode())
    assert export.turns[0].text == "하나\n[둘] 셋\n[넷] [다섯] 여섯"


def test_a_typed_date_is_not_a_date_line() -> None:
    text = "[별하] [오후 3:04] 언제냐면\n2023년 1월 7일\n이야\n[소담] [오후 3:05] 응"
    export = parse((WIN + text).encode())
    assert said(export)[0][2] == "언제냐면\n2023년 1월 7일\n이야"
    assert said(export)[1][0] == seoul(2023, 1, 5, 15, 5)


@pytest.mark.parametrize("blank", ["", "\n"])
@pytest.mark.parametrize("typed", ["2023년 1월 7일 오후 3:00", "2023년 1월 7일 토요일"])
def test_a_meeting_time_on_a_line_of_its_own_stays_in_the_message(typed: str, blank: str) -> None:
    text = (
        f"2023년 1월 5일 오후 3:04, 모름이 : 만나자\n{blank}{typed}\n"
        "2023년 1월 5일 오후 3:05, 별하 : 네"
    )
    export = parse((KO + text).encode())
    assert [turn.text for turn in export.turns] == [f"만나자\n{blank}{typed}", "네"]


@pytest.mark.parametrize("typed", ["2022년 1월 1일", "2030년 1월 1일"])
def test_a_typed_rule_cannot_move_the_days_that_follow(typed: str) -> None:
    rule = f"--------------- {typed} 토요일 ---------------"
    export = parse((WIN + f"[별하] [오후 3:04] 이것 봐\n{rule}\n[소담] [오후 3:05] 응").encode())
    assert export.turns[0].text == f"이것 봐\n{rule}"
    assert export.turns[1].at == seoul(2023, 1, 5, 15, 5)


def test_a_pasted_record_is_read_as_one_and_remarked_on() -> None:
    text = (
        "2023년 1월 5일 오후 3:04, 별하 : 이런 말을 했어\n"
        "2022년 1월 1일 오전 1:00, 모름이 : 비밀이야\n"
        "2023년 1월 5일 오후 3:05, 별하 : 그치"
    )
    export = parse((KO + text).encode())
    assert export.participants == ["별하", "모름이"]
    assert [(remark.code, remark.line) for remark in export.warnings] == [("backwards", 6)]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("모름이님이 들어왔습니다.", SystemKind.JOINED),
        ("모름이님이 나갔습니다.", SystemKind.LEFT),
        ("별하님이 모름이님을 초대했습니다.", SystemKind.INVITED),
        ("별하님이 모름이님, 라온님과 소담님을 초대하였습니다.", SystemKind.INVITED),
        ("모름이님을 내보냈습니다.", SystemKind.REMOVED),
        ("채팅방 관리자가 메시지를 가렸습니다.", SystemKind.HIDDEN),
    ],
)
def test_lines_of_kakaotalk_itself_are_nobodys_words(line: str, kind: SystemKind) -> None:
    android = parse(
        (KO + f"2023년 1월 5일 오후 3:04, {line}\n2023년 1월 5일 오후 3:05, 별하 : 응").encode()
    )
    windows = parse((WIN + f"[별하] [오후 3:04] 응\n{line}\n[별하] [오후 3:05] 응").encode())
    ios = parse(f"2023. 1. 5. 오후 3:04: {line}\n2023. 1. 5. 오후 3:05, 별하 : 응".encode())
    table = parse(f"Date,User,Message\n2023-01-05 15:04:00,,{line.replace(',', ' ')}\n".encode())
    for export in (android, windows, ios, table):
        assert [found.kind for found in export.system] == [kind]
        assert all(turn.text == "응" for turn in export.turns)
        assert export.participants in (["별하"], [])


@pytest.mark.parametrize(
    "line",
    ["Byeolha left.", "Byeolha left this chatroom.", "Byeolha invited Moreum."],
)
def test_english_notices_count_only_for_who_has_spoken(line: str) -> None:
    head = "--------------- Thursday, January 5, 2023 ---------------\n"
    export = parse(f"{head}[Byeolha] [3:04 PM] so\nShe left.\n{line}".encode())
    assert export.turns[0].text == "so\nShe left."
    assert [found.text for found in export.system] == [line]


def test_a_deleted_message_is_listed_with_its_sender() -> None:
    for text in (
        KO + "2023년 1월 5일 오후 3:04, 모름이 : 삭제된 메시지입니다.",
        WIN + "[모름이] [오후 3:04] 삭제된 메시지입니다.",
        "Jan 5, 2023 at 3:04 PM, 모름이 : This message was deleted.",
        "Date,User,Message\n2023-01-05 15:04:00,모름이,삭제된 메시지입니다.",
    ):
        export = parse(text.encode())
        assert export.turns == []
        assert [(one.kind, one.sender) for one in export.system] == [(SystemKind.DELETED, "모름이")]


def test_a_message_cannot_pass_for_a_notice_by_being_long() -> None:
    typed = "우리 둘만의 비밀이야 엄마한테 말하지 말고 사진 보낼래님이 나갔습니다."
    export = parse((WIN + f"[모름이] [오후 3:04] 있잖아\n{typed}").encode())
    assert typed in export.turns[0].text


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("사진", AttachmentKind.IMAGE, ""),
        ("사진 3장", AttachmentKind.IMAGE, ""),
        ("<사진 읽지 않음>", AttachmentKind.IMAGE, ""),
        ("Photo", AttachmentKind.IMAGE, ""),
        ("2 photos", AttachmentKind.IMAGE, ""),
        ("동영상", AttachmentKind.VIDEO, ""),
        ("videos", AttachmentKind.VIDEO, ""),
        ("음성메시지", AttachmentKind.AUDIO, ""),
        ("Voice Note", AttachmentKind.AUDIO, ""),
        ("이모티콘", AttachmentKind.STICKER, ""),
        ("(이모티콘) ", AttachmentKind.STICKER, ""),
        ("Emoticons", AttachmentKind.STICKER, ""),
        ("파일: 숙제.hwp", AttachmentKind.FILE, "숙제.hwp"),
        ("File: homework.pdf", AttachmentKind.FILE, "homework.pdf"),
        ("지도: 시청역", AttachmentKind.LOCATION, ""),
        ("연락처", AttachmentKind.CONTACT, ""),
        ("보이스톡 3:21", AttachmentKind.CALL, ""),
        ("페이스톡 해요", AttachmentKind.CALL, ""),
        ("라이브톡 종료 1:02:03", AttachmentKind.CALL, ""),
        ("Video Call 10:11", AttachmentKind.CALL, ""),
        ("송금", AttachmentKind.OTHER, ""),
    ],
)
def test_a_placeholder_becomes_an_attachment_and_stays_as_text(
    text: str, kind: AttachmentKind, name: str
) -> None:
    turn = parse(f"2023년 1월 5일 오후 3:04, 별하 : {text}".encode()).turns[0]
    assert turn.text == text
    assert [(one.kind, one.name) for one in turn.attachments] == [(kind, name)]


@pytest.mark.parametrize(
    "text", ["사진 보내줘", "이모티콘 사줘", "사진 3장 보내", "파일", "photo shoot"]
)
def test_words_about_pictures_are_no_attachment(text: str) -> None:
    turn = parse(f"2023년 1월 5일 오후 3:04, 별하 : {text}".encode()).turns[0]
    assert turn.attachments == ()


@pytest.mark.parametrize("name", ["별, 하", "별] 하", "[별하]", "별 하 😀", "별:하", "별하님"])
def test_names_with_marks_in_them_come_back_whole(name: str) -> None:
    for text in (
        KO + f"2023년 1월 5일 오후 3:04, {name} : 몇 시: 3:04?",
        WIN + f"[{name}] [오후 3:04] 몇 시: 3:04?",
        f'Date,User,Message\n2023-01-05 15:04:00,"{name}","몇 시: 3:04?"',
    ):
        assert said(parse(text.encode()))[0][1:] == (name, "몇 시: 3:04?")


@pytest.mark.parametrize("line", ["2023년 1월 5일 오후 3:04, 별하 :", ONE_EMPTY])
def test_a_message_without_words_keeps_its_sender(line: str) -> None:
    assert said(parse(line.encode())) == [(seoul(2023, 1, 5, 15, 4), "별하", "")]


def test_two_messages_alike_do_not_lengthen_the_name() -> None:
    text = "2023년 1월 5일 오후 3:04, 별하 : 공지 : 내일 쉬어요\n" * 2
    assert parse(text.encode()).participants == ["별하"]


def test_a_colon_in_the_text_does_not_lengthen_the_name() -> None:
    lines = ["공지 : 내일 쉬어요", "공지 : 모레도", "응", "공지 : 끝"]
    text = "\n".join(f"2023년 1월 5일 오후 3:04, 별하 : {line}" for line in lines)
    assert parse(text.encode()).participants == ["별하"]


@pytest.mark.parametrize(
    "text",
    [
        "별 : 하 님과 카카오톡 대화\n\n2023년 1월 5일 오후 3:04, 별 : 하 : 안녕",
        "2023년 1월 5일 오후 3:04, 별 : 하 : 가\n2023년 1월 5일 오후 3:04, 별 : 하 : 나\n"
        "2023년 1월 5일 오후 3:04, 별 : 하 : 안녕",
    ],
)
def test_a_colon_in_the_name_is_seen_by_title_or_habit(text: str) -> None:
    export = parse(text.encode())
    assert export.participants == ["별 : 하"]
    assert export.turns[-1].text == "안녕"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_gives_the_same(encoding: str, end: str) -> None:
    text = (
        KO + "2023년 1월 5일 오후 3:04, 별하 : 안녕\n둘째 줄\n2023년 1월 5일 오후 3:05, 소담 : 응\n"
    )
    plain = parse(text.encode())
    assert parse(text.replace("\n", end).encode(encoding)).turns == plain.turns
    assert plain.turns[0].text == "안녕\n둘째 줄"


def test_a_file_cut_in_the_middle_of_a_character_is_read_with_a_remark() -> None:
    text = (KO + "2023년 1월 5일 오후 3:04, 별하 : 안녕하세요").encode()
    export = parse(text[:-1])
    assert export.turns[0].text == "안녕하세\ufffd"
    assert [remark.code for remark in export.warnings] == ["bytes"]


def test_a_quotation_that_never_ends_is_remarked_on() -> None:
    text = 'Date,User,Message\n2023-01-05 15:04:00,별하,안녕\n2023-01-05 15:04:01,별하,"끝이 없'
    assert [(one.code, one.line) for one in parse(text.encode()).warnings] == [("unfinished", 3)]


def test_unquoted_rows_of_several_lines_and_commas_are_put_together() -> None:
    text = "Date,User,Message\n2023-01-05 15:04:00,별하,하나, 둘\n셋, 넷\n\n다섯\n"
    assert parse(text.encode()).turns[0].text == "하나, 둘\n셋, 넷\n\n다섯"


def test_the_samples_are_read() -> None:
    risky = parse((SAMPLES / "risky-android.txt").read_bytes())
    assert (len(risky.turns), risky.participants) == (14, ["모름이", "별하"])
    ordinary = parse((SAMPLES / "ordinary-windows.txt").read_bytes())
    assert (ordinary.form, len(ordinary.turns)) == ("kakaotalk-windows-text-ko", 11)
    assert [one.kind for one in ordinary.system] == [SystemKind.JOINED]
    table = parse((SAMPLES / "ordinary-mac.csv").read_bytes())
    assert [turn.sender for turn in table.turns] == ["별하", "소담", "라온"]
    english = parse((SAMPLES / "english-ios.txt").read_bytes())
    assert (english.form, len(english.turns)) == ("kakaotalk-ios-text-en", 3)


def test_messages_are_in_order_with_ids_that_stay() -> None:
    export = parse((SAMPLES / "risky-android.txt").read_bytes())
    made = messages(export, source="s", conversation="c", author=lambda name: name[::-1])
    again = messages(export, source="s", conversation="c", author=lambda name: name[::-1])
    assert made == again
    assert [one.order for one in made] == sorted(one.order for one in made)
    assert len({one.id for one in made}) == len(made)
    assert made[0].author == "이름모"
