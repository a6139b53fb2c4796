"""Searches of the queue that somebody keeps under a name, for themselves."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, SavedView
from ansim.casework.roles import Act

MOST = 20


@transaction.atomic
def save(owner: Account, name: str, query: str) -> SavedView:
    """Keeps a search; one's own of the same name is replaced. The audit log has no word of it."""
    require(owner, Act.SEE_ALERTS)
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:40]
    if not name:
        raise Refused("name_missing", _("보기의 이름을 적어 주세요."))
    if not query or len(query) > 300:
        raise Refused("nothing_to_save", _("먼저 거르거나 찾은 다음 저장해 주세요."))
    others = SavedView.objects.filter(owner=owner).exclude(name=name)
    if others.count() >= MOST:
        raise Refused("too_many", _("보기는 20개까지 저장할 수 있습니다."))
    row, _made = SavedView.objects.update_or_create(
        owner=owner, name=name, defaults={"query": query}
    )
    audit.record("view.saved", row, actor=owner)
    return row


@transaction.atomic
def forget(view_id: int, owner: Account) -> None:
    """Takes one of one's own views away."""
    row = SavedView.objects.filter(pk=view_id, owner=owner).first()
    if row is not None:
        audit.record("view.forgotten", row, actor=owner)
        row.delete()
