"""Takes over what the stream worker reports: raises alerts, updates them, adds their turns.

A report may come again (the worker replays after a crash) and several may come at once; the
outcome is the same as if each had come once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from ansim.casework.actions import asking, audit, folding
from ansim.casework.actions.targets import due, in_force
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Alert,
    AuditEvent,
    Conversation,
    Kind,
    Outcome,
    RepeatPending,
    SourceRecord,
    State,
)
from ansim.casework.models import Turn as TurnRow
from ansim.detection import Priority, Reason, Turn, Versions

EVIDENCE = 0.5
"""A tactic of a turn above this probability is new evidence after an alert was closed."""

MAX_POINTS = 240
"""Points of the risk curve kept with an alert; older ones are thinned, never the highest."""


class AlertReport(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one suspected account in one conversation since the last report; or, of kind
    ``request``, that somebody spoke to the agency itself there."""

    source: str
    conversation: str
    about: str
    episode: int
    priority: Priority
    risk: float
    """Risk from this account, 0..1, now."""
    why: tuple[Reason, ...]
    versions: Versions
    trajectory: tuple[tuple[float, float, str], ...]
    """New points (event time, risk of this account, message id)."""
    turns: tuple[Turn, ...]
    """New turns since the last report; all that are held when the alert is raised."""
    sequence: int
    """Position of the stream after which this was true."""
    raised: bool
    kind: str = "risk"
    roles: dict[str, str] = {}
    """How each account writes ("youth-like", "adult-like", "unknown"): a belief, never a fact."""


_Key = tuple[int, str, str]


class _Books:
    """The rows that a batch of reports touches, read once and locked."""

    def __init__(self, reports: Sequence[AlertReport]) -> None:
        self.now = timezone.now()
        names = {(report.source, report.conversation) for report in reports}
        sources = {source for source, _ in names}
        unknown = sources - set(
            SourceRecord.objects.filter(pk__in=sources).values_list("pk", flat=True)
        )
        if unknown:
            raise Refused("unknown_source", f"no declared source {', '.join(sorted(unknown))}")
        Conversation.objects.bulk_create(
            [Conversation(source_id=source, pseudonym=name) for source, name in sorted(names)],
            ignore_conflicts=True,
        )
        # Locking the conversations, in one order, keeps two workers apart on PostgreSQL.
        rows = Conversation.objects.select_for_update().filter(
            pseudonym__in={name for _, name in names}, source__in=sources
        )
        self.conversations = {
            (row.source_id, row.pseudonym): row for row in rows.order_by("pk") if _named(row, names)
        }
        rooms = [row.pk for row in self.conversations.values()]
        self.folds = folding.Folds({(report.source, report.about) for report in reports}, rooms)
        folding.lock(Q(conversation__in=rooms) | Q(fold__in=self.folds.found, state=State.OPEN))
        self.alerts: dict[_Key, list[Alert]] = {}
        for alert in Alert.objects.filter(conversation__in=rooms):
            key = (alert.conversation_id, alert.kind, alert.about)
            self.alerts.setdefault(key, []).append(alert)
        for episodes in self.alerts.values():
            episodes.sort(key=lambda alert: alert.episode)
        self.refold: set[int] = set()
        """Folds whose leader may be another one after this batch."""
        self.targets = in_force()
        self.turns: dict[tuple[int, str], TurnRow] = {}
        self.new: list[Alert] = []
        self.changed: dict[int, Alert] = {}
        self.raised: list[tuple[Alert, Alert | None]] = []
        self.updates: dict[int, tuple[Alert, str]] = {}
        """Alert by identity → the alert and its priority before this batch."""


def _named(row: Conversation, names: set[tuple[str, str]]) -> bool:
    return (row.source_id, row.pseudonym) in names


@transaction.atomic
def raise_or_update(reports: Sequence[AlertReport]) -> list[int]:
    """Applies the reports in order, in one transaction. Returns one alert id a report, none for a
    request that opens nothing where there was nothing.

    A report at or before the position its alert already reflects changes nothing. One about an
    episode that was closed opens the next, linked one if it brings new evidence (a tactic above
    ``EVIDENCE`` in a new turn of that account), and otherwise only adds its turns. A request opens
    an alert only where none is open in its conversation, and otherwise brings its turns to it.
    Raises Refused ("unknown_source") for a source that was never declared; nothing is kept then.
    """
    if not reports:
        return []
    books = _Books(reports)
    outcome = [_apply(books, report) for report in reports]
    _write(books)
    return [alert.pk for alert in outcome if alert is not None]


