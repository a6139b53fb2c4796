"""Requests of people about their own data, from the asking to the answer (R07).

A person reads, decides and answers; nothing is sent from here. What the software may do by itself
is the draft, which says what is held.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, typed
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, SourceRecord, SubjectRequest, Turn
from ansim.casework.rights import holdings
from ansim.casework.roles import Act
from ansim.casework.sealing import keyring

TEN_DAYS = timedelta(days=10)
"""For access (Enforcement Decree, article 41), correction (43) and stop (44). An explanation of an
automated decision has thirty: more than we need, so there is one time for all."""
SOON = timedelta(days=2)
"""So long before the answer is due, people are called and the menu says so."""
LONGEST_PAUSE = 30
"""Days by which an answer may be put off, once, with a reason that the person is told."""
LONGEST = 4000
LONGEST_ANSWER = 20_000

Kind = SubjectRequest.Kind
State = SubjectRequest.State


def plain(text: str, longest: int = LONGEST) -> str:
    """What somebody typed, trimmed. Raises Refused for what is too long."""
    return typed.words(text, longest)


def _needed(text: str, what: object, longest: int = 500) -> str:
    return typed.words(text, longest, missing=what, code="missing")


def reason(text: str) -> str:
    """Why somebody looks or changes. Raises Refused where nothing was typed."""
    return _needed(text, _("까닭을 적어 주세요."))


def may_read(request: SubjectRequest, actor: Account) -> bool:
    """Whether this person sees its words: who handles it, nobody else."""
    return request.handler_id == actor.pk


@transaction.atomic
def receive(
    actor: Account,
    *,
    kind: str,
    by: str,
    way: str,
    words: str,
    contact: str,
    received_at: datetime | None = None,
) -> SubjectRequest:
    """Puts a request on record; its ten days run from when it came in.

    Raises Refused for what is missing, and for a time to come or more than a year ago.
    """
    require(actor, Act.RECEIVE_REQUESTS)
    for value, choices in ((kind, Kind), (by, SubjectRequest.By), (way, SubjectRequest.Way)):
        if value not in choices.values:
            raise Refused("missing", _("무엇을, 누가, 어떻게 요구했는지 모두 골라 주세요."))
    now = timezone.now()
    since = received_at or now
    if not now - timedelta(days=365) < since <= now + timedelta(minutes=1):
        raise Refused("received_at", _("받은 날은 오늘이거나 지난 1년 안이어야 합니다."))
    row = SubjectRequest.objects.create(
        kind=kind,
        by=by,
        way=way,
        words=_needed(words, _("무엇을 요구했는지 적어 주세요."), LONGEST),
        contact=plain(contact, 500) or None,
        received_at=since,
        received_by=actor,
        due_at=since + TEN_DAYS,
    )
    audit.record(
        "request.received",
        row,
        actor=actor,
        details={"kind": kind, "by": by, "way": way, "due": row.due_at.isoformat()},
    )
    return row


def locked(request_id: int, actor: Account, *, handles: bool = True) -> SubjectRequest:
    """The open request, locked; ``handles``: only for who handles it. Raises Refused."""
    require(actor, Act.ANSWER_REQUESTS)
    row = SubjectRequest.objects.select_for_update(of=("self",)).filter(pk=request_id).first()
    if row is None:
        raise Refused("no_such_request", _("없는 요구입니다."))
    if row.state != State.OPEN:
        raise Refused("ended", _("이미 끝난 요구입니다."))
    if handles and row.handler_id != actor.pk:
        raise Refused("not_handler", _("먼저 이 요구를 맡아 주세요."))
    return row


@transaction.atomic
def take(request_id: int, actor: Account, why: str = "") -> SubjectRequest:
    """From now on this person handles it. What a colleague handles needs a reason."""
    row = locked(request_id, actor, handles=False)
    if row.handler_id == actor.pk:
        return row
    before = row.handler_id
    words = reason(why) if before is not None else plain(why, 500)
    row.handler = actor
    row.save(update_fields=["handler"])
    audit.record(
        "request.taken",
        row,
        actor=actor,
        reason=words,
        details={} if before is None else {"from": before},
    )
    return row


@transaction.atomic
def prove(request_id: int, actor: Account, proof: str, note: str) -> SubjectRequest:
    """Records how it was made sure that the data are this person's. No copy of a paper is kept."""
    row = locked(request_id, actor)
    if proof not in SubjectRequest.Proof.values:
        raise Refused("proof", _("어떻게 확인했는지 골라 주세요."))
    row.proof = proof
    row.proof_note = _needed(note, _("확인한 것을 한 줄로 적어 주세요. 서류 번호는 적지 마세요."))
    row.proved_at, row.proved_by = timezone.now(), actor
    row.save(update_fields=["proof", "proof_note", "proved_at", "proved_by"])
    audit.record("request.identity_checked", row, actor=actor, details={"proof": proof})
    return row


