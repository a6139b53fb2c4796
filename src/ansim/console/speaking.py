"""Which letter an account of a conversation is called by: in the order of who spoke first."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Min, QuerySet

from ansim.casework.models import Turn
from ansim.detection.tactics import Language

_KOREAN = "가나다라마바사아자차카타파하"


def name(number: int, language: Language) -> str:
    """What the account at this place is called."""
    round_, place = divmod(number, len(_KOREAN) if language == "ko" else 26)
    letter = _KOREAN[place] if language == "ko" else chr(ord("A") + place)
    suffix = str(round_ + 1) if round_ else ""
    return f"계정 {letter}{suffix}" if language == "ko" else f"Account {letter}{suffix}"


def first_turns(said: QuerySet[Turn]) -> dict[str, int]:
    """Accounts in the order in which they first spoke, which gives them their letters, with the
    number of their first turn."""
    rows = (
        said.filter(by_agency=False)
        .order_by()
        .values_list("author")
        .annotate(first=Min("at"), place=Min("pk"))
        .order_by("first", "place")
    )
    return {author: place for author, _, place in rows}


def first_of(said: Iterable[Turn]) -> dict[str, int]:
    """The same where all that was said is here already."""
    found: dict[str, tuple[float, int]] = {}
    for turn in said:
        if not turn.by_agency:
            at, place = found.get(turn.author, (turn.at, turn.pk))
            found[turn.author] = (min(at, turn.at), min(place, turn.pk))
    return {author: found[author][1] for author in sorted(found, key=found.__getitem__)}
