"""A chat service as its users see it: what the contract suite drives, one module a connector.

``tests.connectors.platforms.<connector>`` has a class ``Service`` that keeps ``Platform``. Behind
it is the real server where one can run here (Synapse, Prosody), else a stand-in on a free port that
speaks the service's documented interface; the connector itself is always the one that ships.

Every check has a ``Service`` of its own, unless it is ``lasting``. Rooms are asked for before the
connector is started. ``Ordinary`` lists what a Service may say about itself besides.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from ansim.chat import Source
from ansim.sources.wiring import Wiring
from tests.connectors.standins.files import Files


class Can(StrEnum):
    """What a service has; the suite leaves out what it lacks, and the connector's page says so."""

    EDIT = "edit"
    DELETE = "delete"
    ATTACH = "attach"
    CONTENT = "content"
    """What is attached is handed on (docs/pictures.md)."""
    FILES = "files"
    """… as an address from which it has to be fetched."""
    PRIVATE = "private"
    HISTORY = "history"
    """What was said while we were away can be fetched."""
    JOINERS = "joiners"
    """People come and go, and rooms are told (``Hears.ROOM_THAT_WAS_TOLD``)."""
    REVOKE = "revoke"
    LIMIT = "limit"
    CUT = "cut"


class Platform(Protocol):
    """One running service with an account of ours on it.

    People are numbers: 0 and 1 are in every room, 2 comes later. Rooms and messages are named as
    ``Incoming`` names them.
    """

    can: frozenset[Can]

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def source(self) -> Source: ...

    def wiring(self) -> Wiring:
        """As an operator would enter it."""
        ...

    async def room(self) -> str:
        """A new room (channel, thread, post …) with people 0 and 1 that our account can see or is
        invited to."""
        ...

    async def say(self, room: str, who: int, text: str) -> str:
        """Returns the id that ``Incoming`` will have."""
        ...

    async def edit(self, room: str, who: int, message: str, text: str) -> None: ...

    async def delete(self, room: str, who: int, message: str) -> None: ...

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        """Sends a picture of this file name, without words. ``content``: its name at ``files``;
        where nothing is fetched (no ``Can.FILES``), ``good`` is all that is asked for."""
        ...

    async def join(self, room: str, who: int) -> None: ...

    def account(self, who: int) -> str:
        """As ``Incoming.author`` names this person."""
        ...

    async def seen(self, room: str, who: int) -> list[str]:
        """Texts of ours that this person can read in the room, in order, notices too."""
        ...

    async def seen_privately(self, who: int) -> list[str]:
        """Texts of ours that only this person can read."""
        ...

    async def cut(self) -> None:
        """The service cannot be reached from now on; what is said meanwhile is kept by it."""
        ...

    async def mend(self) -> None: ...

    async def limit(self, seconds: float) -> None:
        """The next words of ours are answered with "too many", to be repeated after ``seconds``."""
        ...

    async def revoke(self) -> None:
        """Our credentials are not accepted any more."""
        ...


class Ordinary:
    """What holds for a Service that does not say otherwise; inherit from it or leave it out."""

    lasting = False
    """Slow to start: one for all checks, each with new rooms. ``revoke`` comes last."""
    people = 2
    """How many are in a room from the start; 1 where a person writes to the agency alone."""
    files: Files | None = None
    """Where attached files lie (``Can.FILES``); started and stopped with the service."""
    files_need_our_account = False
    """What they are fetched with is the account's own token, at the service itself."""
    connects = ""
    """"module:function" that makes the connector; empty: the registry's."""

    def lacking(self) -> str:
        """Why the service cannot be started here (a program that is not installed); else empty."""
        return ""

    def at(self, base: str) -> None:
        """``Way.CALLED``: the address under which our routes are served, told before ``room``. It
        stays the same when we are restarted; while we are away or refuse, the service repeats
        what its documentation says it repeats, and ``say`` returns all the same."""

    def carries(self, text: str) -> str | None:
        """What the service makes of a text before it reaches us; None where it refuses it."""
        return text

    async def answer(self, room: str, who: int, text: str) -> str:
        """This person answers what they were told privately about ``room``, as privately. Returns
        the id that ``Incoming`` will have, in the conversation ``room``."""
        raise NotImplementedError

    def nowhere(self) -> str:
        """Name of a room of the right form that is not there; empty: not to be tried."""
        return ""
