"""Talk with people who handed a conversation in: a code opens their letters, and they may answer.

What the page without log-in does is done by whoever has the code; the audit log says so. A letter
is always written and sent by a counsellor (``interventions.send``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework import letterbox
from ansim.casework.actions import audit
from ansim.casework.actions.accounts import DONATED_SOURCE
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    Conversation,
    Delivery,
    DonorLine,
    OutgoingMessage,
    State,
    Turn,
)
from ansim.casework.roles import Act
from ansim.casework.sealing import keyring

LONGEST = 2000
MOST_ANSWERS_A_DAY = 50
NOTICE_EVERY = timedelta(minutes=30)
"""Letters that come close together are told by one e-mail."""


class Opened(msgspec.Struct, frozen=True):
    """A line and its code, which nobody can read again."""

    line: DonorLine
    code: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One text on the donor's page."""

    at: datetime
    text: str
    mine: bool
    """Written by the donor."""
    language: str = "ko"


class Letters(msgspec.Struct, frozen=True, kw_only=True):
    """What a code opens."""

    letters: list[Letter]
    may_answer: bool
    """False once the agency has closed everything about this conversation."""
    ended: bool
    """The donor said that nobody is to write any more, or the time of keeping is over."""
    by_mail: bool


def check_address(address: str) -> str:
    """The address as it is kept. Raises Refused for an unusable one, and where no mail goes out."""
    address = address.strip()
    if not letterbox.may_mail():
        raise Refused(
            "no_mail_server", _("여기서는 이메일을 못 보냅니다. 연락 번호만으로 닿을 수 있어요.")
        )
    try:
        validate_email(address)
    except ValidationError:
        raise Refused("bad_address", _("이메일 주소를 확인해 주세요.")) from None
    return address


@transaction.atomic
def open_line(
    conversation: Conversation,
    actor: Account | None,
    *,
    given_by: str,
    under_14: bool,
    address: str = "",
) -> Opened:
    """A way back to the person who handed this conversation in, who asked for it; ``actor`` is
    None where they did so by themselves.

    Raises Refused where the page for codes is nowhere, or for an unusable ``address``.
    """
    if actor is not None:
        require(actor, Act.UPLOAD)
    if not letterbox.address():
        raise Refused(
            "no_page",
            _("번호로 글을 여는 쪽이 아직 공개되지 않았습니다. 관리자에게 물어보세요."),
        )
    address = check_address(address) if address else ""
    code = letterbox.new_code()
    code_hash = letterbox.kept(code)
    line = DonorLine.objects.create(
        conversation=conversation,
        given_by=given_by,
        under_14=under_14,
        pseudonym=keyring().pseudonym("account", DONATED_SOURCE, "donor", code_hash),
        code_hash=code_hash,
        address=address or None,
        opened_by=actor,
        opened_at=timezone.now(),
    )
    audit.record(
        "donor.line_opened",
        line,
        actor=actor or audit.HAND_OVER,
        details={"given_by": given_by, "under_14": under_14, "mail": bool(address)},
    )
    return Opened(line, code)


@transaction.atomic
def renew_code(line_id: int, alert_id: int, actor: Account) -> str:
    """A new code for somebody who lost theirs; the old one opens nothing any more.

    Raises Refused unless ``actor`` holds an open alert of that conversation and the line is open.
    """
    require(actor, Act.SEND)
    alert = Alert.objects.select_for_update().filter(pk=alert_id, state=State.OPEN).first()
    if alert is None or alert.claimed_by_id != actor.pk:
        raise Refused("not_holder", _("먼저 이 경보를 맡아야 합니다."))
    line = reachable(alert, line_id)
    code = letterbox.new_code()
    DonorLine.objects.filter(pk=line.pk).update(code_hash=letterbox.kept(code))
    audit.record("donor.code_renewed", alert, actor=actor, details={"line": line.pk})
    return code


