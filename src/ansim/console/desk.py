"""What the queue shows: the lists of the overview, or what a search asks for, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import donors, folding, notices, reading, shifts
from ansim.casework.models import Account, Alert, Channel, SavedView, SourceRecord, State
from ansim.casework.roles import Act, may

A_PAGE = 50
"""Rows on one page of the queue."""
MOST_COUNTED = 10_000
"""Beyond this the pages are not counted: nobody turns two hundred of them."""
MOST_FOUND = 1_000
"""Alerts found by the end of a pseudonym; whoever finds more has typed too little."""

STATES = {
    "waiting": _("기다리는 경보"),
    "mine": _("내가 맡은 경보"),
    "others": _("동료가 맡은 경보"),
    "escalated": _("슈퍼바이저에게 올라온 경보"),
    "overdue": _("시간이 지난 경보"),
    "held": _("보류한 경보"),
    "closed": _("종결한 경보"),
    "all": _("모든 경보"),
}
PRIORITIES = ("P1", "P2", "P3", "P4")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for; empty means the overview."""

    state: str = ""
    priorities: tuple[str, ...] = ()
    source: str = ""
    words: str = ""
    page: str = "1"

    @classmethod
    def read(cls, query: QueryDict) -> Asked:
        """From an address; what makes no sense is left out."""
        state = query.get("state", "")
        chosen = tuple(name for name in PRIORITIES if name in query.getlist("p"))
        return cls(
            state=state if state in STATES else "",
            priorities=() if len(chosen) == len(PRIORITIES) else chosen,
            source=query.get("source", "")[:60].replace("\0", ""),
            words=" ".join(query.get("q", "").replace("\0", "").split())[:60],
            page=query.get("page", "1"),
        )

    def __bool__(self) -> bool:
        return bool(self.state or self.priorities or self.source or self.words)

    @property
    def query(self) -> str:
        """The same as the query string of an address, without the page."""
        written = QueryDict(mutable=True)
        for name, value in (("state", self.state), ("source", self.source), ("q", self.words)):
            if value:
                written[name] = value
        written.setlist("p", list(self.priorities))
        return written.urlencode()


if TYPE_CHECKING:
    _Pages = Paginator[Alert]
else:
    _Pages = Paginator


class _Counted(_Pages):
    """Counts only as far as anybody turns pages."""

    def __init__(self, rows: QuerySet[Alert]) -> None:
        super().__init__(rows, A_PAGE)
        self._rows = rows

    @cached_property
    def count(self) -> int:
        return self._rows.order_by()[:MOST_COUNTED].count()


_OF_A_ROW = (
    "conversation__source__name",
    "claimed_by__username",
    "claimed_by__display_name",
    "kind",
    "state",
    "priority",
    "risk",
    "episode",
    "raised_at",
    "due_at",
    "escalated_at",
    "escalated_by",
    "hold_until",
    "outcome",
    "why",
    "fold",
)
"""What a row shows; an alert and an account have several kilobytes more."""


def _rows() -> QuerySet[Alert]:
    return Alert.objects.select_related("conversation__source", "claimed_by").only(*_OF_A_ROW)


def _closed_lately() -> QuerySet[Alert]:
    """The ten closed last, by whom, each on one line."""
    return (
        Alert.objects.filter(state=State.CLOSED)
        .select_related("closed_by")
        .only("kind", "outcome", "closed_at", "closed_by__username", "closed_by__display_name")
        .order_by("-closed_at")[:10]
    )


def _open() -> QuerySet[Alert]:
    return _rows().filter(state=State.OPEN, leads=True).order_by("priority", "raised_at", "pk")


def search(asked: Asked, user: Account) -> QuerySet[Alert]:
    """The alerts asked for. Of a fold every alert is found: who searches wants all of them."""
    every = _rows().filter(state=State.OPEN).order_by("priority", "raised_at", "pk")
    now = timezone.now()
    rows = {
        "": _rows().order_by("-raised_at") if asked.words else _open().filter(claimed_by=None),
        "waiting": _open().filter(claimed_by=None),
        "mine": every.filter(claimed_by=user),
        "others": every.exclude(claimed_by=None).exclude(claimed_by=user),
        "escalated": every.filter(escalated_at__isnull=False).order_by("priority", "escalated_at"),
        "overdue": every.filter(claimed_by=None, due_at__lte=now).order_by("due_at"),
        "held": every.filter(hold_until__gt=now).order_by("hold_until"),
        "closed": _rows().filter(state=State.CLOSED).order_by("-closed_at"),
        "all": _rows().order_by("-raised_at"),
    }[asked.state]
    if asked.priorities:
        rows = rows.filter(priority__in=asked.priorities)
    if asked.source:
        rows = rows.filter(conversation__source=asked.source)
    return rows.filter(_words(asked.words)) if asked.words else rows


