"""Keeps what somebody is typing, so that no other button, reload or lost page takes it away.

The one act without an audit row: nothing has been said yet, and nobody else can read it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Alert, Draft, State
from ansim.casework.roles import Act

FORMS = (
    *("message", "close", "hand_off", "plan"),
    *("note", "escalate", "answer", "hold", "hand_over"),
)
MOST = 8000
"""Characters of one draft; a form that is longer is not kept."""

Fields = list[tuple[str, str]]
Kept = dict[str, Fields]
"""Drafts of one person for one alert, by form."""


@transaction.atomic
def save(alert_id: int, actor: Account, form: str, fields: Sequence[tuple[str, str]]) -> bool:
    """Keeps the fields of one form of an alert for this person; empty ones are forgotten.

    Returns whether they are kept. Raises Refused for an unknown form or alert.
    """
    require(actor, Act.SEE_ALERTS)
    if form not in FORMS:
        raise Refused("no_such_form", _("없는 양식입니다."))
    alert = Alert.objects.filter(pk=alert_id).only("state").first()
    if alert is None:
        raise Refused("no_such_alert", _("없는 경보입니다."))
    if alert.state != State.OPEN:
        return False
    filled = [(name, value) for name, value in fields if value.strip()]
    if not filled:
        forget(alert, actor, form)
        return False
    if sum(len(name) + len(value) for name, value in filled) > MOST:
        return False
    kept = {"fields": [list(pair) for pair in filled], "saved_at": timezone.now()}
    if not Draft.objects.filter(alert=alert, author=actor, form=form).update(**kept):
        Draft.objects.update_or_create(alert=alert, author=actor, form=form, defaults=kept)
    return True


def of(alert: Alert, actor: Account) -> Kept:
    """This person's drafts for this alert, by form."""
    rows = Draft.objects.filter(alert=alert, author=actor)
    return {row.form: [(name, value) for name, value in row.fields] for row in rows}


def forget(alert: Alert, actor: Account, form: str) -> None:
    """The form was sent: its draft is not needed any more."""
    Draft.objects.filter(alert=alert, author=actor, form=form).delete()


def forget_all(alert_ids: Sequence[int]) -> None:
    """Drafts of closed alerts, whoever wrote them."""
    Draft.objects.filter(alert__in=alert_ids).delete()
