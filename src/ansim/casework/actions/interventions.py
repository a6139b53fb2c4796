"""A counsellor's words: written by a named person, queued, carried by the courier, accounted for.

Nothing here writes a message by itself (R08), and none goes out without an author (R03).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework import checking, wording
from ansim.casework.actions import audit, donors, drafts
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused, Unfit
from ansim.casework.models import (
    Account,
    Alert,
    Delivery,
    MessageTemplate,
    OutgoingMessage,
    State,
    Turn,
)
from ansim.casework.roles import Act

MAX_LENGTH = 2000

CLOSED_BEFORE = "보내기 전에 종결됨 / closed before sending"
GONE_BEFORE = "보내기 전에 보관 기간이 지남 / its text was deleted before sending"

_NEXT: dict[str, frozenset[str]] = {
    Delivery.QUEUED: frozenset({Delivery.SENDING, Delivery.FAILED}),
    Delivery.LAID: frozenset(),  # until its reader opens it (actions/donors.py)
    Delivery.SENDING: frozenset(
        {Delivery.QUEUED, Delivery.SENT, Delivery.FAILED, Delivery.UNKNOWN}
    ),
    Delivery.UNKNOWN: frozenset({Delivery.SENT, Delivery.FAILED}),
    Delivery.SENT: frozenset(),
    Delivery.FAILED: frozenset(),
}


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """What the courier needs to carry one message; names are pseudonyms."""

    id: str
    alert: int
    source: str
    conversation: str
    text: str
    language: str
    author: int
    """Id of the account of the person who wrote it."""
    attempts: int
    recipient: str = ""
    """The account that alone may see it; empty: everybody in the conversation."""


@transaction.atomic
def send(
    alert_id: int,
    actor: Account,
    text: str,
    template: MessageTemplate | None = None,
    *,
    language: str = "ko",
    message_id: UUID | None = None,
    recipient: str = "",
    donor: int | None = None,
) -> OutgoingMessage:
    """Queues the words of the counsellor who holds this alert, for its conversation; with a
    ``recipient`` (pseudonym) for this account alone. For a ``donor`` (number of a line) they are
    laid ready at once and go into no conversation.

    ``message_id`` makes asking twice harmless: the same words under an id that is known are the
    message that is there already.

    Raises Refused: not holder, closed, empty, over 2,000 characters, a template nobody approved,
    a source through which nobody can be reached (or not one person alone), a recipient who said
    nothing here or whom the alert is about, or an id under which something else was sent; Unfit
    for words that blame, accuse, ask for identity or money, link or promise (R20).
    """
    require(actor, Act.SEND)
    try:
        alert = (
            Alert.objects.select_for_update(of=("self",))
            .select_related("conversation__source")
            .get(pk=alert_id)
        )
    except Alert.DoesNotExist:
        raise Refused("no_such_alert", _("없는 경보입니다.")) from None
    if alert.state != State.OPEN:
        raise Refused("closed", _("이미 종결된 경보입니다."))
    if alert.claimed_by_id != actor.pk:
        raise Refused("not_holder", _("먼저 이 경보를 맡아야 메시지를 보낼 수 있습니다."))
    words = text.replace("\r\n", "\n").strip()
    message_id = message_id or uuid4()
    # On the donor's own page nobody else can have written: there is nothing to check.
    shown = words if donor else checking.signed(words, message_id, language)
    already = OutgoingMessage.objects.filter(pk=message_id).first()
    if already is not None:
        same = (already.alert_id, already.author_id, already.recipient, already.donor_id)
        given = (alert.pk, actor.pk, recipient, donor)
        if (*same, already.text) == (*given, shown):
            return already
        raise Refused("already_sent", _("이미 다른 글을 보낸 미리보기입니다. 다시 미리 봐 주세요."))
    source = alert.conversation.source
    line = donors.reachable(alert, donor) if donor else None
    if line is None and not source.can_reply:
        raise Refused("no_way_back", _("이 출처로는 메시지를 보낼 수 없습니다."))
    if not source.active:
        raise Refused("source_off", _("이 출처는 지금 꺼져 있습니다."))
    if recipient and line is None:
        _reachable_alone(alert, recipient)
    if not words:
        raise Refused("empty", _("보낼 내용을 적어 주세요."))
    if len(words) > MAX_LENGTH:
        raise Refused("too_long", _("2,000자를 넘을 수 없습니다."))
    if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in words):
        raise Refused("unreadable", _("보낼 수 없는 글자가 들어 있습니다."))
    if template is not None and not template.approved:
        raise Refused("not_approved", _("아직 승인되지 않은 첫 메시지입니다."))
    findings = wording.check(words, approved_wordings())
    if findings:
        raise Unfit(_("그대로 보낼 수 없는 말이 있습니다. 표시한 곳을 고쳐 주세요."), findings)
    now = timezone.now()
    message = OutgoingMessage.objects.create(
        id=message_id,
        alert=alert,
        author=actor,
        recipient=recipient,
        donor=line,
        state=Delivery.LAID if line else Delivery.QUEUED,
        text=shown,
        language=language,
        template=template,
        created_at=now,
        check_hash=checking.kept(checking.code(message_id)) if shown != words else "",
    )
    if line:
        donors.laid(line, now)
    drafts.forget(alert, actor, "message")
    audit.record(
        "message.queued",
        alert,
        actor=actor,
        details={
            "message": str(message.pk),
            "template": template.slug if template else None,
            "template_version": template.version if template else None,
            "changed": template is not None and template.text.strip() != words,
            "length": len(words),
            "private": bool(recipient or line),
            **({"line": line.pk} if line else {}),
        },
    )
    return message


def _reachable_alone(alert: Alert, recipient: str) -> None:
    """Raises Refused where these words cannot or may not go to this account alone."""
    if not alert.conversation.source.can_message_privately:
        raise Refused("no_private_way", _("이 출처로는 한 사람에게만 보낼 수 없습니다."))
    if recipient == alert.about and not alert.is_request:
        raise Refused("about_them", _("경보 대상인 계정에게는 따로 글을 보낼 수 없습니다."))
    spoke = Turn.objects.filter(
        conversation=alert.conversation_id, author=recipient, by_agency=False
    )
    if not spoke.exists():
        raise Refused("no_such_person", _("이 대화에서 말한 적이 없는 계정입니다."))


def approved_wordings() -> list[str]:
    """What approved first messages say: a promise that stands in one of them may be made."""
    return [row.text for row in MessageTemplate.objects.filter(approved_at__isnull=False)]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader with a code is told; never the words, the room or the counsellor."""

    sent_at: datetime
    language: str


