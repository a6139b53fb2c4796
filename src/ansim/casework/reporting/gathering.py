"""Reads what a case knows, for its drafts. Text of the conversations is not read here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.conf import settings
from django.utils import translation

from ansim.casework.checklist import SURE, count
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    Case,
    HandOff,
    Outcome,
    ReferralPackage,
    ReferralVersion,
    ReportDuty,
    Turn,
)
from ansim.casework.reporting.known import Estimate, Evidence, Known, Person, Step, Talk
from ansim.detection.tactics import tactics


def gather(case: Case, writer: Account, packages: Iterable[ReferralPackage] = ()) -> Known:
    """Everything that drafts of this case are filled from, as it stands now; words in Korean."""
    with translation.override("ko"):
        duty = ReportDuty.objects.filter(case=case).first()
        return Known(
            case=case.pk,
            agency_ko=settings.ANSIM.agency_ko,
            agency_en=settings.ANSIM.agency_en,
            writer=writer.shown,
            learned_at=duty.learned_at if duty else None,
            people=tuple(_people(case)),
            # Who asked for help is no account to report.
            talks=tuple(_talk(alert) for alert in alerts(case) if not alert.is_request),
            steps=tuple(_steps(case)),
            evidence=tuple(
                Evidence(name=row.name, sha256=row.sha256, made_at=row.made_at) for row in packages
            ),
            **_as_before(writer),
        )


def alerts(case: Case) -> list[Alert]:
    """The alerts of a case, the oldest first."""
    return list(
        Alert.objects.filter(joined__case=case)
        .select_related("conversation__source")
        .order_by("pk")
    )


def made_packages(case: Case) -> list[tuple[str, Evidence]]:
    """Evidence packages of the case and its alerts that were made: number and what they are. The
    audit log is asked, for packages themselves wait an hour and no longer."""
    numbers = [str(alert.pk) for alert in alerts(case)]
    of_alerts = AuditEvent.objects.filter(subject_type="alert", subject_id__in=numbers)
    of_case = AuditEvent.objects.filter(subject_type="case", subject_id=str(case.pk))
    rows = (of_alerts | of_case).filter(action="evidence.made").order_by("-pk")
    found = []
    for row in rows:
        package = str(row.details.get("package", ""))
        digest = str(row.details.get("manifest_sha256", ""))
        if not package or not digest:
            continue
        name = str(row.details.get("name") or f"evidence-{row.subject_id}-{package[:8]}.zip")
        found.append((package, Evidence(name=name, sha256=digest, made_at=row.at)))
    return found


def _people(case: Case) -> Iterable[Person]:
    for row in case.people.filter(removed_at=None):
        yield Person(
            part=row.part,
            name=row.name or "",
            age="" if row.age == row.Age.UNKNOWN else str(row.get_age_display()),
            account=row.account,
            contact=row.contact or "",
            careful=row.careful or "",
        )


def _talk(alert: Alert) -> Talk:
    turns = list(
        Turn.objects.filter(conversation=alert.conversation_id)
        .defer("text", "attachments")
        .order_by("at", "pk")
    )
    source = alert.conversation.source
    names = tactics()
    marked = Counter(
        names[label].name("ko")
        for turn in turns
        if not turn.by_agency
        for label, share in turn.tactics.items()
        if label in names and isinstance(share, (int, float)) and share >= SURE
    )
    return Talk(
        alert=alert.pk,
        service=source.name,
        connector=source.connector,
        legal_basis=source.legal_basis,
        room=alert.conversation.pseudonym,
        about=alert.about,
        messages=sum(not turn.by_agency for turn in turns),
        counts=count(turns, alert.about),
        confirmed=alert.outcome == Outcome.CONFIRMED,
        estimate=Estimate(
            priority=alert.priority,
            risk=alert.risk,
            marked=dict(sorted(marked.items())),
            versions=alert.versions,
        ),
    )


def _steps(case: Case) -> Iterable[Step]:
    """Which agency was told and what came of it; what was said to it stays in the case."""
    rows = HandOff.objects.filter(alert__joined__case=case).select_related("agency")
    for row in rows.order_by("made_at", "pk"):
        yield Step(
            at=row.made_at,
            what=f"{row.agency.name_ko}에 {'구조 요청' if row.rescue else '연계'}"
            + (f", 그 기관의 번호 {row.reference}" if row.reference else "")
            + f" ({row.get_answer_display()})",
            rescue=row.rescue,
        )


def _as_before(writer: Account) -> dict[str, str]:
    """How this person could be reached according to what they wrote last."""
    found: dict[str, str] = {}
    for row in ReferralVersion.objects.filter(written_by=writer).order_by("-pk")[:20]:
        for name, words in row.answers or []:
            if name in ("contact", "mail") and words:
                found.setdefault(name, words)
        if len(found) == 2:
            break
    return found
