"""Declares sources and keeps their keys; records every refusal at the door (R01)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditEvent, SourceRecord
from ansim.casework.roles import Act
from ansim.chat import Consent, Source, SourceKind

REFUSAL_EVERY = timedelta(minutes=1)
"""A source refused again and again for one reason writes one audit row in this time."""


DECLARED = frozenset({"name", "kind", "legal_basis", "consent", "connector", "private_messages"})
"""What an administrator may change of a source."""


def key_hash(api_key: str) -> str:
    """What is kept of a key. The key is random (256 bits), so a plain SHA-256 is enough."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def _new_key() -> str:
    return f"ansim_{secrets.token_urlsafe(32)}"


@transaction.atomic
def declare(
    id: str,
    name: str,
    kind: SourceKind | str,
    legal_basis: str,
    *,
    actor: Account | str,
    consent: Consent | None = None,
    connector: str = "http",
    private_messages: bool = False,
) -> tuple[SourceRecord, str]:
    """Declares a new source. Returns it and its API key, which is shown this once.

    ``actor`` is an administrator, or ``audit.SETUP`` for what an installation makes for itself.
    Raises Refused with the sentence of ``Source.refusal`` when it could not lawfully be read.
    """
    if not isinstance(actor, str):
        require(actor, Act.ADMINISTER)
    if SourceRecord.objects.filter(pk=id).exists():
        raise Refused("exists", _("같은 이름표의 출처가 이미 있습니다."))
    record = SourceRecord(
        id=id,
        name=name,
        kind=kind,
        legal_basis=legal_basis,
        consent=msgspec.to_builtins(consent) if consent else None,
        connector=connector,
        private_messages=private_messages,
        created_by=None if isinstance(actor, str) else actor,
        created_at=timezone.now(),
    )
    _lawful(record)
    api_key = _new_key()
    record.api_key_hash = key_hash(api_key)
    record.save(force_insert=True)
    audit.record(
        "source.declared",
        record,
        actor=actor,
        details={
            "kind": record.kind,
            "connector": connector,
            "consent": record.consent,
            "private_messages": private_messages,
        },
    )
    return record, api_key


@transaction.atomic
def change(source_id: str, actor: Account, **fields: str | bool | dict[str, object] | None) -> None:
    """Changes what a source declares (``DECLARED``)."""
    require(actor, Act.ADMINISTER)
    unknown = set(fields) - DECLARED
    if unknown:
        raise ValueError(f"a source has no field {', '.join(sorted(unknown))}")
    record = SourceRecord.objects.select_for_update().get(pk=source_id)
    for field, value in fields.items():
        setattr(record, field, value)
    _lawful(record)
    record.save(update_fields=list(fields))
    audit.record("source.changed", record, actor=actor, details={"fields": sorted(fields)})


@transaction.atomic
def rotate_key(source_id: str, actor: Account | str) -> str:
    """Gives the source a new key, shown this once; the old one stops working."""
    if not isinstance(actor, str):
        require(actor, Act.ADMINISTER)
    record = SourceRecord.objects.select_for_update().get(pk=source_id)
    api_key = _new_key()
    record.api_key_hash = key_hash(api_key)
    record.save(update_fields=["api_key_hash"])
    audit.record("source.key_rotated", record, actor=actor)
    return api_key


@transaction.atomic
def switch(source_id: str, actor: Account | str, *, active: bool, reason: str = "") -> None:
    """Switches intake from this source on or off."""
    if not isinstance(actor, str):
        require(actor, Act.ADMINISTER)
    record = SourceRecord.objects.select_for_update().get(pk=source_id)
    if record.active == active:
        return
    record.active = active
    record.save(update_fields=["active"])
    action = "source.switched_on" if active else "source.switched_off"
    audit.record(action, record, actor=actor, reason=reason)


@transaction.atomic
def refuse_intake(source_id: str | None, reason: str) -> bool:
    """Records that messages were refused at the door. Returns whether a row was written: one
    source refused for one reason fills at most one row a minute. ``source_id`` is None when no
    source is known, as with a wrong key."""
    row = audit.row("intake.refused", "source", source_id or "", actor=audit.INTAKE, reason=reason)
    recent = AuditEvent.objects.filter(
        action=row.action,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        reason=row.reason,
        at__gt=row.at - REFUSAL_EVERY,
    )
    if recent.exists():
        return False
    row.save()
    return True


def active_sources() -> list[tuple[Source, str]]:
    """Every declared source with the SHA-256 of its key. Those switched off are among them, so
    that intake can say why it refuses: ask ``Source.refusal``."""
    rows = SourceRecord.objects.exclude(api_key_hash="").order_by("pk")
    return [(row.value(), row.api_key_hash) for row in rows]


def _lawful(record: SourceRecord) -> None:
    refusal = msgspec.structs.replace(record.value(), active=True).refusal()
    if refusal is not None:
        raise Refused("unlawful", refusal)
    if record.private_messages and not record.can_message_privately:
        raise Refused(
            "no_private_way", _("이 연결 방식과 종류로는 한 사람에게만 글을 전할 수 없습니다.")
        )
