"""Under a turn stands what was read in its pictures and voices, covered like its words."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from ansim.casework.models import SourceRecord
from ansim.chat import Attachment, AttachmentKind, CodeSeen, KnownPicture, Noticed, PictureLabel
from ansim.console.noticed import attached
from ansim.pictures.values import Why as NotRead
from ansim.voice.values import Why as NotHeard
from tests.casework.conftest import risky, turn
from tests.console.test_edits import page_of, raised

pytestmark = pytest.mark.django_db

PICTURE = Attachment(
    kind=AttachmentKind.IMAGE,
    noticed=Noticed(
        text="용돈 줄게 <b>여기로</b>\u202e",
        codes=(CodeSeen(format="QRCode", text="https://t.me/example", leads_to="messenger"),),
        fingerprint="ab" * 32,
        known=(KnownPicture(list="hotline", distance=7),),
        labels=(PictureLabel(classifier="brought.py:run", name="drawing", score=0.83),),
    ),
)
UNREAD = Attachment(kind=AttachmentKind.IMAGE, noticed=Noticed(unread="damaged"))
UNHEARD = Attachment(kind=AttachmentKind.AUDIO, noticed=Noticed(unread="not_heard"))
HEARD = Attachment(kind=AttachmentKind.AUDIO, noticed=Noticed(text="우리 둘만의 비밀이야"))
UNSEEN = Attachment(kind=AttachmentKind.AUDIO)
TALK = (risky(1), turn(2, attachments=(PICTURE, UNREAD, UNHEARD, HEARD, UNSEEN)))


def test_findings_are_shown_with_the_words_once_these_are_uncovered(
    counsellor: Client, source: SourceRecord
) -> None:
    _, line = page_of(counsellor, raised(*TALK), revealed=True)
    line = unescape(line)
    assert "사진 속 글 용돈 줄게 <b>여기로</b>·" in line, "as text, and nothing turns it round"
    assert "다른 메신저로 부르는 코드 https://t.me/example" in line
    assert "목록 hotline의 사진과 7비트 차이" in line
    assert "drawing 83%" in line
    assert "음성 메시지의 말 우리 둘만의 비밀이야" in line
    assert "읽지 못함: 파일이 깨졌어요" in line
    assert "듣지 못함: 받아쓰는 프로그램이 없어요" in line
    assert "듣지 못함: 소리를 받지 않았어요" in line


def test_words_and_codes_are_covered_like_the_text_and_findings_are_not(
    counsellor: Client, source: SourceRecord
) -> None:
    _, line = page_of(counsellor, raised(*TALK), revealed=False)
    assert "용돈" not in line
    assert "t.me" not in line
    assert "비밀" not in line
    assert "사진 속 글: 가려진 내용" in line
    assert "다른 메신저로 부르는 코드" in line
    assert "목록 hotline의 사진과 7비트 차이" in line
    assert "읽지 못함: 파일이 깨졌어요" in line


def test_in_english(counsellor: Client, source: SourceRecord) -> None:
    pk = raised(*TALK)
    counsellor.post("/language/", {"language": "en", "next": "/"})
    _, line = page_of(counsellor, pk, revealed=True)
    assert "Words in the picture" in line
    assert "Not heard: there is no transcriber" in line


@pytest.mark.parametrize("why", [*NotRead, *NotHeard, "not_fetched"])
def test_every_reason_has_words_of_its_own(why: str) -> None:
    with translation.override("ko"):
        odd = attached({"kind": "image", "noticed": {"unread": "never heard of"}}, revealed=True)
        told = attached({"kind": "image", "noticed": {"unread": str(why)}}, revealed=True)
    assert told.unread.startswith("읽지 못함: ")
    assert told.unread != odd.unread or why == "broke"


@pytest.mark.parametrize(
    "item",
    [
        None,
        7,
        {},
        {"kind": ["x"]},
        {"kind": "image", "noticed": "x"},
        {"kind": "image", "noticed": {"codes": "x", "known": [1], "labels": [{"score": "x"}]}},
        {"kind": "image", "noticed": {"text": 7, "known": [{"distance": "x"}]}},
    ],
)
def test_what_was_kept_oddly_is_shown_as_far_as_it_makes_sense(item: Any) -> None:
    assert attached(item, revealed=True).kind
