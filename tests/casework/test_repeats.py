"""Accounts that come back are known again, for a time, by what people can look at; an appeal that
is upheld takes an account out for good (R25)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from django.db import connection
from django.utils import timezone

from ansim.casework import repeats as shown
from ansim.casework.actions import (
    alerts,
    audit,
    holds,
    linking,
    regrouping,
    repeats,
    retention,
    sources,
)
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    LinkAppeal,
    OutgoingMessage,
    RepeatPending,
    Sighting,
    SourceRecord,
    StreamCommand,
    Trace,
    Turn,
)
from ansim.casework.roles import Role
from ansim.chat import SourceKind
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db

NUMBER = "010" + "-0000-" + "1234"
CALL = f"이리로 전화해 {NUMBER}"
_numbers = count(1)

Raise = Callable[..., Sighting]


@pytest.fixture
def elsewhere(source: SourceRecord) -> SourceRecord:
    record, _key = sources.declare(
        "other", "다른 곳", SourceKind.PLATFORM_PARTNER, "시연", actor=audit.SETUP, connector="http"
    )
    return record


@pytest.fixture
def raised(source: SourceRecord) -> Raise:
    """An alert on an account that says these words, and the youth in its room; looked at."""

    def make(room: str, about: str, words: str = "", where: str = "demo") -> Sighting:
        number = next(_numbers)
        said = [risky(number, id=f"a{number}", author=about)]
        said += [turn(number, id=f"y{number}", author=f"youth {room}", tactics={"V3": 0.9})]
        said += [turn(number, id=f"w{number}", author=about, text=words)] if words else []
        alerts.raise_or_update(
            [
                report(
                    number,
                    source=where,
                    conversation=room,
                    about=about,
                    turns=tuple(said),
                    raised=True,
                )
            ]
        )
        repeats.look()
        return seen(room, about)

    return make


def seen(room: str, about: str) -> Sighting:
    return Sighting.objects.get(conversation__pseudonym=room, account=about)


def together(*rows: Sighting) -> bool:
    groups = [Sighting.objects.get(pk=row.pk).group for row in rows]
    return len(set(groups)) == 1


def alert_of(row: Sighting) -> Alert:
    return Alert.objects.get(conversation=row.conversation_id, about=row.account)


def the_trace(row: Sighting, kind: str) -> Trace:
    return Trace.objects.get(sighting=row, kind=kind)


def test_one_account_is_known_again_in_another_room(raised: Raise) -> None:
    first, other, second = raised("one", "a"), raised("two", "b"), raised("three", "a")
    assert together(first, second)
    assert not together(first, other)
    [repeat] = shown.gather([row["group"] for row in shown.several()])
    assert (repeat.count, repeat.rooms, repeat.accounts, repeat.youths) == (2, 2, 1, 2)
    assert str(repeat.how_strong) == "강함"
    event = AuditEvent.objects.get(action="repeat.linked")
    assert (event.actor_label, event.subject_id) == ("system:watch", str(second.pk))
    assert event.details["by"] == ["account"]


def test_accounts_of_two_platforms_are_linked_by_a_number_both_tell(
    raised: Raise, elsewhere: SourceRecord
) -> None:
    first = raised("one", "a", CALL)
    second = raised("two", "b", "공일공 공공공공 일이삼사 이거야", where="other")
    assert together(first, second)
    [repeat] = shown.gather([first.group])
    assert repeat.sources == ["다른 곳", "데모"]
    assert [tie.others for tie in repeat.ties] == [[alert_of(second).pk], [alert_of(first).pk]]
    assert str(repeat.how_strong) == "보통"


def test_what_is_kept_is_a_keyed_hash_and_never_the_number(raised: Raise) -> None:
    raised("one", "a", CALL)
    trace = Trace.objects.get(kind="phone")
    digits = NUMBER.replace("-", "")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM casework_trace")
        stored = str(cursor.fetchall())
    assert digits not in stored
    assert NUMBER not in stored
    assert trace.hash == repeats.hashed("phone", "", digits) != repeats.hashed("phone", "", "1")
    assert digits not in str(list(AuditEvent.objects.values_list("details", "reason")))


def test_words_of_the_young_person_and_of_the_agency_link_nobody(
    source: SourceRecord, raised: Raise
) -> None:
    for room in ("one", "two"):
        said = (
            risky(1, author=f"a {room}"),
            turn(2, author="youth", text=CALL),
            turn(3, author="us", text=CALL, by_agency=True),
        )
        alerts.raise_or_update([report(1, conversation=room, about=f"a {room}", turns=said)])
    repeats.look()
    assert not Trace.objects.exclude(kind="account").exists()
    assert not together(seen("one", "a one"), seen("two", "a two"))


def test_a_number_told_later_links_as_well(raised: Raise) -> None:
    first, second = raised("one", "a", CALL), raised("two", "b")
    assert not together(first, second)
    alerts.raise_or_update(
        [report(900, conversation="two", about="b", turns=(turn(9, author="b", text=CALL),))]
    )
    repeats.look()
    assert together(first, second)


def test_chains_of_links_are_one_group_and_fall_apart_with_their_middle(
    raised: Raise, supervisor: Account
) -> None:
    first = raised("one", "a", CALL)
    middle = raised("two", "b", f"{CALL} 텔레그램 아이디 star_99")
    last = raised("three", "c", "https://t.me/star_99")
    assert together(first, middle, last)
    linking.review(the_trace(middle, "handle").pk, supervisor, False, "남의 아이디를 적음")
    assert together(first, middle)
    assert not together(first, last)
    assert AuditEvent.objects.filter(action="repeat.parted", actor=supervisor).count() == 1


def test_what_too_many_accounts_name_links_nobody(
    raised: Raise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regrouping, "COMMON", 2)
    rows = [raised(f"room {n}", f"a{n}", CALL) for n in range(2)]
    assert together(*rows)
    rows.append(raised("room 2", "a2", CALL))
    assert len({Sighting.objects.get(pk=row.pk).group for row in rows}) == 3
    [repeat] = shown.gather([rows[0].pk])
    assert repeat.ties == []


def test_a_false_alarm_is_no_attempt(raised: Raise, counsellor: Account) -> None:
    first, second = raised("one", "a"), raised("two", "a")
    number = alert_of(second).pk
    alerts.claim(number, counsellor)
    alerts.close(number, counsellor, "not_grooming", grounds="peers_n1")
    repeats.look()
    assert not together(first, second)
    assert not shown.several().exists()
    alerts.reopen(number, counsellor, "잘못 눌렀음")
    repeats.look()
    assert together(first, second)
    alerts.close(number, counsellor, "not_grooming", grounds="peers_n1")
    retention.purge(timezone.now() + timedelta(minutes=11))
    assert not Sighting.objects.filter(pk=second.pk).exists()
    assert Sighting.objects.filter(pk=first.pk).exists()


def test_two_episodes_in_one_room_are_two_attempts(raised: Raise, counsellor: Account) -> None:
    row = raised("one", "a")
    alerts.claim(alert_of(row).pk, counsellor)
    alerts.close(
        alert_of(row).pk, counsellor, "confirmed", done=["contact_made"], grounds="tactics"
    )
    raised("one", "a")
    [repeat] = shown.gather([one["group"] for one in shown.several()])
    assert (repeat.count, repeat.rooms, repeat.confirmed, repeat.open) == (2, 1, 1, 1)


def test_a_link_expires_and_is_renewed_by_new_evidence(raised: Raise) -> None:
    first, second = raised("one", "a", CALL), raised("two", "b", CALL)
    retention.purge(timezone.now() + repeats.LASTS - timedelta(hours=1))
    assert together(first, second)
    early = timezone.now() - timedelta(days=100)
    Trace.objects.filter(sighting=first).update(last_at=early, expires_at=early + repeats.LASTS)
    third = raised("three", "c", CALL)
    renewed = the_trace(first, "phone").expires_at
    assert renewed > timezone.now() + repeats.LASTS - timedelta(minutes=1)
    assert the_trace(first, "account").expires_at == early + repeats.LASTS
    done = retention.purge(timezone.now() + repeats.LASTS + timedelta(hours=1))
    assert done.traces == 6
    assert not Trace.objects.exists()
    assert not Sighting.objects.exists()
    assert third.pk
    event = AuditEvent.objects.get(action="retention.purged")
    assert event.details["traces"] == 6


def test_nothing_renews_a_trace_for_ever(raised: Raise) -> None:
    first = raised("one", "a", CALL)
    old = timezone.now() - repeats.LONGEST + timedelta(days=1)
    Trace.objects.filter(sighting=first).update(last_at=old, expires_at=timezone.now())
    raised("two", "b", CALL)
    assert the_trace(first, "phone").expires_at == old + repeats.LONGEST


def test_old_words_are_no_new_evidence(raised: Raise) -> None:
    first = raised("one", "a", CALL)
    retention.purge(timezone.now() + repeats.LASTS + timedelta(hours=1))
    Turn.objects.update(kept_at=timezone.now() - repeats.LASTS - timedelta(days=1))
    RepeatPending.objects.create(alert=alert_of(first).pk)
    repeats.look()
    assert not Trace.objects.exists()


def test_a_legal_hold_keeps_traces(raised: Raise, supervisor: Account) -> None:
    first, second = raised("one", "a", CALL), raised("two", "b", CALL)
    for row in (first, second):
        holds.place(alert_of(row).pk, supervisor, "법원의 요청")
    retention.purge(timezone.now() + timedelta(days=800))
    assert together(first, second)


def test_a_review_is_a_persons_act_with_a_reason(
    raised: Raise, supervisor: Account, counsellor: Account
) -> None:
    first, second = raised("one", "a", CALL), raised("two", "b", CALL)
    trace = the_trace(first, "phone")
    with pytest.raises(Refused):
        linking.review(trace.pk, counsellor, True, "까닭")
    with pytest.raises(Refused, match="판단"):
        linking.review(trace.pk, supervisor, True, "  ")
    assert shown.several(unreviewed=True).count() == 1
    assert linking.review_all(first.group, supervisor, "번호를 두 대화에서 읽음") == 2
    assert shown.several(unreviewed=True).count() == 0
    linking.review(trace.pk, supervisor, False, "다시 보니 남의 번호")
    assert not together(first, second)
    raised("three", "c", CALL)
    alerts.raise_or_update(
        [report(901, conversation="one", about="a", turns=(turn(99, author="a", text=CALL),))]
    )
    repeats.look()
    assert not together(first, second), "what was rejected does not come back by itself"
    assert [
        (event.action, event.reason)
        for event in AuditEvent.objects.filter(actor=supervisor).order_by("pk")
        if event.action.startswith("repeat.") and event.action != "repeat.parted"
    ] == [
        ("repeat.confirmed", "번호를 두 대화에서 읽음"),
        ("repeat.confirmed", "번호를 두 대화에서 읽음"),
        ("repeat.rejected", "다시 보니 남의 번호"),
    ]


def test_a_platform_can_state_that_two_accounts_are_one(
    raised: Raise, elsewhere: SourceRecord, supervisor: Account
) -> None:
    first, second = raised("one", "a"), raised("two", "b", where="other")
    both = (alert_of(first).pk, alert_of(second).pk)
    with pytest.raises(Refused, match="플랫폼"):
        linking.state(both, supervisor, "")
    with pytest.raises(Refused, match="같은 계정"):
        linking.state((both[0], both[0]), supervisor, "회신")
    with pytest.raises(Refused, match="999번"):
        linking.state((both[0], 999), supervisor, "회신")
    linking.state(both, supervisor, "다른 곳 안전팀 회신 2026-15")
    assert together(first, second)
    [repeat] = shown.gather([first.group])
    assert str(repeat.how_strong) == "강함"
    assert repeat.unreviewed == 0
    assert {trace.note for trace in Trace.objects.filter(kind="statement")} == {
        "다른 곳 안전팀 회신 2026-15"
    }


def test_an_appeal_unlinks_and_keeps_unlinked(
    raised: Raise, supervisor: Account, person: Callable[..., Account]
) -> None:
    first, second = raised("one", "a", CALL), raised("two", "b", CALL)
    found = linking.appeal(second.pk, supervisor, "제 번호를 그 사람이 썼어요")
    assert together(first, second), "an appeal alone changes nothing"
    with pytest.raises(Refused, match="이미 있습니다"):
        linking.appeal(second.pk, supervisor, "또")
    linking.decide(found.pk, person(Role.LIAISON), True, "번호의 주인임을 확인")
    assert not together(first, second)
    assert not Trace.objects.filter(sighting=second).exists()
    for words in (CALL, "https://t.me/star_99"):
        alerts.raise_or_update(
            [
                report(
                    next(_numbers) + 1000,
                    conversation="two",
                    about="b",
                    turns=(turn(next(_numbers), id=words, author="b", text=words),),
                )
            ]
        )
        repeats.look()
    assert not together(first, second)
    with pytest.raises(Refused, match="떼어"):
        linking.state((alert_of(first).pk, alert_of(second).pk), supervisor, "회신")
    assert not any(alert.about == "a" for alert in shown.elsewhere(alert_of(second)))
    assert not shown.several().exists()


def test_an_appeal_for_the_whole_account_holds_in_later_rooms_too(
    raised: Raise, supervisor: Account, elsewhere: SourceRecord
) -> None:
    first, second = raised("one", "a"), raised("two", "a")
    foreign = raised("three", "a", where="other")
    found = linking.appeal(first.pk, supervisor, "계정을 도둑맞았어요", whole_account=True)
    linking.decide(found.pk, supervisor, True, "경찰 확인서")
    later = raised("four", "a")
    assert len({Sighting.objects.get(pk=row.pk).group for row in (first, second, later)}) == 3
    foreign.refresh_from_db()
    assert not foreign.apart, "the same pseudonym of another source is somebody else's"


def test_an_appeal_for_one_room_leaves_the_others_linked(
    raised: Raise, supervisor: Account
) -> None:
    first, second, third = (raised(room, "a") for room in ("one", "two", "three"))
    linking.decide(
        linking.appeal(first.pk, supervisor, "그날은 제가 아니었어요").pk, supervisor, True, "확인"
    )
    assert together(second, third)
    assert not together(first, second)
    elsewhere = {alert.pk for alert in shown.elsewhere(alert_of(second))}
    assert elsewhere == {alert_of(third).pk}


def test_who_confirmed_a_link_does_not_decide_its_appeal(
    raised: Raise, supervisor: Account, person: Callable[..., Account]
) -> None:
    first, second = raised("one", "a", CALL), raised("two", "b", CALL)
    linking.review_all(first.group, supervisor, "읽음")
    found = linking.appeal(second.pk, supervisor, "아니에요")
    with pytest.raises(Refused, match="다른 사람"):
        linking.decide(found.pk, supervisor, False, "아니다")
    other = person(Role.LIAISON)
    with pytest.raises(Refused, match="결정하는지"):
        linking.decide(found.pk, other, False, "")
    linking.decide(found.pk, other, False, "같은 말투와 같은 번호")
    assert together(first, second)
    with pytest.raises(Refused, match="이미 결정"):
        linking.decide(found.pk, other, True, "다시")


def test_who_once_confirmed_a_link_decides_no_appeal_even_where_another_looked_since(
    raised: Raise, supervisor: Account, person: Callable[..., Account]
) -> None:
    first, second = raised("one", "a", CALL), raised("two", "b", CALL)
    linking.review_all(first.group, supervisor, "읽음")
    for trace in second.traces.all():
        linking.review(trace.pk, person(Role.LIAISON, f"l{trace.pk}"), True, "나도 읽음")
    found = linking.appeal(second.pk, supervisor, "아니에요")
    with pytest.raises(Refused, match="다른 사람"):
        linking.decide(found.pk, supervisor, False, "아니다")
    linking.decide(found.pk, person(Role.SUPERVISOR, "third"), True, "확인")


def test_keeping_apart_is_taken_back_by_another_person_with_something_new(
    raised: Raise, supervisor: Account, person: Callable[..., Account]
) -> None:
    first, second = raised("one", "a", CALL), raised("two", "b", CALL)
    other = person(Role.LIAISON)
    found = linking.appeal(second.pk, supervisor, "아니에요")
    linking.decide(found.pk, other, True, "확인")
    with pytest.raises(Refused, match="다른 사람"):
        linking.lift(found.pk, other, "까닭")
    linking.lift(found.pk, supervisor, "경찰이 같은 사람이라고 알려 줌")
    repeats.look()
    assert together(first, second)
    assert LinkAppeal.objects.get().grounds == "확인 / 경찰이 같은 사람이라고 알려 줌"


def test_words_of_an_appeal_go_after_a_year_and_its_decision_stays(
    raised: Raise, supervisor: Account
) -> None:
    _, second = raised("one", "a", CALL), raised("two", "b", CALL)
    found = linking.appeal(second.pk, supervisor, "아니에요")
    linking.decide(found.pk, supervisor, True, "확인")
    done = retention.purge(timezone.now() + timedelta(days=366))
    found.refresh_from_db()
    assert (found.words, found.grounds, found.state, done.links) == (None, None, "upheld", 1)
    again, other = raised("two", "b", CALL), raised("one", "a", CALL)
    assert not together(again, other)


def test_a_link_reports_blocks_and_writes_to_nobody(raised: Raise, supervisor: Account) -> None:
    first = raised("one", "a", CALL)
    raised("two", "a", CALL)
    linking.review_all(first.group, supervisor, "읽음")
    assert not OutgoingMessage.objects.exists()
    assert not StreamCommand.objects.exists()
    assert SourceRecord.objects.get().active


def test_looking_twice_changes_nothing(raised: Raise) -> None:
    raised("one", "a", CALL)
    raised("two", "a", CALL)

    def stored() -> list[object]:
        return [
            *Sighting.objects.order_by("pk").values_list("pk", "group", "alerts", "youths"),
            *Trace.objects.order_by("pk").values_list("pk", "seen", "expires_at"),
            AuditEvent.objects.count(),
        ]

    before = stored()
    RepeatPending.objects.bulk_create(
        RepeatPending(alert=alert.pk) for alert in Alert.objects.all()
    )
    RepeatPending.objects.create(alert=999)
    assert repeats.keep() == 3
    assert stored() == before
    assert not RepeatPending.objects.exists()
