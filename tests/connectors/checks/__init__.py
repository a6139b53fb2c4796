"""What every connector promises, as functions that fail where it is not kept.

They know a service only as ``platforms.Platform`` and a connector only by the contract of
``ansim.sources``, so that they hold for all of them, and for the broken toys that must fail.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from ansim.sources.contract import Declaration, Delivery, DeliveryState, Hears, Incoming, Outgoing
from ansim.sources.telling import AGREEMENT, OBJECTION, RESUMING
from tests.connectors.apart import Apart
from tests.connectors.platforms import Can, Platform
from tests.connectors.running import AGENCY, Running, declaration_of, extra, until

PROBE = "여기 누구 있어?"


@dataclass(frozen=True)
class Case:
    """What a check works with: a started service and an empty folder."""

    platform: Platform
    folder: Path
    soak: bool = False

    @property
    def declaration(self) -> Declaration:
        return declaration_of(self.platform)

    @property
    def people(self) -> int:
        """How many are in a room from the start."""
        people: int = extra(self.platform, "people")
        return people

    @property
    def other(self) -> int:
        """A second person of a room, where there is one."""
        return 1 if self.people > 1 else 0

    def words(self, room: str, text: str, recipient: str = "") -> Outgoing:
        """A counsellor's words, with an id that no other check used."""
        return Outgoing(
            id=f"o-{secrets.token_hex(6)}",
            source=self.platform.source().id,
            conversation=room,
            text=text,
            language="ko",
            agency=AGENCY["ko"],
            author="7",
            recipient=recipient,
        )

    async def said_in(self, room: str, text: str, who: int = 0) -> int:
        """In how many of our texts a person reads these words in the room."""
        return sum(text in each for each in await self.platform.seen(room, who))

    async def said_privately(self, text: str, who: int = 0) -> int:
        return sum(text in each for each in await self.platform.seen_privately(who))


Run = Callable[[Case], Awaitable[None]]


@dataclass(frozen=True)
class Check:
    """One promise. Its name is the name of its function."""

    run: Run
    can: frozenset[Can] = frozenset()
    """What the service must have."""
    hears: Hears | None = None
    applies: Callable[[Declaration], bool] = field(default=lambda _: True)
    why: str = ""
    """Why it is left out where it does not apply."""
    last: bool = False
    """The service is of no use afterwards."""

    @property
    def name(self) -> str:
        return self.run.__name__

    def left_out(self, platform: Platform) -> str:
        """Why this service is not asked for this promise; empty: it is."""
        lacking = sorted(each.value for each in self.can - platform.can)
        if lacking:
            return f"the service has no {', '.join(lacking)}"
        declaration = declaration_of(platform)
        if self.hears is not None and declaration.hears is not self.hears:
            return f"its way of hearing is {declaration.hears.value}"
        return "" if self.applies(declaration) else self.why


CHECKS: list[Check] = []


def check(
    *can: Can,
    hears: Hears | None = None,
    applies: Callable[[Declaration], bool] = lambda _: True,
    why: str = "",
    last: bool = False,
) -> Callable[[Run], Run]:
    """Adds a promise to the suite."""

    def add(run: Run) -> Run:
        CHECKS.append(Check(run, frozenset(can), hears, applies, why, last))
        return run

    return add


def fixed(text: str) -> bool:
    """Whether the suite said it to get on, not to be looked at."""
    return text.startswith(PROBE) or text in OBJECTION | RESUMING | AGREEMENT


def heard(running: Running | Apart, room: str) -> list[Incoming]:
    """What was handed over of a room, without repeats and without what ``opened`` said."""
    return [each for each in running.heard(room) if not fixed(each.text)]


def texts(running: Running | Apart, room: str) -> list[str]:
    return [each.text for each in heard(running, room)]


async def opened(case: Case, running: Running | Apart, room: str, who: int = 0) -> None:
    """Comes back once the room is being read: somebody asks until it is heard."""

    asked: set[str] = set()
    tries = 0

    async def is_read() -> bool:
        nonlocal tries
        if not asked.isdisjoint(each.text for each in running.heard(room)):
            return True
        tries += 1
        if tries % 8 == 1:  # some platforms count in whole seconds, some are asked now and then
            probe = f"{PROBE} {secrets.token_hex(3)}"
            asked.add(probe)
            await case.platform.say(room, who, probe)
        return False

    await until(is_read, "the room is read")


async def nudged(case: Case, room: str, delivery: Delivery) -> None:
    """Where words wait until their reader says something: says something."""
    if delivery.state is DeliveryState.WAITING:
        await case.platform.say(room, 0, f"{PROBE} {secrets.token_hex(3)}")
