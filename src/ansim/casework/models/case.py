"""Cases: what joins the alerts of one young person, and who may know what stands in them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.alert import Alert
from ansim.casework.sealing import SealedTextField


class CaseState(models.TextChoices):
    OPEN = "open", _("진행 중")
    WAITING = "waiting", _("기다리는 중")
    CLOSED = "closed", _("종결")


class CaseOutcome(models.TextChoices):
    """What came of a case; required to close it."""

    SAFE = "safe", _("청소년이 안전해짐")
    HANDED_ON = "handed_on", _("다른 기관이 이어 감")
    REFUSED = "refused", _("청소년이나 보호자가 원하지 않음")
    LOST = "lost", _("연락이 끊김")
    UNFOUNDED = "unfounded", _("위험이 아니었음")


class Case(models.Model):
    """One young person's case. That it exists, its state and who answers for it are known to all
    who work with cases; everything else only to those admitted (``CaseMember``)."""

    title = SealedTextField(null=True)
    """A few words by which colleagues know it; no real name is needed. None once purged."""
    state = models.CharField(max_length=10, choices=CaseState.choices, default=CaseState.OPEN)
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cases"
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    """The last act of a person in it: retention counts from here."""
    waiting_for = SealedTextField(null=True)
    waiting_until = models.DateField(null=True)
    outcome = models.CharField(max_length=12, choices=CaseOutcome.choices, blank=True)
    outcome_note = SealedTextField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    purged_at = models.DateTimeField(null=True)
    """When retention took everything out of it that people wrote."""

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(state="closed") | ~models.Q(outcome=""),
                name="closed_case_has_an_outcome",
            ),
        )
        indexes = (
            models.Index(fields=["state", "changed_at"], name="case_list"),
            models.Index(fields=["purged_at", "changed_at"], name="case_retention"),
        )
        ordering = ("-changed_at",)

    def __str__(self) -> str:
        return f"case {self.pk}"


class CaseAlert(models.Model):
    """An alert that belongs to a case; to at most one. Taken out again, the row is gone: the audit
    log knows."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="joined")
    alert = models.OneToOneField(Alert, on_delete=models.PROTECT, related_name="joined")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField()

    class Meta:
        ordering = ("alert_id",)

    def __str__(self) -> str:
        return f"alert {self.alert_id} of case {self.case_id}"


class CaseMember(models.Model):
    """Somebody who was admitted to a case, by whom and why; until they leave it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="members")
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="admitted"
    )
    reason = SealedTextField(null=True)
    admitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    admitted_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["case", "account"],
                condition=models.Q(left_at=None),
                name="once_admitted_to_a_case",
            ),
        )
        ordering = ("admitted_at", "pk")

    def __str__(self) -> str:
        return f"{self.account_id} in case {self.case_id}"
