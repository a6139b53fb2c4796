"""Duplicate alerts fold together: those of one account, or of one conversation, are shown as one.

Each open alert keeps its own evidence and its own outcome. Of a fold, the most urgent alert of each
holder leads, so that one that nobody holds never hides behind one that somebody does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from ansim.casework.models import Alert, Kind, State


class Folds:
    """Where new alerts of a batch belong, looked up once."""

    def __init__(self, names: Iterable[tuple[str, str]], conversations: Iterable[int]) -> None:
        """``names`` are (source, account) and ``conversations`` ids of the batch."""
        wanted = list(names)
        rows = (
            Alert.objects.filter(state=State.OPEN)
            .filter(
                Q(
                    about__in={about for _, about in wanted},
                    conversation__source__in={source for source, _ in wanted},
                )
                | Q(conversation__in=set(conversations))
            )
            .order_by("pk")
            .values_list("kind", "conversation__source", "about", "conversation", "fold")
        )
        self.found: set[int] = set()
        """The folds of open alerts that a new one could join."""
        self._by_account: dict[tuple[str, str], int] = {}
        self._by_conversation: dict[int, int] = {}
        for kind, source, about, conversation, fold in rows:
            self.found.add(fold)
            if kind == Kind.RISK:
                self._by_account.setdefault((source, about), fold)
            self._by_conversation.setdefault(conversation, fold)

    def place(self, alert: Alert, source: str) -> bool:
        """Puts a new alert into the fold it belongs to. Returns whether there was one.

        The account goes before the conversation; two folds that meet are not joined. Who asks for
        help is no account under suspicion: a request belongs to its conversation alone.
        """
        account = (source, alert.about)
        fold = self._by_conversation.get(alert.conversation_id)
        if not alert.is_request:
            fold = self._by_account.get(account, fold)
        found = fold is not None
        if fold is not None:
            alert.fold = fold
        if not alert.is_request:
            self._by_account.setdefault(account, alert.fold)
        self._by_conversation.setdefault(alert.conversation_id, alert.fold)
        return found


def lock(which: Q) -> None:
    """Locks these alerts and all open ones of their folds, in the order of their numbers.

    Before whatever ends in ``elect``: it touches alerts of other conversations, which somebody
    else may hold. Whoever took their own first would on PostgreSQL wait for each other for ever.
    """
    folds = Alert.objects.filter(which).values_list("fold", flat=True)
    together = which | Q(fold__in=set(folds), state=State.OPEN)
    locked = Alert.objects.select_for_update().filter(together).order_by("pk")
    list(locked.values_list("pk", flat=True))


def elect(folds: Iterable[int]) -> None:
    """Decides anew who leads in these folds. Within the transaction of what changed them, whose
    alerts were taken with ``lock``."""
    wanted = set(folds)
    if not wanted:
        return
    rows = (
        Alert.objects.filter(fold__in=wanted, state=State.OPEN)
        .order_by("priority", "raised_at", "pk")
        .values_list("pk", "fold", "claimed_by", "leads")
    )
    seen: set[tuple[int, int | None]] = set()
    rising: list[int] = []
    falling: list[int] = []
    for pk, fold, holder, leads in rows:
        first = (fold, holder) not in seen
        seen.add((fold, holder))
        if first != leads:
            (rising if first else falling).append(pk)
    if rising:
        Alert.objects.filter(pk__in=rising).update(leads=True)
    if falling:
        Alert.objects.filter(pk__in=falling).update(leads=False)


def folded(shown: Sequence[Alert]) -> Mapping[int, list[Alert]]:
    """The other open alerts of the folds of these, by the id of the one shown. They come with
    their priority, source and holder; what else there is to an alert is fetched when asked for."""
    together = Counter(
        Alert.objects.filter(
            fold__in={alert.fold for alert in shown}, state=State.OPEN
        ).values_list("fold", flat=True)
    )
    # Most alerts are alone, and that much an index knows.
    several = [fold for fold, alerts in together.items() if alerts > 1]
    if not several:
        return {alert.pk: [] for alert in shown}
    others = (
        Alert.objects.filter(fold__in=several, state=State.OPEN)
        .select_related("claimed_by", "conversation__source")
        .only(
            "fold",
            "kind",
            "priority",
            "raised_at",
            "claimed_by__username",
            "claimed_by__display_name",
            "conversation__source__name",
        )
        .order_by("priority", "raised_at", "pk")
    )
    by_fold: dict[int, list[Alert]] = {}
    for other in others:
        by_fold.setdefault(other.fold, []).append(other)
    return {
        alert.pk: [other for other in by_fold.get(alert.fold, []) if other.pk != alert.pk]
        for alert in shown
    }
