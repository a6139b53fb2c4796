"""What a case knows, as plain values: facts, and apart from them what the software estimated."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ansim.casework.checklist import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the software estimated about one alert. Never a fact."""

    priority: str
    risk: float
    marked: dict[str, int] = field(default_factory=dict)
    """Messages by label of the taxonomy, in Korean: how many the detector marked."""
    versions: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One alert's conversation: where it was held, by whom, how much of it there is."""

    alert: int
    service: str
    """The name of the source."""
    connector: str
    legal_basis: str
    room: str
    """Pseudonym of the conversation."""
    about: str
    """Pseudonym of the account that the alert is about."""
    messages: int
    """Of all participants."""
    counts: Counts
    confirmed: bool = False
    """A person closed the alert as grooming."""
    estimate: Estimate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody in the case, as people wrote them down; empty where nothing is known."""

    part: str
    """``young``, ``guardian``, ``suspect`` … (``CasePerson.Part``)."""
    name: str = ""
    age: str = ""
    """In words; empty where it is not known."""
    account: str = ""
    contact: str = ""
    careful: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that was done: an agency was told, the young person was talked to."""

    at: datetime
    what: str
    rescue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A package that was made and is to go along."""

    name: str
    sha256: str
    """Of its list of files (``manifest.json``), which is what was signed."""
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything that drafts are filled from."""

    case: int
    agency_ko: str
    agency_en: str
    writer: str
    contact: str = ""
    """How the writer can be reached, as they last put it."""
    mail: str = ""
    learned_at: datetime | None = None
    """When the agency learned of the offence."""
    people: tuple[Person, ...] = ()
    talks: tuple[Talk, ...] = ()
    steps: tuple[Step, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def of(self, part: str) -> list[Person]:
        return [person for person in self.people if person.part == part]

    @property
    def first(self) -> float | None:
        """The earliest message of a reported account, seconds since 1970 UTC."""
        times = [talk.counts.first for talk in self.talks if talk.counts.first is not None]
        return min(times, default=None)

    @property
    def last(self) -> float | None:
        times = [talk.counts.last for talk in self.talks if talk.counts.last is not None]
        return max(times, default=None)
