"""Everything that casework holds about one account, found by its pseudonym. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from ansim.casework.actions import referrals
from ansim.casework.actions.retention import FLAGGED
from ansim.casework.models import (
    Alert,
    CasePerson,
    Conversation,
    Correction,
    HandOff,
    LegalHold,
    OutgoingMessage,
    PictureOriginal,
    ReadingStop,
    Referral,
    SecondOpinion,
    SourceRecord,
    Turn,
)
from ansim.sources.contract import Way
from ansim.sources.registry import CONNECTORS


@dataclass(frozen=True, slots=True)
class Room:
    """One conversation in which the account spoke, or about which somebody was alerted to it."""

    conversation: Conversation
    messages: int
    """Messages of this account."""
    with_text: int
    """Those whose words are still held."""
    first: float | None
    last: float | None
    """Event times, seconds since 1970 UTC."""
    text_until: datetime | None
    """When the last of its words go at the latest; None where they are gone."""
    on_hold: bool
    originals: int
    """Pictures of this account that are kept sealed, because of a legal hold."""
    sent_to: int
    """The agency's words that went to this account alone."""
    opinions: int
    """Second opinions of a model in which this account is spoken of, beside whatever alert."""
    opinions_in_words: int
    """Those whose words are still held."""
    alerts: tuple[Alert, ...] = ()
    """Alerts about this account here."""
    others: tuple[Alert, ...] = ()
    """Alerts about somebody else in the conversation."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held about one account of one source."""

    source: SourceRecord
    account: str
    rooms: tuple[Room, ...]
    hand_offs: tuple[HandOff, ...] = field(default=())
    """Calls to agencies on alerts about this account: what was given to third parties."""

    @property
    def alerts(self) -> list[Alert]:
        return [alert for room in self.rooms for alert in room.alerts]

    @property
    def messages(self) -> int:
        return sum(room.messages for room in self.rooms)

    @property
    def with_text(self) -> int:
        return sum(room.with_text for room in self.rooms)

    @property
    def nothing(self) -> bool:
        return not self.rooms

    @property
    def may_not_be_warned(self) -> bool:
        """Whether the police asked that this account learns nothing (APCJS 38-2 (2))."""
        here = [alert for room in self.rooms for alert in (*room.alerts, *room.others)]
        return referrals.warned_off(here)


def named() -> QuerySet[SourceRecord]:
    """Sources in which an account is found by its name on the platform. Those of files are none:
    people have another pseudonym in every file."""
    files = [name for name, connector in CONNECTORS.items() if connector.way is Way.FILE]
    return SourceRecord.objects.exclude(connector__in=files)


def of(source: SourceRecord, account: str) -> Holding:
    """What is held about the account; empty where nothing is."""
    spoken = Turn.objects.filter(conversation__source=source, author=account, by_agency=False)
    counted = {
        row["conversation"]: row
        for row in spoken.order_by()
        .values("conversation")
        .annotate(
            messages=Count("pk"),
            with_text=Count("pk", filter=Q(text__isnull=False)),
            first=Min("at"),
            last=Max("at"),
            kept=Max("kept_at", filter=Q(text__isnull=False)),
        )
    }
    about = Alert.objects.filter(conversation__source=source, about=account)
    originals = dict(
        PictureOriginal.objects.filter(conversation__source=source, author=account)
        .order_by()
        .values_list("conversation")
        .annotate(number=Count("pk"))
    )
    ids = {*counted, *about.values_list("conversation", flat=True), *originals}
    conversations = Conversation.objects.filter(pk__in=ids).select_related("source").order_by("pk")
    alerts = list(
        Alert.objects.filter(conversation__in=ids).select_related("conversation").order_by("pk")
    )
    held = set(
        LegalHold.objects.filter(released_at=None, alert__conversation__in=ids).values_list(
            "alert__conversation", flat=True
        )
    )
    sent = dict(
        OutgoingMessage.objects.filter(alert__conversation__in=ids, recipient=account)
        .order_by()
        .values_list("alert__conversation")
        .annotate(number=Count("pk"))
    )
    told = _opinions(alerts, account)
    rooms = []
    for conversation in conversations:
        row: dict[str, Any] = {**counted.get(conversation.pk, {})}
        here = [alert for alert in alerts if alert.conversation_id == conversation.pk]
        kept = row.get("kept")
        rooms.append(
            Room(
                conversation=conversation,
                messages=row.get("messages", 0),
                with_text=row.get("with_text", 0),
                first=row.get("first"),
                last=row.get("last"),
                text_until=kept + FLAGGED if kept else None,
                on_hold=conversation.pk in held,
                originals=originals.get(conversation.pk, 0),
                sent_to=sent.get(conversation.pk, 0),
                opinions=len(told.get(conversation.pk, ())),
                opinions_in_words=sum(told.get(conversation.pk, ())),
                alerts=tuple(alert for alert in here if alert.about == account),
                others=tuple(alert for alert in here if alert.about != account),
            )
        )
    return Holding(
        source=source,
        account=account,
        rooms=tuple(rooms),
        hand_offs=tuple(
            HandOff.objects.filter(alert__conversation__in=ids, alert__about=account)
            .select_related("agency")
            .order_by("made_at")
        ),
    )


