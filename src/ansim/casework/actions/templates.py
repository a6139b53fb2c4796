"""First messages: a new wording is a new version, and waits for a second person (R08, R20)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework import wording
from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused, Unfit
from ansim.casework.models import Account, MessageTemplate, TemplateVersion
from ansim.casework.roles import Act, may

LONGEST = 2000


@transaction.atomic
def write(slug: str, language: str, title: str, body: str, actor: Account) -> MessageTemplate:
    """Writes a template or a new version of it; nobody can send it until it is approved.

    Promises are for the second person to judge; everything else that a draft may not hold is
    refused here already. Raises Refused naming what is missing, Unfit for such words.
    """
    if not (may(actor, Act.APPROVE_TEMPLATES) or may(actor, Act.ADMINISTER)):
        require(actor, Act.APPROVE_TEMPLATES)
    words, name = body.replace("\r\n", "\n").strip(), " ".join(title.split())
    if "{agency}" not in words:
        raise Refused("agency_missing", _("본문에 기관 이름 자리 {agency} 가 있어야 합니다."))
    if not name or not slug or language not in ("ko", "en"):
        raise Refused("title_missing", _("이름표, 언어, 제목을 적어 주세요."))
    if len(words) > LONGEST or len(name) > 120:
        raise Refused("too_long", _("2,000자를 넘을 수 없습니다."))
    findings = [
        one for one in wording.check(words.replace("{agency}", "agency")) if one.rule != "promise"
    ]
    if findings:
        why = findings[0].why["ko" if language == "ko" else "en"]
        raise Unfit(f"‘{findings[0].phrase}’: {why}", findings)
    template = MessageTemplate.objects.select_for_update().filter(slug=slug, language=language)
    row = template.first() or MessageTemplate(slug=slug, language=language, version=0)
    row.title, row.body = name, words
    row.version += 1
    row.written_by = actor
    row.approved_by = row.approved_at = None
    row.save()
    TemplateVersion.objects.create(
        template=row,
        version=row.version,
        title=name,
        body=words,
        written_by=actor,
        written_at=timezone.now(),
    )
    audit.record("template.written", row, actor=actor, details={"version": row.version})
    return row


@transaction.atomic
def approve(template_id: int, actor: Account, version: int) -> MessageTemplate:
    """A named supervisor, who did not write it, approves the version they have read.

    Raises Refused ("changed") where the wording is another one by now, ("own_words") for one's own.
    """
    require(actor, Act.APPROVE_TEMPLATES)
    row = MessageTemplate.objects.select_for_update().get(pk=template_id)
    if row.version != version:
        raise Refused(
            "changed", _("그사이 문구가 바뀌었습니다. 새 문구를 읽고 다시 승인해 주세요.")
        )
    if row.approved:
        return row
    if row.written_by_id == actor.pk:
        raise Refused("own_words", _("자기가 쓴 문구는 다른 사람이 승인해야 합니다."))
    row.approved_by = actor
    row.approved_at = timezone.now()
    row.save(update_fields=["approved_by", "approved_at"])
    TemplateVersion.objects.filter(template=row, version=row.version).update(
        approved_by=actor, approved_at=row.approved_at
    )
    audit.record(
        "template.approved",
        row,
        actor=actor,
        details={"slug": row.slug, "language": row.language, "version": row.version},
    )
    return row