def _apply(books: _Books, report: AlertReport) -> Alert | None:
    conversation = books.conversations[report.source, report.conversation]
    if report.kind == Kind.REQUEST:
        return _ask(books, conversation, report)
    episodes = books.alerts.setdefault((conversation.pk, report.kind, report.about), [])
    if not episodes:
        return _open(books, conversation, report, previous=None, episode=report.episode)
    latest = episodes[-1]
    if report.sequence <= latest.sequence:
        return latest
    if latest.state == State.OPEN:
        _update(books, latest, report)
        return latest
    if report.episode > latest.episode:
        return _open(books, conversation, report, previous=latest, episode=report.episode)
    if _new_evidence(conversation, report):
        return _open(books, conversation, report, previous=latest, episode=latest.episode + 1)
    latest.sequence = report.sequence
    books.changed[id(latest)] = latest
    if latest.outcome != Outcome.NOT_GROOMING:  # text of a dismissed alert is not wanted any more
        _add_turns(books, conversation, report.turns)
    return latest


def _ask(books: _Books, conversation: Conversation, report: AlertReport) -> Alert | None:
    """Somebody speaks to the agency. None where there is nothing to tell anybody of."""
    here = [
        alert for key, rows in books.alerts.items() if key[0] == conversation.pk for alert in rows
    ]
    asked = [alert for alert in here if alert.is_request]
    latest = max(asked, key=lambda alert: alert.sequence, default=None)
    if latest is not None and report.sequence <= latest.sequence:
        return latest
    standing = [alert for alert in here if alert.state == State.OPEN]
    request = next((alert for alert in standing if alert.is_request), None)
    if request is not None:
        _update(books, request, asking.together(request.priority, request.why, report))
        return request
    if standing:  # somebody is called to this conversation already
        _add_turns(books, conversation, report.turns)
        return standing[0]
    if not asking.fresh(conversation.pk, report.turns):  # a replay of what was answered
        return latest
    own = books.alerts.setdefault((conversation.pk, report.kind, report.about), [])
    before = own[-1] if own else None
    episode = before.episode + 1 if before else report.episode
    return _open(books, conversation, report, previous=before, episode=episode)


def _open(
    books: _Books,
    conversation: Conversation,
    report: AlertReport,
    *,
    previous: Alert | None,
    episode: int,
) -> Alert:
    points = _points(report)
    alert = Alert(
        conversation=conversation,
        kind=report.kind,
        about=report.about,
        episode=episode,
        previous=previous,
        priority=report.priority.value,
        risk=report.risk,
        raised_at=books.now,
        updated_at=books.now,
        first_event_at=_first_event(report, points),
        why=_plain(report.why),
        trajectory=thinned(points),
        versions=_plain(report.versions),
        roles=_plain(report.roles),
        sequence=report.sequence,
        due_at=due(report.priority.value, books.now, books.targets),
    )
    if books.folds.place(alert, report.source):
        books.refold.add(alert.fold)
    books.alerts[conversation.pk, report.kind, report.about].append(alert)
    books.new.append(alert)
    books.raised.append((alert, previous))
    _add_turns(books, conversation, report.turns)
    return alert


def _update(books: _Books, alert: Alert, report: AlertReport) -> None:
    before = alert.priority
    alert.priority = report.priority.value
    if alert.priority != before:
        books.refold.add(alert.fold)
        _hurry(books, alert)
    alert.risk = report.risk
    alert.updated_at = books.now
    alert.why = _plain(report.why)
    alert.versions = _plain(report.versions)
    alert.roles = {**alert.roles, **_plain(report.roles)}
    alert.sequence = report.sequence
    known = {point[2] for point in alert.trajectory}
    fresh = [point for point in _points(report) if point[2] not in known]
    alert.trajectory = thinned(sorted([*alert.trajectory, *fresh], key=_by_time))
    if alert.pk is not None:
        books.changed[id(alert)] = alert
        books.updates.setdefault(id(alert), (alert, before))
    _add_turns(books, alert.conversation_id, report.turns)


def _hurry(books: _Books, alert: Alert) -> None:
    """A more urgent priority brings a nearer end of the wait, never a later one."""
    sooner = due(alert.priority, books.now, books.targets)
    if sooner is not None and (alert.due_at is None or sooner < alert.due_at):
        alert.due_at = sooner


