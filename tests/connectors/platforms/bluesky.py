"""Bluesky as its users see it: a stand-in for a server and its AppView, behind a cable."""

from __future__ import annotations

import time

from ansim.chat import Source, SourceKind
from ansim.sources.wiring import Wiring
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.bluesky import HANDLE, MOST, PASSWORD, POST, Bluesky
from tests.connectors.standins.cable import Cable
from tests.connectors.standins.files import Files

PEOPLE = [f"did:plc:{name * 4}" for name in ("haneul", "byeolb", "dalbit")]
TAG = "급식"


class Service(Ordinary):
    """Keeps ``tests.connectors.platforms.Platform``. A room is a post with a hashtag."""

    can = frozenset(Can) - {Can.PRIVATE, Can.JOINERS, Can.EDIT}
    """Posts of Bluesky are never changed, and nothing of it is seen by one person alone."""

    def __init__(self) -> None:
        self.bluesky = Bluesky()
        self.cable = Cable()
        self.files = Files()

    async def start(self) -> None:
        await self.bluesky.start()
        self.files.start()
        self.cable.lead_files(self.files.port, "/img/")
        await self.cable.lay(self.bluesky.port)

    async def stop(self) -> None:
        await self.cable.cut()
        await self.bluesky.stop()
        self.files.stop()

    def source(self) -> Source:
        return Source(
            id="bluesky",
            name="Bluesky",
            kind=SourceKind.PUBLIC_ROOM,
            legal_basis="누구나 읽는 공개 글 / posts open to everybody",
            connector="bluesky",
        )

    def wiring(self) -> Wiring:
        return Wiring(
            settings={
                "service": f"http://127.0.0.1:{self.cable.port}",
                "handle": HANDLE,
                "feeds": f"#{TAG}",
                "every": "0.1",
            },
            credentials={"password": PASSWORD},
        )

    async def room(self) -> str:
        return str(self.bluesky.post(PEOPLE[0], f"여기 누구 있어? #{TAG}")["uri"])

    async def say(self, room: str, who: int, text: str) -> str:
        return str(self.bluesky.post(PEOPLE[who], text, room)["uri"])

    async def edit(self, room: str, who: int, message: str, text: str) -> None:
        raise NotImplementedError

    async def delete(self, room: str, who: int, message: str) -> None:
        self.bluesky.delete(message)

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        image = {"alt": "", "thumb": "x"}
        if content:
            place = f"img/feed_fullsize/plain/{PEOPLE[who]}/{content}@jpeg"
            image["fullsize"] = f"http://127.0.0.1:{self.cable.port}/{place}"
        embed = {"$type": "app.bsky.embed.images#view", "images": [image]}
        return str(self.bluesky.post(PEOPLE[who], "", room, embed=embed)["uri"])

    async def join(self, room: str, who: int) -> None:
        raise NotImplementedError

    def account(self, who: int) -> str:
        return PEOPLE[who]

    async def seen(self, room: str, who: int) -> list[str]:
        ours = self.bluesky.ours()
        return [e["record"]["text"] for e in ours if e["record"]["reply"]["root"]["uri"] == room]

    async def seen_privately(self, who: int) -> list[str]:
        return []

    def carries(self, text: str) -> str | None:
        return text if len(text) <= MOST else None

    def nowhere(self) -> str:
        return f"at://{PEOPLE[0]}/{POST}/3knowhereatall"

    async def cut(self) -> None:
        await self.cable.cut()

    async def mend(self) -> None:
        await self.cable.mend()

    async def limit(self, seconds: float) -> None:
        self.bluesky.shut_until = time.time() + seconds

    async def revoke(self) -> None:
        self.bluesky.revoke()
