"""The second person behind a report, and its sending, which no software does (R08, R09).

A report goes out only after somebody who wrote no word of it has stood for the very version that
goes; the database holds the two apart as well.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, duties, reporting
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Referral, ReferralState, SentBy
from ansim.casework.reporting.forms import WARNS
from ansim.casework.reporting.questions import Kind
from ansim.casework.roles import Act

_CLOCKS = timedelta(minutes=2)


@transaction.atomic
def approve(referral_id: int, actor: Account, read: int) -> Referral:
    """The second person stands for the version that they read. Nobody who wrote any version of it
    can do so. Raises Refused."""
    row = _second(referral_id, actor)
    if row.state != ReferralState.REVIEW:
        raise Refused("not_in_review", _("두 번째 사람을 기다리는 신고가 아닙니다."))
    if row.version != read:
        raise Refused("changed_meanwhile", _("그 사이 고쳐졌습니다. 다시 읽어 주세요."))
    if row.versions.filter(written_by=actor).exists():
        raise Refused(
            "wrote_it", _("쓰거나 고친 사람은 승인할 수 없습니다. 다른 사람이 보아야 해요.")
        )
    reporting.complete(row)
    row.approved_by, row.approved_at, row.remark = actor, timezone.now(), None
    reporting.move(row, ReferralState.APPROVED)
    audit.record(
        "referral.approved",
        row,
        actor=actor,
        details={
            "version": row.version,
            "written_by": row.written_by_id,
            "text_sha256": reporting.digest(reporting.answers(row)),
        },
    )
    return row


@transaction.atomic
def give_back(referral_id: int, actor: Account, remark: str) -> Referral:
    """The second person wants it changed first, and says what; an approval is taken back."""
    row = _second(referral_id, actor)
    if row.state not in (ReferralState.REVIEW, ReferralState.APPROVED):
        raise Refused("not_in_review", _("두 번째 사람을 기다리는 신고가 아닙니다."))
    row.remark = reporting.words(remark, _("무엇을 고쳐야 하는지 적어 주세요."))
    was = row.state
    row.approved_by = row.approved_at = None
    reporting.move(row, ReferralState.DRAFT)
    audit.record(
        "referral.given_back", row, actor=actor, details={"version": row.version, "was": was}
    )
    return row


@transaction.atomic
def sent(referral_id: int, actor: Account, how: str, to: str, at: datetime) -> Referral:
    """Records that a person brought it there: how, to whom, when (aware, not in the future).

    A report to the police ends the duty to report. Raises Refused.
    """
    require(actor, Act.SEND_REFERRAL)
    row = reporting.seen(referral_id, actor)
    if row.state != ReferralState.APPROVED or row.approved_by_id is None or row.approved_at is None:
        raise Refused("not_approved", _("두 번째 사람이 승인한 뒤에 보낼 수 있습니다."))
    reporting.complete(row)
    if how not in SentBy.values:
        raise Refused("how_missing", _("어떻게 보냈는지 골라 주세요."))
    row.sent_to = reporting.words(to, _("누구에게 보냈는지 적어 주세요."))
    if not row.approved_at - _CLOCKS <= at <= timezone.now() + _CLOCKS:
        raise Refused("when_wrong", _("보낸 때는 승인한 뒤부터 지금까지여야 합니다."))
    if row.kind in WARNS and reporting.warned_off(row.case):
        raise Refused(
            "do_not_warn",
            _("수사기관이 알리지 말라고 했습니다. 플랫폼에 보내기 전에 수사기관과 이야기하세요."),
        )
    row.sent_by, row.sent_at, row.sent_how = actor, at, how
    reporting.move(row, ReferralState.SENT)
    audit.record(
        "referral.sent",
        row,
        actor=actor,
        details={
            "kind": row.kind,
            "version": row.version,
            "how": how,
            "sent_at": at.isoformat(),
            "written_by": row.written_by_id,
            "approved_by": row.approved_by_id,
            "text_sha256": reporting.digest(reporting.answers(row)),
            "packages": list(row.packages.values_list("sha256", flat=True)),
        },
    )
    if row.kind == Kind.POLICE:
        duties.met_by(row, actor)
    return row


@transaction.atomic
def acknowledge(referral_id: int, actor: Account, reference: str) -> Referral:
    """Records the number that the receiver gave it."""
    require(actor, Act.SEND_REFERRAL)
    row = reporting.seen(referral_id, actor)
    if row.state != ReferralState.SENT:
        raise Refused("not_sent", _("보낸 신고에만 접수 번호를 적을 수 있습니다."))
    row.reference = reporting.words(reference, _("받은 기관이 준 번호를 적어 주세요."))
    row.acknowledged_by, row.acknowledged_at = actor, timezone.now()
    reporting.move(row, ReferralState.ACKNOWLEDGED)
    audit.record("referral.acknowledged", row, actor=actor, details={"kind": row.kind})
    return row


def _second(referral_id: int, actor: Account) -> Referral:
    require(actor, Act.APPROVE_REFERRAL)
    return reporting.seen(referral_id, actor)