def _words(words: str) -> Q:
    """A number finds the alert; anything else the end of a pseudonym, a source or a holder.

    What fits is looked up first, in narrow indexes: one condition over all of it would have the
    database read every alert.
    """
    tail = words.removeprefix("…").removeprefix("...")
    ending = Alert.objects.filter(about__endswith=tail).values_list("pk", flat=True)
    found = Q(pk__in=list(ending[:MOST_FOUND]))
    if words.isascii() and words.isdigit() and len(words) < 18:
        return found | Q(pk=int(words))
    sources = SourceRecord.objects.filter(name__icontains=words).values_list("pk", flat=True)
    people = Account.objects.filter(
        Q(display_name__icontains=words) | Q(username__iexact=words)
    ).values_list("pk", flat=True)
    if ids := list(sources):
        found |= Q(conversation__source__in=ids)
    if ids_of_people := list(people):
        found |= Q(claimed_by__in=ids_of_people) | Q(closed_by__in=ids_of_people)
    return found


def _paged(rows: QuerySet[Alert], number: str) -> Page[Alert]:
    return _Counted(rows).get_page(number)


def lists(asked: Asked, user: Account) -> dict[str, Any]:
    """Context of the lists."""
    found: dict[str, Any] = {
        "asked": asked,
        "now": timezone.now(),
        "newest": Alert.objects.order_by("-pk").values_list("pk", flat=True).first() or 0,
        "handovers": shifts.pending(user),
        "reading": reading.standing(timezone.now()),
    }
    if may(user, Act.LEAD_SHIFT):
        found |= _for_supervisors()
    if asked:
        page = _paged(search(asked, user), asked.page)
        found |= {"page": page, "title": STATES[asked.state] if asked.state else _("찾은 경보")}
        shown = list(page)
    else:
        # What stands on top for supervisors is not shown a second time.
        on_top = [alert.pk for alert in found.get("escalated", ())]
        rows = _open().exclude(pk__in=on_top) if on_top else _open()
        page = _paged(rows.filter(claimed_by=None), asked.page)
        if not on_top:
            found["waiting_count"] = page.paginator.count
        mine = list(rows.filter(claimed_by=user)[:A_PAGE])
        others = list(rows.exclude(claimed_by=None).exclude(claimed_by=user)[:A_PAGE])
        found |= {
            "page": page,
            "mine": mine,
            "others": others,
            "closed": _closed_lately(),
        }
        shown = [*page, *mine, *others, *found.get("escalated", ())]
    if "waiting_count" not in found:
        waiting = _open().filter(claimed_by=None).order_by()
        found["waiting_count"] = waiting[:MOST_COUNTED].count()
    folds = folding.folded([alert for alert in shown if alert.state == State.OPEN])
    answered = donors.unread([alert.conversation_id for alert in shown])
    for alert in shown:
        alert.folded = folds.get(alert.pk, [])  # type: ignore[attr-defined]
        alert.answered = alert.conversation_id in answered  # type: ignore[attr-defined]
    return found


def _for_supervisors() -> dict[str, Any]:
    every = _open().filter(escalated_at__isnull=False)
    channels = list(Channel.objects.filter(active=True))
    return {
        "escalated": list(every.order_by("priority", "escalated_at")[:20]),
        "escalated_count": every.order_by()[:MOST_COUNTED].count(),
        "no_channel": not channels,
        "dead_channels": [channel for channel in channels if channel.failing_since],
        "undelivered": notices.undelivered() if channels else 0,
    }


def filters(user: Account) -> dict[str, Any]:
    """Context of the form above the lists."""
    return {
        "states": STATES.items(),
        "priorities": PRIORITIES,
        "sources": SourceRecord.objects.order_by("name").values_list("pk", "name"),
        "views": SavedView.objects.filter(owner=user),
    }
