"""Discord as its users see it: a stand-in for its API and gateway, behind a cable."""

from __future__ import annotations

import time

from ansim.chat import Consent, Source, SourceKind
from ansim.sources.notices import PROPOSALS
from ansim.sources.wiring import Wiring
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.cable import Cable
from tests.connectors.standins.discord import BOT, TOKEN, Discord, too_many
from tests.connectors.standins.files import Files

PEOPLE = [f"80000000000000000{n}" for n in range(1, 4)]
CHANNELS = 4
"""Made at the start, as an operator enters channels that are there; ``room`` hands them out."""


class Service(Ordinary):
    """Keeps ``tests.connectors.platforms.Platform``."""

    can = frozenset(Can)

    def __init__(self) -> None:
        self.discord = Discord()
        self.cable = Cable()
        self.files = Files()
        self._rooms: list[str] = []
        self._given = 0

    async def start(self) -> None:
        await self.discord.start()
        self.files.start()
        self.cable.lead_files(self.files.port, "/attachments/")
        await self.cable.lay(self.discord.port)
        self.discord.address = f"127.0.0.1:{self.cable.port}"
        for account in PEOPLE[:2]:
            self.discord.join(account)
        self._rooms = [self.discord.add_channel() for _ in range(CHANNELS)]

    async def stop(self) -> None:
        await self.cable.cut()
        await self.discord.stop()
        self.files.stop()

    def source(self) -> Source:
        return Source(
            id="discord",
            name="Discord",
            kind=SourceKind.VISIBLE_BOT,
            legal_basis="운영자의 초대와 모두에게 한 안내 / invited by the owners, all told",
            consent=Consent(given_by="all present", given_at=time.time(), how="pinned notice"),
            connector="discord",
            private_messages=True,
        )

    def wiring(self) -> Wiring:
        return Wiring(
            settings={
                "channels": "\n".join(self._rooms),
                "api": f"http://127.0.0.1:{self.cable.port}",
            },
            credentials={"token": TOKEN},
            notices={kind.value: dict(texts) for kind, texts in PROPOSALS.items()},
        )

    async def room(self) -> str:
        self._given += 1
        return self._rooms[self._given - 1]

    async def say(self, room: str, who: int, text: str) -> str:
        return self.discord.say(room, PEOPLE[who], text)

    async def edit(self, room: str, who: int, message: str, text: str) -> None:
        self.discord.edit(room, message, text)

    async def delete(self, room: str, who: int, message: str) -> None:
        self.discord.delete(room, message)

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        url = f"http://127.0.0.1:{self.cable.port}/attachments/1/2/{content}.png?ex=1"
        picture = {"id": self.discord.new_id(), "filename": name, "content_type": "image/png"}
        return self.discord.say(
            room,
            PEOPLE[who],
            "",
            attachments=[{**picture, "size": 1, "url": url if content else ""}],
        )

    async def join(self, room: str, who: int) -> None:
        self.discord.join(PEOPLE[who])

    def account(self, who: int) -> str:
        return PEOPLE[who]

    async def seen(self, room: str, who: int) -> list[str]:
        said = self.discord.messages[room]
        return [each["content"] for each in said if each["author"]["id"] == BOT]

    async def seen_privately(self, who: int) -> list[str]:
        return await self.seen(self.discord.private_channel(PEOPLE[who]), who)

    def carries(self, text: str) -> str | None:
        """4,000 characters are the most that anybody may write."""
        return text if len(text) <= 4000 else None

    async def answer(self, room: str, who: int, text: str) -> str:
        return self.discord.say(self.discord.private_channel(PEOPLE[who]), PEOPLE[who], text)

    def nowhere(self) -> str:
        return "700000000000000001"

    async def cut(self) -> None:
        await self.cable.cut()

    async def mend(self) -> None:
        await self.cable.mend()

    async def limit(self, seconds: float) -> None:
        self.discord.answers.append(too_many(seconds))

    async def revoke(self) -> None:
        self.discord.token = "another"
        await self.discord.close_all(4004)
