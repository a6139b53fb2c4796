"""What became of messages after they were said: changed or taken back by their authors.

The words first said stay as they are; what is shown or handed out says beside them what happened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansim.casework.models import Turn


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one message. Times are seconds since 1970 UTC, of the service's clock."""

    edited_at: float | None = None
    """Since when the service shows other words in its place: its first edit."""
    deleted_at: float | None = None
    """Since when it shows nothing."""
    edits: int = 0
    """Number of the turn of which this is the new form; 0 where it is none."""


@dataclass(frozen=True, slots=True)
class Gone:
    """Something taken back whose words casework never held."""

    at: float
    author: str
    message: str


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes in one conversation."""

    fates: dict[str, Fate]
    not_held: tuple[Gone, ...] = ()

    def of(self, message_id: str) -> Fate:
        return self.fates.get(message_id, _NOTHING)


_NOTHING = Fate()


def changes(conversation: int) -> Changes:
    """What was changed and taken back in a conversation.

    An edit counts as one only where both are of the same account: nobody else can say what somebody
    said. A deletion may be anybody's (a moderator's); it also takes back the edits made before it.
    """
    rows = Turn.with_deletions.filter(conversation=conversation)
    told = list(
        rows.exclude(replaces="")
        .order_by("at", "pk")
        .values_list("pk", "message_id", "author", "at", "replaces", "deleted")
    )
    if not told:
        return Changes({})
    named = rows.exclude(replaces="").order_by().values("replaces")
    held = {
        name: (pk, author)
        for pk, name, author in Turn.objects.filter(conversation=conversation, message_id__in=named)
        .order_by()
        .values_list("pk", "message_id", "author")
    }
    fates: dict[str, Fate] = {}
    edits: dict[str, list[tuple[str, float]]] = {}
    """Edits of a message: id and time."""
    for _, name, author, at, target, deleted in told:
        if deleted or name == target or target not in held or held[target][1] != author:
            continue
        edits.setdefault(target, []).append((name, at))
        fates[name] = replace(fates.get(name, _NOTHING), edits=held[target][0])
        before = fates.get(target, _NOTHING)
        if before.edited_at is None:
            fates[target] = replace(before, edited_at=at)
    not_held = []
    for _, _, author, at, target, deleted in told:
        if not deleted:
            continue
        if target not in held:
            not_held.append(Gone(at, author, target))
            continue
        _take_back(fates, edits, target, at)
    return Changes(fates, tuple(not_held))


def _take_back(
    fates: dict[str, Fate], edits: dict[str, list[tuple[str, float]]], name: str, at: float
) -> None:
    """Marks a message and the edits made of it by then, unless they were taken back before."""
    waiting, seen = [name], {name}
    while waiting:
        one = waiting.pop()
        fate = fates.get(one, _NOTHING)
        if fate.deleted_at is None:
            fates[one] = replace(fate, deleted_at=at)
        for edit, made in edits.get(one, ()):
            if made <= at and edit not in seen:
                seen.add(edit)
                waiting.append(edit)
