"""Run as a script by tests: changes casework from a process other than the console's.

`prepare` makes database and demo accounts and prints their passwords; `raise ROOM SEQUENCE TEXT`
raises or updates an alert in ROOM, with one more message; `deliver` plays the courier; `later
MINUTES` lets time pass, deletes what may no longer be held, and prints how many turns still have
words; `away MINUTES` has nobody do anything in any log-in for so long; `night` leaves a busy desk
and prints the passwords of the other roles; `told-of-source ID STATE SENTENCE` plays the
gateway; `wait-raise ROOM` raises one after each line on stdin, printing the clock.
"""

from __future__ import annotations

import json
import sys
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansim.casework.models import Account


def raise_alert(room: str, sequence: int = 1, later: str = "") -> int:
    from ansim.casework.actions import alerts
    from ansim.casework.actions.alerts import AlertReport
    from ansim.detection import Priority, Reason, Span, Turn, Versions

    base = time.time() - 600
    talk = [
        ("stranger", "안녕 ㅎㅎ 몇 살이야?", {"T01": 0.9}, (Span(6, 12, "T01"),), 0.12),
        ("youth", "15살이요", {"V3": 0.95}, (Span(0, 5, "V3"),), 0.14),
        ("stranger", "오 나도 비슷한데 ㅋㅋ 뭐 하고 있었어?", {}, (), 0.15),
        ("youth", "숙제하다가 쉬어요", {}, (), 0.15),
        ("stranger", "너를 이해하는 건 나뿐이야", {"T03": 0.8}, (Span(0, 14, "T03"),), 0.34),
        ("youth", "ㅎㅎ 고마워요", {}, (), 0.34),
        (
            "stranger",
            "용돈 줄게. 우리 둘만의 비밀이야",
            {"T05": 0.92, "T06": 0.9},
            (Span(0, 5, "T05"), Span(7, 18, "T06")),
            0.66,
        ),
        ("youth", "네? 왜요?", {}, (), 0.66),
        (
            "stranger",
            "사진 몇 장만 보내줄래? 오늘 데리러 갈게",
            {"T09": 0.93, "T13": 0.9},
            (Span(0, 13, "T09"), Span(14, 23, "T13")),
            0.91,
        ),
        ("youth", "싫어요 무서워요", {"V1": 0.9, "V2": 0.7}, (Span(0, 3, "V1"),), 0.93),
        *([("stranger", later, {}, (), 0.93)] if later else []),
    ]
    turns = tuple(
        Turn(
            id=f"m{n}",
            author=f"{who}{room}zq4k",
            at=base + 40 * n,
            text=text,
            tactics=tactics,
            spans=spans,
            risk=risk,
        )
        for n, (who, text, tactics, spans, risk) in enumerate(talk)
    )
    [pk] = alerts.raise_or_update(
        [
            AlertReport(
                source="demo",
                conversation=room,
                about=f"stranger{room}zq4k",
                episode=1,
                priority=Priority.P1,
                risk=0.93,
                why=(
                    Reason("meeting_soon"),
                    Reason("tactic", {"tactic": "T09", "count": 1}),
                    Reason("refusal"),
                ),
                versions=Versions(
                    software="0.1.0", gate="g", risk="r", reading="1", threshold=0.6, watch=0.1
                ),
                trajectory=tuple((turn.at, turn.risk, turn.id) for turn in turns),
                turns=turns,
                sequence=sequence,
                raised=sequence == 1,
            )
        ]
    )
    return pk


