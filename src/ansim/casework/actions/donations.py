"""Files that participants hand in: the consent is recorded, and an alert raised if need be."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import accounts, audit, donors, rights_measures
from ansim.casework.actions.permission import require
from ansim.casework.actions.reports import AlertReport, raise_or_update
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert
from ansim.casework.roles import Act


class Donation(msgspec.Struct, frozen=True, kw_only=True):
    """Who gave a file and what it was; never what stands in it."""

    given_by: str
    """"participant", "guardian" or "teacher" (an adult whom the student asked): a role, no name."""
    under_14: bool
    guardian: bool
    """Whether a guardian agreed; required for under-14s (R04)."""
    student: bool = False
    """Whether the student who took part agreed; required of a teacher, who is no party to it."""
    how: str
    form: str
    messages: int
    reach: bool = False
    """Whether they want to be written to, with a code of their own."""
    address: str = ""
    """Where they are told by e-mail that something was written; never in the audit log."""


class Received(msgspec.Struct, frozen=True):
    """The alerts that a file raised, and the code for who gave it, shown this once."""

    alerts: list[int]
    code: str = ""


def check_consent(
    *, given_by: str, under_14: bool, guardian: bool, consent: bool, student: bool = False
) -> None:
    """Raises Refused naming what is missing. Asked before the file is read at all."""
    if given_by not in ("participant", "guardian", "teacher"):
        raise Refused("giver_missing", _("누가 제공한 대화인지 골라 주세요."))
    if not consent:
        raise Refused("consent_missing", _("제공한 사람의 동의가 있어야 대화를 읽을 수 있습니다."))
    if given_by == "teacher" and not student:
        raise Refused(
            "student_missing", _("선생님이 제공하려면 대화에 참여한 학생의 동의가 있어야 합니다.")
        )
    if under_14 and not (guardian or given_by == "guardian"):
        raise Refused(
            "guardian_missing", _("만 14세 미만이면 보호자(법정대리인)의 동의도 있어야 합니다.")
        )


@transaction.atomic
def receive(
    actor: Account | None, donation: Donation, reports: Sequence[AlertReport], *, risk: float
) -> Received:
    """Records the donation and its consent, and raises the alerts that were found in it.

    ``actor`` is who took the file in; None where somebody handed it over by themselves.

    Without a report nothing of the file is kept but this record, and no way back is opened.
    """
    if actor is not None:
        require(actor, Act.UPLOAD)
    check_consent(
        given_by=donation.given_by,
        under_14=donation.under_14,
        guardian=donation.guardian,
        consent=True,
        student=donation.student,
    )
    source = accounts.declare_donated()
    if not source.active:
        raise Refused("source_off", _("이 출처는 지금 꺼져 있습니다."))
    unread = rights_measures.unread()
    for report in reports:
        names = {("account", turn.author) for turn in report.turns}
        names.add(("conversation", report.conversation))
        if any((source.pk, *name) in unread for name in names):
            raise Refused(
                "reading_stopped",
                _("이 대화에 있는 사람이 더 읽지 말아 달라고 해서 받을 수 없습니다."),
            )
    raised = raise_or_update(reports)
    code = ""
    if raised and donation.reach:
        conversation = Alert.objects.select_related("conversation").get(pk=raised[0]).conversation
        code = donors.open_line(
            conversation,
            actor,
            given_by=donation.given_by,
            under_14=donation.under_14,
            address=donation.address,
        ).code
    given = msgspec.to_builtins(donation)
    del given["address"]
    audit.record(
        "donation.received",
        source,
        actor=actor or audit.HAND_OVER,
        details={
            **given,
            "risk": round(risk, 4),
            "alerts": raised,
            "kept": max((len(report.turns) for report in reports), default=0),
        },
    )
    return Received(raised, code)
