"""With many alerts the pages of the desk ask the database no oftener, and leave nothing unsaid."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ansim.casework.actions import alerts, shifts
from ansim.casework.models import Account, Alert, SourceRecord
from ansim.casework.roles import Role
from ansim.console.views import shift
from ansim.detection import Priority
from tests.casework.conftest import report, risky
from tests.console.test_desk import LogIn, html

pytestmark = pytest.mark.django_db


def raised(many: int, start: int = 0, priority: Priority = Priority.P2) -> list[int]:
    """Numbers of alerts about as many accounts; every third is one of two about one account."""
    return alerts.raise_or_update(
        [
            report(
                number + 1,
                about=f"one{number - (number % 3 == 1):04}",
                conversation=f"room{number}",
                priority=priority,
                turns=(risky(1, author=f"one{number - (number % 3 == 1):04}"),),
            )
            for number in range(start, start + many)
        ]
    )


def asked(client: Client, path: str) -> int:
    html(client, path)  # whatever is looked up once and kept
    with CaptureQueriesContext(connection) as queries:
        html(client, path)
    return len(queries)


def told(page: str) -> int:
    """How many alerts the lists of a hand-over name."""
    return len(re.findall(r'<li><a href="/alerts/\d+/"', page))


@pytest.mark.parametrize(
    "path", ["/queue/", "/queue/list/", "/queue/?state=all", "/queue/?state=closed", "/handover/"]
)
def test_more_alerts_need_no_more_questions(log_in: LogIn, source: SourceRecord, path: str) -> None:
    client = log_in(Role.SUPERVISOR)
    supervisor = Account.objects.get(username=Role.SUPERVISOR.value)

    def work_on(numbers: list[int]) -> None:
        """A part is taken, of which some are noted on, held up or closed."""
        for number in numbers[: len(numbers) // 2 : 3]:
            alerts.claim(number, supervisor)
            client.post(f"/alerts/{number}/note/", {"text": "지켜보기로 함"})
        verdict = {"outcome": "confirmed", "grounds-confirmed": "tactics", "done": "no_contact"}
        client.post(f"/alerts/{numbers[0]}/close/", verdict)
        client.post(f"/alerts/{numbers[-1]}/escalate/", {"reason": "함께 봐 주세요"})

    work_on(raised(12))
    before = asked(client, path)
    work_on(raised(24, 12))
    assert asked(client, path) == before


def test_a_hand_over_lists_the_most_urgent_and_says_where_the_others_are(
    counsellor: Client, log_in: LogIn, source: SourceRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "A_LIST", 4)
    raised(6)
    [first] = raised(1, 6, Priority.P1)
    nextone = log_in(Role.COUNSELLOR, "next")
    rest = 'href="/queue/?state=waiting&amp;p=P1&amp;p=P2">그 밖의 3건은 대기열에서 보기<'
    page = html(counsellor, "/handover/")
    assert told(page) == 4
    assert rest in page
    giver = Account.objects.get(username=Role.COUNSELLOR.value)
    offer = shifts.offer(giver, Account.objects.get(username="next"))
    page = html(nextone, "/handover/")
    card = page[page.index(f"pending-{offer.pk}") : page.index("확인하고 서명하기")]
    assert told(card) == 4
    assert card.index(f"/alerts/{first}/") < card.index("</li>")
    assert rest in card
    nextone.post(f"/handover/{offer.pk}/sign/")
    assert not shifts.unowned().exists()
    assert Alert.objects.filter(claimed_by__username="next").count() == 7


def test_a_short_hand_over_names_every_alert(counsellor: Client, source: SourceRecord) -> None:
    numbers = raised(3)
    page = html(counsellor, "/handover/")
    assert told(page) == 3
    assert all(f"/alerts/{number}/" in page for number in numbers)
    assert "그 밖의" not in page
