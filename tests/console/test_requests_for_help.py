"""A youth who writes to the agency's own channel: from Kakao to the desk, and the answer back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from ansim.casework.actions import alerts, audit, sources
from ansim.casework.models import Account, Alert, OutgoingMessage, SourceRecord
from ansim.casework.roles import Role
from ansim.chat import Message
from ansim.detection import Priority
from ansim.detection.detector import Detector
from ansim.detection.state import ConversationState
from ansim.sources.contract import DeliveryState, Incoming, Outgoing
from ansim.stream.effects import reports, request
from tests.casework.conftest import report, risky
from tests.casework.test_requests_for_help import asks, said
from tests.connectors.platforms.kakao import ID, TOKEN, Service
from tests.connectors.running import Running

pytestmark = pytest.mark.django_db


class Worker:
    """The worker's own parts over one source, without the stream between."""

    def __init__(self) -> None:
        self.detector = Detector.load()
        self.states: dict[str, ConversationState] = {}
        self.place = 0

    def take(self, *heard: Incoming) -> None:
        for each in heard:
            self.place += 1
            message = Message(
                id=each.id,
                source=ID,
                conversation=each.conversation,
                author=each.author,
                at=each.at,
                text=each.text,
                attachments=each.attachments,
                to_agency=each.to_agency,
            )
            states, found = self.detector.assess(self.states, [message])
            self.states |= states
            told = (ID, self.states[each.conversation], found, self.detector.versions, self.place)
            asking = request(*told, hidden=str)
            risk = reports(*told, hidden=str)
            alerts.raise_or_update([*risk, *([asking] if asking else [])])


@contextmanager
def kakao() -> Iterator[tuple[Service, Running, Callable[[Any], Any]]]:
    """The connector behind a stand-in of Kakao, which runs between the steps of a plain test."""
    loop = asyncio.new_event_loop()
    service = Service()
    service.events = False
    running = Running(service)
    do = loop.run_until_complete
    do(service.start())
    try:
        do(running.__aenter__())
        yield service, running, do
    finally:
        do(running.stop())
        do(service.stop())
        loop.close()


@pytest.fixture
def channel(db: None) -> SourceRecord:
    from ansim.chat import Consent, SourceKind

    record, _key = sources.declare(
        ID,
        "카카오 채널",
        SourceKind.DONATED,
        "말을 건 사람",
        actor=audit.SETUP,
        connector="kakao",
        consent=Consent(given_by="말을 건 사람", given_at=1.0, how="첫 안내"),
        private_messages=True,
        credentials={"token": TOKEN},
    )
    return record


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_who_writes_help_me_to_the_channel_is_answered_by_a_counsellor(
    channel: SourceRecord, counsellor: Client
) -> None:
    worker = Worker()
    with kakao() as (service, running, do):
        room = do(service.room())
        do(service.say(room, 0, "도와주세요"))
        worker.take(*running.heard(room))
        alert = Alert.objects.get()
        assert (alert.kind, alert.priority, alert.risk) == ("request", "P2", 0.0)

        queue = page(counsellor, "/queue/")
        assert "도움 요청 · 말을 건 사람" in queue
        assert "위험도" not in queue
        shown = page(counsellor, f"/alerts/{alert.pk}/")
        assert "기관에 직접 말을 건 사람입니다." in shown
        for accusing in ("경보 대상", "지금까지의 위험도", "왜 경보인가", "청소년성보호법 제15조"):
            assert accusing not in shown
        assert "도와주세요" not in shown  # masked until somebody says why they read

        counsellor.post(f"/alerts/{alert.pk}/claim/")
        counsellor.post(f"/alerts/{alert.pk}/reveal/", {"reason": "경보 확인"})
        shown = page(counsellor, f"/alerts/{alert.pk}/")
        assert "도와주세요" in shown
        assert "알리지 말라고" not in shown
        assert "그루밍이 맞음" not in shown
        number = alert.conversation.turns.get().pk
        answered = counsellor.post(
            f"/alerts/{alert.pk}/send/",
            {
                "step": "send",
                "text": "말해 줘서 고마워요. 지금 괜찮아요?",
                "way": "private",
                "to": str(number),
                "language": "ko",
            },
            follow=True,
        )
        assert answered.status_code == 200
        message = OutgoingMessage.objects.get()
        assert message.recipient == alert.about
        waiting = do(
            running.send(
                Outgoing(
                    id=str(message.pk),
                    source=ID,
                    conversation=alert.conversation.pseudonym,
                    text=message.text or "",
                    language="ko",
                    agency="안심아이 상담센터",
                    author="counsellor",
                    recipient=message.recipient,
                )
            )
        )
        assert waiting.state is DeliveryState.WAITING
        do(service.say(room, 0, "네"))
        got = "\n".join(do(service.seen(room, 0)))
        assert "[안심아이 상담센터] 말해 줘서 고마워요. 지금 괜찮아요?" in got

        worker.take(*running.heard(room)[1:])
        assert Alert.objects.count() == 1
        assert alert.conversation.turns.count() == 2
        counsellor.post(f"/alerts/{alert.pk}/close/", {"outcome": "answered"})
        alert.refresh_from_db()
        assert (alert.state, alert.outcome) == ("closed", "answered")
        assert "답함" in page(counsellor, "/queue/")
        do(service.say(room, 0, "또 왔어요"))
        worker.take(*running.heard(room)[2:])
        assert Alert.objects.filter(state="open").count() == 1


