"""Several alerts are looked at in one go: what is wrong with one of them spoils none of the others,
and the database is not asked more often for many."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ansim.casework.actions import alerts, repeats
from ansim.casework.models import Sighting, Trace, Turn
from ansim.casework.sealing import keyring
from tests.casework.conftest import report, risky, turn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("source")]

CALL = "이리로 전화해 " + "010" + "-0000-" + "1234"


def waiting(number: int, room: str, about: str) -> None:
    """An alert on an account that tells a telephone number; nobody has looked at it yet."""
    said = (
        risky(number, id=f"a{number}", author=about),
        turn(number, id=f"y{number}", author=f"youth {room}", tactics={"V3": 0.9}),
        turn(number, id=f"w{number}", author=about, text=CALL),
    )
    alerts.raise_or_update([report(number, conversation=room, about=about, turns=said)])


def seen(room: str) -> Sighting:
    return Sighting.objects.get(conversation__pseudonym=room)


def test_words_that_cannot_be_opened_tell_nothing_and_those_of_others_all() -> None:
    for number, room in enumerate(("lost", "one", "two"), start=1):
        waiting(number, room, f"a {room}")
    gone = keyring().seal("…".encode(), "another purpose")
    turns = Turn.objects.filter(conversation__pseudonym="lost", author="a lost")
    with connection.cursor() as cursor:
        for pk in turns.values_list("pk", flat=True):
            cursor.execute("UPDATE casework_turn SET text = %s WHERE id = %s", [gone, pk])
    assert repeats.look() == 3
    assert seen("one").group == seen("two").group
    assert seen("lost").group != seen("one").group
    assert [trace.kind for trace in seen("lost").traces.all()] == [Trace.Kind.ACCOUNT]
    assert [seen(room).youths for room in ("lost", "one")] == [["youth lost"], ["youth one"]]
    assert all(seen(room).last_turn for room in ("lost", "one", "two"))


def test_two_accounts_of_one_room_and_what_each_said_stay_apart() -> None:
    waiting(1, "one", "a")
    repeats.look()
    before = Sighting.objects.get(account="a")
    waiting(2, "one", "b")
    repeats.look()
    other = Sighting.objects.get(account="b")
    assert other.last_turn > before.last_turn
    # What "b" looked at is news of the room for "a" as well, once somebody looks for it.
    alerts.raise_or_update(
        [report(9, conversation="one", about="a", turns=(turn(9, id="n9", author="a"),))]
    )
    repeats.look()
    again = Sighting.objects.get(account="a")
    newest = Turn.objects.filter(conversation__pseudonym="one").order_by("-pk").first()
    assert newest is not None
    assert again.last_turn == newest.pk
    kinds = {row.account: sorted(t.kind for t in row.traces.all()) for row in (again, other)}
    assert kinds == {"a": ["account", "phone"], "b": ["account", "phone"]}


def test_many_alerts_cost_no_more_questions_than_few() -> None:
    def questions(first: int, last: int) -> int:
        for number in range(first, last):
            waiting(number, f"room {number}", f"account {number}")
        with CaptureQueriesContext(connection) as asked:
            assert repeats.look() == last - first
        return len(asked)

    questions(1, 3)  # from now on there is somebody to be linked with
    few, many = questions(3, 5), questions(5, 21)
    assert many <= few + 2