def lines(conversation_id: int) -> list[DonorLine]:
    """Who may be written to about this conversation."""
    return list(DonorLine.objects.filter(conversation=conversation_id, ended_at=None))


def reachable(alert: Alert, line_id: int) -> DonorLine:
    """The open line of this number in the alert's conversation, locked. Raises Refused."""
    line = (
        DonorLine.objects.select_for_update()
        .filter(pk=line_id, conversation=alert.conversation_id)
        .first()
    )
    if line is None:
        raise Refused("no_such_person", _("이 대화를 준 사람에게 닿는 번호가 없습니다."))
    if line.ended_at is not None:
        raise Refused("line_ended", _("제공한 사람이 더는 글을 받지 않기로 했습니다."))
    return line


def laid(line: DonorLine, now: datetime) -> None:
    """Called when a letter was laid ready: who left an address is told that there is one."""
    if line.address and line.notice_due_at is None:
        earliest = line.noticed_at + NOTICE_EVERY if line.noticed_at else now
        DonorLine.objects.filter(pk=line.pk).update(
            notice_due_at=max(now, earliest), notice_tries=0, notice_error=""
        )


@transaction.atomic
def look(typed: str) -> Letters | None:
    """What this code opens, now read. None for a code that is none (any more)."""
    line = _by_code(typed)
    if line is None:
        return None
    now = timezone.now()
    DonorLine.objects.filter(pk=line.pk).update(looked_at=now)
    rows = OutgoingMessage.objects.select_for_update(of=("self",)).filter(
        donor=line, state=Delivery.LAID, text__isnull=False
    )
    for row in rows.select_related("alert"):
        row.state, row.sent_at = Delivery.SENT, now
        row.attempts += 1
        row.save(update_fields=["state", "sent_at", "attempts"])
        audit.record(
            "message.read",
            row.alert,
            actor=audit.CODE_PAGE,
            details={"message": str(row.pk), "line": line.pk},
        )
    return _letters(line)


@transaction.atomic
def answer(typed: str, text: str, answer_id: UUID) -> Turn | None:
    """Keeps what the donor wrote as a turn of the conversation that only the agency reads.

    The same ``answer_id`` again changes nothing. None for an unknown code. Raises Refused: ended,
    closed, empty, over ``LONGEST``, over ``MOST_ANSWERS_A_DAY``.
    """
    line = _by_code(typed)
    if line is None:
        return None
    words = text.replace("\r\n", "\n").strip()
    name = f"answer-{answer_id}"
    known = Turn.objects.filter(conversation=line.conversation_id, message_id=name).first()
    if known is not None:
        return known
    if line.ended_at is not None:
        raise Refused("line_ended", _("더는 글을 주고받지 않기로 했어요."))
    alert = _open_alert(line)
    if alert is None:
        raise Refused(
            "closed",
            _("이 상담은 끝나서 여기로는 답할 수 없어요. 1388에 전화하면 돼요."),
        )
    if not words:
        raise Refused("empty", _("보낼 말을 적어 주세요."))
    if len(words) > LONGEST:
        raise Refused("too_long", _("2,000자를 넘을 수 없어요."))
    if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in words):
        raise Refused("unreadable", _("보낼 수 없는 글자가 들어 있어요."))
    now = timezone.now()
    written = Turn.objects.filter(conversation=line.conversation_id, author=line.pseudonym)
    if written.filter(kept_at__gt=now - timedelta(days=1)).count() >= MOST_ANSWERS_A_DAY:
        raise Refused(
            "too_many", _("오늘은 여기까지 쓸 수 있어요. 급하면 1388이나 112로 전화해 주세요.")
        )
    turn = Turn.objects.create(
        conversation_id=line.conversation_id,
        message_id=name,
        author=line.pseudonym,
        at=now.timestamp(),
        received_at=now.timestamp(),
        kept_at=now,
        text=words,
        risk=0.0,
        to_agency=True,
        assessed=False,
    )
    if line.unread_since is None:
        DonorLine.objects.filter(pk=line.pk).update(unread_since=now)
    audit.record(
        "donor.answered",
        alert,
        actor=audit.CODE_PAGE,
        details={"line": line.pk, "length": len(words)},
    )
    return turn


