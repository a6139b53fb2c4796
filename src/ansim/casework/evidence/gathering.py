"""Reads what casework holds of one conversation: the whole of it, as far as its text is still kept.

Message ids and accounts are pseudonyms here. What they stand for is known to the stream alone and
comes in through ``Names``; it goes out sealed, or open where the order allows it.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from ansim.casework.edits import Changes, changes
from ansim.casework.evidence import second_opinion
from ansim.casework.evidence.attached import named, noticed, sealed_originals
from ansim.casework.evidence.contents import (
    Gathered,
    Order,
    Person,
    Said,
    as_json,
    number,
    stamp,
    without_pictures,
)
from ansim.casework.models import Alert, AuditEvent, Delivery, OutgoingMessage, Turn
from ansim.casework.sealing import keyring
from ansim.detection import Reason
from ansim.detection.reasons import sentence

PURPOSE = "evidence names"
SHOWN_AT_ONCE = 400
"""Messages that the alert page shows at a time, the latest: who looked has seen no more (a test
holds this equal to the console's)."""
MAY_HAVE_ARRIVED = (Delivery.SENT, Delivery.SENDING, Delivery.UNKNOWN)
CHUNK = 2000

_LETTERS = "가나다라마바사아자차카타파하"

Names = Callable[[str, Sequence[str]], dict[str, str] | None]
"""From the pseudonyms of a conversation and of its accounts to the platform's own names, as far as
they are still known; None where nobody can be asked now."""
Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


def gather(order: Order, names: Names, progress: Progress) -> Gathered:
    """Everything about the alert of ``order``. Raises Alert.DoesNotExist."""
    return chapter(order, order.alert, names, progress)


def chapter(order: Order, pk: int, names: Names, progress: Progress, same_as: int = 0) -> Gathered:
    """Everything about one alert; without its conversation where that is told with another one
    (``same_as``). Raises Alert.DoesNotExist."""
    alert = Alert.objects.select_related("conversation__source", "claimed_by", "closed_by").get(
        pk=pk
    )
    changed = Changes({}) if same_as else changes(alert.conversation_id)
    said = [] if same_as else _said(alert, changed, progress)
    messages = [message for message, *_ in said]
    reveals = _reveals(alert)
    _mark_viewed(said, reveals)
    counts = Counter(message.sender for message, *_ in said if not message.by_agency)
    people = [
        Person(
            pseudonym=account,
            letter=_letter(place),
            about=account == alert.about and not alert.is_request,
            messages=counts[account],
        )
        for place, account in enumerate(counts)
    ]
    pseudonym = alert.conversation.pseudonym
    original = _unmask(order, pseudonym, people, names(pseudonym, list(counts)))
    source = alert.conversation.source
    return Gathered(
        order=order,
        source={
            "id": source.pk,
            "name": source.name,
            "kind": source.kind,
            "kind_ko": source.get_kind_display(),
            "legal_basis": source.legal_basis,
            "consent": source.consent,
            "connector": source.connector,
        },
        conversation={
            "pseudonym": pseudonym,
            **original,
            **_not_held(changed),
            **({} if same_as else sealed_originals(alert.conversation_id, messages)),
        },
        people=people,
        said=messages,
        handling=_handling(alert),
        log=_log(alert),
        assessment={**_assessment(alert), **second_opinion.estimate(alert, messages)},
        reasons=[_reason(item) for item in alert.why],
        same_as=same_as,
    )


_Kept = tuple[Said, int, datetime | None]
"""A message with the number of its turn and when that was taken over (0, None: the agency's)."""


def _not_held(changed: Changes) -> dict[str, Any]:
    """What was taken back without its words being here; nothing where there is no such thing."""
    rows = [
        {"at": stamp(gone.at), "sender": gone.author, "message": gone.message}
        for gone in changed.not_held
    ]
    return {"deleted_and_never_held": rows} if rows else {}


def _said(alert: Alert, changed: Changes, progress: Progress) -> list[_Kept]:
    """Turns and what the agency sent, by time, numbered. Turns keep their order among equals."""
    outgoing = list(
        OutgoingMessage.objects.filter(
            alert__conversation=alert.conversation_id, state__in=MAY_HAVE_ARRIVED
        ).select_related("author", "donor")
    )
    ours = {str(message.pk) for message in outgoing}
    rows = Turn.objects.filter(conversation=alert.conversation_id)
    # The agency's words come back through the stream; they are here once, with their delivery.
    rows = rows.exclude(by_agency=True, message_id__in=ours)
    whole = rows.count()
    found: list[_Kept] = []
    for turn in rows.order_by("at", "pk").iterator(chunk_size=CHUNK):
        found.append((_turn(turn, changed), turn.pk, turn.kept_at))
        if len(found) % CHUNK == 0:
            progress("reading", len(found), whole)
    found += [(_sent(message), 0, None) for message in outgoing]
    found.sort(key=lambda row: row[0].at)  # stable: turns of one second stay as they came
    for place, (message, *_) in enumerate(found, 1):
        message.number = place
    places = {message.id: message.number for message, pk, _ in found if pk}
    for message, *_ in found:
        if message.edits:
            message.edits = places.get(message.replaces, 0)
    return found


def _turn(turn: Turn, changed: Changes) -> Said:
    fate = changed.of(turn.message_id)
    text, withheld = (None, []) if turn.text is None else without_pictures(turn.text)
    return Said(
        number=0,
        id=turn.message_id,
        sender=turn.author,
        by_agency=turn.by_agency,
        at=turn.at,
        received_at=turn.received_at or None,
        kept_at=turn.kept_at.timestamp(),
        text=text,
        withheld=withheld,
        attachments=named(turn.attachments),
        noticed=[seen for item in turn.attachments if (seen := noticed(item))],
        risk=turn.risk,
        tactics=turn.tactics,
        # Where something was taken out, places in the text mean nothing any more.
        spans=[] if withheld else turn.spans,
        assessed=turn.assessed and not turn.by_agency,
        to={True: "agency", False: "room", None: ""}[turn.to_agency],
        replaces=turn.replaces,
        edits=fate.edits,  # the number of the turn so far: that of the message comes last
        edited_at=fate.edited_at,
        deleted_at=fate.deleted_at,
    )


def _sent(message: OutgoingMessage) -> Said:
    return Said(
        number=0,
        id=str(message.pk),
        sender=message.author.get_username(),
        by_agency=True,
        at=(message.sent_at or message.created_at).timestamp(),
        received_at=None,
        kept_at=message.created_at.timestamp(),
        text=message.text,
        delivery=message.state,
        to=message.donor.pseudonym if message.donor else message.recipient,
    )


def _reveals(alert: Alert) -> list[AuditEvent]:
    """Every time the words of this conversation were shown to somebody, whatever alert it was."""
    alerts = Alert.objects.filter(conversation=alert.conversation_id).values_list("pk", flat=True)
    return list(
        AuditEvent.objects.filter(
            action="alert.text_revealed", subject_type="alert", subject_id__in=map(str, alerts)
        ).order_by("pk")
    )


def _mark_viewed(said: list[_Kept], reveals: Iterable[AuditEvent]) -> None:
    turns = [(message, kept_at) for message, _, kept_at in said if kept_at is not None]
    by_pk = {pk: message for message, pk, _ in said}
    for event in reveals:
        mark = {"by": event.actor_label, "at": stamp(event.at), "audit": event.pk}
        one = event.details.get("turn")
        if one is not None:
            if one in by_pk:
                by_pk[one].viewed.append({**mark, "how": "single"})
            continue
        shown = 0
        for message, kept_at in reversed(turns):
            if kept_at <= event.at:
                message.viewed.append({**mark, "how": "page"})
                shown += 1
                if shown == SHOWN_AT_ONCE:
                    break


def _letter(place: int) -> str:
    rest, letter = divmod(place, len(_LETTERS))
    return _LETTERS[letter] + (str(rest + 1) if rest else "")


def _unmask(
    order: Order, conversation: str, people: list[Person], known: dict[str, str] | None
) -> dict[str, str]:
    """Puts names with the people, and returns what is to be said of the conversation's own id."""
    ring = keyring()

    def told(pseudonym: str) -> dict[str, str]:
        if known is None:
            return {"original": "not_reachable"}
        raw = known.get(pseudonym)
        if raw is None:
            return {"original": "not_held"}
        sealed = ring.seal(as_json([order.id, pseudonym, raw]), PURPOSE)
        said = {"original": "sealed", "sealed": b64encode(sealed).decode()}
        return said | ({"original": "open", "name": raw} if order.unmask else {})

    for person in people:
        for name, value in told(person.pseudonym).items():
            setattr(person, name, value)
    return told(conversation)


def _handling(alert: Alert) -> dict[str, Any]:
    """What people did. Notes, plans and what was told to whom are counselling, not evidence."""
    return {
        "alert": alert.pk,
        **({"kind": alert.kind} if alert.is_request else {}),
        "about": alert.about,
        "episode": alert.episode,
        "previous_alert": alert.previous_id,
        "state": alert.state,
        "held_by": alert.claimed_by.get_username() if alert.claimed_by else None,
        "first_taken_at": stamp(alert.acknowledged_at),
        "outcome": alert.outcome or None,
        "outcome_ko": str(alert.get_outcome_display()) if alert.outcome else None,
        "grounds": alert.grounds or None,
        "done": alert.done,
        "closed_at": stamp(alert.closed_at),
        "closed_by": alert.closed_by.get_username() if alert.closed_by else None,
        "text_purged_at": stamp(alert.text_purged_at),
        "hand_offs": [
            {
                "agency": row.agency.slug,
                "agency_ko": row.agency.name_ko,
                "made_at": stamp(row.made_at),
                "made_by": row.made_by.get_username(),
                "rescue": row.rescue,
                "do_not_warn": row.do_not_warn,
                "reference": row.reference,
                "answer": row.answer,
                "answered_at": stamp(row.answered_at),
            }
            for row in alert.hand_offs.select_related("agency", "made_by").order_by("made_at")
        ],
        # What a person said is wrong stands beside the original wherever that goes (R07).
        "corrections": [
            {
                "made_at": stamp(row.made_at),
                "made_by": row.made_by.get_username(),
                "message": row.turn.message_id if row.turn else None,
                "said": row.text,
            }
            for row in alert.corrections.select_related("turn", "made_by")
        ],
    }


def _log(alert: Alert) -> list[dict[str, Any]]:
    """Audit rows of the alert, and those by which words of its conversation were shown."""
    own = AuditEvent.objects.filter(subject_type="alert", subject_id=str(alert.pk))
    rows = {event.pk: event for event in own.iterator(chunk_size=CHUNK)}
    rows |= {event.pk: event for event in _reveals(alert)}
    return [logged(event) for event in sorted(rows.values(), key=_place)]


def logged(event: AuditEvent) -> dict[str, Any]:
    """A row of the audit log as it stands in a package."""
    return {
        "audit": event.pk,
        "at": stamp(event.at),
        "who": event.actor_label,
        "action": event.action,
        "subject": f"{event.subject_type} {event.subject_id}",
        "reason": event.reason,
        "details": event.details,
    }


def _place(event: AuditEvent) -> int:
    return int(event.pk)


def _assessment(alert: Alert) -> dict[str, Any]:
    return {
        "notice": "Estimates of software, not facts and not a legal finding. "
        "소프트웨어의 추정이며 사실이나 법적 판단이 아닙니다.",
        "alert": alert.pk,
        **({"kind": alert.kind} if alert.is_request else {}),
        "about": alert.about,
        "priority": alert.priority,
        "risk": number(alert.risk),
        "raised_at": stamp(alert.raised_at),
        "first_event_at": stamp(alert.first_event_at),
        "reasons": alert.why,
        "versions": alert.versions,
        "risk_over_time": [
            {"at": stamp(at), "risk": number(risk), "message": name}
            for at, risk, name in alert.trajectory
        ],
    }


def _reason(item: dict[str, Any]) -> tuple[str, str]:
    reason = Reason(str(item.get("code", "")), dict(item.get("values", {})))
    try:
        return sentence(reason, "ko"), sentence(reason, "en")
    except (KeyError, IndexError, ValueError):
        return reason.code, reason.code
