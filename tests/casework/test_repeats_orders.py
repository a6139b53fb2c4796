"""Whatever people and time do to links, in whatever order: who is linked follows from the traces
that count, who was taken out by an appeal stays out, and nothing moves without its audit row."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count, product
from unittest.mock import patch

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansim.casework.actions import alerts, linking, repeats, retention
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    LinkAppeal,
    Sighting,
    SourceRecord,
    State,
    Trace,
)
from ansim.casework.roles import Role
from tests.casework.conftest import report, risky, turn

pytestmark = pytest.mark.django_db

ROOMS, ACCOUNTS, NAMES = 4, 3, 2
VERBS = (
    *("raise", "raise", "say", "reject", "confirm", "appeal", "uphold", "refuse", "lift"),
    *("unlink", "unlink", "dismiss", "state", "pass"),
)
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 11)), max_size=14)
_numbers = count(1)


class House:
    """People and a clock that only goes forward."""

    def __init__(self, people: list[Account]) -> None:
        self.people = people
        self.now = timezone.now()

    def do(self, verb: str, n: int) -> None:
        who = self.people[n % 2]
        getattr(self, f"_{verb}")(n, who)
        while repeats.look():
            pass

    def _raise(self, n: int, _: Account, words: str = "") -> None:
        self._speak(f"r{n % ROOMS}", f"a{n % ACCOUNTS}", words)

    def _speak(self, room: str, about: str, words: str) -> None:
        number = next(_numbers)
        said = [risky(number, id=f"m{number}", author=about)]
        if words:
            said.append(turn(number, id=f"w{number}", author=about, text=words))
        alerts.raise_or_update(
            [report(number, conversation=room, about=about, turns=tuple(said), raised=True)]
        )

    def _say(self, n: int, who: Account) -> None:
        self._raise(n, who, f"텔레그램 아이디 name_{n % NAMES}")

    def _reject(self, n: int, who: Account, holds: bool = False) -> None:
        traces = list(Trace.objects.order_by("pk"))
        if traces:
            linking.review(traces[n % len(traces)].pk, who, holds, "읽음")

    def _confirm(self, n: int, who: Account) -> None:
        self._reject(n, who, True)

    def _appeal(self, n: int, who: Account) -> None:
        rows = list(Sighting.objects.order_by("pk"))
        if rows:
            linking.appeal(rows[n % len(rows)].pk, who, "아니에요", whole_account=n > 5)

    def _uphold(self, n: int, who: Account, uphold: bool = True) -> None:
        rows = list(LinkAppeal.objects.filter(state="waiting").order_by("pk"))
        if rows:
            linking.decide(rows[n % len(rows)].pk, who, uphold, "확인")

    def _unlink(self, n: int, who: Account) -> None:
        with suppress(Refused):
            self._appeal(n, who)
        self._uphold(0, who)
        row = LinkAppeal.objects.filter(state="upheld").order_by("-pk").first()
        if row is not None:  # whatever it says next, it stays out
            self._speak(row.conversation.pseudonym, row.account, "텔레그램 아이디 name_0")

    def _refuse(self, n: int, who: Account) -> None:
        self._uphold(n, who, False)

    def _lift(self, n: int, who: Account) -> None:
        rows = list(LinkAppeal.objects.filter(state="upheld").order_by("pk"))
        if rows:
            linking.lift(rows[n % len(rows)].pk, who, "새로 드러남")

    def _dismiss(self, n: int, who: Account) -> None:
        rows = list(Alert.objects.filter(state=State.OPEN).order_by("pk"))
        if rows:
            row = rows[n % len(rows)]
            alerts.claim(row.pk, who)
            alerts.close(row.pk, who, "not_grooming", grounds="peers_n1")

    def _state(self, n: int, who: Account) -> None:
        rows = list(Alert.objects.order_by("pk"))
        if rows:
            linking.state((rows[n % len(rows)].pk, rows[-1].pk), who, "회신")

    def _pass(self, n: int, _: Account) -> None:
        self.now += timedelta(days=20 * n)
        retention.purge(self.now)


def linked() -> dict[int, frozenset[int]]:
    """Who belongs together, the plain way: spread over equal hashes until nothing changes."""
    counted = Sighting.objects.filter(alerts__gt=0).exclude(pk__in=unlinked())
    carried = {
        pk: set(
            Trace.objects.filter(sighting=pk)
            .exclude(review="rejected")
            .values_list("hash", flat=True)
        )
        for pk in counted.values_list("pk", flat=True)
    }
    found = {pk: {pk} for pk in Sighting.objects.values_list("pk", flat=True)}
    changed = True
    while changed:
        changed = False
        for (one, hashes), (other, same) in product(carried.items(), repeat=2):
            if hashes & same and found[one] != found[other]:
                joined = found[one] | found[other]
                found |= dict.fromkeys(joined, joined)
                changed = True
    return {pk: frozenset(together) for pk, together in found.items()}


def unlinked() -> set[int]:
    """Sightings of accounts whose appeal was upheld and is not taken back."""
    found: set[int] = set()
    for appeal in LinkAppeal.objects.filter(state="upheld").select_related("conversation"):
        rows = Sighting.objects.filter(account=appeal.account)
        if not appeal.whole_account:
            rows = rows.filter(conversation=appeal.conversation)
        found |= set(rows.values_list("pk", flat=True))
    return found


def groups() -> dict[int, frozenset[int]]:
    rows = dict(Sighting.objects.values_list("pk", "group"))
    return {
        pk: frozenset(other for other, same in rows.items() if same == group)
        for pk, group in rows.items()
    }


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_no_order_of_acts_leaves_a_link_that_nothing_supports(
    source: SourceRecord, two: list[Account], steps: list[tuple[str, int]]
) -> None:
    with transaction.atomic():
        house = House(two)
        with patch("django.utils.timezone.now", lambda: house.now):
            for n in (0, 2, 4):
                house.do("say", n)
            for verb, n in steps:
                before, rows = groups(), AuditEvent.objects.count()
                with suppress(Refused):
                    house.do(verb, n)
                after = groups()
                assert after == linked(), (verb, n)
                moved = [pk for pk in before if pk in after and before[pk] != after[pk]]
                assert not moved or AuditEvent.objects.count() > rows, (verb, n)
                for pk in unlinked():
                    assert after[pk] == {pk}, (verb, n)
                    assert not Trace.objects.filter(sighting=pk).exists(), (verb, n)
                assert not _outlived(house.now if verb == "pass" else None)
        transaction.set_rollback(True)


def _outlived(now: datetime | None) -> bool:
    return now is not None and Trace.objects.filter(expires_at__lte=now).exists()


@pytest.fixture
def two(person: Callable[..., Account]) -> list[Account]:
    return [person(Role.SUPERVISOR), person(Role.SUPERVISOR, "second")]
