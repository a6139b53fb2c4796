"""Whatever order people do things in: nothing changes without its audit row, and no answer leaves
without what it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansim.casework.actions import alerts, referrals, rights, rights_measures
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Agency,
    AuditEvent,
    Correction,
    HandOff,
    ReadingStop,
    SourceRecord,
    SubjectRequest,
)
from ansim.casework.roles import Role
from tests.casework.conftest import report, risky

pytestmark = pytest.mark.django_db

Step = Callable[[int, Account, int], object]
"""What somebody does with a request (by number), about an alert (by number)."""

STEPS: dict[str, Step] = {
    "take": lambda row, who, _: rights.take(row, who),
    "take over": lambda row, who, _: rights.take(row, who, "휴가"),
    "prove": lambda row, who, _: rights.prove(row, who, "known", "아는 사람"),
    "find": lambda row, who, alert: rights.find_by_alert(row, who, alert, "stranger", "요구"),
    "find nothing": lambda row, who, _: rights.find_by_name(row, who, "demo", "nobody", "요구"),
    "postpone": lambda row, who, _: rights.postpone(row, who, 3, "까닭"),
    "write": lambda row, who, _: rights.write(row, who, "답", _version(row)),
    "write late": lambda row, who, _: rights.write(row, who, "늦은 답", 0),
    "letter": lambda row, who, _: rights.exported(row, who, "0" * 64, with_words=True),
    "correct": lambda row, who, alert: rights_measures.correct(row, who, alert, "아니라고 함"),
    "stop": lambda row, who, _: rights_measures.stop(row, who),
    "stop and erase": lambda row, who, _: rights_measures.stop(row, who, erase=True),
    "lift": lambda row, who, _: rights_measures.lift(_stop(row), who, "다시"),
    "grant": lambda row, who, _: rights.end(row, who, "granted", told="편지로"),
    "grant, police asked": lambda row, who, _: rights.end(
        row, who, "granted", told="편지로", police_asked="괜찮다고 함"
    ),
    "grant in part": lambda row, who, _: rights.end(
        row, who, "partly", ground="others", told="편지로"
    ),
    "refuse": lambda row, who, _: rights.end(row, who, "refused", ground="law", told="편지로"),
    "withdraw": lambda row, who, _: rights.end(row, who, "withdrawn", told="전화로"),
}


def _version(row: int) -> int:
    return SubjectRequest.objects.get(pk=row).answer_version


def _stop(row: int) -> int:
    found = ReadingStop.objects.filter(request=row).last()
    return found.pk if found else 0


def _state(row: int) -> Any:
    """Everything that a person may have changed."""
    return (
        SubjectRequest.objects.filter(pk=row).values().get(),
        list(Correction.objects.order_by("pk").values()),
        list(ReadingStop.objects.order_by("pk").values()),
    )


def _sound(row: SubjectRequest, warned_off: bool) -> None:
    """What must be true of a request, however it came there."""
    if row.state in ("granted", "partly"):
        assert row.proved_at is not None
        assert row.looked_at is not None
        assert row.answer is not None
        assert row.told is not None
        if row.kind == "correction":
            assert row.corrections.exists()
        if row.kind == "stop":
            assert row.stops.exists()
        if warned_off and row.account == "stranger":
            assert row.police_asked is not None
    if row.state in ("refused", "partly"):
        assert row.ground
    assert (row.state == "open") == (row.ended_at is None)


@given(
    kind=st.sampled_from(["access", "correction", "stop", "explanation"]),
    warned_off=st.booleans(),
    steps=st.lists(
        st.tuples(
            st.sampled_from(sorted(STEPS)), st.sampled_from([*["lead"] * 8, "other", "novice"])
        ),
        min_size=10,
        max_size=18,
    ),
    straight=st.integers(2, 4),
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes
)
def test_no_order_leaves_a_change_without_its_row_or_an_answer_without_its_grounds(
    source: SourceRecord, kind: str, warned_off: bool, steps: list[tuple[str, str]], straight: int
) -> None:
    with transaction.atomic():
        people = {
            name: Account.objects.create_user(name, password="pw", role=role)
            for name, role in (
                ("lead", Role.SUPERVISOR),
                ("other", Role.SUPERVISOR),
                ("novice", Role.COUNSELLOR),
            )
        }
        [alert] = alerts.raise_or_update([report(turns=(risky(1),), raised=True)])
        if warned_off:
            alerts.claim(alert, people["lead"])
            agency = Agency.objects.filter(is_police=True)[0]
            referrals.hand_off(alert, people["lead"], agency.pk, "신고", do_not_warn=True)
            assert HandOff.objects.filter(do_not_warn=True).exists()
        row = rights.receive(
            people["novice"], kind=kind, by="subject", way="room", words="요구", contact=""
        ).pk
        # A straight way first, so that ends are reached often enough to be judged.
        begin = [("take", "lead"), ("find", "lead"), ("prove", "lead"), ("write", "lead")]
        for verb, name in [*begin[:straight], *steps]:
            before, written = _state(row), AuditEvent.objects.count()
            try:
                with transaction.atomic():
                    STEPS[verb](row, people[name], alert)
            except Refused:
                assert _state(row) == before, verb
                assert AuditEvent.objects.count() == written, verb
            else:
                rows = AuditEvent.objects.order_by("pk")[written:]
                if _state(row) != before or verb == "letter":
                    assert rows, verb
                assert all(event.actor == people[name] for event in rows), verb
                assert name != "novice", verb
            _sound(SubjectRequest.objects.get(pk=row), warned_off)
        transaction.set_rollback(True)
