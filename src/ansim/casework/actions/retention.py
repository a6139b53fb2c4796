"""Takes text away when its time is over (R06). Numbers and the audit log stay.

What a legal hold covers stays as well, whatever its age. Each class of words has its time in
``TIMES``; docs/trust.md shows the same table, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, case_retention, donors, interventions, originals, repeats
from ansim.casework.actions.alerts import UNDO
from ansim.casework.models import (
    Alert,
    AuditEvent,
    CaseNote,
    Correction,
    DonorLine,
    Draft,
    HandOff,
    Handover,
    LegalHold,
    LinkAppeal,
    Outcome,
    OutgoingMessage,
    Referral,
    ReferralVersion,
    ReportDuty,
    SafetyPlan,
    SecondOpinion,
    State,
    SubjectRequest,
    Trace,
    Turn,
)

FLAGGED = timedelta(days=365)
"""Text of a conversation with an alert is kept this long at most."""

DRAFTS = timedelta(days=7)
"""What somebody typed and never sent."""

TIMES: dict[str, timedelta] = {
    "turns": FLAGGED,
    "opinions": FLAGGED,
    "messages": FLAGGED,
    "links": FLAGGED,
    "notes": FLAGGED,
    "hand_offs": FLAGGED,
    "plans": FLAGGED,
    "requests": FLAGGED,
    "corrections": FLAGGED,
    "contacts": FLAGGED,
    "cases": case_retention.KEPT,
    "reports": case_retention.KEPT,
    "drafts": DRAFTS,
    "originals": timedelta(0),
}
"""Longest time of each class, from when casework took it over. Those of a dismissed alert go after
the undo time, or, in a case, when that is closed. What stands in a case counts from the last act in
it. Of a donated file only its turns are kept, which are turns like all others. An original of a
picture has no time of its own: it is there only while a legal hold stands."""


LABELS = {
    "turns": _("대화의 글"),
    "opinions": _("검토 모델의 의견"),
    "messages": _("상담원이 보낸 글"),
    "links": _("계정 연결에 대한 글"),
    "traces": _("기한이 지난 연결 흔적"),
    "notes": _("메모"),
    "hand_offs": _("연계 기록"),
    "plans": _("안전 계획"),
    "requests": _("정보주체의 요구와 답"),
    "corrections": _("원본 곁의 정정"),
    "contacts": _("제공한 사람의 연락 방법"),
    "cases": _("사례에 적은 것"),
    "reports": _("외부 신고와 그 판"),
    "drafts": _("보내지 않은 글"),
    "originals": _("법적 보존이 없는 사진 원본"),
    "alerts": _("글이 모두 지워진 경보"),
}
"""What a person is told was deleted."""


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """What a purge took away, by class, and the alerts whose words are gone now."""

    turns: int = 0
    opinions: int = 0
    messages: int = 0
    links: int = 0
    traces: int = 0
    notes: int = 0
    hand_offs: int = 0
    plans: int = 0
    requests: int = 0
    corrections: int = 0
    contacts: int = 0
    cases: int = 0
    reports: int = 0
    drafts: int = 0
    originals: int = 0
    alerts: int = 0


@transaction.atomic
def purge(now: datetime) -> Purged:
    """Takes away text that may no longer be held at ``now`` (aware).

    Dismissed alerts: ten minutes after closing, unless another alert still needs the
    conversation. Everything else: twelve months after casework took it over, open or not. What was
    deleted is reported in an audit row, in numbers.
    """
    traces = repeats.expire(now)  # first: who links accounts waits for nobody who holds alerts
    over, old = _dismissed(now), _aged(now)
    # Read after the alerts are locked: who places a hold locks its alert as well.
    held = set(
        LegalHold.objects.filter(released_at=None).values_list("alert__conversation", flat=True)
    )
    over = [alert for alert in over if alert.conversation_id not in held]
    old = [alert for alert in old if alert.conversation_id not in held]
    gone = {alert.pk for alert in (*over, *old)}

    def of_alerts(begin: str) -> Q:
        aged = Q(**{f"{begin}__lte": now - FLAGGED}) & ~Q(alert__conversation__in=held)
        return Q(alert__in=gone) | aged

    turns = _empty_turns(
        Q(conversation__in={alert.conversation_id for alert in over})
        | (Q(kept_at__lte=now - FLAGGED) & ~Q(conversation__in=held))
    )
    # Lines before their letters, as the donor's page locks them.
    contacts = donors.end_old(
        list(
            DonorLine.objects.filter(
                Q(conversation__in={alert.conversation_id for alert in over})
                | (Q(opened_at__lte=now - FLAGGED) & ~Q(conversation__in=held)),
                ended_at=None,
            ).values_list("pk", flat=True)
        ),
        now,
    )
    # The words that were said go with their own year; an alert takes only its dismissed ones along.
    going = list(
        OutgoingMessage.objects.filter(
            Q(alert__in=over)
            | (Q(created_at__lte=now - FLAGGED) & ~Q(alert__conversation__in=held)),
            text__isnull=False,
        ).values_list("pk", flat=True)
    )
    interventions.end_gone(going)
    OutgoingMessage.objects.filter(pk__in=going).update(text=None)
    done = Purged(
        turns=turns,
        opinions=_empty(
            SecondOpinion.objects.filter(of_alerts("at")),
            ("quotes", "innocent_reading", "watch_for", "summary_ko", "summary_en"),
        ),
        messages=len(going),
        links=_empty(
            LinkAppeal.objects.filter(
                Q(conversation__in={alert.conversation_id for alert in over})
                | (Q(received_at__lte=now - FLAGGED) & ~Q(conversation__in=held))
            ),
            ("words", "grounds"),
        )
        + _empty(
            Trace.objects.filter(
                Q(first_at__lte=now - FLAGGED) & ~Q(sighting__conversation__in=held)
            ),
            ("note",),
        ),
        traces=traces,
        notes=_empty(CaseNote.objects.filter(of_alerts("at")), ("text",))
        + _empty(Handover.objects.filter(offered_at__lte=now - FLAGGED), ("note",)),
        hand_offs=_empty(
            HandOff.objects.filter(of_alerts("made_at")),
            ("told", "when_where", "reference", "answer_note"),
        ),
        plans=_empty(SafetyPlan.objects.filter(of_alerts("written_at")), ("answers",)),
        requests=_empty(
            SubjectRequest.objects.filter(received_at__lte=now - FLAGGED),
            ("words", "contact", "proof_note", "answer", "police_asked", "told"),
        ),
        corrections=_empty(Correction.objects.filter(of_alerts("made_at")), ("text",)),
        contacts=contacts,
        cases=case_retention.purge(now, held),
        reports=_reports_of_purged_cases(),
        drafts=Draft.objects.filter(Q(alert__in=gone) | Q(saved_at__lte=now - DRAFTS)).delete()[0],
        originals=originals.let_go_unheld(),
        alerts=len(gone),
    )
    Alert.objects.filter(pk__in=gone).update(text_purged_at=now, outcome_note=None)
    AuditEvent.objects.bulk_create(
        audit.row("alert.text_purged", "alert", pk, actor=audit.RETENTION, at=now)
        for pk in sorted(gone)
    )
    if done != Purged():
        audit.row(
            "retention.purged",
            "casework",
            "",
            actor=audit.RETENTION,
            at=now,
            details={name: n for name, n in msgspec.to_builtins(done).items() if n},
        ).save()
    return done


def _reports_of_purged_cases() -> int:
    """What was reported goes with its case; that it was, by whom and when, stays."""
    over = Referral.objects.filter(case__purged_at__isnull=False)
    return (
        _empty(ReferralVersion.objects.filter(referral__in=over), ("answers",))
        + _empty(over, ("sent_to", "reference", "remark"))
        + _empty(ReportDuty.objects.filter(case__purged_at__isnull=False), ("how", "note"))
    )


def _aged(now: datetime) -> list[Alert]:
    """Closed alerts whose year is over."""
    return list(
        Alert.objects.select_for_update()
        .filter(raised_at__lte=now - FLAGGED, text_purged_at=None, state=State.CLOSED)
        .order_by("pk")
    )


def _dismissed(now: datetime) -> list[Alert]:
    """False alarms that cannot be taken back any more and whose words nobody else needs."""
    closed = (
        Alert.objects.select_for_update()
        .filter(
            state=State.CLOSED,
            outcome=Outcome.NOT_GROOMING,
            closed_at__lte=now - UNDO,
            text_purged_at=None,
        )
        .order_by("pk")
    )
    needed = (
        Alert.objects.exclude(Q(state=State.CLOSED) & Q(outcome=Outcome.NOT_GROOMING))
        .filter(text_purged_at=None)
        .values_list("conversation_id", flat=True)
    )
    # A dismissal that can still be undone needs its text as well.
    undoable = Alert.objects.filter(
        state=State.CLOSED, outcome=Outcome.NOT_GROOMING, closed_at__gt=now - UNDO
    ).values_list("conversation_id", flat=True)
    kept = {*needed, *undoable, *case_retention.needed_conversations()}
    return [alert for alert in closed if alert.conversation_id not in kept]


def _empty(rows: QuerySet[Any], columns: Iterable[str]) -> int:
    """Empties these columns of rows that still hold something in them; returns how many rows."""
    held = Q()
    for column in columns:
        held |= Q(**{f"{column}__isnull": False})
    return rows.filter(held).update(**dict.fromkeys(columns, None))


def _empty_turns(which: Q) -> int:
    # Spans are places in a text: without it they say nothing, and their pattern could hint at it.
    held = Q(text__isnull=False) | Q(attachments__isnull=False)
    return Turn.objects.filter(which & held).update(text=None, attachments=[], spans=[])
