"""What follows from a request: a correction beside the original, an end of reading, words that go.

The original of a conversation is never changed: it may be evidence, and the person's own words
about it stand beside it from then on.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, rights
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    CaseConsent,
    Conversation,
    Correction,
    LegalHold,
    ReadingStop,
    SecondOpinion,
    State,
    SubjectRequest,
    Turn,
)
from ansim.casework.rights import holdings
from ansim.casework.roles import Act

Kind = SubjectRequest.Kind


def _holding(row: SubjectRequest) -> holdings.Holding:
    found = rights.holding(row)
    if found is None:
        raise Refused("looked", _("무엇을 가지고 있는지 먼저 찾아 주세요."))
    return found


def _proved(row: SubjectRequest) -> None:
    if row.proved_at is None:
        raise Refused("proof", _("본인인지 먼저 확인하고 적어 주세요."))


@transaction.atomic
def correct(
    request_id: int, actor: Account, alert_id: int, text: str, turn_id: int | None = None
) -> Correction:
    """Notes what the person says is wrong, beside an alert of a conversation in which they are, or
    beside one message of it. Raises Refused."""
    row = rights.locked(request_id, actor)
    _proved(row)
    found = _holding(row)
    alert = next(
        (
            alert
            for room in found.rooms
            for alert in (*room.alerts, *room.others)
            if alert.pk == alert_id
        ),
        None,
    )
    if alert is None:
        raise Refused("no_such_alert", _("이 사람이 있는 대화의 경보를 골라 주세요."))
    turn = None
    if turn_id is not None:
        turn = Turn.objects.filter(pk=turn_id, conversation=alert.conversation_id).first()
        if turn is None:
            raise Refused("no_such_turn", _("이 대화에 없는 메시지입니다."))
    words = rights.plain(text)
    if not words:
        raise Refused("missing", _("무엇이 어떻게 다른지 적어 주세요."))
    made = Correction.objects.create(
        request=row, alert=alert, turn=turn, text=words, made_at=timezone.now(), made_by=actor
    )
    audit.record(
        "alert.corrected",
        alert,
        actor=actor,
        details={"request": row.pk, "correction": made.pk, "turn": turn_id},
    )
    return made


@transaction.atomic
def stop(
    request_id: int, actor: Account, *, conversation_id: int | None = None, erase: bool = False
) -> ReadingStop:
    """From now on intake refuses this account's messages, or those of a whole conversation.

    ``erase``: the words of this account (of the conversation) that are still held go at once, but
    for those that somebody needs: an open alert, a legal hold. Raises Refused.
    """
    row = rights.locked(request_id, actor)
    _proved(row)
    if row.kind != Kind.STOP:
        raise Refused("kind", _("처리 정지를 요구한 것이 아닙니다."))
    found = _holding(row)
    conversation = None
    if conversation_id is not None:
        conversation = next(
            (room.conversation for room in found.rooms if room.conversation.pk == conversation_id),
            None,
        )
        if conversation is None:
            raise Refused("no_such_conversation", _("이 사람이 있는 대화를 골라 주세요."))
    same = ReadingStop.objects.filter(
        Q(conversation=conversation)
        if conversation
        else Q(source=found.source, account=found.account),
        ended_at=None,
    )
    if same.exists():
        raise Refused("stopped", _("이미 읽지 않기로 한 것입니다."))
    gone = 0
    if erase:
        gone = _erase(found, conversation)
    made = ReadingStop.objects.create(
        request=row,
        source=found.source,
        account="" if conversation else found.account,
        conversation=conversation,
        since=timezone.now(),
        made_by=actor,
    )
    audit.record(
        "reading.stopped",
        made,
        actor=actor,
        details={
            "request": row.pk,
            "source": found.source.pk,
            "whole_conversation": conversation is not None,
            "erased": gone,
        },
    )
    _withdraw(found, made, actor)
    return made


def _withdraw(found: holdings.Holding, made: ReadingStop, actor: Account) -> None:
    """Consents to reading that stand in a case of this account are taken back with it (R04)."""
    rows = CaseConsent.objects.select_for_update(of=("self",)).filter(
        person__source=found.source,
        person__account=found.account,
        purpose=CaseConsent.Purpose.READING,
        withdrawn_at=None,
    )
    for consent in rows.select_related("person__case"):
        consent.withdrawn_at, consent.withdrawn_by = made.since, actor
        consent.withdrawal = str(_("처리 정지 요구 %(n)s번에 따라") % {"n": made.request_id})
        consent.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawal"])
        audit.record(
            "reading.consent_withdrawn",
            consent.person.case,
            actor=actor,
            details={"consent": consent.pk, "request": made.request_id},
        )


def needed(conversation: Conversation) -> bool:
    """Whether words of the conversation are needed now: an open alert, a legal hold."""
    alerts = Alert.objects.filter(conversation=conversation)
    return (
        alerts.filter(state=State.OPEN).exists()
        or LegalHold.objects.filter(alert__in=alerts, released_at=None).exists()
    )


def _erase(found: holdings.Holding, conversation: Conversation | None) -> int:
    rooms = [conversation] if conversation else [room.conversation for room in found.rooms]
    if any(needed(room) for room in rooms):
        raise Refused(
            "needed",
            _(
                "열린 경보나 법적 보존이 있는 대화라 글을 지금 지울 수 없습니다. "
                "지우지 않고 멈추거나, 끝난 뒤에 다시 해 주세요."
            ),
        )
    turns = Turn.objects.filter(conversation__in=rooms, by_agency=False)
    if conversation is None:
        turns = turns.filter(author=found.account)
    # What a model wrote of the conversation quotes it and tells it again.
    SecondOpinion.objects.filter(alert__conversation__in=rooms).update(
        quotes=[], innocent_reading=None, watch_for=None, summary_ko=None, summary_en=None
    )
    held = Q(text__isnull=False) | Q(attachments__isnull=False)
    return turns.filter(held).update(text=None, attachments=[], spans=[])


@transaction.atomic
def lift(stop_id: int, actor: Account, why: str) -> ReadingStop:
    """Reading may go on: the person asked for it, or it was a mistake. Raises Refused."""
    require(actor, Act.ANSWER_REQUESTS)
    words = rights.reason(why)
    row = ReadingStop.objects.select_for_update(of=("self",)).filter(pk=stop_id).first()
    if row is None or row.ended_at is not None:
        raise Refused("no_such_stop", _("없거나 이미 끝난 정지입니다."))
    row.ended_at, row.ended_by = timezone.now(), actor
    row.save(update_fields=["ended_at", "ended_by"])
    audit.record("reading.resumed", row, actor=actor, reason=words)
    return row


def unread() -> frozenset[tuple[str, str, str]]:
    """What intake must not take: (source, "account" or "conversation", pseudonym)."""
    rows = ReadingStop.objects.filter(ended_at=None).values_list(
        "source", "account", "conversation__pseudonym"
    )
    return frozenset(
        (source, "account", account) if account else (source, "conversation", conversation)
        for source, account, conversation in rows
    )
