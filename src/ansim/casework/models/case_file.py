"""What a case is made of: people and their consents, notes, tasks, documents. Words are sealed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.case import Case
from ansim.casework.models.source import SourceRecord
from ansim.casework.sealing import SealedBytesField, SealedTextField


class CasePerson(models.Model):
    """Somebody in a case. ``account`` is the pseudonym of the account they used, where one of the
    case's conversations shows it; words are None once purged."""

    class Part(models.TextChoices):
        YOUNG = "young", _("청소년")
        GUARDIAN = "guardian", _("보호자")
        SUSPECT = "suspect", _("의심 계정")
        HELPER = "helper", _("돕는 사람")
        OFFICER = "officer", _("수사관·기관 담당자")
        OTHER = "other", _("그 밖의 사람")

    class Age(models.TextChoices):
        UNKNOWN = "unknown", _("모름")
        UNDER_14 = "under_14", _("만 14세 미만")
        UNDER_19 = "under_19", _("만 14세 이상 19세 미만")
        ADULT = "adult", _("19세 이상")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="people")
    part = models.CharField(max_length=10, choices=Part.choices)
    age = models.CharField(max_length=10, choices=Age.choices, default=Age.UNKNOWN)
    source = models.ForeignKey(SourceRecord, null=True, on_delete=models.PROTECT, related_name="+")
    account = models.CharField(max_length=64, blank=True)
    name = SealedTextField(null=True)
    """How they are called in this case; no real name is needed."""
    contact = SealedTextField(null=True)
    """How they can be reached."""
    careful = SealedTextField(null=True)
    """What to mind in reaching them: when it is safe, and who must not learn of it."""
    needs = SealedTextField(null=True)
    plan = SealedTextField(null=True)
    """What was agreed with the young person to do next."""
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["source", "account"], name="case_person_account"),)
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.part} {self.pk} of case {self.case_id}"


class CaseConsent(models.Model):
    """What somebody agreed to (R04): who, when, on what basis, and that they took it back."""

    class Purpose(models.TextChoices):
        COUNSELLING = "counselling", _("상담과 기록")
        READING = "reading", _("대화 내용을 읽는 것")
        SHARING = "sharing", _("다른 기관에 알리는 것")
        GUARDIAN_TOLD = "guardian_told", _("보호자에게 알리는 것")

    class Giver(models.TextChoices):
        YOUNG = "young", _("청소년 본인")
        GUARDIAN = "guardian", _("보호자 (법정대리인)")

    person = models.ForeignKey(CasePerson, on_delete=models.PROTECT, related_name="consents")
    """The young person whom it is about."""
    purpose = models.CharField(max_length=15, choices=Purpose.choices)
    giver = models.CharField(max_length=10, choices=Giver.choices)
    basis = SealedTextField(null=True)
    """How it was given and on what it rests: told on the telephone, a signed sheet, which law."""
    given_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawal = SealedTextField(null=True)

    class Meta:
        ordering = ("given_at", "pk")

    def __str__(self) -> str:
        return f"consent {self.pk}"


class CaseMemo(models.Model):
    """A note in a case, for those who need to know it."""

    class Audience(models.TextChoices):
        TEAM = "team", _("이 사례의 모두")
        LEADERS = "leaders", _("슈퍼바이저와 나")
        ME = "me", _("나만")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="memos")
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.TEAM)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = SealedTextField(null=True)

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"memo {self.pk} of case {self.case_id}"


class CaseTask(models.Model):
    """Something to do in a case, by whom and until when."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    what = SealedTextField(null=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="case_tasks"
    )
    due_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        indexes = (models.Index(fields=["done_at", "due_at"], name="case_task_due"),)
        ordering = ("due_at", "pk")

    def __str__(self) -> str:
        return f"task {self.pk} of case {self.case_id}"


class CaseDocument(models.Model):
    """A document kept in a case. Never a picture (R13): what it is follows from its bytes."""

    class Kind(models.TextChoices):
        TEXT = "text", _("글")
        PDF = "pdf", "PDF"
        OFFICE = "office", _("문서 (docx·xlsx·hwpx)")
        HWP = "hwp", _("한글 문서 (hwp)")

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents")
    name = SealedTextField(null=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = SealedBytesField(null=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("added_at", "pk")

    def __str__(self) -> str:
        return f"document {self.pk} of case {self.case_id}"
