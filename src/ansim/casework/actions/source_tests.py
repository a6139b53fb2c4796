"""Test messages: one fixed text into one room of a source, asked for by an administrator, so that
people see whether the way out works before an alert needs it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, SourceRecord, SourceTest
from ansim.casework.roles import Act

TEXT = (
    "안심아이 연결 시험입니다. 답하지 않아도 됩니다.\n"
    "This is a connection test of Ansim Eye. There is no need to answer."
)
LONGEST_ROOM = 500
STALE = timedelta(hours=1)
"""A test that nobody sent by then would only puzzle a room."""
LOST = timedelta(minutes=10)
"""Who took a test and has said nothing for so long will say nothing more."""
ROOM_KEPT = timedelta(hours=24)

_State = SourceTest.State
NOT_SENT = "한 시간 안에 보내지 못했습니다 / not sent within an hour"
SOURCE_OFF = "출처가 꺼져 있습니다 / the source is switched off"
NOBODY_SAID = "보낸 뒤 소식이 없습니다 / nothing was heard after it was taken"


@transaction.atomic
def ask(source_id: str, room: str, actor: Account) -> SourceTest:
    """Queues the test text for one room, in the platform's own name for it. Raises Refused."""
    require(actor, Act.ADMINISTER)
    record = SourceRecord.objects.select_for_update().filter(pk=source_id).first()
    if record is None or record.removed_at is not None:
        raise Refused("no_such_source", _("없는 출처입니다."))
    if not record.can_reply:
        raise Refused("no_way_out", _("이 출처로는 글을 보낼 수 없습니다."))
    if not record.active:
        raise Refused("source_off", _("이 출처는 지금 꺼져 있습니다."))
    name = room.strip()
    if not name or len(name) > LONGEST_ROOM or not name.isprintable():
        raise Refused(
            "room_missing", _("시험 글을 보낼 방을 플랫폼에서 쓰는 이름(ID)으로 적어 주세요.")
        )
    now = timezone.now()
    row = SourceTest.objects.create(
        source=record,
        room=name,
        language=record.language,
        asked_by=actor,
        asked_at=now,
        changed_at=now,
    )
    audit.record("source.test_asked", record, actor=actor, details={"test": str(row.pk)})
    return row


@transaction.atomic
def pending(limit: int = 20) -> list[tuple[str, str, str, str, str, str]]:
    """The oldest tests that wait, now marked as being sent, each handed out once: id, source, room,
    text, language, and the user name of who asked."""
    now = timezone.now()
    rows = list(
        SourceTest.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("source", "asked_by")
        .filter(state=_State.QUEUED, asked_at__gt=now - STALE)
        .order_by("asked_at")[:limit]
    )
    taken = []
    for row in rows:
        if not row.source.can_reply or not row.source.active or not row.room:
            _end(row, _State.FAILED, SOURCE_OFF)
            continue
        row.state, row.changed_at = _State.SENDING, now
        row.save(update_fields=["state", "changed_at"])
        taken.append(
            (
                str(row.pk),
                row.source_id,
                row.room,
                TEXT,
                row.language,
                row.asked_by.get_username(),
            )
        )
    return taken


@transaction.atomic
def record(test_id: str | UUID, state: str, detail: str = "") -> bool:
    """How far a test has come: a ``DeliveryState``, or "queued" where nothing was said for sure and
    it may be tried again. False where there is no such test."""
    row = SourceTest.objects.select_for_update().filter(pk=test_id).first()
    if row is None:
        return False
    if state not in _State.values or row.state in (_State.SENT, _State.FAILED):
        return True
    if state in (_State.QUEUED, _State.SENDING):
        row.state, row.changed_at = _State(state), timezone.now()
        row.save(update_fields=["state", "changed_at"])
    else:
        _end(row, _State(state), detail)
    return True


@transaction.atomic
def sweep(now: datetime) -> None:
    """Ends what nobody will send or tell of any more, and lets go of rooms after a day."""
    late = SourceTest.objects.filter(state=_State.QUEUED, asked_at__lte=now - STALE)
    lost = SourceTest.objects.filter(state=_State.SENDING, changed_at__lte=now - LOST)
    for row in late.select_related("source"):
        _end(row, _State.FAILED, NOT_SENT)
    for row in lost.select_related("source"):
        _end(row, _State.UNKNOWN, NOBODY_SAID)
    SourceTest.objects.filter(room__isnull=False, asked_at__lte=now - ROOM_KEPT).update(room=None)


def _end(row: SourceTest, state: SourceTest.State, detail: str) -> None:
    plain = "".join(c if c.isprintable() else " " for c in detail)
    row.state, row.detail, row.changed_at = state, plain[:300], timezone.now()
    row.save(update_fields=["state", "detail", "changed_at"])
    audit.record(
        "source.test_ended",
        row.source,
        actor=audit.COURIER,
        details={"test": str(row.pk), "state": str(state), "detail": row.detail},
    )
