"""Alerts: one open alert per conversation and suspected account, linked to the one before it."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.conversation import Conversation
from ansim.casework.sealing import SealedTextField
from ansim.detection import Priority


def _new_fold() -> int:
    return secrets.randbits(62)


class State(models.TextChoices):
    OPEN = "open", _("열림")
    CLOSED = "closed", _("종결")


class Kind(models.TextChoices):
    """Whether somebody is suspected, or somebody spoke to the agency and is to be answered."""

    RISK = "risk", _("위험")
    REQUEST = "request", _("도움 요청")


class Outcome(models.TextChoices):
    """What it turned out to be; required to close (R21, R28)."""

    CONFIRMED = "confirmed", _("그루밍이 맞음")
    OTHER_HARM = "other_harm", _("다른 위험이 있음")
    NOT_GROOMING = "not_grooming", _("그루밍이 아님 (오경보)")
    UNCLEAR = "unclear", _("판단하기 어려움")


class Reply(models.TextChoices):
    """How a request for help ended: what was done, where nobody has to be judged."""

    ANSWERED = "answered", _("답함")
    HANDED_OFF = "handed_off", _("다른 기관에 연계함")
    NO_ANSWER_NEEDED = "no_answer_needed", _("답이 필요 없었음")


class Grounds(models.TextChoices):
    """Why the verdict is what it is. Kept after the words are gone: evaluation learns from it
    (R28). The second part of the name is the class of ordinary talk in the taxonomy."""

    TACTICS = "tactics", _("접근·요구가 대화에 보임")
    DISCLOSED = "disclosed", _("청소년이 말해 줌")
    OTHER_SOURCE = "other_source", _("다른 기관이나 신고로 확인")
    VIOLENCE = "violence", _("따돌림·폭력·협박")
    SELF_HARM = "self_harm", _("자해·위기 신호")
    FRAUD = "fraud", _("사기·불법 거래")
    PEERS = "peers_n1", _("또래 사이의 평범한 대화")
    SEEKING_HELP = "seeking_help_n2", _("도움을 구하거나 알리는 말")
    QUOTED = "quoted_n3", _("인용·교육·뉴스")
    FAMILY = "family_n4", _("가족·교사·지도자")
    TRADE = "trade_n5", _("거래·게임·선물")
    COUNSELLING = "counselling_n6", _("상담원·기관의 말")
    MISREAD = "misread", _("말을 잘못 읽음 (은어·오타)")
    TOO_LITTLE = "too_little", _("대화가 너무 적음")
    UNREADABLE = "unreadable", _("읽을 수 없는 내용 (사진·외국어)")
    SPLIT = "split", _("의견이 갈림")


GROUNDS: dict[str, tuple[Grounds, ...]] = {
    Outcome.CONFIRMED: (Grounds.TACTICS, Grounds.DISCLOSED, Grounds.OTHER_SOURCE),
    Outcome.OTHER_HARM: (Grounds.VIOLENCE, Grounds.SELF_HARM, Grounds.FRAUD, Grounds.DISCLOSED),
    Outcome.NOT_GROOMING: (
        Grounds.PEERS,
        Grounds.SEEKING_HELP,
        Grounds.QUOTED,
        Grounds.FAMILY,
        Grounds.TRADE,
        Grounds.COUNSELLING,
        Grounds.MISREAD,
    ),
    Outcome.UNCLEAR: (Grounds.TOO_LITTLE, Grounds.UNREADABLE, Grounds.SPLIT),
}
"""Which grounds each verdict may rest on."""


class Done(models.TextChoices):
    """What was done for the young person."""

    CONTACT_MADE = "contact_made", _("청소년과 대화함")
    HANDED_OFF_112 = "handed_off_112", _("경찰 112에 연계")
    HANDED_OFF_117 = "handed_off_117", _("학교폭력 117에 연계")
    HANDED_OFF_1366 = "handed_off_1366", _("여성긴급전화 1366에 연계")
    HANDED_OFF_1388 = "handed_off_1388", _("청소년상담 1388에 연계")
    NO_CONTACT = "no_contact", _("연락하지 않음")


class Alert(models.Model):
    """Suspicion about one account in one conversation, from its raising to its outcome; or, of kind
    ``request``, somebody who spoke to the agency itself, of whom nothing is suspected."""

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="alerts")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.RISK)
    about = models.CharField(max_length=64)
    """The account under suspicion; of a request, who asks."""
    episode = models.PositiveIntegerField()
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="later")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="held"
    )
    claimed_at = models.DateTimeField(null=True)
    priority = models.CharField(
        max_length=2, choices=[(priority.value, priority.value) for priority in Priority]
    )
    risk = models.FloatField()
    raised_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    first_event_at = models.FloatField()
    """Event time of the message that raised it, seconds since 1970 UTC."""
    why = models.JSONField(default=list)
    """Reasons as data: ``[{"code": …, "values": {…}}, …]``."""
    trajectory = models.JSONField(default=list)
    """Risk of this account over time: ``[[at, risk, message_id], …]`` by event time."""
    versions = models.JSONField(default=dict)
    roles = models.JSONField(default=dict)
    """How each account of the conversation writes, as far as anybody can say (R14)."""
    sequence = models.BigIntegerField(default=0)
    """Position of the stream that this row reflects; older reports are replays."""
    fold = models.BigIntegerField(default=_new_fold)
    """Open alerts of one account or one conversation share this number (actions/folding.py)."""
    leads = models.BooleanField(default=True)
    """Whether this is the one shown of those of its fold that have the same holder."""
    due_at = models.DateTimeField(null=True)
    """By when somebody should have taken it; None for the digest (P4)."""
    acknowledged_at = models.DateTimeField(null=True)
    """When somebody first took it."""
    escalated_at = models.DateTimeField(null=True)
    escalated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    """Who asked a supervisor; None where the watch did because its time had run out."""
    hold_until = models.DateTimeField(null=True)
    """The holder waits for something until then, and is not taken for absent."""
    outcome = models.CharField(
        max_length=20, choices=[*Outcome.choices, *Reply.choices], blank=True
    )
    grounds = models.CharField(max_length=20, choices=Grounds.choices, blank=True)
    done = models.JSONField(default=list)
    outcome_note = SealedTextField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    text_purged_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["conversation", "kind", "about", "episode"], name="one_alert_per_episode"
            ),
            models.UniqueConstraint(
                fields=["conversation", "kind", "about"],
                condition=Q(state="open"),
                name="one_open_alert_per_account",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | ~Q(outcome=""), name="closed_has_an_outcome"
            ),
        )
        indexes = (
            models.Index(fields=["state", "priority", "raised_at"], name="alert_queue"),
            models.Index(
                fields=["state", "claimed_by", "priority", "raised_at", "id"],
                condition=Q(leads=True),
                name="alert_of_the_desk",
            ),
            models.Index(
                fields=["state", "claimed_by", "priority", "raised_at"], name="alert_of_a_shift"
            ),
            # A condition, not a column: PostgreSQL cannot take rows in order from an index past a
            # column that is asked to be null.
            models.Index(
                fields=["state", "due_at", "escalated_at"],
                condition=Q(claimed_by__isnull=True),
                name="alert_due",
            ),
            models.Index(
                fields=["state", "priority", "escalated_at", "leads"],
                condition=Q(escalated_at__isnull=False),
                name="alert_for_supervisors",
            ),
            models.Index(fields=["state", "closed_at"], name="alert_closed"),
            models.Index(fields=["fold", "state"], name="alert_fold"),
            models.Index(fields=["about", "raised_at"], name="alert_account"),
            models.Index(fields=["raised_at"], name="alert_raised"),
        )

    @property
    def is_request(self) -> bool:
        """Whether somebody asks for an answer here, and nobody is suspected."""
        return self.kind == Kind.REQUEST

    def __str__(self) -> str:
        return f"alert {self.pk}"