@transaction.atomic
def end(typed: str) -> bool:
    """The donor wants nothing more: their address goes at once, and what they have not read yet
    fails. Returns whether there was such a line."""
    line = _by_code(typed)
    if line is None:
        return False
    if line.ended_at is None:
        _end(line, DonorLine.EndedBy.DONOR, audit.CODE_PAGE, timezone.now())
    return True


def end_old(which: list[int], now: datetime) -> int:
    """Ends these lines for retention; returns how many were still open."""
    rows = DonorLine.objects.select_for_update(of=("self",)).filter(pk__in=which, ended_at=None)
    count = 0
    for line in rows:
        _end(line, DonorLine.EndedBy.RETENTION, audit.RETENTION, now)
        count += 1
    return count


def read(alert: Alert, actor: Account) -> None:
    """The holder has the answers before them: they are not new any more."""
    if alert.claimed_by_id == actor.pk:
        DonorLine.objects.filter(
            conversation=alert.conversation_id, unread_since__isnull=False
        ).update(unread_since=None)


def unread(conversation_ids: list[int]) -> set[int]:
    """Those of these conversations in which a donor's answer waits to be read."""
    rows = DonorLine.objects.filter(
        conversation__in=conversation_ids, unread_since__isnull=False, ended_at=None
    )
    return set(rows.values_list("conversation_id", flat=True))


def _end(line: DonorLine, by: str, actor: str, now: datetime) -> None:
    DonorLine.objects.filter(pk=line.pk).update(
        ended_at=now, ended_by=by, address=None, notice_due_at=None
    )
    audit.record("donor.line_ended", line, actor=actor, details={"by": str(by)})
    waiting = OutgoingMessage.objects.select_for_update(of=("self",)).filter(
        donor=line, state=Delivery.LAID
    )
    for row in waiting.select_related("alert"):
        row.state = Delivery.FAILED
        row.detail = "받는 사람이 그만 받기로 함 / the reader wants no more"
        if by == DonorLine.EndedBy.RETENTION:
            row.detail = "보관 기간이 끝남 / the time of keeping is over"
        row.save(update_fields=["state", "detail"])
        audit.record(
            "message.failed",
            row.alert,
            actor=actor,
            details={"message": str(row.pk), "detail": row.detail},
        )


def _by_code(typed: str) -> DonorLine | None:
    kept = letterbox.kept(typed)
    if not kept:
        return None
    return DonorLine.objects.select_for_update().filter(code_hash=kept).first()


def _open_alert(line: DonorLine) -> Alert | None:
    """The alert whose holder reads an answer: one that is held before one that nobody holds."""
    rows = Alert.objects.filter(conversation=line.conversation_id, state=State.OPEN)
    return min(rows, key=lambda row: (row.claimed_by_id is None, row.pk), default=None)


def _letters(line: DonorLine) -> Letters:
    ours = OutgoingMessage.objects.filter(
        donor=line, state=Delivery.SENT, text__isnull=False
    ).order_by("created_at")
    theirs = Turn.objects.filter(
        conversation=line.conversation_id, author=line.pseudonym, text__isnull=False
    )
    found = [
        Letter(at=row.created_at, text=row.text or "", mine=False, language=row.language)
        for row in ours
    ]
    found += [Letter(at=row.kept_at, text=row.text or "", mine=True) for row in theirs]
    ended = line.ended_at is not None
    return Letters(
        letters=[] if ended else sorted(found, key=lambda letter: letter.at),
        may_answer=not ended and _open_alert(line) is not None,
        ended=ended,
        by_mail=bool(line.address),
    )
