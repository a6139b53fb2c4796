"""Originals of pictures: kept sealed while a legal hold stands, handed out with a reason, gone with
the hold.

Whoever keeps one and whoever ends a hold lock the holds of the conversation first, in one order: an
original is either refused or goes with the hold, and none is left behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, typed
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, AuditEvent, Conversation, LegalHold
from ansim.casework.models import PictureOriginal as Original
from ansim.casework.roles import Act
from ansim.pictures import sniffing
from ansim.pictures.values import MAX_PICTURE_BYTES, Unread

MOST = 200
MOST_BYTES = 256 * 1024 * 1024
"""Of one conversation: whoever is held must not fill the disk."""


def standing(**which: object) -> list[LegalHold]:
    """Holds that stand, locked, in one order; the caller has the transaction."""
    rows = LegalHold.objects.select_for_update(of=("self",)).filter(released_at=None, **which)
    return list(rows.select_related("alert").order_by("pk"))


def held() -> frozenset[tuple[str, str]]:
    """Conversations under a legal hold now: (source, pseudonym)."""
    rows = LegalHold.objects.filter(released_at=None).values_list(
        "alert__conversation__source", "alert__conversation__pseudonym"
    )
    return frozenset((str(source), str(pseudonym)) for source, pseudonym in rows)


@transaction.atomic
def keep(
    source: str, conversation: str, *, message: str, author: str, place: int, content: bytes
) -> Original | None:
    """Keeps a picture that came in a conversation under a legal hold; the same one again changes
    nothing. None where no hold stands (any more) or the room is full: then nothing is stored.

    ``conversation`` and ``author`` are pseudonyms, ``message`` the id as turns have it. Raises
    ValueError for what is no picture or larger than one may be.
    """
    form = _format(content)
    holds = standing(
        alert__conversation__source=source, alert__conversation__pseudonym=conversation
    )
    if not holds:
        return None
    hold = holds[0]
    here = Original.objects.filter(conversation=hold.alert.conversation_id)
    known = here.filter(message_id=message, place=place).defer("content").first()
    if known is not None:
        return known
    if not _has_room(here, len(content)):
        _tell_full(hold)
        return None
    row = Original.objects.create(
        conversation_id=hold.alert.conversation_id,
        hold=hold,
        message_id=message,
        author=author,
        place=place,
        at=timezone.now(),
        format=form,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    audit.record(
        "original.kept",
        hold.alert,
        actor=audit.INTAKE,
        details={
            "original": row.pk,
            "hold": hold.pk,
            "format": form,
            "size": row.size,
            "sha256": row.sha256,
        },
    )
    return row


def _format(content: bytes) -> str:
    if not 0 < len(content) <= MAX_PICTURE_BYTES:
        raise ValueError(f"an original of {len(content)} bytes; {MAX_PICTURE_BYTES} is the most")
    try:
        return sniffing.sniff(content).format
    except Unread as problem:
        raise ValueError(f"an original that is no picture: {problem.why}") from None


def _has_room(here: QuerySet[Original], more: int) -> bool:
    taken = here.aggregate(bytes=Sum("size"))["bytes"] or 0
    return here.count() < MOST and taken + more <= MOST_BYTES


def _tell_full(hold: LegalHold) -> None:
    """Once a hold: what comes after it is known to be missing."""
    details = {"hold": hold.pk, "why": "full"}
    told = AuditEvent.objects.filter(
        action="original.lost", subject_type="alert", subject_id=str(hold.alert_id)
    )
    if not any(event.details == details for event in told):
        audit.record("original.lost", hold.alert, actor=audit.INTAKE, details=details)


@transaction.atomic
def lost(source: str, conversation: str, number: int) -> None:
    """Puts on record that so many originals of a conversation under hold could not be kept."""
    for hold in standing(
        alert__conversation__source=source, alert__conversation__pseudonym=conversation
    )[:1]:
        audit.record(
            "original.lost",
            hold.alert,
            actor=audit.INTAKE,
            details={"hold": hold.pk, "why": "not_stored", "number": number},
        )


def missing() -> frozenset[int]:
    """Holds under which something could not be kept."""
    rows = AuditEvent.objects.filter(action="original.lost").values_list("details", flat=True)
    return frozenset(details["hold"] for details in rows)


def of(conversation: Conversation | int) -> list[Original]:
    """What is kept of a conversation, without the pictures themselves."""
    return list(_under_hold().filter(conversation=conversation).defer("content"))


def _standing_hold() -> Exists:
    return Exists(
        LegalHold.objects.filter(alert__conversation=OuterRef("conversation"), released_at=None)
    )


def _under_hold() -> QuerySet[Original]:
    return Original.objects.filter(_standing_hold())


@transaction.atomic
def fetch(alert_id: int, original_id: int, actor: Account, why: str) -> Original:
    """Hands an original out, with a reason that stands in the audit log. Raises Refused."""
    require(actor, Act.EXPORT_EVIDENCE)
    because = typed.reason(why)
    alert = Alert.objects.filter(pk=alert_id).first()
    if alert is None:
        raise Refused("no_such_alert", _("없는 경보입니다."))
    row = _under_hold().filter(pk=original_id, conversation=alert.conversation_id).first()
    if row is None:
        raise Refused("no_such_original", _("이 경보의 대화에 없는 원본입니다."))
    audit.record(
        "original.fetched",
        alert,
        actor=actor,
        reason=because,
        details={"original": row.pk, "sha256": row.sha256},
    )
    return row


def let_go(conversation: int, others: Sequence[LegalHold]) -> int:
    """A hold of the conversation ends: its originals go, unless ``others`` stand, which the caller
    has locked. Returns how many; the caller has the transaction."""
    if others:
        return 0
    return Original.objects.filter(conversation=conversation).delete()[0]


def let_go_unheld() -> int:
    """Whatever is kept under no hold (after the return of a backup, say) goes. Asked of the
    database in one statement: what is kept meanwhile came with its hold."""
    return Original.objects.filter(~_standing_hold()).delete()[0]
