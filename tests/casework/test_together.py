"""Several people and workers at once: every promise holds without luck."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from ansim.casework import audit_check
from ansim.casework.actions import (
    alerts,
    audit,
    audit_chain,
    holds,
    interventions,
    originals,
    sources,
    triage,
)
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    PictureOriginal,
    StreamCommand,
    Turn,
)
from ansim.casework.roles import Role
from ansim.chat import SourceKind
from ansim.detection import Priority
from tests.casework.conftest import report, risky, turn
from tests.pictures.drawn import encoded, words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def declared() -> None:
    sources.declare(
        "demo", "데모", SourceKind.PLATFORM_PARTNER, "시연", actor=audit.SETUP, connector="demo"
    )


def at_once(acts: Iterable[Callable[[], Any]]) -> list[Any]:
    """Runs all acts in threads that begin together; returns results, or what was raised."""
    acts = list(acts)
    gate = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[number] = act()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    return results


def people(number: int) -> list[Account]:
    return [
        Account.objects.create_user(f"c{n}", password="pw", role=Role.COUNSELLOR)
        for n in range(number)
    ]


def raised() -> int:
    [pk] = alerts.raise_or_update([report(1, turns=(risky(1),), raised=True)])
    return pk


def test_of_many_who_claim_one_gets_it(declared: None) -> None:
    pk = raised()
    everybody = people(8)
    results = at_once([lambda who=who: alerts.claim(pk, who) for who in everybody])
    assert sum(isinstance(result, Alert) for result in results) == 1
    assert sum(isinstance(result, Refused) for result in results) == 7
    assert AuditEvent.objects.filter(action="alert.claimed").count() == 1


def test_the_same_reports_from_several_workers_raise_one_alert(declared: None) -> None:
    batch = [
        report(1, conversation=room, turns=(turn(1), risky(2)), raised=True)
        for room in ("a", "b", "c")
    ]
    orders = [batch, batch[::-1], batch[1:] + batch[:1], batch]
    results = at_once([lambda order=order: alerts.raise_or_update(order) for order in orders])
    assert all(isinstance(result, list) for result in results), results
    assert Alert.objects.count() == 3
    assert Turn.objects.count() == 6
    assert AuditEvent.objects.filter(action="alert.raised").count() == 3


def test_every_message_is_handed_to_one_courier(declared: None) -> None:
    pk = raised()
    [who] = people(1)
    alerts.claim(pk, who)
    for n in range(12):
        interventions.send(pk, who, f"글 {n}")
    results = at_once([lambda: interventions.take_queued(3) for _ in range(4)])
    taken = [message.id for result in results for message in result]
    taken += [message.id for message in interventions.take_queued(99)]
    assert len(taken) == len(set(taken)) == 12


def test_closing_while_evidence_comes_in_loses_neither(declared: None) -> None:
    [who] = people(1)
    for n in range(5):
        [pk] = alerts.raise_or_update([report(1, conversation=f"r{n}", turns=(risky(1),))])
        alerts.claim(pk, who)
        fresh = [report(2, conversation=f"r{n}", turns=(risky(2),))]
        results = at_once(
            [
                lambda pk=pk: alerts.close(
                    pk, who, "confirmed", done=["contact_made"], grounds="tactics"
                ),
                lambda fresh=fresh: alerts.raise_or_update(fresh),
            ]
        )
        assert not [result for result in results if isinstance(result, Exception)], results
        first = Alert.objects.get(pk=pk)
        assert first.state == "closed"
        # The evidence stands in the closed alert, if it came first, or opened the next one.
        opened = Alert.objects.filter(previous=first, state="open").count()
        assert (first.sequence, opened) in {(2, 0), (1, 1)}
        assert Turn.objects.filter(conversation=first.conversation).count() == 2
    assert StreamCommand.objects.count() == 5


def test_whoever_changes_alerts_of_one_account_in_several_rooms_waits_and_never_fails(
    declared: None,
) -> None:
    """Each of them decides anew who leads, and so touches what the others hold."""
    rooms = [f"r{n}" for n in range(4)]
    alerts.raise_or_update([report(1, conversation=room, turns=(risky(1),)) for room in rooms])
    assert len(set(Alert.objects.values_list("fold", flat=True))) == 1
    *colleagues, watched = people(3)
    shared = list(Alert.objects.order_by("pk").values_list("pk", flat=True))

    def worker(room: str) -> None:
        for n in range(2, 22):
            urgent = Priority.P1 if n % 2 else Priority.P3
            alerts.raise_or_update([report(n, conversation=room, priority=urgent)])

    def person(who: Account) -> None:
        for n in range(12):
            for act in (alerts.claim, alerts.release):
                with suppress(Refused):  # a colleague was first
                    act(shared[(n + who.pk) % len(shared)], who)

    def hands_on() -> None:
        for n in range(6):
            with suppress(Refused):
                alerts.claim(shared[-1 - n % 2], watched)
                triage.hand_over(shared[-1 - n % 2], watched, colleagues[n % 2], "이어서 부탁해요")

    acts = [*(partial(worker, room) for room in rooms), *(partial(person, x) for x in colleagues)]
    assert at_once([*acts, hands_on]) == [None] * 7
    leading = Alert.objects.filter(leads=True).values_list("fold", "claimed_by")
    assert len(leading) == len(set(leading))  # of a fold one leads for each holder


def test_closing_while_alerts_of_the_same_account_are_raised_elsewhere(declared: None) -> None:
    [who] = people(1)
    for n in range(8):
        rooms = [f"{n}-{room}" for room in "abc"]
        made = alerts.raise_or_update([report(1, conversation=room) for room in rooms])
        for pk in made:
            alerts.claim(pk, who)
        close = partial(alerts.close, together=True, done=["contact_made"], grounds="tactics")
        acts: list[Callable[[], Any]] = [partial(close, made[0], who, "confirmed")]
        for room in rooms[1:]:
            news = [report(2, conversation=room, priority=Priority.P1)]
            acts.append(partial(alerts.raise_or_update, news))
        results = at_once(acts)
        assert not [result for result in results if isinstance(result, Exception)], results
        assert not Alert.objects.filter(pk__in=made, state="open").exists()


def test_the_chain_has_no_fork_and_no_gap_when_many_write_at_once(declared: None) -> None:
    """Rows of threads, of several in one act, and of acts that fail: each once, in one chain."""

    def act(number: int) -> None:
        for n in range(6):
            try:
                with transaction.atomic():
                    for _ in range(1 + n % 3):
                        audit.row("agency.written", "agency", number, actor=audit.SETUP).save()
                    if n == 4:
                        raise Refused("no", "taken back")
            except Refused:
                pass

    before = AuditEvent.objects.count()
    results = at_once([lambda number=number: act(number) for number in range(8)])
    assert results == [None] * 8
    assert AuditEvent.objects.count() == before + 8 * (1 + 2 + 3 + 1 + 3)
    audit_chain.link()
    found = audit_check.check(audit_chain.anchor_key())
    assert (found.broken, found.waiting) == (None, 0)
    assert found.rows == found.number == AuditEvent.objects.count()


def test_processes_write_into_one_chain(declared: None) -> None:
    script = (
        "import sys\n"
        "from ansim.casework import ready; ready()\n"
        "from django.db import connection, transaction\n"
        "from ansim.casework.actions import audit\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "for n in range(25):\n"
        "    audit.row('agency.written', 'agency', n, actor=audit.SETUP).save()\n"
    )
    settings = connection.settings_dict
    address = (
        f"postgresql://{settings['USER']}:@/{settings['NAME']}?host={settings['HOST']}"
        if connection.vendor == "postgresql"
        else ""
    )
    home = django_settings.ANSIM.home / "together"
    home.mkdir(exist_ok=True)
    if connection.vendor == "sqlite":
        (home / "ansim.sqlite3").unlink(missing_ok=True)
        (home / "ansim.sqlite3").symlink_to(settings["NAME"])
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, "ANSIM_HOME": str(home), "ANSIM_DATABASE_URL": address},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            writer.communicate("go\n", timeout=240)
        assert [writer.returncode for writer in writers] == [0, 0, 0]
    finally:
        for writer in writers:
            writer.kill()
    audit_chain.link()
    found = audit_check.check(audit_chain.anchor_key())
    assert (found.broken, found.waiting) == (None, 0)
    assert AuditEvent.objects.filter(action="agency.written").count() == 75
    assert found.rows == AuditEvent.objects.count()


def test_who_keeps_an_original_just_as_its_hold_ends_leaves_none_behind(declared: None) -> None:
    [pk] = alerts.raise_or_update([report(1, turns=(risky(1),), raised=True)])
    lead = Account.objects.create_user("lead", password="pw", role=Role.SUPERVISOR)
    hold = holds.place(pk, lead, "법원의 보존 요청")
    picture = encoded(words(("용돈 줄게",), 30))
    keep = partial(originals.keep, "demo", "room", author="stranger", place=0, content=picture)
    release = partial(holds.release, hold.pk, lead, "끝남")
    ended = at_once([*(partial(keep, message=f"m{n}") for n in range(6)), release])
    assert not [each for each in ended if isinstance(each, Exception)]
    assert not PictureOriginal.objects.exists()
    kept = AuditEvent.objects.filter(action="original.kept").count()
    assert AuditEvent.objects.get(action="hold.released").details.get("originals", 0) == kept