@transaction.atomic
def find_by_name(
    request_id: int, actor: Account, source_id: str, name: str, why: str
) -> holdings.Holding:
    """Looks for an account by the name that the person told. The name itself is not kept: only its
    keyed hash is compared. Raises Refused without permission to unmask, reason, name or source."""
    row = locked(request_id, actor)
    require(actor, Act.UNMASK)
    source = SourceRecord.objects.filter(pk=source_id).first()
    if source is None:
        raise Refused("source", _("어느 출처의 계정인지 골라 주세요."))
    raw = _needed(name, _("플랫폼에서 쓰는 계정 이름을 적어 주세요."))
    account = keyring().pseudonym("account", source.pk, raw)
    return _found(row, actor, source, account, why, "name")


@transaction.atomic
def find_by_alert(
    request_id: int, actor: Account, alert_id: int, account: str, why: str
) -> holdings.Holding:
    """Says that an account of this alert's conversation is whom the request is about."""
    row = locked(request_id, actor)
    require(actor, Act.UNMASK)
    alert = Alert.objects.select_related("conversation__source").filter(pk=alert_id).first()
    if alert is None:
        raise Refused("no_such_alert", _("없는 경보입니다."))
    spoken = Turn.objects.filter(conversation=alert.conversation_id, author=account)
    if account != alert.about and not spoken.exists():
        raise Refused("account", _("이 대화에 있는 계정을 골라 주세요."))
    return _found(row, actor, alert.conversation.source, account, why, f"alert {alert.pk}")


def _found(
    row: SubjectRequest, actor: Account, source: SourceRecord, account: str, why: str, by: str
) -> holdings.Holding:
    words = reason(why)
    found = holdings.of(source, account)
    row.source, row.account, row.looked_at = source, account, timezone.now()
    row.save(update_fields=["source", "account", "looked_at"])
    audit.record(
        "request.searched",
        row,
        actor=actor,
        reason=words,
        details={
            "by": by,
            "source": source.pk,
            "conversations": len(found.rooms),
            "alerts": [alert.pk for alert in found.alerts],
        },
    )
    return found


def holding(row: SubjectRequest) -> holdings.Holding | None:
    """What is held about whom the request is about; None until somebody has looked."""
    if row.source is None or not row.account:
        return None
    return holdings.of(row.source, row.account)


def due_soon() -> int:
    """Open requests whose answer is due within two days, or was."""
    return SubjectRequest.objects.filter(
        state=State.OPEN, due_at__lte=timezone.now() + SOON
    ).count()


@transaction.atomic
def postpone(request_id: int, actor: Account, days: int, why: str) -> SubjectRequest:
    """Puts the answer off, once; the person has to be told why (article 35 (3))."""
    row = locked(request_id, actor)
    words = reason(why)
    if row.postponed_at is not None:
        raise Refused("postponed", _("기한은 한 번만 미룰 수 있습니다."))
    if not 1 <= days <= LONGEST_PAUSE:
        raise Refused("days", _("1일에서 30일까지 미룰 수 있습니다."))
    row.due_at += timedelta(days=days)
    row.postponed_at, row.reminded_at = timezone.now(), None
    row.save(update_fields=["due_at", "postponed_at", "reminded_at"])
    audit.record(
        "request.postponed",
        row,
        actor=actor,
        reason=words,
        details={"days": days, "due": row.due_at.isoformat()},
    )
    return row


