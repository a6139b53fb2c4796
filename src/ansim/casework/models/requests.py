"""What people ask about their own data: access, correction, stop, explanation (R07).

The Personal Information Protection Act, articles 35 to 38, gives them the right and ten days.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.alert import Alert
from ansim.casework.models.conversation import Conversation, Turn
from ansim.casework.models.source import SourceRecord
from ansim.casework.sealing import SealedTextField


class SubjectRequest(models.Model):
    """One request of one person. Only who handles it reads its words; others see that it exists."""

    class Kind(models.TextChoices):
        ACCESS = "access", _("열람")
        CORRECTION = "correction", _("정정")
        STOP = "stop", _("처리 정지")
        EXPLANATION = "explanation", _("설명")

    class By(models.TextChoices):
        SUBJECT = "subject", _("본인")
        GUARDIAN = "guardian", _("보호자 (법정대리인)")
        AGENT = "agent", _("위임받은 사람")

    class Way(models.TextChoices):
        ROOM = "room", _("대화방에서")
        TELEPHONE = "telephone", _("전화로")
        LETTER = "letter", _("편지나 이메일로")
        VISIT = "visit", _("찾아와서")

    class Proof(models.TextChoices):
        """How it was made sure that the data are theirs. Copies of papers are not kept."""

        ACCOUNT = "account", _("그 계정에서 확인하는 말을 보냄")
        PLATFORM = "platform", _("플랫폼이 확인해 줌")
        PAPER = "paper", _("신분증이나 위임장을 보고 돌려줌")
        KNOWN = "known", _("상담으로 이미 아는 사람")

    class State(models.TextChoices):
        OPEN = "open", _("처리 중")
        GRANTED = "granted", _("요구대로 답함")
        PARTLY = "partly", _("일부만 답함")
        REFUSED = "refused", _("거절함")
        WITHDRAWN = "withdrawn", _("요구를 거두어들임")

    class Ground(models.TextChoices):
        """Why not, or not all (articles 35 (4), 36 (1), 37 (2))."""

        IDENTITY = "identity", _("본인인지 확인할 수 없음")
        LAW = "law", _("법률이 금지하거나 제한함")
        OTHERS = "others", _("다른 사람의 생명·신체나 이익을 해칠 우려")
        DUTY = "duty", _("법령의 의무를 지키려면 처리해야 함")
        NOTHING = "nothing", _("가지고 있는 것이 없음")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    by = models.CharField(max_length=10, choices=By.choices)
    way = models.CharField(max_length=10, choices=Way.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    due_at = models.DateTimeField()
    postponed_at = models.DateTimeField(null=True)
    """Once at most; the person was told why (article 35 (3))."""
    reminded_at = models.DateTimeField(null=True)
    """When people were called because the time is almost over."""
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    words = SealedTextField(null=True)
    """What was asked for."""
    contact = SealedTextField(null=True)
    """Where the answer goes."""
    proof = models.CharField(max_length=10, choices=Proof.choices, blank=True)
    proof_note = SealedTextField(null=True)
    proved_at = models.DateTimeField(null=True)
    proved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    source = models.ForeignKey(SourceRecord, null=True, on_delete=models.PROTECT, related_name="+")
    account = models.CharField(max_length=64, blank=True)
    """Pseudonym of whom it is about, within ``source``; empty until somebody has looked."""
    looked_at = models.DateTimeField(null=True)
    answer = SealedTextField(null=True)
    answer_version = models.PositiveIntegerField(default=0)
    ground = models.CharField(max_length=10, choices=Ground.choices, blank=True)
    police_asked = SealedTextField(null=True)
    """What the police said, where a do-not-warn flag stands and the answer went out after all."""
    told = SealedTextField(null=True)
    """How the answer reached the person."""
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        indexes = (
            models.Index(fields=["state", "due_at"], name="request_due"),
            models.Index(fields=["received_at"], name="request_received"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state="open", ended_at=None)
                | (~models.Q(state="open") & models.Q(ended_at__isnull=False)),
                name="ended_request_has_a_time",
            ),
        )
        ordering = ("due_at", "pk")

    def __str__(self) -> str:
        return f"request {self.pk}"


class Correction(models.Model):
    """What a person says is wrong, kept beside the original, which stays as it was."""

    request = models.ForeignKey(
        SubjectRequest, on_delete=models.PROTECT, related_name="corrections"
    )
    alert = models.ForeignKey(Alert, on_delete=models.PROTECT, related_name="corrections")
    turn = models.ForeignKey(Turn, null=True, on_delete=models.PROTECT, related_name="+")
    """The message it is about; None: the alert as a whole."""
    text = SealedTextField(null=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("made_at", "pk")

    def __str__(self) -> str:
        return f"correction {self.pk} on alert {self.alert_id}"


class ReadingStop(models.Model):
    """An account or a conversation that is read no more: intake refuses its messages.

    Keeps pseudonyms only, and stays for as long as it holds: without it reading would begin again.
    """

    request = models.ForeignKey(SubjectRequest, on_delete=models.PROTECT, related_name="stops")
    source = models.ForeignKey(SourceRecord, on_delete=models.PROTECT, related_name="+")
    account = models.CharField(max_length=64, blank=True)
    """Pseudonym; empty where it is the whole conversation."""
    conversation = models.ForeignKey(
        Conversation, null=True, on_delete=models.PROTECT, related_name="+"
    )
    since = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["source", "account"],
                condition=models.Q(ended_at=None) & ~models.Q(account=""),
                name="one_stop_an_account",
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(ended_at=None),
                name="one_stop_a_conversation",
            ),
            models.CheckConstraint(
                condition=models.Q(account="", conversation__isnull=False)
                | (~models.Q(account="") & models.Q(conversation=None)),
                name="stop_of_an_account_or_a_conversation",
            ),
        )
        ordering = ("since", "pk")

    def __str__(self) -> str:
        return f"stop {self.pk} of source {self.source_id}"
