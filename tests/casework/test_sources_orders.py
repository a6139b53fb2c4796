"""Whatever order people do things to a source in: nothing changes without its audit row, nothing is
said that another person did not approve, and nothing is left to open a door once it is removed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansim.casework.actions import audit, source_notices, source_tests, sources
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    AuditEvent,
    SourceCredentials,
    SourceNotice,
    SourceRecord,
    SourceTest,
)
from ansim.casework.roles import Role
from ansim.sources import registry
from tests.casework.toy_source import CONSENT, SERVER, TOY

pytestmark = pytest.mark.django_db

Step = Callable[[Account], object]


def _newest() -> dict[str, int]:
    rows = SourceNotice.objects.order_by("version")
    return {row.kind: row.version for row in rows}


def _words(number: int) -> tuple[str, str]:
    return f"{{agency}} {number} !그만", f"{{agency}} {number} !stop"


STEPS: dict[str, Step] = {
    "pause": lambda who: sources.pause("bot", who, "까닭"),
    "resume": lambda who: sources.resume("bot", who),
    "remove": lambda who: sources.remove("bot", who, confirm="bot", reason="까닭"),
    "remove, mistyped": lambda who: sources.remove("bot", who, confirm="bat", reason="까닭"),
    "new token": lambda who: sources.enter("bot", who, credentials={"token": "new"}),
    "forget token": lambda who: sources.enter("bot", who, forget=["token"]),
    "wrong server": lambda who: sources.enter("bot", who, settings={"server": "?"}),
    "new server": lambda who: sources.enter("bot", who, settings={"server": "https://b.example"}),
    "agreed": lambda who: sources.change("bot", who, rule="agreed"),
    "no basis": lambda who: sources.change("bot", who, legal_basis=" "),
    "other kind": lambda who: sources.change("bot", who, kind="platform_partner"),
    "write": lambda who: source_notices.write("bot", "room", *_words(_newest()["room"]), who),
    "write badly": lambda who: source_notices.write("bot", "room", "{agency}", "{agency}", who),
    "approve": lambda who: source_notices.approve("bot", _newest(), who),
    "approve room": lambda who: source_notices.approve("bot", {"room": _newest()["room"]}, who),
    "approve the first": lambda who: source_notices.approve("bot", {"room": 1}, who),
    "test": lambda who: source_tests.ask("bot", "room", who),
    "key": lambda who: sources.rotate_key("bot", who),
}


def _state() -> Any:
    """Everything that a person may have changed."""
    return (
        SourceRecord.objects.values().get(),
        [(row.pk, row.entries) for row in SourceCredentials.objects.all()],
        list(SourceNotice.objects.order_by("pk").values()),
        SourceTest.objects.count(),
    )


def _sound() -> None:
    """What must be true of a source, however it came there."""
    record = SourceRecord.objects.get()
    wirings = sources.wirings()
    assert ("bot" in wirings) == (record.active and record.removed_at is None)
    if record.removed_at is not None:
        assert not record.active
        assert not record.api_key_hash
        assert not SourceCredentials.objects.exists()
        assert sources.active_sources() == []
    elif record.active:
        # Whatever was refused meanwhile, what is in force could be declared anew.
        assert registry.refusal(record.value()) is None
        assert wirings["bot"]["credentials"]["token"]
        said = wirings["bot"]["notices"]
        for kind, words in said.items():
            row = SourceNotice.objects.get(kind=kind, ko=words["ko"], en=words["en"])
            assert row.approved_by is not None
            assert row.approved_by.role == Role.SUPERVISOR
            assert row.approved_by != row.proposed_by
    for one in source_notices.shown(record):
        later = SourceNotice.objects.filter(kind=one.kind, version__gt=one.newest.version)
        assert not later.exists()


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(sorted(STEPS)),
            st.sampled_from([*["admin"] * 6, *["lead"] * 4, "other", "novice"]),
        ),
        min_size=8,
        max_size=20,
    )
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
def test_no_order_leaves_a_change_without_its_row_or_a_word_that_nobody_else_approved(
    db: None, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, str]]
) -> None:
    monkeypatch.setitem(registry.CONNECTORS, "toy", TOY)
    with transaction.atomic():
        people = {
            name: Account.objects.create_user(name, password="pw", role=role)
            for name, role in (
                ("admin", Role.ADMINISTRATOR),
                ("lead", Role.SUPERVISOR),
                ("other", Role.SUPERVISOR),
                ("novice", Role.COUNSELLOR),
            )
        }
        sources.declare(
            *("bot", "봇", "visible_bot", "알림"),
            actor=audit.SETUP,
            consent=CONSENT,
            connector="toy",
            settings=SERVER,
            credentials={"token": "first"},
        )
        for name, who in steps:
            before, rows = _state(), AuditEvent.objects.count()
            try:
                STEPS[name](people[who])
            except Refused:
                assert _state() == before, (name, who)
                assert AuditEvent.objects.count() == rows
            else:
                assert (_state() == before) == (AuditEvent.objects.count() == rows), (name, who)
                assert who != "novice" or _state() == before
            _sound()
        transaction.set_rollback(True)
