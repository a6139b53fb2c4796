"""What a package of evidence holds, who may take one, and what is recorded of it."""

from __future__ import annotations

import json
import zipfile
from base64 import b64decode
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pypdfium2  # type: ignore[import-untyped]
import pytest
from django.utils import timezone

from ansim.casework.actions import (
    alerts,
    donors,
    evidence,
    interventions,
    opinions,
    referrals,
    retention,
)
from ansim.casework.errors import Refused
from ansim.casework.evidence import gathering, lettering, verifying
from ansim.casework.evidence.packing import Package
from ansim.casework.models import Account, Agency, Alert, AuditEvent, SourceRecord, Turn
from ansim.casework.roles import TABLE, Act, Role
from ansim.chat import Attachment, AttachmentKind, CodeSeen, KnownPicture, Noticed
from ansim.keys import KeyLost
from tests.casework.conftest import START, report, risky, turn
from tests.casework.test_opinions import opinion

pytestmark = pytest.mark.django_db

RAW = {"room": "방-원래이름-55", "stranger": "raw-stranger-77", "youth": "raw-youth-88"}


def known(conversation: str, accounts: Sequence[str]) -> dict[str, str] | None:
    return {name: RAW[name] for name in (conversation, *accounts) if name in RAW}


def silent(*_: object) -> None:
    """Nobody wants to know how far it is."""


@pytest.fixture
def liaison(person: Callable[..., Account]) -> Account:
    return person(Role.LIAISON)


@pytest.fixture
def alert(source: SourceRecord) -> Alert:
    turns = (
        turn(1, text="안녕\u200b 😀 \ud83d 끝"),
        turn(2, author="youth", text="네?"),
        risky(3),
        turn(4, author="youth", attachments=(Attachment(kind=AttachmentKind.IMAGE, name="a.jpg"),)),
    )
    [pk] = alerts.raise_or_update([report(1, turns=turns, raised=True)])
    return Alert.objects.get(pk=pk)


def packed(alert: Alert, actor: Account, *, unmask: bool = False, names: Any = known) -> Package:
    order = evidence.order(alert.pk, actor, "수사 협조 요청", unmask=unmask)
    return evidence.make(order, names, silent)