def _opinions(alerts: Sequence[Alert], account: str) -> dict[int, list[bool]]:
    """By conversation, for each opinion that speaks of the account, whether its words are held."""
    rows = SecondOpinion.objects.filter(alert__in=[alert.pk for alert in alerts])
    found: dict[int, list[bool]] = {}
    for row in rows.select_related("alert"):
        if row.alert.about == account or account in row.letters.values():
            found.setdefault(row.alert.conversation_id, []).append(row.summary_ko is not None)
    return found


def own_words(holding: Holding) -> Iterator[tuple[float, str]]:
    """Times and words of the account's own messages, oldest first; never those of others."""
    rows = Turn.objects.filter(
        conversation__in=[room.conversation for room in holding.rooms],
        author=holding.account,
        by_agency=False,
        text__isnull=False,
    ).order_by("at", "pk")
    for turn in rows.iterator(chunk_size=500):
        if turn.text is not None:
            yield turn.at, turn.text


def people(conversation: Conversation, about: str) -> list[tuple[str, int, bool]]:
    """Accounts of a conversation, by who spoke first: pseudonym, messages, whether an alert is
    about them."""
    rows = (
        Turn.objects.filter(conversation=conversation, by_agency=False)
        .order_by()
        .values("author")
        .annotate(number=Count("pk"), first=Min("pk"))
        .order_by("first")
    )
    return [(row["author"], row["number"], row["author"] == about) for row in rows]


def stops(holding: Holding) -> list[ReadingStop]:
    """What of it is read no more."""
    return list(
        ReadingStop.objects.filter(ended_at=None)
        .filter(
            Q(source=holding.source, account=holding.account)
            | Q(conversation__in=[room.conversation for room in holding.rooms])
        )
        .select_related("made_by")
    )


def stops_in(conversation: Conversation) -> list[ReadingStop]:
    """What of a conversation is read no more: all of it, or accounts that spoke in it."""
    rows = list(
        ReadingStop.objects.filter(ended_at=None, source=conversation.source_id).filter(
            Q(conversation=conversation) | Q(conversation=None)
        )
    )
    if not rows:
        return []
    spoken = set(
        Turn.objects.filter(
            conversation=conversation, author__in=[row.account for row in rows if row.account]
        ).values_list("author", flat=True)
    )
    return [row for row in rows if row.conversation_id is not None or row.account in spoken]


def corrections(holding: Holding) -> list[Correction]:
    """What was noted beside it so far."""
    return list(
        Correction.objects.filter(
            alert__conversation__in=[room.conversation for room in holding.rooms]
        ).select_related("alert", "turn", "made_by")
    )


def cases(holding: Holding) -> list[int]:
    """Numbers of the cases in which the account is noted down. What stands in them is for those
    admitted to them."""
    rows = CasePerson.objects.filter(
        source=holding.source, account=holding.account, removed_at=None
    )
    return sorted(set(rows.values_list("case", flat=True)))


def reports(holding: Holding) -> list[Referral]:
    """Reports to those outside that were sent about this account: given to third parties too."""
    about = [alert.pk for alert in holding.alerts]
    rows = Referral.objects.filter(case__joined__alert__in=about, sent_at__isnull=False)
    return list(rows.distinct().order_by("sent_at"))