def check_code(typed: str) -> Checked | None:
    """Whether a message with this code has gone out, and when. None for an unknown code, and for
    words that no courier ever took."""
    kept = checking.kept(typed)
    if not kept:
        return None
    gone = (Delivery.SENDING, Delivery.SENT, Delivery.UNKNOWN)
    row = OutgoingMessage.objects.filter(check_hash=kept, state__in=gone).first()
    if row is None:
        return None
    return Checked(sent_at=row.sent_at or row.created_at, language=row.language)


@transaction.atomic
def take_queued(limit: int = 20) -> list[Outgoing]:
    """The oldest queued messages, now marked as being sent. Each is handed out once.

    Words of a closed alert, or whose text is no longer held, fail here instead: they may have come
    back into the queue after a try that did not get through.
    """
    rows = list(
        OutgoingMessage.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("alert__conversation")
        .filter(state=Delivery.QUEUED)
        .order_by("created_at")[:limit]
    )
    fit: list[OutgoingMessage] = []
    for row in rows:
        if row.alert.state != State.OPEN:
            _end(row, audit.COURIER, CLOSED_BEFORE)
        elif not row.text:
            _end(row, audit.COURIER, GONE_BEFORE)
        else:
            fit.append(row)
    for row in fit:
        row.state = Delivery.SENDING
        row.attempts += 1
        row.save(update_fields=["state", "attempts"])
        audit.record(
            "message.sending", row.alert, actor=audit.COURIER, details={"message": str(row.pk)}
        )
    return [_outgoing(row) for row in fit]


def end_queued(alert: Alert, actor: Account) -> None:
    """Fails what waits to be sent for an alert that is being closed."""
    waiting = OutgoingMessage.objects.select_for_update(of=("self",)).filter(
        alert=alert, state=Delivery.QUEUED
    )
    for row in waiting:
        _end(row, actor, CLOSED_BEFORE)


def end_gone(ids: Iterable[UUID]) -> None:
    """Ends the delivery of these messages before retention takes their text: what waits fails;
    of what a courier took and never accounted for, nobody can say (it may still tell)."""
    under_way = OutgoingMessage.objects.select_for_update(of=("self",)).filter(
        pk__in=list(ids), state__in=(Delivery.QUEUED, Delivery.LAID, Delivery.SENDING)
    )
    for row in under_way.select_related("alert"):
        taken = row.state == Delivery.SENDING
        _end(row, audit.RETENTION, GONE_BEFORE, Delivery.UNKNOWN if taken else Delivery.FAILED)


def _end(
    row: OutgoingMessage, actor: Account | str, detail: str, state: Delivery = Delivery.FAILED
) -> None:
    row.state = state
    row.detail = detail
    row.save(update_fields=["state", "detail"])
    audit.record(
        f"message.{state}",
        row.alert,
        actor=actor,
        details={"message": str(row.pk), "detail": detail},
    )


def left_sending() -> list[Outgoing]:
    """Messages a courier took and never accounted for: what a restart after a crash must settle."""
    rows = OutgoingMessage.objects.select_related("alert__conversation").filter(
        state=Delivery.SENDING
    )
    return [_outgoing(row) for row in rows]


@transaction.atomic
def record_delivery(message_id: str | UUID, state: str, detail: str = "") -> bool:
    """Records what became of a message: "sent", "failed", "unknown", or "queued" to try again.

    Saying the same twice is no error; a final state stays final. Returns whether anything changed.
    Raises ValueError for an unknown state and OutgoingMessage.DoesNotExist for an unknown id.
    """
    if state not in Delivery.values:
        raise ValueError(f"{state!r} is no state of delivery; use {', '.join(Delivery.values)}")
    row = (
        OutgoingMessage.objects.select_for_update(of=("self",))
        .select_related("alert")
        .get(pk=message_id)
    )
    if state not in _NEXT[row.state]:
        return False
    row.state = state
    row.detail = detail[:300]
    if state == Delivery.SENT:
        row.sent_at = timezone.now()
    row.save(update_fields=["state", "detail", "sent_at"])
    audit.record(
        f"message.{state}",
        row.alert,
        actor=audit.COURIER,
        details={"message": str(row.pk), "detail": row.detail},
    )
    return True


def _outgoing(row: OutgoingMessage) -> Outgoing:
    return Outgoing(
        id=str(row.pk),
        alert=row.alert_id,
        source=row.alert.conversation.source_id,
        conversation=row.alert.conversation.pseudonym,
        text=row.text or "",
        language=row.language,
        author=row.author_id,
        attempts=row.attempts,
        recipient=row.recipient,
    )