def _add_turns(books: _Books, conversation: Conversation | int, turns: Iterable[Turn]) -> None:
    key = conversation if isinstance(conversation, int) else conversation.pk
    for turn in turns:
        books.turns.setdefault(
            (key, turn.id),
            TurnRow(
                conversation_id=key,
                message_id=turn.id,
                author=turn.author,
                at=turn.at,
                received_at=turn.received_at,
                kept_at=books.now,
                text=None if turn.deleted else turn.text,
                tactics=turn.tactics,
                spans=[[span.start, span.end, span.tactic] for span in turn.spans],
                attachments=_plain(turn.attachments),
                risk=turn.risk,
                by_agency=turn.by_agency,
                to_agency=turn.to_agency,
                assessed=turn.assessed,
                replaces=turn.replaces,
                deleted=turn.deleted,
            ),
        )


def _write(books: _Books) -> None:
    # ``previous`` is always an alert that existed before: a batch closes nothing.
    Alert.objects.bulk_create(books.new)
    changed = list(books.changed.values())
    if changed:
        # The rows exist and are locked: this is an update, in the one form that is quick for many.
        Alert.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=[
                "priority",
                "risk",
                "updated_at",
                "why",
                "versions",
                "roles",
                "trajectory",
                "sequence",
                "due_at",
            ],
        )
    folding.elect(books.refold)
    TurnRow.objects.bulk_create(books.turns.values(), ignore_conflicts=True)
    RepeatPending.objects.bulk_create(RepeatPending(alert=pk) for pk in _looked_at(books))
    AuditEvent.objects.bulk_create([*_raised_rows(books), *_updated_rows(books)])


def _looked_at(books: _Books) -> set[int]:
    """Alerts that are new or whose account has said something: it may be known again (R25)."""
    said = (turn for turn in books.turns.values() if not turn.deleted)
    spoke = {(turn.conversation_id, turn.author) for turn in said}
    news = (alert for alert, _ in books.updates.values() if not alert.is_request)
    told = {alert.pk for alert in news if (alert.conversation_id, alert.about) in spoke}
    return told | {alert.pk for alert in books.new if not alert.is_request}


def _raised_rows(books: _Books) -> Iterable[AuditEvent]:
    for alert, previous in books.raised:
        yield audit.row(
            "alert.raised",
            "alert",
            alert.pk,
            actor=audit.WORKER,
            at=books.now,
            details={
                "priority": alert.priority,
                **({"kind": alert.kind} if alert.is_request else {"risk": round(alert.risk, 4)}),
                "episode": alert.episode,
                "previous": previous.pk if previous else None,
                "versions": alert.versions,
            },
        )


def _updated_rows(books: _Books) -> Iterable[AuditEvent]:
    for alert, before in books.updates.values():
        details: dict[str, Any] = {"risk": round(alert.risk, 4), "sequence": alert.sequence}
        action = "alert.updated"
        if alert.priority != before:
            action = "alert.priority_changed"
            details |= {"from": before, "to": alert.priority}
        yield audit.row(
            action, "alert", alert.pk, actor=audit.WORKER, at=books.now, details=details
        )


def _new_evidence(conversation: Conversation, report: AlertReport) -> bool:
    telling = {
        turn.id
        for turn in report.turns
        if turn.author == report.about
        and not turn.by_agency
        and any(name.startswith("T") and p > EVIDENCE for name, p in turn.tactics.items())
    }
    known = TurnRow.objects.filter(conversation=conversation, message_id__in=telling)
    return bool(telling - set(known.values_list("message_id", flat=True)))


def _points(report: AlertReport) -> list[list[Any]]:
    return sorted(([at, risk, name] for at, risk, name in report.trajectory), key=_by_time)


def _by_time(point: Sequence[Any]) -> float:
    # Of one second, as they came: an id may be a hash and tells no order.
    return float(point[0])


def _first_event(report: AlertReport, points: Sequence[Sequence[Any]]) -> float:
    """Event time of the first message at which the risk was over the threshold."""
    over = [point[0] for point in points if point[1] >= report.versions.threshold]
    return float(over[0] if over else max((turn.at for turn in report.turns), default=0.0))


def thinned(points: list[list[Any]], limit: int = MAX_POINTS) -> list[list[Any]]:
    """At most ``limit`` (2 or more) points: every second older one goes, never the highest."""
    while len(points) > limit:
        half = len(points) // 2
        highest = max(range(len(points)), key=lambda index: points[index][1])
        going = {index for index in range(1, half, 2) if index != highest}
        # With few points left there may be no odd one to drop: then the oldest that can go.
        going = going or {0 if highest != 0 else 1}
        points = [point for index, point in enumerate(points) if index not in going]
    return points


def _plain(value: object) -> Any:
    """As JSON-able builtins; NUL, which PostgreSQL's JSON cannot hold, becomes a visible mark."""
    return _without_nul(msgspec.to_builtins(value))


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "␀").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _without_nul(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nul(item) for item in value]
    return value
