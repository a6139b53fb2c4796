"""The toy service: keeps every promise by which the suite measures others."""

from __future__ import annotations

from dataclasses import replace

from ansim.chat import Consent, Source, SourceKind
from ansim.sources.notices import PROPOSALS
from ansim.sources.wiring import Wiring
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.files import Files
from tests.connectors.standins.toy import Toy
from tests.connectors.toy import DECLARATION, Fault

PEOPLE = ["minji-raw", "junho-raw", "late-raw"]


class Service(Ordinary):
    """Keeps ``tests.connectors.platforms.Platform``; ``fault`` is the connector's, not its own."""

    connects = "tests.connectors.toy:connect"

    def __init__(self, fault: Fault = Fault.NONE, *, history: bool = True) -> None:
        self.toy = Toy()
        self.files = Files()
        self.can = frozenset(Can) if history else frozenset(Can) - {Can.HISTORY}
        self.declaration = replace(DECLARATION, keeps_history=history)
        self._fault = fault
        self._history = history

    async def start(self) -> None:
        self.files.start()
        await self.toy.start()

    async def stop(self) -> None:
        await self.toy.stop()
        self.files.stop()

    def source(self) -> Source:
        return Source(
            id="toy",
            name="Toy",
            kind=SourceKind.VISIBLE_BOT,
            legal_basis="everybody was told",
            consent=Consent(given_by="all present", given_at=1.7e9, how="notice in the room"),
            connector="toy",
            private_messages=True,
        )

    def wiring(self) -> Wiring:
        return Wiring(
            settings={
                "port": str(self.toy.port),
                "fault": self._fault.value,
                "history": "yes" if self._history else "no",
                "files": self.files.base,
            },
            credentials={"token": "token-of-the-toy"},
            notices={kind.value: dict(texts) for kind, texts in PROPOSALS.items()},
        )

    async def room(self) -> str:
        name = f"toy-room-{len(self.toy.members) + 1}"
        for who in ("bot", *PEOPLE[:2]):
            self.toy.happen("join", name, who)
        return name

    async def say(self, room: str, who: int, text: str) -> str:
        return self.toy.happen("say", room, PEOPLE[who], text)

    async def edit(self, room: str, who: int, message: str, text: str) -> None:
        self.toy.happen("edit", room, PEOPLE[who], text, replaces=message)

    async def delete(self, room: str, who: int, message: str) -> None:
        self.toy.happen("delete", room, PEOPLE[who], replaces=message)

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        address = f"{self.files.base}/{content}.png" if content else ""
        return self.toy.happen("say", room, PEOPLE[who], file=name, address=address)

    async def join(self, room: str, who: int) -> None:
        self.toy.happen("join", room, PEOPLE[who])

    def account(self, who: int) -> str:
        return PEOPLE[who]

    async def seen(self, room: str, who: int) -> list[str]:
        return [
            each["text"]
            for each in self.toy.events
            if each["who"] == "bot" and each["room"] == room
            if each["kind"] == "say" and not each["private"]
        ]

    async def seen_privately(self, who: int) -> list[str]:
        return [
            each["text"]
            for each in self.toy.events
            if each["who"] == "bot" and each["private"] and each["to"] == PEOPLE[who]
        ]

    async def answer(self, room: str, who: int, text: str) -> str:
        return self.toy.happen("say", room, PEOPLE[who], text, private=True, about=room)

    def nowhere(self) -> str:
        return "toy-room-0"

    async def cut(self) -> None:
        await self.toy.stop()

    async def mend(self) -> None:
        await self.toy.start()

    async def limit(self, seconds: float) -> None:
        self.toy.slower(seconds)

    async def revoke(self) -> None:
        self.toy.token = "another"
