"""Documents of a case: kept sealed, handed out with a reason, taken out again."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework import documents
from ansim.casework.actions import audit
from ansim.casework.actions.case_access import inside, touch, work
from ansim.casework.actions.typed import reason
from ansim.casework.errors import Refused
from ansim.casework.models import Account, CaseDocument

MOST = 100
"""Documents of one case."""


@transaction.atomic
def add(case_id: int, actor: Account, name: str, content: bytes) -> CaseDocument:
    """Keeps a document. What it is follows from its bytes, not from its name; a picture, and
    whatever has pictures in it, is refused."""
    case = work(case_id, actor)
    if case.documents.filter(removed_at=None).count() >= MOST:
        raise Refused("too_many", _("한 사례에 담을 수 있는 문서의 수를 넘었습니다."))
    kind = documents.sniff(content)
    digest = hashlib.sha256(content).hexdigest()
    if case.documents.filter(removed_at=None, sha256=digest).exists():
        raise Refused("there_already", _("이미 담은 문서입니다."))
    row = CaseDocument.objects.create(
        case=case,
        name=documents.plain_name(name),
        kind=kind,
        size=len(content),
        sha256=digest,
        content=content,
        added_by=actor,
        added_at=timezone.now(),
    )
    audit.record(
        "case.document_added",
        case,
        actor=actor,
        details={"document": row.pk, "kind": kind, "size": row.size, "sha256": digest},
    )
    touch(case)
    return row


@transaction.atomic
def fetch(case_id: int, actor: Account, document_id: int, why: str) -> CaseDocument:
    """Hands a document out, with a reason that stands in the audit log."""
    case = inside(case_id, actor)
    because = reason(why)
    row = case.documents.filter(pk=document_id, removed_at=None, content__isnull=False).first()
    if row is None:
        raise Refused("no_such_document", _("이 사례에 없는 문서입니다."))
    audit.record(
        "case.document_fetched",
        case,
        actor=actor,
        reason=because,
        details={"document": row.pk, "sha256": row.sha256},
    )
    return row


@transaction.atomic
def remove(case_id: int, actor: Account, document_id: int, why: str) -> None:
    """Takes a document out for good, with a reason; its size and SHA-256 stay on record."""
    case = work(case_id, actor)
    because = reason(why)
    rows = case.documents.filter(pk=document_id, removed_at=None)
    if not rows.update(content=None, name=None, removed_at=timezone.now()):
        raise Refused("no_such_document", _("이 사례에 없는 문서입니다."))
    audit.record(
        "case.document_removed",
        case,
        actor=actor,
        reason=because,
        details={"document": document_id},
    )
    touch(case)
