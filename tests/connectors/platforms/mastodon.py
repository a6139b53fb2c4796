"""Mastodon as its users see it: a stand-in for a server, behind a cable."""

from __future__ import annotations

import time

from ansim.chat import Source, SourceKind
from ansim.sources.wiring import Wiring
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.cable import Cable
from tests.connectors.standins.files import Files
from tests.connectors.standins.mastodon import MOST, TOKEN, Mastodon, typed

PEOPLE = ["haneul_01", "byeol_02@other.example", "dalbit_03"]
TAG = "급식"


class Service(Ordinary):
    """Keeps ``tests.connectors.platforms.Platform``. A room is a post with a hashtag."""

    can = frozenset(Can) - {Can.PRIVATE, Can.JOINERS}
    """Nothing on Mastodon is seen by one person alone, and nobody joins what is public."""

    def __init__(self) -> None:
        self.mastodon = Mastodon()
        self.cable = Cable()
        self.files = Files()

    async def start(self) -> None:
        await self.mastodon.start()
        self.files.start()
        self.cable.lead_files(self.files.port, "/system/")
        await self.cable.lay(self.mastodon.port)

    async def stop(self) -> None:
        await self.cable.cut()
        await self.mastodon.stop()
        self.files.stop()

    def source(self) -> Source:
        return Source(
            id="mastodon",
            name="Mastodon",
            kind=SourceKind.PUBLIC_ROOM,
            legal_basis="누구나 읽는 공개 글 / posts open to everybody",
            connector="mastodon",
        )

    def wiring(self) -> Wiring:
        return Wiring(
            settings={
                "instance": f"http://127.0.0.1:{self.cable.port}",
                "hashtags": f"#{TAG}",
                "every": "0.1",
            },
            credentials={"token": TOKEN},
        )

    async def room(self) -> str:
        return str(self.mastodon.post(PEOPLE[0], f"여기 누구 있어? #{TAG}")["id"])

    async def say(self, room: str, who: int, text: str) -> str:
        return str(self.mastodon.post(PEOPLE[who], text, room)["id"])

    async def edit(self, room: str, who: int, message: str, text: str) -> None:
        self.mastodon.edit(message, text)

    async def delete(self, room: str, who: int, message: str) -> None:
        self.mastodon.delete(message)

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        url = f"http://127.0.0.1:{self.cable.port}/system/media/{content}.png" if content else None
        files = [{"id": "1", "type": "image", "url": url}]
        return str(self.mastodon.post(PEOPLE[who], "", room, media_attachments=files)["id"])

    async def join(self, room: str, who: int) -> None:
        raise NotImplementedError

    def account(self, who: int) -> str:
        return PEOPLE[who]

    async def seen(self, room: str, who: int) -> list[str]:
        ours = self.mastodon.ours()
        return [text for number, text in ours if self.mastodon.first(number) == room]

    async def seen_privately(self, who: int) -> list[str]:
        return []

    def carries(self, text: str) -> str | None:
        """A server takes no longer text of its own people, and no NUL."""
        return typed(text) if len(text) <= MOST and "\0" not in text else None

    def nowhere(self) -> str:
        return "999999999999999999"

    async def cut(self) -> None:
        await self.cable.cut()

    async def mend(self) -> None:
        await self.cable.mend()

    async def limit(self, seconds: float) -> None:
        self.mastodon.shut_until = time.time() + seconds

    async def revoke(self) -> None:
        self.mastodon.token = "another"