def busy_night() -> dict[str, str]:
    """Something in every part of the pages. Alert 1 is escalated, with a rescue and words that did
    not arrive, 2 on hold, 3 dismissed, 4 with the supervisor, 5 late, 6 waiting."""
    from datetime import timedelta

    from django.utils import timezone

    from ansim.casework.actions import (
        accounts,
        audit,
        channels,
        interventions,
        referrals,
        shifts,
        source_health,
        triage,
        views,
    )
    from ansim.casework.actions import alerts as acts
    from ansim.casework.models import Account, Agency, Alert
    from ansim.casework.roles import Role

    for room in ("one", "two", "three", "four", "five", "six"):
        raise_alert(room)
    me = Account.objects.get(username="counsellor")
    lead = Account.objects.get(username="supervisor")
    for number, holder in ((1, me), (2, me), (3, me), (4, lead)):
        acts.claim(number, holder)
    triage.note(1, me, "보호자와 아침에 통화하기로 했어요.")
    interventions.send(1, me, "안녕하세요. 괜찮아요?")
    for message in interventions.take_queued(10):
        interventions.record_delivery(message.id, "failed", "대화방이 닫혀 있음")
    police = Agency.objects.filter(is_police=True).order_by("position")[0]
    referrals.hand_off(1, me, police.pk, "만나자는 말", rescue=True, when_where="오늘 8시 역 앞")
    referrals.write_plan(1, me, {next(iter(referrals.QUESTIONS)): "어머니와 함께 있음"})
    triage.escalate(1, me, "같이 봐 주세요.")
    triage.hold(2, me, 20, "답을 기다림")
    acts.close(3, me, "not_grooming", grounds="peers_n1")
    late = timezone.now() - timedelta(minutes=1)
    Alert.objects.filter(pk=5).update(due_at=late)
    views.save(me, "급한 것", "p=P1")
    now = time.time()
    source_health.tell([{"source": "demo", "state": "trouble", "sentence": "no answer"}])
    source_health.gap("demo", now - 60, now, "the platform keeps no history")
    shifts.offer(me, lead, "조용한 밤이었습니다.")
    requests(lead)
    open_case(me)
    report_it(me)
    come_back(lead)
    channels.add("webhook", "당직 메신저", "https://notices.invalid/desk", lead)
    passwords = {}
    for role in (Role.LIAISON, Role.RESEARCHER, Role.AUDITOR):
        passwords[role.value] = f"only-for-tests-{role.value}"
        accounts.create(role.value, passwords[role.value], role, actor=audit.SETUP, is_demo=True)
    return passwords


def open_case(me: Account) -> None:
    """A case from alert 1 with something in every part of it."""
    from datetime import timedelta

    from django.utils import timezone

    from ansim.casework.actions import case_documents, case_notes, case_people, cases

    case = cases.open_case([1], me, "게임방 중학생", young="youthonezq4k")
    person = case.people.get(part="young").pk
    words = {
        "name": "하늘",
        "age": "under_14",
        "needs": "밤에 혼자 있지 않을 곳",
        "contact": "학교 상담실 전화",
        "careful": "집 전화로는 걸지 않기. 오후 3시 뒤에만.",
        "plan": "수요일에 보호자와 함께 만나기",
    }
    case_people.save_person(case.pk, me, person, words)
    case_people.save_person(case.pk, me, None, {"part": "guardian", "name": "할머니"})
    for purpose in ("counselling", "sharing"):
        consent = case_people.record_consent(
            case.pk, me, person, purpose=purpose, giver="guardian", basis="전화로 말함"
        )
    case_people.withdraw_consent(case.pk, me, consent.pk, "조금 더 생각해 보겠다고 함")
    case_notes.write(case.pk, me, "오늘은 학교에 갔다고 해요.")
    case_notes.write(case.pk, me, "다음 슈퍼비전에서 이야기하기", "leaders")
    now = timezone.now()
    case_notes.add_task(case.pk, me, "할머니께 전화", now - timedelta(hours=2))
    case_notes.add_task(case.pk, me, "학교 상담 선생님과 통화", now + timedelta(days=1))
    case_documents.add(case.pk, me, "상담 요약.txt", "요약".encode())
    cases.wait(case.pk, me, "경찰의 답", timezone.localdate() + timedelta(days=3))


def report_it(me: Account) -> None:
    """The case of alert 1 owes a report to the police, which is late; 1 is its draft, and 2, to a
    platform, waits for the second person."""
    from datetime import timedelta

    from django.utils import timezone

    from ansim.casework.actions import duties, reporting
    from ansim.casework.models import Case
    from ansim.casework.reporting.forms import FORMS

    case = Case.objects.get(joined__alert=1)
    duties.learn(case.pk, me, timezone.now() - timedelta(hours=30), "청소년이 말해 줌")
    reporting.begin(case.pk, me, "police")
    row = reporting.begin(case.pk, me, "platform")
    words = {q.name: "사람이 적음" for q in FORMS["platform"] if q.name[-3:] != "_at"}
    reporting.write(row.pk, me, words, row.version)
    reporting.submit(row.pk, me)
    reporting.warn_nobody(row.pk, me, True, "수사팀의 요청")