@transaction.atomic
def write(request_id: int, actor: Account, text: str, version: int) -> SubjectRequest:
    """Keeps the answer as it stands now. ``version`` is the one that the writer saw."""
    row = locked(request_id, actor)
    if version != row.answer_version:
        raise Refused("changed", _("그 사이 다른 곳에서 답이 바뀌었습니다. 다시 열어 주세요."))
    row.answer = _needed(text, _("답을 적어 주세요."), LONGEST_ANSWER)
    row.answer_version += 1
    row.save(update_fields=["answer", "answer_version"])
    audit.record(
        "request.answer_written",
        row,
        actor=actor,
        details={"version": row.answer_version, "length": len(row.answer)},
    )
    return row


@transaction.atomic
def end(
    request_id: int,
    actor: Account,
    state: str,
    *,
    ground: str = "",
    told: str = "",
    police_asked: str = "",
) -> SubjectRequest:
    """Ends it: the person has their answer, or took the request back.

    Granting needs who they are, a look at what is held, the answer, and for a correction or a stop
    that it was done. Refusing, wholly or in part, needs its ground and the answer that names it.
    Where the police asked that nobody is warned, no answer about what is held goes out without a
    word about what they said. Raises Refused naming what is missing.
    """
    row = locked(request_id, actor)
    if state not in State.values or state == State.OPEN:
        raise Refused("state", _("어떻게 끝났는지 골라 주세요."))
    row.told = _needed(told, _("답을 언제 어떻게 전했는지 적어 주세요."))
    if state != State.WITHDRAWN:
        _answerable(row, state, ground)
        found = holding(row)
        row.police_asked = plain(police_asked, 500) or None
        if state != State.REFUSED:
            _may_be_told(row, found)
    row.state, row.ended_at, row.ended_by = state, timezone.now(), actor
    row.save()
    audit.record(
        "request.ended",
        row,
        actor=actor,
        details={
            "state": state,
            "ground": row.ground,
            "version": row.answer_version,
            "late": row.ended_at > row.due_at,
            "police_asked": row.police_asked is not None,
        },
    )
    return row


def _may_be_told(row: SubjectRequest, found: holdings.Holding | None) -> None:
    """Raises Refused where the police asked for silence and nobody wrote what they say now."""
    if found is not None and found.may_not_be_warned and row.police_asked is None:
        raise Refused(
            "do_not_warn",
            _(
                "수사기관이 알리지 말라고 한 경보가 있습니다. 답하기 전에 수사기관에 묻고 "
                "들은 말을 적거나, 까닭을 골라 거절해 주세요."
            ),
        )


def _answerable(row: SubjectRequest, state: str, ground: str) -> None:
    if row.answer is None:
        raise Refused("answer", _("답을 먼저 적어 주세요."))
    if state in (State.REFUSED, State.PARTLY):
        if ground not in SubjectRequest.Ground.values:
            raise Refused("ground", _("모두 또는 일부를 거절하는 까닭을 골라 주세요."))
        row.ground = ground
    if state == State.REFUSED and ground == SubjectRequest.Ground.IDENTITY:
        return
    if row.proved_at is None:
        raise Refused("proof", _("본인인지 먼저 확인하고 적어 주세요."))
    if row.looked_at is None:
        raise Refused("looked", _("무엇을 가지고 있는지 먼저 찾아 주세요."))
    if state == State.REFUSED:
        return
    if row.kind == Kind.CORRECTION and not row.corrections.exists():
        raise Refused("correction", _("정정할 것을 먼저 원본 곁에 적어 주세요."))
    if row.kind == Kind.STOP and not row.stops.exists():
        raise Refused("stop", _("먼저 처리를 멈춰 주세요."))


@transaction.atomic
def exported(request_id: int, actor: Account, sha256: str, *, with_words: bool) -> None:
    """Records that the answer left the house as a file. Raises Refused: the person's own words
    show what is held, so they wait for the same things as an answer that grants it."""
    require(actor, Act.ANSWER_REQUESTS)
    row = SubjectRequest.objects.filter(pk=request_id, handler=actor).first()
    if row is None or row.answer is None:
        raise Refused("answer", _("답을 먼저 적어 주세요."))
    if with_words and row.proved_at is None:
        raise Refused("proof", _("본인인지 먼저 확인하고 적어 주세요."))
    if with_words:
        _may_be_told(row, holding(row))
    audit.record(
        "request.exported",
        row,
        actor=actor,
        reason=f"{row.get_kind_display()} {row.pk}",
        details={"sha256": sha256, "version": row.answer_version, "with_words": with_words},
    )
