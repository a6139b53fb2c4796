"""Reports of a case to those outside, who stands for each, and how soon one is owed (R09, R19)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.case import Case
from ansim.casework.models.referral import HandOff
from ansim.casework.reporting.questions import Kind
from ansim.casework.sealing import SealedListField, SealedTextField


class ReferralState(models.TextChoices):
    DRAFT = "draft", _("쓰는 중")
    REVIEW = "review", _("두 번째 사람을 기다림")
    APPROVED = "approved", _("승인됨, 아직 보내지 않음")
    SENT = "sent", _("보냄")
    ACKNOWLEDGED = "acknowledged", _("접수됨")
    WITHDRAWN = "withdrawn", _("거두어들임")


class SentBy(models.TextChoices):
    """How a person brought it there. The software sends nothing."""

    ONLINE = "online", _("그 기관의 누리집에 입력")
    IN_PERSON = "in_person", _("직접 찾아가서")
    POST = "post", _("우편")
    MAIL = "mail", _("암호를 건 이메일")
    FAX = "fax", _("팩스")
    PARTNER = "partner", _("계정이 있는 협력 기관을 거쳐")


class Referral(models.Model):
    """One report of a case. Its words are those of its newest version (``ReferralVersion``)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="referrals")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(
        max_length=12, choices=ReferralState.choices, default=ReferralState.DRAFT
    )
    do_not_warn = models.BooleanField(default=False)
    """The police asked that the other side does not learn of it (APCJS 38-2②)."""
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    """The last act of a person on it."""
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    """Who wrote the version in force."""
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    remark = SealedTextField(null=True)
    """What the second person said when they gave it back; why it was withdrawn."""
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    sent_at = models.DateTimeField(null=True)
    sent_how = models.CharField(max_length=10, choices=SentBy.choices, blank=True)
    sent_to = SealedTextField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Who of us recorded that it was taken in."""
    acknowledged_at = models.DateTimeField(null=True)
    reference = SealedTextField(null=True)
    """The receiver's own number for it."""

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("written_by")),
                name="referral_has_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "sent", "acknowledged"))
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="referral_sent_was_approved",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("sent", "acknowledged"))
                | Q(sent_by__isnull=False, sent_at__isnull=False),
                name="referral_sent_by_somebody",
            ),
        )
        indexes = (models.Index(fields=["state", "changed_at"], name="referral_list"),)
        ordering = ("-changed_at", "-pk")

    def __str__(self) -> str:
        return f"referral {self.pk} of case {self.case_id}"


class ReferralVersion(models.Model):
    """What a report said when somebody saved it. Never changed again, but for retention."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    answers = SealedListField(null=True, default=list)
    """``[[question, words], …]``, those of ``casework/reporting/forms.py``."""
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["referral", "version"], name="one_text_a_version"),
        )
        ordering = ("-version",)

    def __str__(self) -> str:
        return f"version {self.version} of referral {self.referral_id}"


class ReferralPackage(models.Model):
    """An evidence package that goes along with a report, by the hash that the audit log has."""

    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="packages")
    package = models.CharField(max_length=32)
    """The package's own number."""
    name = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    """Of its ``manifest.json``, which lists every file and is what was signed."""
    made_at = models.DateTimeField()
    attached_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    attached_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["referral", "package"], name="package_goes_once"),
        )
        ordering = ("made_at", "pk")

    def __str__(self) -> str:
        return self.name


class ReportDuty(models.Model):
    """The agency learned of an offence in a case and owes a report to the police at once (APCJS
    34②). Its time runs from ``learned_at``."""

    class Ending(models.TextChoices):
        REFERRAL = "referral", _("경찰 신고를 보냄")
        HAND_OFF = "hand_off", _("경찰에 전화로 신고함")
        OTHERS = "others", _("다른 기관이 이미 신고함")
        NONE = "none", _("신고할 범죄가 아님")

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="duty")
    learned_at = models.DateTimeField()
    how = SealedTextField(null=True)
    """How the agency learned of it."""
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField()
    due_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True)
    """When the time ran out and supervisors and liaison were called."""
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    referral = models.ForeignKey(Referral, null=True, on_delete=models.PROTECT, related_name="+")
    hand_off = models.ForeignKey(HandOff, null=True, on_delete=models.PROTECT, related_name="+")
    note = SealedTextField(null=True)
    """Why none is owed, or who reported."""

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(ended_at=None) | ~Q(ending=""), name="duty_ends_for_a_reason"
            ),
        )
        indexes = (models.Index(fields=["ended_at", "due_at"], name="duty_due"),)
        ordering = ("due_at", "pk")

    def __str__(self) -> str:
        return f"duty of case {self.case_id}"
