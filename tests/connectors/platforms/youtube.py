"""YouTube as its users see it: a stand-in for its API, behind a cable. A room is a comment with its
answers; live chats are tried in ``tests/connectors/test_youtube.py``."""

from __future__ import annotations

import time

from ansim.chat import Source, SourceKind
from ansim.sources.wiring import Wiring
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.cable import Cable
from tests.connectors.standins.youtube import (
    CHANNEL,
    CLIENT,
    KEY,
    MOST_IN_COMMENT,
    REFRESH,
    SECRET,
    Youtube,
)

PEOPLE = ["UC" + name * 2 + "xx" for name in ("haneul0001", "byeol00002", "dalbit0003")]


class Service(Ordinary):
    """Keeps ``tests.connectors.platforms.Platform``."""

    can = frozenset(Can) - {*(Can.PRIVATE, Can.JOINERS, Can.ATTACH, Can.CONTENT, Can.FILES)}
    """Nothing is seen by one person alone, nobody joins, and a comment carries no files."""

    def __init__(self) -> None:
        self.youtube = Youtube()
        self.cable = Cable()

    async def start(self) -> None:
        await self.youtube.start()
        await self.cable.lay(self.youtube.port)

    async def stop(self) -> None:
        await self.cable.cut()
        await self.youtube.stop()

    def source(self) -> Source:
        return Source(
            id="youtube",
            name="YouTube",
            kind=SourceKind.PUBLIC_ROOM,
            legal_basis="누구나 읽는 댓글과 채팅 / comments and chats open to everybody",
            connector="youtube",
        )

    def wiring(self) -> Wiring:
        return Wiring(
            settings={
                "api": f"http://127.0.0.1:{self.cable.port}",
                "places": CHANNEL,
                "client_id": CLIENT,
                "every": "0.1",
                "live_every": "0.1",
            },
            credentials={"key": KEY, "client_secret": SECRET, "refresh_token": REFRESH},
        )

    async def room(self) -> str:
        return self.youtube.begin(PEOPLE[0], "여기 누구 있어?")

    async def say(self, room: str, who: int, text: str) -> str:
        return self.youtube.reply(room, PEOPLE[who], text)

    async def edit(self, room: str, who: int, message: str, text: str) -> None:
        self.youtube.edit(message, text)

    async def delete(self, room: str, who: int, message: str) -> None:
        self.youtube.delete(message)

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        raise NotImplementedError

    async def join(self, room: str, who: int) -> None:
        raise NotImplementedError

    def account(self, who: int) -> str:
        return PEOPLE[who]

    async def seen(self, room: str, who: int) -> list[str]:
        return self.youtube.ours(room)

    async def seen_privately(self, who: int) -> list[str]:
        return []

    def carries(self, text: str) -> str | None:
        return text if len(text) <= MOST_IN_COMMENT and "\0" not in text else None

    def nowhere(self) -> str:
        return "Ugx999999AaABAg"

    async def cut(self) -> None:
        await self.cable.cut()

    async def mend(self) -> None:
        await self.cable.mend()

    async def limit(self, seconds: float) -> None:
        self.youtube.shut_until = time.time() + seconds

    async def revoke(self) -> None:
        self.youtube.revoke()
