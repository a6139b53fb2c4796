"""Accounts that come back: where an account was seen, the traces by which it is known again, and
the appeals that take it out of a link for good (R25).

No value of a trace is kept, only its keyed hash: two sightings that carry the same hash are linked.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.models.conversation import Conversation
from ansim.casework.sealing import SealedTextField


class RepeatPending(models.Model):
    """An alert that was raised, had news, was closed or reopened, and has to be looked at again.

    A plain number and no uniqueness, so that who writes one never waits for who reads them.
    """

    alert = models.BigIntegerField()

    def __str__(self) -> str:
        return f"alert {self.alert}"


class Sighting(models.Model):
    """One account in one conversation in which it has, or had, an alert."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="sightings"
    )
    account = models.CharField(max_length=64)
    group = models.BigIntegerField(default=0)
    """Linked sightings share it: the id of the oldest of them. Its own id where it stands alone."""
    alerts = models.PositiveIntegerField(default=0)
    """Alerts about it here that were not dismissed. With none it is linked with nothing."""
    youths = models.JSONField(default=list)
    """Pseudonyms of others in the conversation who showed signals of a young person."""
    apart = models.BooleanField(default=False)
    """An appeal was upheld: it is linked with nothing until that is taken back."""
    last_turn = models.BigIntegerField(default=0)
    """Number of the newest turn that was looked at."""
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    """When its first alert was raised, and when it last said something that was looked at."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["conversation", "account"], name="one_sighting"),
        )
        indexes = (
            models.Index(fields=["group"], name="sighting_group"),
            models.Index(fields=["account"], name="sighting_account"),
        )
        ordering = ("first_at", "pk")

    def __str__(self) -> str:
        return f"sighting {self.pk}"


class Trace(models.Model):
    """One thing by which a sighting can be known again, as a keyed hash, until it expires."""

    class Kind(models.TextChoices):
        ACCOUNT = "account", _("같은 계정")
        STATEMENT = "statement", _("플랫폼이 알려 줌")
        PHONE = "phone", _("같은 전화번호")
        EMAIL = "email", _("같은 이메일 주소")
        LINK = "link", _("같은 초대 링크")
        HANDLE = "handle", _("같은 메신저 아이디")

    class Review(models.TextChoices):
        NONE = "none", _("아직 확인하지 않음")
        CONFIRMED = "confirmed", _("맞음")
        REJECTED = "rejected", _("아님")

    sighting = models.ForeignKey(Sighting, on_delete=models.CASCADE, related_name="traces")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    service = models.CharField(max_length=20, blank=True)
    """Of a handle or a link: to which service it leads."""
    hash = models.CharField(max_length=64)
    seen = models.PositiveIntegerField(default=1)
    """In how many messages, or how often it was looked at with news."""
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    note = SealedTextField(null=True)
    """Of a platform's statement: who said so, and where it can be looked up."""
    review = models.CharField(max_length=10, choices=Review.choices, default=Review.NONE)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["sighting", "hash"], name="one_trace_a_sighting"),
        )
        indexes = (
            models.Index(fields=["hash"], name="trace_hash"),
            models.Index(fields=["expires_at"], name="trace_expiry"),
        )
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.kind} of sighting {self.sighting_id}"


class LinkAppeal(models.Model):
    """Somebody says that their account does not belong to the others. Upheld, it is kept apart."""

    class State(models.TextChoices):
        WAITING = "waiting", _("결정을 기다림")
        UPHELD = "upheld", _("받아들임: 떼어 놓음")
        REFUSED = "refused", _("받아들이지 않음")
        LIFTED = "lifted", _("떼어 놓기를 거둠")

    conversation = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    account = models.CharField(max_length=64)
    whole_account = models.BooleanField(default=False)
    """Of the account in every room of its source, also in later ones; else in this room alone."""
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    words = SealedTextField(null=True)
    """What they say, and how they can be answered. None once retention has taken it."""
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    received_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    grounds = SealedTextField(null=True)
    """Why it was decided so, and where it applies why that was taken back."""

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["conversation", "account"],
                condition=models.Q(state="waiting"),
                name="one_waiting_appeal",
            ),
        )
        indexes = (models.Index(fields=["account", "state"], name="link_appeal_account"),)
        ordering = ("-received_at", "-pk")

    def __str__(self) -> str:
        return f"appeal {self.pk}"
