"""The audit log, which can only grow, and the outbox of commands towards the stream."""

from __future__ import annotations

import uuid
from typing import Any, Never

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class AppendOnly(TypeError):
    """Somebody tried to change or delete an audit row."""


class AuditRows(models.QuerySet["AuditEvent"]):
    """Refuses in Python what the database's triggers refuse as well."""

    def update(self, **_: Any) -> Never:
        raise AppendOnly("the audit log is append-only: rows cannot be changed")

    def delete(self) -> Never:
        raise AppendOnly("the audit log is append-only: rows cannot be deleted")

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[AuditEvent]:
        rows = super().bulk_create(*args, **kwargs)
        _chain_after_commit()
        return rows


def _chain_after_commit() -> None:
    from ansim.casework.actions import audit_chain  # actions know the models, not the reverse

    audit_chain.after_commit()


class AuditEvent(models.Model):
    """Who did what to which thing, when and why. Never holds text of a chat."""

    at = models.DateTimeField(_("시각"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_label = models.CharField(_("행위자"), max_length=150)
    action = models.CharField(_("행위"), max_length=60, db_index=True)
    subject_type = models.CharField(_("대상 종류"), max_length=30)
    subject_id = models.CharField(_("대상"), max_length=64)
    reason = models.CharField(_("사유"), max_length=500, blank=True)
    details = models.JSONField(_("내용"), default=dict)

    objects = AuditRows.as_manager()

    class Meta:
        verbose_name = _("감사 기록")
        verbose_name_plural = _("감사 기록")
        indexes = (
            models.Index(fields=["subject_type", "subject_id"], name="audit_subject"),
            models.Index(fields=["at"], name="audit_at"),
            models.Index(
                fields=["-id"], condition=~Q(action="alert.updated"), name="audit_without_updates"
            ),
        )
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type} {self.subject_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnly("the audit log is append-only: rows cannot be changed")
        super().save(*args, **kwargs)
        _chain_after_commit()

    def delete(self, *_: Any, **__: Any) -> Never:
        raise AppendOnly("the audit log is append-only: rows cannot be deleted")


class StreamCommand(models.Model):
    """Something the stream must be told, written with the act it follows from (outbox)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=30)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["done_at", "created_at"], name="stream_outbox"),)
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
