"""E-mail to somebody who left an address: fixed words that there is something to read, no content.

Each goes out because a counsellor sent a letter, whose preview shows these very words. A slow mail
server holds nobody up: the watch sends what is due (``deliver``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.utils import timezone

from ansim.casework import letterbox
from ansim.casework.actions import audit
from ansim.casework.actions.calling import SECONDS
from ansim.casework.models import DonorLine

log = logging.getLogger(__name__)

TRIES = 3
AGAIN = timedelta(minutes=5)
MOST = 50

Mail = Callable[[str, str, str], None]
"""Sends a subject and a body to an address, or raises OSError."""


def words() -> tuple[str, str]:
    """Subject and body. Who else reads that mailbox learns nothing of what it is about."""
    house = settings.ANSIM
    subject = "읽을 글이 있어요 / You have something to read"
    body = (
        f"{house.agency_ko}에 남긴 글에 답이 있어요. 받은 번호로 여기서 볼 수 있어요.\n"
        f"{house.agency_en}: there is an answer for you. Open it here with your code.\n\n"
        f"{letterbox.address()}\n\n"
        "급하면 112, 이야기하고 싶으면 1388.\nIn danger call 112; to talk, 1388.\n"
    )
    return subject, body


def by_smtp(subject: str, body: str, address: str) -> None:
    """Sends over the operator's mail server."""
    EmailMessage(
        subject=subject,
        body=body,
        to=[address],
        from_email=settings.DEFAULT_FROM_EMAIL,
        connection=get_connection(timeout=int(SECONDS)),
    ).send()


def deliver(mail: Mail = by_smtp) -> int:
    """Sends what is due, each once more after a while where it failed. Returns how many got out."""
    if not letterbox.may_mail():
        return 0
    subject, body = words()
    out = 0
    for line in _take(timezone.now()):
        try:
            mail(subject, body, line.address or "")
        except (OSError, ValueError) as error:  # smtplib's errors are OSErrors
            log.warning("a notice to a donor was not sent: %s", type(error).__name__)
            _failed(line, type(error).__name__)
            continue
        _sent(line)
        out += 1
    return out


@transaction.atomic
def _take(now: datetime) -> list[DonorLine]:
    rows = list(
        DonorLine.objects.select_for_update(skip_locked=True).filter(
            notice_due_at__lte=now, ended_at=None, address__isnull=False
        )[:MOST]
    )
    for line in rows:
        line.notice_tries += 1
        line.notice_due_at = now + AGAIN
        line.save(update_fields=["notice_tries", "notice_due_at"])
    return rows


@transaction.atomic
def _sent(line: DonorLine) -> None:
    DonorLine.objects.filter(pk=line.pk).update(
        noticed_at=timezone.now(), notice_due_at=None, notice_error=""
    )
    audit.record("donor.notice_sent", line, actor=audit.WATCH)


@transaction.atomic
def _failed(line: DonorLine, why: str) -> None:
    over = line.notice_tries >= TRIES
    changed: dict[str, object] = {"notice_error": why}
    if over:
        changed["notice_due_at"] = None
    DonorLine.objects.filter(pk=line.pk).update(**changed)
    if over:
        audit.record("donor.notice_failed", line, actor=audit.WATCH, reason=why)
