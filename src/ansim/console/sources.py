"""How sources stand, in the words of their pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from ansim.casework.actions import source_health, source_notices, sources
from ansim.casework.models import (
    Account,
    AuditEvent,
    SourceAlarm,
    SourceGap,
    SourceHealth,
    SourceNotice,
    SourceRecord,
    SourceTest,
)
from ansim.casework.roles import Act, may
from ansim.console import source_steps
from ansim.sources.contract import Declaration, Way
from ansim.sources.wiring import NoticeKind

GAPS_OF = timedelta(days=7)
GAPS_SHOWN = 20
TESTS_SHOWN = 5
MARKS = {"good": "✓", "bad": "⚠", "soft": "…"}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a source stands: words, and how they look (good, bad, soft)."""

    words: str
    look: str
    sentence: str = ""

    @property
    def mark(self) -> str:
        return MARKS[self.look]


@dataclass(frozen=True, slots=True)
class Row:
    """One source in the list."""

    record: SourceRecord
    standing: Standing
    health: SourceHealth | None
    alarms: list[SourceAlarm]
    gaps: int
    """Gaps of the last week."""
    waits: int
    """Notices whose wording waits for a supervisor."""


def standing(record: SourceRecord, health: SourceHealth | None, now: datetime) -> Standing:
    """What is told first of a source."""
    if record.removed_at is not None:
        return Standing(_("없앰"), "soft")
    if not record.active:
        return Standing(_("쉬는 중"), "soft")
    one = record.declaration
    if one is None:
        return Standing(_("연결 방식이 없음"), "bad")
    if one.way is Way.FILE:
        return Standing(_("파일로 받음"), "good")
    if source_notices.waiting(record):
        return Standing(_("안내 문구의 승인을 기다림: 아직 읽지 않음"), "bad")
    if health is None:
        return Standing(_("아직 소식이 없음"), "soft")
    if not source_health.fresh(health, now):
        return Standing(_("게이트웨이에서 소식이 끊김"), "bad")
    look = {
        SourceHealth.State.LISTENING: "good",
        SourceHealth.State.CONNECTING: "soft",
        SourceHealth.State.PAUSED: "soft",
    }.get(SourceHealth.State(health.state), "bad")
    return Standing(str(health.get_state_display()), look, health.sentence)


def rows() -> dict[str, Any]:
    """The list of sources: those in use, and by name those that were removed."""
    now = timezone.now()
    records = list(SourceRecord.objects.order_by("name", "pk"))
    healths = SourceHealth.objects.in_bulk()
    alarms: dict[str, list[SourceAlarm]] = {}
    for alarm in SourceAlarm.objects.filter(ended_at=None):
        alarms.setdefault(alarm.source_id, []).append(alarm)
    gaps: dict[str, int] = {}
    for source in SourceGap.objects.filter(until__gt=now - GAPS_OF).values_list(
        "source", flat=True
    ):
        gaps[source] = gaps.get(source, 0) + 1
    listed = [
        Row(
            record=record,
            standing=standing(record, healths.get(record.pk), now),
            health=healths.get(record.pk),
            alarms=alarms.get(record.pk, []),
            gaps=gaps.get(record.pk, 0),
            waits=sum(one.waits for one in source_notices.shown(record)),
        )
        for record in records
        if record.removed_at is None
    ]
    return {"rows": listed, "removed": [one for one in records if one.removed_at is not None]}


def health(record: SourceRecord) -> dict[str, Any]:
    """The part of a source's page that changes while somebody looks."""
    now = timezone.now()
    row = SourceHealth.objects.filter(pk=record.pk).first()
    return {
        "record": record,
        "standing": standing(record, row, now),
        "health": row,
        "alarms": list(record.alarms.filter(ended_at=None)),
        "gaps": list(record.gaps.all()[:GAPS_SHOWN]),
        "tests": list(record.tests.select_related("asked_by")[:TESTS_SHOWN]),
        "test_states": SourceTest.State,
    }


def page(
    record: SourceRecord, user: Account, typed: dict[str, str] | None = None
) -> dict[str, Any]:
    """All of a source's page; ``typed`` is what a refused form held."""
    one, consent = record.declaration, record.value().consent
    given = typed or {}
    notices = source_notices.shown(record)
    secrets = sources.entered(record)
    values = dict(record.settings) | dict.fromkeys(secrets, "…")
    if given:
        values |= {
            name.removeprefix("entry-"): value
            for name, value in given.items()
            if name.startswith("entry-") and name.removeprefix("entry-") not in secrets
        }
    paused = None
    if not record.active and record.removed_at is None:
        rows = AuditEvent.objects.filter(
            action="source.switched_off", subject_type="sourcerecord", subject_id=record.pk
        )
        paused = rows.select_related("actor").first()
    return {
        **health(record),
        "declaration": one,
        "can": can(one) if one is not None else [],
        "consent": consent,
        "giver": source_steps.GIVERS.get(consent.given_by, consent.given_by) if consent else "",
        "notices": notices,
        "waiting": source_notices.waiting(record),
        "approvable": [
            shown.newest
            for shown in notices
            if shown.waits and shown.newest.proposed_by_id != user.pk
        ],
        "entries": source_steps.entry_rows(one, values) if one is not None else [],
        "has_key": one is not None and sources.has_key(one),
        "paused": paused,
        "in_rooms": NoticeKind.ROOM in source_notices.kinds(one),
        "rules": SourceRecord.RoomRule.choices,
        "may_change": may(user, Act.ADMINISTER) and record.removed_at is None,
        "may_approve": may(user, Act.APPROVE_TEMPLATES) and record.removed_at is None,
        "typed": given,
    }


def can(one: Declaration) -> list[tuple[str, bool]]:
    """What a connector can and cannot, in words."""
    return [
        (_("상담원의 글을 방으로 보내기"), one.can_reply),
        (_("한 사람에게만 글 전하기"), one.can_message_privately),
        (_("끊긴 동안의 말을 나중에 다시 읽기"), one.keeps_history),
        (_("고치거나 지운 말을 알기"), one.edits),
        (_("같은 글이 두 번 나가지 않게 하기"), one.sends_once),
    ]


def notice(record: SourceRecord, kind: str) -> dict[str, Any] | None:
    """One notice with all its wordings; None where the source has no such notice."""
    found = next((one for one in source_notices.shown(record) if one.kind == kind), None)
    if found is None:
        return None
    versions = record.notices.filter(kind=kind).select_related("proposed_by", "approved_by")
    return {
        "record": record,
        "shown": found,
        "label": SourceNotice.Kind(kind).label,
        "versions": versions.order_by("-version"),
    }
