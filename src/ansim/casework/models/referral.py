"""Who else was brought in, and what was agreed with the young person (R19, R21)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.alert import Alert
from ansim.casework.sealing import SealedListField, SealedTextField


class Agency(models.Model):
    """A place that a case can be handed to: national hotlines, and those near the operator."""

    slug = models.SlugField(max_length=40, unique=True)
    name_ko = models.CharField(_("이름 (한국어)"), max_length=80)
    name_en = models.CharField(_("이름 (영어)"), max_length=80)
    contact = models.CharField(_("연락처"), max_length=120)
    purpose_ko = models.CharField(_("하는 일 (한국어)"), max_length=200, blank=True)
    purpose_en = models.CharField(_("하는 일 (영어)"), max_length=200, blank=True)
    is_police = models.BooleanField(_("수사기관"), default=False)
    local = models.BooleanField(_("지역 기관"), default=True)
    active = models.BooleanField(_("사용 중"), default=True)
    position = models.PositiveIntegerField(default=100)

    class Meta:
        ordering = ("position", "slug")

    def __str__(self) -> str:
        return self.name_ko

    @property
    def name(self) -> str:
        """The name in the language of the page."""
        return self.name_en if get_language() == "en" else self.name_ko

    @property
    def purpose(self) -> str:
        return self.purpose_en if get_language() == "en" else self.purpose_ko


class Answer(models.TextChoices):
    """What came of a hand-off."""

    WAITING = "waiting", _("답을 기다림")
    TAKEN = "taken", _("맡기로 함")
    SAFE = "safe", _("청소년이 안전한 것을 확인함")
    DECLINED = "declined", _("맡지 못한다고 함")
    NO_ANSWER = "no_answer", _("연락이 닿지 않음")


class HandOff(models.Model):
    """One call to one agency, made by a person outside this software and recorded here.

    ``rescue`` marks a request to go to a meeting that looms, with the place and time known so far.
    """

    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="hand_offs")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    rescue = models.BooleanField(default=False)
    do_not_warn = models.BooleanField(default=False)
    """The police asked that nobody in the room learns of it (APCJS 38-2②)."""
    told = SealedTextField(null=True)
    """What was told to the agency; for a rescue also ``when_where``."""
    when_where = SealedTextField(null=True)
    reference = SealedTextField(null=True)
    """The agency's own number for it, if it gave one."""
    answer = models.CharField(max_length=12, choices=Answer.choices, default=Answer.WAITING)
    answer_note = SealedTextField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("made_at", "pk")
        indexes = (models.Index(fields=["answer", "made_at"], name="hand_off_answers"),)

    def __str__(self) -> str:
        return f"hand-off {self.pk} of alert {self.alert_id}"


class SafetyPlan(models.Model):
    """What was agreed for the young person's safety, question by question; one an alert."""

    alert = models.OneToOneField(Alert, on_delete=models.PROTECT, related_name="safety_plan")
    answers = SealedListField(null=True, default=list)
    """``[[question, words], …]``; questions are those of ``actions.referrals.QUESTIONS``."""
    version = models.PositiveIntegerField(default=0)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"safety plan of alert {self.alert_id}"
