"""Places and releases legal holds: what somebody outside asked to keep is not deleted meanwhile.

While one stands, originals of pictures that come in its conversation are kept as well
(``originals``).
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, originals, typed
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, LegalHold
from ansim.casework.roles import Act


@transaction.atomic
def place(alert_id: int, actor: Account, reason: str) -> LegalHold:
    """From now on nothing of the alert's conversation is deleted. Raises Refused without a reason,
    where a hold stands already, and where the words are gone."""
    require(actor, Act.HOLD_TEXT)
    words = typed.reason(reason, code="reason")
    alert = Alert.objects.select_for_update(of=("self",)).filter(pk=alert_id).first()
    if alert is None:
        raise Refused("no_such_alert", _("없는 경보입니다."))
    if alert.text_purged_at is not None:
        raise Refused("gone", _("이 경보의 대화는 기한이 지나 이미 지워졌습니다."))
    if LegalHold.objects.filter(alert=alert, released_at=None).exists():
        raise Refused("held", _("이미 보존 중인 경보입니다."))
    hold = LegalHold.objects.create(
        alert=alert, reason=words, placed_by=actor, placed_at=timezone.now()
    )
    audit.record("hold.placed", alert, actor=actor, reason=words, details={"hold": hold.pk})
    return hold


@transaction.atomic
def release(hold_id: int, actor: Account, reason: str) -> LegalHold:
    """The hold is over: originals of pictures go at once, unless another hold of the conversation
    stands, and what is past its time goes with the next purge. Raises Refused without a reason and
    for a hold that is none any more."""
    require(actor, Act.HOLD_TEXT)
    words = typed.reason(reason, code="reason")
    found = LegalHold.objects.select_related("alert").filter(pk=hold_id).first()
    where = found.alert.conversation_id if found else None
    holds = originals.standing(alert__conversation=where)
    hold = next((each for each in holds if each.pk == hold_id), None)
    if where is None or hold is None:
        raise Refused("no_such_hold", _("없거나 이미 끝난 보존입니다."))
    hold.released_by, hold.released_at, hold.release_reason = actor, timezone.now(), words
    hold.save()
    gone = originals.let_go(where, [each for each in holds if each.pk != hold_id])
    details = {"hold": hold.pk, **({"originals": gone} if gone else {})}
    audit.record("hold.released", hold.alert, actor=actor, reason=words, details=details)
    return hold
