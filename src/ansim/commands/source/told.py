"""What ``ansim source`` prints of sources: words for people, or one JSON object. Never a secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.utils import timezone

from ansim.casework.actions import source_health, source_notices, sources
from ansim.casework.models import SourceHealth, SourceRecord
from ansim.sources.contract import Way


def told(record: SourceRecord) -> dict[str, Any]:
    """One source as plain values, times in ISO 8601."""
    health = SourceHealth.objects.filter(pk=record.pk).first()
    now = timezone.now()
    return {
        "id": record.pk,
        "name": record.name,
        "connector": record.connector,
        "kind": record.kind,
        "legal_basis": record.legal_basis,
        "rule": record.rule,
        "language": record.language,
        "private_messages": record.private_messages,
        "active": record.active,
        "removed_at": _time(record.removed_at),
        "settings": record.settings,
        "secrets": sorted(sources.entered(record)),
        "waits_for_approval": [kind.value for kind in source_notices.waiting(record)],
        "state": _state(record, health, now),
        "sentence": health.sentence if health else "",
        "last_message_at": _time(health.last_message_at if health else None),
        "last_connected_at": _time(health.last_connected_at if health else None),
        "lag_seconds": health.lag_seconds if health else None,
        "behind": health.behind if health else None,
        "received": health.received if health else None,
        "errors": health.errors if health else None,
        "objections": health.objections if health else None,
        "alarms": [alarm.kind for alarm in record.alarms.filter(ended_at=None)],
        "gaps": [
            {"since": _time(gap.since), "until": _time(gap.until), "why": gap.why}
            for gap in record.gaps.all()[:20]
        ],
        "tests": [
            {"asked_at": _time(test.asked_at), "state": test.state, "detail": test.detail}
            for test in record.tests.all()[:5]
        ],
    }


def listing(*, as_json: bool) -> None:
    """All sources, a line each."""
    rows = [told(record) for record in SourceRecord.objects.order_by("pk")]
    if as_json:
        print(msgspec.json.encode(rows).decode())
        return
    if not rows:
        print("아직 출처가 없습니다 / there is no source yet: `ansim source add`")
        return
    wide = max(len(row["id"]) for row in rows)
    for row in rows:
        alarms = f" ⚠ {', '.join(row['alarms'])}" if row["alarms"] else ""
        behind = f" behind {row['behind']}" if row["behind"] else ""
        last = row["last_message_at"] or "–"
        print(
            f"{row['id']:<{wide}} {row['connector']:<10} {row['kind']:<16} {row['state']:<12} "
            f"{last}{behind}{alarms}"
        )


def source(record: SourceRecord, *, as_json: bool) -> None:
    """All that may be told of one source."""
    found = told(record)
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    for name, value in found.items():
        if name == "settings":
            for key, entry in value.items():
                print(f"  {key} = {_line(entry)}")
        elif name in ("gaps", "tests"):
            for row in value:
                print(f"{name[:-1]}: " + " ".join(_line(str(part)) for part in row.values()))
        elif isinstance(value, list):
            print(f"{name}: {', '.join(value) or '–'}")
        else:
            print(f"{name}: {'–' if value in (None, '') else _line(str(value))}")


def notices(record: SourceRecord) -> None:
    """The newest wordings of its notices, with what `approve` takes."""
    shown = source_notices.shown(record)
    if not shown:
        print("이 출처에는 사람 없이 나가는 말이 없습니다 / this source says nothing by itself")
    for one in shown:
        row = one.newest
        state = "approved" if row.approved else "waits"
        needed = ", needed before reading" if one.needed else ""
        print(f"{row.kind}={row.version} ({state}{needed})")
        for language, words in (("ko", row.ko), ("en", row.en)):
            print(f"  [{language}] " + words.replace("\n", "\n       "))


def _state(record: SourceRecord, health: SourceHealth | None, now: datetime) -> str:
    if record.removed_at is not None:
        return "removed"
    if not record.active:
        return "paused"
    if record.declaration is not None and record.declaration.way is Way.FILE:
        return "file"
    if source_notices.waiting(record):
        return "waits"
    if health is None or not source_health.fresh(health, now):
        return "unheard"
    return health.state


def _time(at: datetime | None) -> str | None:
    return timezone.localtime(at).isoformat(timespec="seconds") if at else None


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
