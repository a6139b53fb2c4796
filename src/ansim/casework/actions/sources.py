"""Declares sources, keeps their keys and credentials, pauses and removes them; records every
refusal at the door (R01).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework import source_entries
from ansim.casework.actions import audit, source_notices, typed
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditEvent, SourceCredentials, SourceRecord
from ansim.casework.roles import Act
from ansim.chat import Consent, Source, SourceKind
from ansim.keys import KeyLost
from ansim.sources import registry
from ansim.sources.contract import Declaration, Way
from ansim.sources.wiring import Rule

REFUSAL_EVERY = timedelta(minutes=1)
"""A source refused again and again for one reason writes one audit row in this time."""

LONGEST_BASIS = 5000

DECLARED = frozenset(
    {
        *("name", "kind", "legal_basis", "consent", "connector", "private_messages"),
        *("rule", "language"),
    }
)
"""What an administrator may change of a source."""


def key_hash(api_key: str) -> str:
    """What is kept of a key. The key is random (256 bits), so a plain SHA-256 is enough."""
    return hashlib.sha256(api_key.encode()).hexdigest()


def _new_key() -> str:
    return f"ansim_{secrets.token_urlsafe(32)}"


def has_key(declaration: Declaration) -> bool:
    """Whether a source of this connector proves itself by an API key: it is called, and nothing
    that was entered tells who calls."""
    return declaration.way is Way.CALLED and not any(field.secret for field in declaration.fields)


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
    settings: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
    rule: Rule | str = Rule.TOLD,
    language: str = "ko",
    notices: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[SourceRecord, str]:
    """Declares a new source. Returns it and its API key, which is shown this once; it is empty
    where the connector knows its platform in another way (``has_key``).

    ``settings`` and ``credentials`` are what ``Declaration.fields`` asks for; ``notices`` are
    wordings (kind, then language) in the place of those proposed. ``actor`` is an administrator, or
    ``audit.SETUP`` for what an installation makes for itself. Raises Refused with the sentence of
    ``registry.refusal`` when it could not lawfully be read, WrongEntry naming an entry that is
    missing or wrong.
    """
    if not isinstance(actor, str):
        require(actor, Act.ADMINISTER)
    if SourceRecord.objects.filter(pk=id).exists():
        raise Refused("exists", _("같은 이름표의 출처가 이미 있습니다."))
    record = SourceRecord(
        id=_label(id),
        name=_name(name),
        kind=kind,
        legal_basis=typed.words(legal_basis, LONGEST_BASIS),
        consent=_consent(consent),
        connector=connector,
        private_messages=private_messages,
        rule=rule,
        language=language,
        created_by=None if isinstance(actor, str) else actor,
        created_at=timezone.now(),
    )
    declaration = _lawful(record)
    record.settings, kept = source_entries.check(declaration, settings or {}, credentials or {})
    api_key = _new_key() if has_key(declaration) else ""
    record.api_key_hash = key_hash(api_key) if api_key else ""
    record.save(force_insert=True)
    _seal(record, kept)
    audit.record(
        "source.declared",
        record,
        actor=actor,
        details={
            "kind": record.kind,
            "connector": connector,
            "consent": record.consent,
            "private_messages": private_messages,
            "rule": str(record.rule),
            "entered": sorted([*record.settings, *kept]),
        },
    )
    source_notices.propose(record, actor, notices)
    return record, api_key


@transaction.atomic
def change(source_id: str, actor: Account, **fields: str | bool | dict[str, object] | None) -> None:
    """Changes what a source declares (``DECLARED``). Raises Refused where it could not lawfully be
    read like that."""
    require(actor, Act.ADMINISTER)
    unknown = set(fields) - DECLARED
    if unknown:
        raise ValueError(f"a source has no field {', '.join(sorted(unknown))}")
    record = _get(source_id)
    before = {field: getattr(record, field) for field in fields}
    for field, value in fields.items():
        setattr(record, field, value)
    record.name = _name(record.name)
    record.legal_basis = typed.words(record.legal_basis, LONGEST_BASIS)
    declaration = _lawful(record)
    changed = sorted(field for field in fields if getattr(record, field) != before[field])
    if not changed:
        return
    if "connector" in changed:
        source_entries.check(declaration, record.settings, credentials_of(record))
    record.save(update_fields=changed)
    audit.record("source.changed", record, actor=actor, details={"fields": changed})
    source_notices.propose(record, actor)


@transaction.atomic
def enter(
    source_id: str,
    actor: Account,
    *,
    settings: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
    forget: Sequence[str] = (),
) -> SourceRecord:
    """Changes what was entered for a source. ``settings`` replace those there are; of
    ``credentials`` only those that are given and not empty, as nobody can see the others;
    ``forget`` names those that are to go. The gateway connects anew with it.

    Raises WrongEntry; the audit row names what changed, never a value.
    """
    require(actor, Act.ADMINISTER)
    record = _get(source_id)
    declaration = _declaration(record)
    before = credentials_of(record)
    given = {name: value for name, value in (credentials or {}).items() if value.strip()}
    wanted = {name: value for name, value in (before | given).items() if name not in set(forget)}
    kept_settings, kept = source_entries.check(
        declaration, record.settings if settings is None else settings, wanted
    )
    changed = {
        name
        for was, now in ((record.settings, kept_settings), (before, kept))
        for name in was.keys() | now.keys()
        if was.get(name) != now.get(name)
    }
    if changed:
        record.settings = kept_settings
        record.save(update_fields=["settings"])
        _seal(record, kept)
        audit.record("source.entered", record, actor=actor, details={"fields": sorted(changed)})
    return record


@transaction.atomic
def rotate_key(source_id: str, actor: Account | str) -> str:
    """Gives the source a new key, shown this once; the old one stops working. Raises Refused for a
    source that has none."""
    if not isinstance(actor, str):
        require(actor, Act.ADMINISTER)
    record = _get(source_id)
    if not has_key(_declaration(record)):
        raise Refused("no_key", _("이 출처는 API 키로 연결하지 않습니다."))
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
    record = _get(source_id)
    if record.active == active:
        return
    if active:
        _lawful(record)
    record.active = active
    record.save(update_fields=["active"])
    action = "source.switched_on" if active else "source.switched_off"
    audit.record(action, record, actor=actor, reason=reason)


def pause(source_id: str, actor: Account, reason: str) -> None:
    """Nothing is read from this source and nothing is said, until ``resume``; says why."""
    require(actor, Act.ADMINISTER)
    switch(source_id, actor, active=False, reason=typed.reason(reason))


def resume(source_id: str, actor: Account, reason: str = "") -> None:
    """Reading goes on."""
    switch(source_id, actor, active=True, reason=reason)


@transaction.atomic
def remove(source_id: str, actor: Account, *, confirm: str, reason: str) -> None:
    """Takes a source out of use for good: no intake, no words out, its key and credentials gone.

    Its name and what came from it stay, for the alerts and for the record. ``confirm`` is the
    source's label, typed by a person. Raises Refused.
    """
    require(actor, Act.ADMINISTER)
    record = _get(source_id)
    if confirm.strip() != record.pk:
        raise Refused(
            "not_confirmed",
            _("확인을 위해 출처의 이름표 ‘%(id)s’을(를) 그대로 적어 주세요.") % {"id": record.pk},
        )
    words = typed.reason(reason)
    record.active, record.removed_at, record.api_key_hash = False, timezone.now(), ""
    record.save(update_fields=["active", "removed_at", "api_key_hash"])
    SourceCredentials.objects.filter(pk=record.pk).delete()
    audit.record("source.removed", record, actor=actor, reason=words)


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
    """Every source that was not removed, with the SHA-256 of its key (empty where it has none).
    Those switched off are among them, so that intake can say why it refuses: ask
    ``registry.refusal``."""
    rows = SourceRecord.objects.filter(removed_at=None).order_by("pk")
    return [(row.value(), row.api_key_hash) for row in rows]


def wirings() -> dict[str, dict[str, Any]]:
    """How every source in use is connected, by its id: ``settings``, ``credentials``, approved
    ``notices`` (kind, then language), ``rule`` and ``language``. Contains secrets.

    A source whose credentials can no longer be opened stands there without them.
    """
    rows = list(SourceRecord.objects.filter(removed_at=None, active=True))
    try:
        kept = {row.pk: row.entries for row in SourceCredentials.objects.filter(source__in=rows)}
    except KeyLost:
        kept = {row.pk: credentials_of(row) for row in rows}
    notices = source_notices.in_force(row.pk for row in rows)
    return {
        row.pk: {
            "settings": dict(row.settings),
            "credentials": dict(kept.get(row.pk, {})),
            "notices": notices.get(row.pk, {}),
            "rule": row.rule,
            "language": row.language,
        }
        for row in rows
    }


def credentials_of(record: SourceRecord) -> dict[str, str]:
    """The secrets of a source; none where they were sealed with a key that is lost."""
    try:
        row = SourceCredentials.objects.filter(pk=record.pk).first()
    except KeyLost:
        return {}
    return dict(row.entries) if row is not None else {}


def entered(record: SourceRecord) -> frozenset[str]:
    """Names of the secrets that are kept for a source, never their values."""
    return frozenset(credentials_of(record))


def _seal(record: SourceRecord, credentials: Mapping[str, str]) -> None:
    if credentials:
        SourceCredentials.objects.update_or_create(
            source=record,
            defaults={"entries": dict(credentials), "changed_at": timezone.now()},
        )
    else:
        SourceCredentials.objects.filter(pk=record.pk).delete()


def _get(source_id: str) -> SourceRecord:
    row = SourceRecord.objects.select_for_update().filter(pk=source_id).first()
    if row is None or row.removed_at is not None:
        raise Refused("no_such_source", _("없는 출처입니다."))
    return row


def _declaration(record: SourceRecord) -> Declaration:
    found = record.declaration
    if found is None:
        raise Refused("unlawful", registry.refusal(record.value()) or "")
    return found


def _label(given: str) -> str:
    try:
        validate_slug(given)
    except ValidationError:
        given = ""
    if not 0 < len(given) <= 60:
        raise Refused(
            "bad_label",
            _("이름표는 영어 글자, 숫자, -, _ 만으로 60자까지 적어 주세요. 예: matrix-room"),
        )
    return given


def _name(given: str) -> str:
    return typed.line(given, 120, missing=_("출처의 이름을 적어 주세요."), code="name_missing")


def _consent(consent: Consent | None) -> Any:
    if consent is None:
        return None
    plain = msgspec.structs.replace(
        consent,
        given_by=typed.line(consent.given_by, 120),
        how=typed.words(consent.how, LONGEST_BASIS),
    )
    return msgspec.to_builtins(plain)


def _lawful(record: SourceRecord) -> Declaration:
    refusal = registry.refusal(msgspec.structs.replace(record.value(), active=True))
    if refusal is not None:
        raise Refused("unlawful", refusal)
    if record.rule not in SourceRecord.RoomRule.values or record.language not in ("ko", "en"):
        raise Refused("bad_rule", _("방에서 읽기 시작하는 때와 언어를 골라 주세요."))
    if record.private_messages and not record.can_message_privately:
        raise Refused(
            "no_private_way", _("이 연결 방식과 종류로는 한 사람에게만 글을 전할 수 없습니다.")
        )
    return _declaration(record)
