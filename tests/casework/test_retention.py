"""Words go when their time is over, class by class, and stay while somebody lawfully holds them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from ansim.casework.actions import (
    accounts,
    alerts,
    drafts,
    holds,
    interventions,
    opinions,
    referrals,
    retention,
    triage,
)
from ansim.casework.actions.retention import Purged
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Agency,
    Alert,
    AuditEvent,
    CaseNote,
    Draft,
    HandOff,
    LegalHold,
    OutgoingMessage,
    SafetyPlan,
    SecondOpinion,
    SourceRecord,
    Turn,
)
from tests.casework.conftest import report, risky, turn
from tests.casework.test_opinions import opinion

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=366)


@dataclass
class Worked:
    """An alert with a word of every class on it."""

    alert: Alert
    holder: Account

    def words(self) -> dict[str, int]:
        """How many rows of each class still hold words, read from the database."""
        alert = self.alert.pk
        counted: dict[str, Any] = {
            "turns": Turn.objects.filter(
                conversation=self.alert.conversation_id, text__isnull=False
            ),
            "opinions": SecondOpinion.objects.filter(
                alert=alert, summary_ko__isnull=False, quotes__isnull=False
            ),
            "messages": OutgoingMessage.objects.filter(alert=alert, text__isnull=False),
            "notes": CaseNote.objects.filter(alert=alert, text__isnull=False),
            "hand_offs": HandOff.objects.filter(alert=alert, told__isnull=False),
            "plans": SafetyPlan.objects.filter(alert=alert, answers__isnull=False),
            "drafts": Draft.objects.filter(alert=alert),
        }
        return {name: rows.count() for name, rows in counted.items()}

    def close(self, outcome: str = "confirmed") -> None:
        if outcome == "confirmed":
            for row in HandOff.objects.filter(alert=self.alert):
                referrals.answer(row.pk, self.holder, "taken", "받음")
            alerts.close(
                self.alert.pk,
                self.holder,
                outcome,
                "메모",
                done=["contact_made"],
                grounds="tactics",
            )
        else:
            HandOff.objects.filter(alert=self.alert).update(answer="taken")
            alerts.close(self.alert.pk, self.holder, outcome, "잡담", grounds="peers_n1")


@pytest.fixture
def work(source: SourceRecord, counsellor: Account) -> Callable[..., Worked]:
    def make(room: str = "room", where: str = "demo") -> Worked:
        [pk] = alerts.raise_or_update(
            [report(10, source=where, conversation=room, turns=(turn(1), risky(2)), raised=True)]
        )
        alerts.claim(pk, counsellor)
        if where == "demo":
            interventions.send(pk, counsellor, "안녕하세요")
        triage.note(pk, counsellor, "메모")
        opinions.add([opinion(10, source=where, conversation=room)])
        agency = Agency.objects.order_by("pk").first()
        assert agency is not None
        referrals.hand_off(pk, counsellor, agency.pk, told="알렸습니다")
        referrals.write_plan(pk, counsellor, {"now": "집에 있음"})
        drafts.save(pk, counsellor, "message", [("text", "쓰던 글")])
        return Worked(Alert.objects.get(pk=pk), counsellor)

    return make


ALL = {
    "turns": 2,
    "opinions": 1,
    "messages": 1,
    "notes": 1,
    "hand_offs": 1,
    "plans": 1,
    "drafts": 1,
}
NONE = dict.fromkeys(ALL, 0)


def after(delta: timedelta) -> datetime:
    return timezone.now() + delta


ELSEWHERE = {"requests", "corrections", "contacts", "cases", "links", "reports", "originals"}
"""Classes that do not come from the work on an alert: test_rights.py, test_donors.py,
test_case_retention.py, test_repeats.py, test_reporting.py and test_originals.py see to them."""


@pytest.mark.parametrize("name", [name for name in retention.TIMES if name not in ELSEWHERE])
def test_every_class_goes_when_its_time_is_over_and_not_before(
    work: Callable[..., Worked], name: str
) -> None:
    """Of an alert that is still open: nothing but its age lets them go."""
    worked = work()
    assert worked.words() == ALL
    time = retention.TIMES[name]
    retention.purge(after(time - timedelta(hours=1)))
    assert worked.words()[name] == ALL[name]
    done = retention.purge(after(time + timedelta(hours=1)))
    assert worked.words()[name] == 0
    assert getattr(done, name) == ALL[name]


def test_a_false_alarm_takes_every_word_with_it_after_the_undo_time(
    work: Callable[..., Worked],
) -> None:
    worked, other = work(), work("other")
    worked.close("not_grooming")
    before = worked.words()
    retention.purge(after(timedelta(minutes=9)))
    assert worked.words() == before
    retention.purge(after(timedelta(minutes=11)))
    assert worked.words() == NONE
    assert other.words() == ALL


def test_a_donated_file_leaves_no_words_behind_either(
    work: Callable[..., Worked], source: SourceRecord
) -> None:
    accounts.declare_donated()
    worked = work("file", "donated")
    retention.purge(after(YEAR))
    assert worked.words() == NONE


def test_what_was_deleted_is_reported_in_numbers(work: Callable[..., Worked]) -> None:
    work().close()
    retention.purge(after(YEAR))
    event = AuditEvent.objects.get(action="retention.purged")
    assert event.details == {
        "turns": 2,
        "opinions": 1,
        "messages": 1,
        "notes": 1,
        "hand_offs": 1,
        "plans": 1,
        "alerts": 1,
    }
    assert "메모" not in str(event.details)
    assert retention.purge(after(YEAR)) == Purged()
    assert AuditEvent.objects.filter(action="retention.purged").count() == 1


@pytest.mark.parametrize("outcome", ["confirmed", "not_grooming"])
def test_a_legal_hold_keeps_every_word_until_it_is_released(
    work: Callable[..., Worked], supervisor: Account, outcome: str
) -> None:
    worked = work()
    worked.close(outcome)
    before = worked.words()
    hold = holds.place(worked.alert.pk, supervisor, "법원의 보존 요청")
    assert retention.purge(after(YEAR)) == Purged()
    assert worked.words() == before
    worked.alert.refresh_from_db()
    assert worked.alert.outcome_note is not None
    holds.release(hold.pk, supervisor, "재판이 끝남")
    assert retention.purge(after(YEAR)).turns == 2
    assert worked.words() == NONE
    assert [
        (event.action, event.reason)
        for event in AuditEvent.objects.filter(action__startswith="hold.").order_by("pk")
    ] == [("hold.placed", "법원의 보존 요청"), ("hold.released", "재판이 끝남")]


def test_a_hold_covers_the_whole_conversation_and_nothing_else(
    work: Callable[..., Worked], supervisor: Account, counsellor: Account
) -> None:
    worked, other = work(), work("other")
    [second] = alerts.raise_or_update(
        [report(11, about="another", turns=(risky(3, author="another"),))]
    )
    alerts.claim(second, counsellor)
    triage.note(second, counsellor, "둘째 메모")
    holds.place(worked.alert.pk, supervisor, "요청")
    retention.purge(after(YEAR))
    assert CaseNote.objects.get(alert=second).text == "둘째 메모"
    assert worked.words()["turns"] == 3
    assert other.words() == NONE


def test_who_may_hold_and_what_cannot_be_held(
    work: Callable[..., Worked], supervisor: Account, counsellor: Account, administrator: Account
) -> None:
    worked = work()
    for who in (counsellor, administrator):
        with pytest.raises(Refused):
            holds.place(worked.alert.pk, who, "까닭")
    with pytest.raises(Refused, match="까닭"):
        holds.place(worked.alert.pk, supervisor, "  ")
    with pytest.raises(Refused):
        holds.place(0, supervisor, "까닭")
    hold = holds.place(worked.alert.pk, supervisor, "까닭")
    with pytest.raises(Refused):
        holds.place(worked.alert.pk, supervisor, "다시")
    with pytest.raises(Refused):
        holds.release(hold.pk, counsellor, "까닭")
    holds.release(hold.pk, supervisor, "끝")
    with pytest.raises(Refused):
        holds.release(hold.pk, supervisor, "또")
    worked.close()
    retention.purge(after(YEAR))
    with pytest.raises(Refused, match="지워졌습니다"):
        holds.place(worked.alert.pk, supervisor, "늦음")
    assert LegalHold.objects.count() == 1


def test_the_page_on_trust_tells_the_times_in_force() -> None:
    page = (Path(__file__).parents[2] / "docs/trust.md").read_text("utf-8")
    told = {
        name: int(days) for name, days in re.findall(r"^\| `(\w+)` \|.*\| (\d+) \|$", page, re.M)
    }
    assert told == {name: time.days for name, time in retention.TIMES.items()}
