"""What people decide about linked accounts: whether a trace holds, what a platform states, and the
appeals of those who say that an account is not theirs (R25). Every act with its reason on record.
"""

from __future__ import annotations

import secrets
from collections import Counter

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, typed
from ansim.casework.actions.permission import require
from ansim.casework.actions.regrouping import counting, locked, regroup
from ansim.casework.actions.repeats import LASTS, hashed
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    AuditEvent,
    LinkAppeal,
    RepeatPending,
    Sighting,
    Trace,
)
from ansim.casework.repeats import of_alert
from ansim.casework.roles import Act

LONGEST = 1000


def _words(text: str, missing: object) -> str:
    return typed.line(text, LONGEST, missing=missing, code="reason")


def _sighting(sighting_id: int) -> Sighting:
    row = Sighting.objects.select_related("conversation").filter(pk=sighting_id).first()
    if row is None:
        raise Refused("no_such_sighting", _("없거나 기한이 지난 기록입니다."))
    return row


@transaction.atomic
def review(trace_id: int, actor: Account, holds: bool, reason: str) -> Trace:
    """A person has looked whether this trace holds. Rejected, it links nothing any more, and new
    evidence of the same kind does not bring it back. Raises Refused without a reason."""
    require(actor, Act.LINK_ACCOUNTS)
    words = _words(reason, _("무엇을 보고 그렇게 판단했는지 적어 주세요."))
    locked()
    trace = Trace.objects.filter(pk=trace_id).first()
    if trace is None:
        raise Refused("no_such_trace", _("없거나 기한이 지난 기록입니다."))
    trace.review = Trace.Review.CONFIRMED if holds else Trace.Review.REJECTED
    trace.reviewed_by, trace.reviewed_at = actor, timezone.now()
    trace.save(update_fields=["review", "reviewed_by", "reviewed_at"])
    audit.record(
        "repeat.confirmed" if holds else "repeat.rejected",
        trace.sighting,
        actor=actor,
        reason=words,
        details={"trace": trace.pk, "kind": trace.kind},
    )
    same = counting().filter(hash=trace.hash).values_list("sighting", flat=True)
    regroup([trace.sighting_id, *same], actor)
    return trace


@transaction.atomic
def review_all(group: int, actor: Account, reason: str) -> int:
    """Confirms every trace by which these sightings are linked and nobody has looked at yet.
    Returns how many. Raises Refused without a reason, and where there is none."""
    require(actor, Act.LINK_ACCOUNTS)
    words = _words(reason, _("무엇을 보고 그렇게 판단했는지 적어 주세요."))
    locked()
    rows = {row.pk: row for row in Sighting.objects.filter(group=group)}
    marks = Counter(counting().filter(sighting__in=rows).values_list("hash", flat=True))
    traces = Trace.objects.filter(
        sighting__in=rows,
        hash__in=[mark for mark, times in marks.items() if times > 1],
        review=Trace.Review.NONE,
    )
    found = list(traces)
    if not found:
        raise Refused("nothing", _("확인할 연결이 없습니다."))
    traces.update(review=Trace.Review.CONFIRMED, reviewed_by=actor, reviewed_at=timezone.now())
    AuditEvent.objects.bulk_create(
        audit.row(
            "repeat.confirmed",
            "sighting",
            trace.sighting_id,
            actor=actor,
            reason=words,
            details={"trace": trace.pk, "kind": trace.kind},
        )
        for trace in found
    )
    return len(found)


@transaction.atomic
def state(alert_ids: tuple[int, int], actor: Account, said: str) -> str:
    """A platform has told that the accounts of two alerts are one person's: ``said`` by whom, when,
    and under which number. Returns the hash of the trace that both carry now.

    Raises Refused for alerts that were dismissed, the same account twice, or one kept apart.
    """
    require(actor, Act.LINK_ACCOUNTS)
    words = _words(said, _("어느 플랫폼이 언제 어떤 번호로 알려 주었는지 적어 주세요."))
    locked()
    found = [_of_alert(number) for number in alert_ids]
    if found[0].pk == found[1].pk:
        raise Refused("same", _("두 경보가 같은 대화방의 같은 계정에 대한 것입니다."))
    now, mark = timezone.now(), hashed("statement", secrets.token_hex(16))
    for row in found:
        Trace.objects.create(
            sighting=row,
            kind=Trace.Kind.STATEMENT,
            hash=mark,
            first_at=now,
            last_at=now,
            expires_at=now + LASTS,
            note=words,
            review=Trace.Review.CONFIRMED,
            reviewed_by=actor,
            reviewed_at=now,
        )
        audit.record(
            "repeat.stated", row, actor=actor, reason=words, details={"alerts": list(alert_ids)}
        )
    regroup([row.pk for row in found], actor)
    return mark


def _of_alert(number: int) -> Sighting:
    alert = Alert.objects.filter(pk=number).first()
    row = None if alert is None else of_alert(alert)
    if row is None or not row.alerts:
        raise Refused(
            "no_such_alert",
            _("경보 %(number)s번은 없거나, 오경보이거나, 아직 살펴보지 않았습니다.")
            % {"number": number},
        )
    if row.apart:
        raise Refused(
            "apart",
            _("경보 %(number)s번의 계정은 이의를 받아들여 떼어 놓았습니다. 먼저 그것을 거두세요.")
            % {"number": number},
        )
    return row