def files(package: Package) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(package.content)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def rows(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def test_the_whole_conversation_goes_in_with_source_times_and_original_spelling(
    alert: Alert, liaison: Account
) -> None:
    inside = files(packed(alert, liaison))
    said = rows(inside["facts/messages.jsonl"])
    assert [line["text"] for line in said] == [
        "안녕\u200b 😀 \ud83d 끝",
        "네?",
        "용돈 줄게 사진 보낼래?",
        "안녕 4",
    ]
    assert [line["sender"] for line in said] == ["stranger", "youth", "stranger", "youth"]
    assert said[0]["said_at"] == "2025-10-09T17:53:23.000+09:00"
    assert said[0]["at"] == START + 3
    assert said[3]["attachments"] == [{"kind": "image", "name": "a.jpg"}]
    told = json.loads(inside["facts/source.json"])
    assert told["source"]["kind"] == "platform_partner"
    assert told["source"]["legal_basis"] == "시연"
    assert told["conversation"]["pseudonym"] == "room"


def test_estimates_are_in_files_of_their_own(alert: Alert, liaison: Account) -> None:
    inside = files(packed(alert, liaison))
    facts = b"".join(content for path, content in inside.items() if path.startswith("facts/"))
    for word in (b"risk", b"tactic", b'"T09"', b"priority", b"span"):
        assert word not in facts
    estimates = rows(inside["assessment/messages.jsonl"])
    assert estimates[2]["tactics"] == {"T05": 0.9, "T09": 0.8}
    assert estimates[2]["spans"] == [[0, 5, "T05"], [6, 12, "T09"]]
    whole = json.loads(inside["assessment/alert.json"])
    assert (whole["priority"], whole["versions"]["gate"]) == ("P2", "g1")
    assert "법적 판단이 아닙니다" in whole["notice"]
    assert b"\xec\x9a\xa9\xeb\x8f\x88" not in inside["assessment/messages.jsonl"], "no words there"


def test_what_is_no_longer_held_is_said_and_not_made_up(alert: Alert, liaison: Account) -> None:
    Turn.objects.filter(message_id="m2").update(text=None, spans=[])
    inside = files(packed(alert, liaison))
    said = rows(inside["facts/messages.jsonl"])
    assert [line["text_held"] for line in said] == [True, False, True, True]
    assert said[1]["text"] is None
    assert json.loads(inside["manifest.json"])["text_held"] == 3


def test_who_was_shown_which_words_is_marked_on_every_message(
    alert: Alert, liaison: Account, counsellor: Account, supervisor: Account
) -> None:
    third = Turn.objects.get(message_id="m3")
    alerts.reveal(alert.pk, supervisor, "한 줄만", turn_id=third.pk)
    assert [
        [(seen["by"], seen["how"]) for seen in line["viewed"]]
        for line in rows(files(packed(alert, liaison))["facts/messages.jsonl"])
    ] == [[], [], [("supervisor", "single")], []]
    alerts.reveal(alert.pk, counsellor, "살펴보기")
    alerts.raise_or_update([report(2, turns=(turn(5),))])
    said = rows(files(packed(alert, liaison))["facts/messages.jsonl"])
    assert [len(line["viewed"]) for line in said] == [1, 1, 2, 1, 0], "the fifth came afterwards"


def test_no_more_is_marked_as_seen_than_the_page_shows(
    alert: Alert, liaison: Account, counsellor: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansim.console.thread import MOST_LINES

    assert gathering.SHOWN_AT_ONCE == MOST_LINES
    monkeypatch.setattr(gathering, "SHOWN_AT_ONCE", 2)
    alerts.reveal(alert.pk, counsellor, "살펴보기")
    said = rows(files(packed(alert, liaison))["facts/messages.jsonl"])
    assert [bool(line["viewed"]) for line in said] == [False, False, True, True]


def test_words_of_the_agency_are_there_once_with_their_writer(
    alert: Alert, liaison: Account, counsellor: Account
) -> None:
    alerts.claim(alert.pk, counsellor)
    message = interventions.send(alert.pk, counsellor, "괜찮아요?")
    [taken] = interventions.take_queued()
    interventions.record_delivery(taken.id, "sent")
    interventions.send(alert.pk, counsellor, "아직 안 나간 말")
    back = turn(9, author="agency", text="괜찮아요?", id=str(message.pk), by_agency=True)
    alerts.raise_or_update([report(2, turns=(back,))])
    said = rows(files(packed(alert, liaison))["facts/messages.jsonl"])
    ours = [line for line in said if line["from"] == "agency"]
    assert [(line["sender"], line["delivery"]) for line in ours] == [("counsellor", "sent")]
    assert "괜찮아요?" in ours[0]["text"]
    assert len(said) == 5


def test_it_says_who_could_read_an_answer_and_what_came_by_code(
    alert: Alert, liaison: Account, counsellor: Account
) -> None:
    said = (
        turn(11, author="youth", text="몰래 하는 말", to_agency=True),
        turn(12, author="youth", text="모두에게", to_agency=False),
    )
    alerts.raise_or_update([report(2, turns=said)])
    alerts.claim(alert.pk, counsellor)
    opened = donors.open_line(alert.conversation, counsellor, given_by="guardian", under_14=False)
    interventions.send(alert.pk, counsellor, "열어 본 글", donor=opened.line.pk)
    donors.look(opened.code)
    donors.answer(opened.code, "보호자의 답", uuid4())
    interventions.send(alert.pk, counsellor, "아직 안 연 글", donor=opened.line.pk)
    package = packed(alert, liaison)
    lines = rows(files(package)["facts/messages.jsonl"])
    to = {line["text"]: line.get("to") for line in lines}
    assert to["몰래 하는 말"] == "agency"
    assert to["모두에게"] == "room"
    assert to["열어 본 글"] == opened.line.pseudonym
    assert to["보호자의 답"] == "agency"
    assert "아직 안 연 글" not in to
    assert {line["sender"] for line in lines if line["text"] == "보호자의 답"} == {
        opened.line.pseudonym
    }


def test_names_go_in_sealed_and_only_who_may_unmask_gets_them_open(
    alert: Alert, liaison: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = packed(alert, liaison)
    assert b"raw-stranger-77" not in package.content
    people = json.loads(files(package)["facts/accounts.json"])
    assert [person["original"] for person in people] == ["sealed", "sealed"]
    assert [person["about"] for person in people] == [True, False]
    name = json.loads(files(package)["manifest.json"])["package"]
    sealed = {person["pseudonym"]: person["sealed"] for person in people}
    found = evidence.open_names(("alert", alert.pk), name, sealed, liaison, "영장")
    assert found == {"stranger": "raw-stranger-77", "youth": "raw-youth-88"}
    opened = AuditEvent.objects.get(action="evidence.unmasked")
    assert (opened.reason, opened.actor) == ("영장", liaison)
    with pytest.raises(KeyLost, match="another package"):
        evidence.open_names(("alert", alert.pk), "0" * 32, sealed, liaison, "영장")
    with pytest.raises(KeyLost, match="another package"):
        evidence.open_names(
            ("alert", alert.pk), name, {"youth": sealed["stranger"]}, liaison, "영장"
        )

    whole = packed(alert, liaison, unmask=True)
    people = json.loads(files(whole)["facts/accounts.json"])
    assert [person["name"] for person in people] == ["raw-stranger-77", "raw-youth-88"]
    assert AuditEvent.objects.filter(action="evidence.unmasked").count() == 2

    monkeypatch.setitem(TABLE, Role.LIAISON, frozenset({Act.EXPORT_EVIDENCE}))
    assert b"raw-stranger-77" not in packed(alert, liaison).content
    with pytest.raises(Refused):
        packed(alert, liaison, unmask=True)
    with pytest.raises(Refused):
        evidence.open_names(("alert", alert.pk), name, sealed, liaison, "영장")


def test_names_that_cannot_be_asked_for_are_not_called_unknown(
    alert: Alert, liaison: Account
) -> None:
    nobody = files(packed(alert, liaison, names=lambda *_: None))
    people = json.loads(nobody["facts/accounts.json"])
    assert {person["original"] for person in people} == {"not_reachable"}
    gone = files(packed(alert, liaison, names=lambda *_: {}))
    assert {p["original"] for p in json.loads(gone["facts/accounts.json"])} == {"not_held"}


@pytest.mark.parametrize("role", list(Role))
def test_only_liaison_and_supervisors_take_evidence_out(
    alert: Alert, person: Callable[..., Account], role: Role
) -> None:
    actor = person(role)
    if role in (Role.LIAISON, Role.SUPERVISOR):
        packed(alert, actor)
        return
    with pytest.raises(Refused):
        evidence.order(alert.pk, actor, "궁금해서")
    assert not AuditEvent.objects.filter(action__startswith="evidence.").exists()


def test_a_package_needs_a_reason_and_every_step_is_on_record(
    alert: Alert, liaison: Account
) -> None:
    with pytest.raises(Refused, match="까닭"):
        evidence.order(alert.pk, liaison, "  ")
    with pytest.raises(Refused):
        evidence.order(alert.pk + 1, liaison, "요청")
    order = evidence.order(alert.pk, liaison, "요청")
    package = evidence.make(order, known, silent)
    evidence.fetched(order)
    found = AuditEvent.objects.filter(action__startswith="evidence.").order_by("pk")
    assert [event.action for event in found] == [
        "evidence.ordered",
        "evidence.made",
        "evidence.fetched",
    ]
    assert {event.details["package"] for event in found} == {order.id}
    assert found[1].details["manifest_sha256"] == package.sha256
    log = rows(files(package)["log/audit.jsonl"])
    assert [row["action"] for row in log] == ["alert.raised", "evidence.ordered"]
    assert log[1]["reason"] == "요청"


def test_who_lost_the_right_meanwhile_gets_no_package(alert: Alert, liaison: Account) -> None:
    order = evidence.order(alert.pk, liaison, "요청")
    Account.objects.update(is_active=False)
    with pytest.raises(Refused):
        evidence.make(order, known, silent)
    assert AuditEvent.objects.get(action="evidence.failed").details["why"] == "not_allowed"


def test_a_file_written_out_as_text_never_leaves(alert: Alert, liaison: Account) -> None:
    picture = "data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUg" * 20
    alerts.raise_or_update([report(2, turns=(turn(8, text=f"이거 봐 {picture} 어때"),))])
    package = packed(alert, liaison)
    assert b"iVBORw0KGgo" not in package.content
    said = rows(files(package)["facts/messages.jsonl"])[-1]
    assert said["text"].startswith("이거 봐 [파일 데이터 ")
    assert said["withheld"][0]["characters"] == len(picture)


def test_counselling_stays_inside_and_hand_offs_go_with_their_number(
    alert: Alert, liaison: Account, counsellor: Account
) -> None:
    alerts.claim(alert.pk, counsellor)
    police = Agency.objects.filter(is_police=True).first()
    assert police is not None
    referrals.hand_off(
        *(alert.pk, counsellor, police.pk, "비밀스러운 상담 내용"),
        reference="2026-77",
        do_not_warn=True,
    )
    referrals.write_plan(alert.pk, counsellor, {"now": "비밀스러운 계획"})
    package = packed(alert, liaison)
    assert "비밀스러운".encode() not in package.content
    [row] = json.loads(files(package)["facts/handling.json"])["hand_offs"]
    assert (row["reference"], row["do_not_warn"]) == ("2026-77", True)


def test_without_a_korean_font_the_package_is_refused_before_anything_is_recorded(
    alert: Alert, liaison: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lettering, "PLACES", (Path("nowhere"),))
    lettering.fonts.cache_clear()
    with pytest.raises(Refused, match="apt-get install fonts-nanum"):
        evidence.order(alert.pk, liaison, "요청")
    assert not AuditEvent.objects.filter(action__startswith="evidence.").exists()
    lettering.fonts.cache_clear()


def test_a_package_outlives_the_words_it_was_made_of(alert: Alert, liaison: Account) -> None:
    package = packed(alert, liaison)
    retention.purge(timezone.now() + retention.FLAGGED * 2)
    report_ = verifying.verify(package.content, evidence.signer().fingerprint)
    assert report_.sound
    assert report_.known_key
    assert b64decode(json.loads(files(package)["facts/accounts.json"])[0]["sealed"])


def test_what_programs_read_in_attachments_is_an_estimate(
    source: SourceRecord, liaison: Account
) -> None:
    seen = Noticed(
        text="용돈 줄게",
        codes=(CodeSeen(format="QRCode", text="https://t.me/example", leads_to="messenger"),),
        fingerprint="ab" * 32,
        known=(KnownPicture(list="hotline", distance=7),),
    )
    unheard = Noticed(unread="not_heard")
    turns = (
        risky(1),
        turn(
            2,
            attachments=(
                Attachment(kind=AttachmentKind.IMAGE, name="a.jpg", noticed=seen),
                Attachment(kind=AttachmentKind.AUDIO, noticed=unheard),
                Attachment(kind=AttachmentKind.FILE),
            ),
        ),
    )
    [pk] = alerts.raise_or_update([report(1, turns=turns, raised=True)])
    package = packed(Alert.objects.get(pk=pk), liaison)
    inside = files(package)
    said = rows(inside["facts/messages.jsonl"])
    assert said[1]["attachments"][0] == {"kind": "image", "name": "a.jpg"}
    assert b"t.me" not in inside["facts/messages.jsonl"]
    assert rows(inside["assessment/messages.jsonl"])[1]["attachments"] == [
        {
            "kind": "image",
            "words": "용돈 줄게",
            "codes": [
                {"format": "QRCode", "text": "https://t.me/example", "leads_to": "messenger"}
            ],
            "pdq": "ab" * 32,
            "like_on_list": [{"list": "hotline", "distance": 7}],
        },
        {"kind": "audio", "not_read": "not_heard"},
    ]
    text = " ".join(
        page.get_textpage().get_text_bounded()
        for page in pypdfium2.PdfDocument(inside["evidence.pdf"])
    )
    assert "https://t.me/example" in text
    assert "7/256 bit" in text


def second_opinion(package: Package) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(files(package)["assessment/alert.json"])["second_opinion"]
    return told


def printed(package: Package) -> str:
    pages = pypdfium2.PdfDocument(files(package)["evidence.pdf"])
    return "".join(page.get_textpage().get_text_range() for page in pages)


QUOTES = (("m3", "용돈 줄게", "T05"), ("gone", "사진 보낼래?", "T09"))


def test_a_second_opinion_is_told_as_an_estimate_of_a_program_and_never_among_facts(
    alert: Alert, liaison: Account
) -> None:
    assert "second_opinion" not in files(packed(alert, liaison))["assessment/alert.json"].decode()
    opinions.add([opinion(quotes=QUOTES, added=0.04, pictures=3)])
    package = packed(alert, liaison)
    told = second_opinion(package)
    assert "사실이나 법적 판단이 아닙니다" in told["notice"]
    assert (told["model"], told["question"], told["told_sha256"]) == (
        "small-model",
        "1-abc",
        "0" * 64,
    )
    assert (told["risk"], told["detector_risk_then"], told["added_to_risk"]) == (0.9, 0.8, 0.04)
    assert told["pictures_shown"] == 3
    assert told["letters"] == {"A": "stranger", "B": "youth"}
    assert told["quotes"] == [
        {"message": "m3", "number": 3, "tactic": "T05", "text": "용돈 줄게"},
        {"message": "gone", "number": None, "tactic": "T09", "text": None},
    ], "words of a message that is not in the package are not in its estimates either"
    assert told["innocent_reading"] == "친척의 말일 수 있다."
    inside = files(package)
    for path, content in inside.items():
        if path.startswith("facts/"):
            for word in ("small-model", "친척", "second_opinion"):
                assert word.encode() not in content, path
    assert verifying.verify(package.content).sound
    text = printed(package)
    place = text.index("두 번째 의견 (프로그램의 추정)")
    assert place > text.index("소프트웨어의 추정 (사실 아님)")
    assert "pictures shown" in text[place:]
    for words in ("small-model", "0" * 20, "90 %", "4 %", "용돈 줄게", "가 stranger", "친척의 말"):
        assert words in text[place:], words


def test_words_of_an_opinion_leave_only_together_with_those_of_the_conversation(
    alert: Alert, liaison: Account
) -> None:
    opinions.add([opinion(quotes=QUOTES)])
    Turn.objects.update(text=None)
    package = packed(alert, liaison)
    told = second_opinion(package)
    assert not told["words_held"]
    assert [quote["text"] for quote in told["quotes"]] == [None, None]
    for field in ("summary_ko", "summary_en", "innocent_reading", "watch_for"):
        assert told[field] is None
    assert told["risk"] == 0.9
    assert "의견의 글" in printed(package)


def test_an_opinion_whose_words_went_is_told_in_numbers(alert: Alert, liaison: Account) -> None:
    opinions.add([opinion(quotes=QUOTES)])
    retention.purge(timezone.now() + retention.FLAGGED)
    told = second_opinion(packed(alert, liaison))
    assert (told["quotes"], told["words_held"], told["model"]) == ([], False, "small-model")


def test_no_part_of_a_file_written_out_leaves_by_way_of_a_quote(
    source: SourceRecord, liaison: Account
) -> None:
    file = "data:image/png;base64," + "QUJD" * 40
    [pk] = alerts.raise_or_update([report(1, turns=(turn(1, text=f"자 {file}"),), raised=True)])
    quotes = (("m1", "QUJD" * 30, "T09"),)
    opinions.add([opinion(quotes=quotes, summary_ko=f"A가 {file} 을 보냈다.")])
    package = packed(Alert.objects.get(pk=pk), liaison)
    told = second_opinion(package)
    assert told["quotes"][0]["text"] is None
    for path, content in files(package).items():
        assert b"QUJDQUJD" not in content, path