def requests(lead: Any) -> None:
    """1: a correction noted, the answer written; 2: a stop in force; 3: nobody has it, and late."""
    from datetime import timedelta

    from django.utils import timezone

    from ansim.casework.actions import rights, rights_measures
    from ansim.casework.models import Alert

    about = Alert.objects.get(pk=6)
    for kind in ("correction", "stop"):
        row = rights.receive(
            lead, kind=kind, by="subject", way="room", words="제 말이 아니에요.", contact="같은 방"
        )
        rights.take(row.pk, lead)
        rights.prove(row.pk, lead, "account", "그 계정에서 확인하는 말이 옴")
        rights.find_by_alert(row.pk, lead, about.pk, about.about, "요구에 답하려고")
        if kind == "correction":
            rights_measures.correct(row.pk, lead, about.pk, "동생이 한 말이라고 함")
            rights.write(row.pk, lead, "원본 곁에 적었습니다.", 0)
        else:
            rights_measures.stop(row.pk, lead)
    rights.receive(
        lead,
        kind="access",
        by="guardian",
        way="letter",
        words="아이에 대해 가진 것을 보여 주세요.",
        contact="",
        received_at=timezone.now() - timedelta(days=12),
    )


def come_back(lead: Account) -> None:
    """The accounts of alerts 1, 2 and 5 tell the same messenger name. Links were looked at in part;
    one appeal waits, one was upheld."""
    from ansim.casework.actions import linking, repeats
    from ansim.casework.models import Sighting, Trace

    for room in ("one", "two", "five", "six"):
        raise_alert(room, 2, "텔레그램 아이디 star_99 로 와")
    repeats.keep()
    first, second, _, last = Sighting.objects.filter(traces__kind="handle").order_by("pk")
    linking.review(Trace.objects.get(sighting=first, kind="handle").pk, lead, True, "둘 다 읽음")
    linking.appeal(second.pk, lead, "제 아이디를 다른 사람이 썼어요")
    linking.decide(linking.appeal(last.pk, lead, "제가 아니에요").pk, lead, True, "본인이 아님")


def take_evidence(alert: int) -> str:
    from zipfile import ZipFile

    from ansim.casework.actions import evidence
    from ansim.casework.models import Account
    from ansim.console import preparing

    who = Account.objects.get(username="supervisor")
    order = evidence.order(alert, who, "수사 협조")
    preparing.begin(order)
    shelf = preparing.shelf()
    while (standing := shelf.standing(order.id)).state in ("waiting", "making"):
        time.sleep(0.2)
    package = shelf.package(order.id)
    if package is None:
        return f"{standing.state} {standing.why}"
    with ZipFile(BytesIO(package)) as files:
        said = files.read("facts/messages.jsonl").splitlines()
        people = json.loads(files.read("facts/accounts.json"))
    return f"{standing.state} {len(said)} {people[0]['original']}"


def main() -> None:
    from ansim.casework import ready

    ready()
    verb, *words = sys.argv[1:]
    if verb == "prepare":
        from django.core.management import call_command

        from ansim.casework.actions import accounts

        call_command("migrate", verbosity=0)
        print(json.dumps({name: password for name, password, _ in accounts.create_demo()}))
    elif verb == "raise":
        room, sequence, later = [*words, *("1", "")[len(words) - 1 :]]
        print(raise_alert(room, int(sequence), later))
    elif verb == "wait-raise":
        print("ready", flush=True)
        for number, _line in enumerate(sys.stdin, 1):
            pk = raise_alert(words[0], number)
            print(f"{pk} {time.time()}", flush=True)
    elif verb == "night":
        print(json.dumps(busy_night()))
    elif verb == "later":
        from datetime import timedelta

        from django.db.models import F
        from django.utils import timezone

        from ansim.casework.actions import retention
        from ansim.casework.models import Alert, Turn

        earlier = F("closed_at") - timedelta(minutes=float(words[0]))
        Alert.objects.filter(closed_at__isnull=False).update(closed_at=earlier)
        retention.purge(timezone.now())
        print(Turn.objects.filter(text__isnull=False).count())
    elif verb == "away":
        from datetime import timedelta

        from allauth.usersessions.models import UserSession
        from django.db.models import F

        before = timedelta(minutes=float(words[0]))
        UserSession.objects.update(last_seen_at=F("last_seen_at") - before)
    elif verb == "told-of-source":
        from ansim.casework.actions import source_health

        source, state, sentence = words
        source_health.tell([{"source": source, "state": state, "sentence": sentence}])
    elif verb == "take-evidence":
        print(take_evidence(int(words[0])))
    elif verb == "unread":
        from ansim.casework.actions import rights_measures

        for stop in sorted(rights_measures.unread()):
            print(*stop)
    elif verb == "deliver":
        from ansim.casework.actions import interventions

        for message in interventions.take_queued(10):
            interventions.record_delivery(message.id, "sent")
            print(message.text)


if __name__ == "__main__":
    main()
