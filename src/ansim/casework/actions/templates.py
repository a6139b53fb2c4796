"""First messages: a new wording is a new version, and waits for a supervisor's approval (R08)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, MessageTemplate
from ansim.casework.roles import Act, may


@transaction.atomic
def write(slug: str, language: str, title: str, body: str, actor: Account) -> MessageTemplate:
    """Writes a template or a new version of it; nobody can send it until it is approved."""
    if not (may(actor, Act.APPROVE_TEMPLATES) or may(actor, Act.ADMINISTER)):
        require(actor, Act.APPROVE_TEMPLATES)
    if "{agency}" not in body:
        raise Refused("agency_missing", _("본문에 기관 이름 자리 {agency} 가 있어야 합니다."))
    template = MessageTemplate.objects.select_for_update().filter(slug=slug, language=language)
    row = template.first() or MessageTemplate(slug=slug, language=language, version=0)
    row.title, row.body = title, body
    row.version += 1
    row.approved_by = row.approved_at = None
    row.save()
    audit.record("template.written", row, actor=actor, details={"version": row.version})
    return row


@transaction.atomic
def approve(template_id: int, actor: Account, version: int) -> MessageTemplate:
    """A named supervisor approves the version they have read.

    Raises Refused ("changed") where the wording is another one by now.
    """
    require(actor, Act.APPROVE_TEMPLATES)
    row = MessageTemplate.objects.select_for_update().get(pk=template_id)
    if row.version != version:
        raise Refused(
            "changed", _("그사이 문구가 바뀌었습니다. 새 문구를 읽고 다시 승인해 주세요.")
        )
    if row.approved:
        return row
    row.approved_by = actor
    row.approved_at = timezone.now()
    row.save(update_fields=["approved_by", "approved_at"])
    audit.record(
        "template.approved",
        row,
        actor=actor,
        details={"slug": row.slug, "language": row.language, "version": row.version},
    )
    return row