@transaction.atomic
def appeal(
    sighting_id: int, actor: Account, words: str, *, whole_account: bool = False
) -> LinkAppeal:
    """Records that somebody says this account does not belong to the others. Nothing changes until
    it is decided. Raises Refused without words and while one waits."""
    require(actor, Act.LINK_ACCOUNTS)
    said = _words(words, _("이의를 낸 사람이 무엇이라고 했는지 적어 주세요."))
    locked()
    row = _sighting(sighting_id)
    if row.apart:
        raise Refused("apart", _("이미 떼어 놓은 계정입니다."))
    if LinkAppeal.objects.filter(
        conversation=row.conversation, account=row.account, state=LinkAppeal.State.WAITING
    ).exists():
        raise Refused("waiting", _("결정을 기다리는 이의가 이미 있습니다."))
    found = LinkAppeal.objects.create(
        conversation=row.conversation,
        account=row.account,
        whole_account=whole_account,
        words=said,
        received_by=actor,
        received_at=timezone.now(),
    )
    audit.record(
        "repeat.appealed",
        found,
        actor=actor,
        details={"sighting": row.pk, "whole_account": whole_account},
    )
    return found


def covered(found: LinkAppeal) -> Q:
    """The sightings that an appeal is about."""
    rooms = Q(conversation=found.conversation_id)
    if found.whole_account:
        rooms |= Q(conversation__source=found.conversation.source_id)
    return rooms & Q(account=found.account)


@transaction.atomic
def decide(appeal_id: int, actor: Account, uphold: bool, grounds: str) -> LinkAppeal:
    """Upheld, the account is linked with nothing any more, whatever comes, and its traces are
    deleted. Raises Refused for whoever once confirmed one of the traces in question, whoever looked
    at it since: somebody else has to look."""
    require(actor, Act.LINK_ACCOUNTS)
    words = _words(grounds, _("왜 그렇게 결정하는지 적어 주세요."))
    found = _appeal(appeal_id, LinkAppeal.State.WAITING)
    sightings = Sighting.objects.filter(covered(found))
    if _stood_for(sightings, actor):
        raise Refused(
            "own_review",
            _("이 연결을 맞다고 확인한 사람은 이의를 결정할 수 없습니다. 다른 사람이 해야 해요."),
        )
    found.state = LinkAppeal.State.UPHELD if uphold else LinkAppeal.State.REFUSED
    _decided(found, actor, words)
    audit.record(
        "repeat.unlinked" if uphold else "repeat.appeal_refused",
        found,
        actor=actor,
        reason=words,
        details={"whole_account": found.whole_account},
    )
    if uphold:
        touched = list(sightings.values_list("pk", flat=True))
        groups = set(sightings.values_list("group", flat=True))
        near = list(Sighting.objects.filter(group__in=groups).values_list("pk", flat=True))
        Trace.objects.filter(sighting__in=touched).delete()
        Sighting.objects.filter(pk__in=touched).update(apart=True)
        regroup(near, actor)
    return found


@transaction.atomic
def lift(appeal_id: int, actor: Account, grounds: str) -> LinkAppeal:
    """Takes back that an account is kept apart, because of something new. Its traces are looked for
    again. Not by whoever upheld the appeal."""
    require(actor, Act.LINK_ACCOUNTS)
    words = _words(grounds, _("무엇이 새로 드러났는지 적어 주세요."))
    found = _appeal(appeal_id, LinkAppeal.State.UPHELD)
    if found.decided_by_id == actor.pk:
        raise Refused("own_decision", _("자기 결정은 다른 사람이 거두어야 합니다."))
    found.state = LinkAppeal.State.LIFTED
    _decided(found, actor, words)
    audit.record("repeat.relinked", found, actor=actor, reason=words)
    rows = Sighting.objects.filter(covered(found))
    rows.update(last_turn=0)
    pairs = rows.values_list("conversation", "account")
    RepeatPending.objects.bulk_create(
        RepeatPending(alert=pk)
        for conversation, account in pairs
        for pk in Alert.objects.filter(conversation=conversation, about=account).values_list(
            "pk", flat=True
        )
    )
    return found


def _stood_for(sightings: QuerySet[Sighting], actor: Account) -> bool:
    """Whether this person ever said that one of these is linked; the trace itself knows only who
    looked last."""
    traces = Trace.objects.filter(sighting__in=sightings)
    said = AuditEvent.objects.filter(
        actor=actor,
        subject_type="sighting",
        subject_id__in=[str(pk) for pk in sightings.values_list("pk", flat=True)],
    )
    return said.filter(
        Q(action="repeat.stated")
        | Q(
            action="repeat.confirmed",
            details__trace__in=list(traces.values_list("pk", flat=True)),
        )
    ).exists()


def _appeal(appeal_id: int, state: LinkAppeal.State) -> LinkAppeal:
    locked()
    rows = LinkAppeal.objects.select_related("conversation")
    found = rows.filter(pk=appeal_id, state=state).first()
    if found is None:
        raise Refused("no_such_appeal", _("없거나 이미 결정된 이의입니다."))
    return found


def _decided(found: LinkAppeal, actor: Account, words: str) -> None:
    found.decided_by, found.decided_at = actor, timezone.now()
    found.grounds = f"{found.grounds} / {words}" if found.grounds else words
    found.save()