@pytest.mark.parametrize(
    ("text", "priority"),
    [("죽고 싶어요", "P1"), ("사진 퍼뜨린다고 해요", "P1"), ("안녕하세요", "P2")],
)
def test_self_harm_and_threats_are_more_urgent(
    channel: SourceRecord, text: str, priority: str
) -> None:
    Worker().take(Incoming(id="1", conversation="r", author="y", at=1e9, text=text, to_agency=True))
    assert Alert.objects.get(kind="request").priority == priority


def test_harmless_words_in_a_room_raise_nothing_and_are_not_told_with_a_request(
    channel: SourceRecord,
) -> None:
    worker = Worker()
    worker.take(Incoming(id="1", conversation="r", author="friend", at=1e9, text="급식 뭐야"))
    assert not Alert.objects.exists()
    worker.take(
        Incoming(id="2", conversation="r", author="y", at=1e9 + 1, text="저기요", to_agency=True)
    )
    assert [turn.text for turn in Alert.objects.get().conversation.turns.all()] == ["저기요"]


def test_a_pasted_conversation_alone_reaches_the_desk(channel: SourceRecord) -> None:
    with kakao() as (service, running, do):
        room = do(service.room())
        do(service.say(room, 0, "[햇살] [오후 3:10] 급식 뭐야?\n[나] [오후 3:11] 몰라\n"))
        Worker().take(*running.intake.handed)
    [turn] = Alert.objects.get().conversation.turns.all()
    assert turn.attachments == [{"kind": "other", "name": "붙여 넣은 대화 / pasted conversation"}]


@pytest.mark.parametrize("role", [None, *Role])
def test_every_role_may_do_with_a_request_what_it_may_with_an_alert(
    role: Role | None, source: SourceRecord, log_in: Callable[..., Client]
) -> None:
    [asked] = alerts.raise_or_update([asks(10, said(1))])
    [risk] = alerts.raise_or_update([report(10, conversation="b", turns=(risky(1),), raised=True)])
    client = log_in(role)
    for get in ("", "live/"):
        answers = [client.get(f"/alerts/{pk}/{get}").status_code for pk in (asked, risk)]
        assert answers[0] == answers[1]
    for act in ("reveal/", "claim/", "release/", "close/"):
        answers = [
            client.post(f"/alerts/{pk}/{act}", {"reason": "까닭"}).status_code
            for pk in (asked, risk)
        ]
        assert answers[0] == answers[1], act


def test_the_page_in_english_has_no_korean_and_no_suspect(
    source: SourceRecord, counsellor: Client
) -> None:
    [pk] = alerts.raise_or_update([asks(10, said(1), priority=Priority.P1)])
    alerts.claim(pk, Account.objects.get(username="counsellor"))
    with translation.override("ko"):  # what the request leaves behind goes with it
        counsellor.post("/language/", {"language": "en", "next": "/queue/"})
        shown = page(counsellor, f"/alerts/{pk}/")
    assert "Request for help · who wrote to us" in shown
    assert "No answer needed" in shown
    assert "uspect" not in shown.split("<main", 1)[-1].replace("nobody is suspected", "")
