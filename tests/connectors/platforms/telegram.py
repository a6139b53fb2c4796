"""Telegram as its users see it: a stand-in for its Bot API, behind a cable."""

from __future__ import annotations

import math
import time

from ansim.chat import Consent, Source, SourceKind
from ansim.sources.notices import PROPOSALS
from ansim.sources.wiring import Wiring
from tests.connectors.platforms import Can, Ordinary
from tests.connectors.standins.cable import Cable
from tests.connectors.standins.files import Files
from tests.connectors.standins.telegram import TOKEN, Telegram, too_many

PEOPLE = [800000001, 800000002, 800000003]


class Service(Ordinary):
    """Keeps ``tests.connectors.platforms.Platform``."""

    files_need_our_account = True
    can = frozenset(Can) - {Can.DELETE}
    """Telegram never tells a bot that a message of a group was deleted."""

    def __init__(self) -> None:
        self.telegram = Telegram()
        self.cable = Cable()
        self.files = Files()

    async def start(self) -> None:
        await self.telegram.start()
        self.files.start()
        self.cable.lead_files(self.files.port, "/file/")
        await self.cable.lay(self.telegram.port)
        for account in PEOPLE:  # each once pressed “Start”
            self.telegram.say(account, account, "/start")
        self.telegram.pending.clear()

    async def stop(self) -> None:
        await self.cable.cut()
        await self.telegram.stop()
        self.files.stop()

    def source(self) -> Source:
        return Source(
            id="telegram",
            name="Telegram",
            kind=SourceKind.VISIBLE_BOT,
            legal_basis="관리자의 초대와 모두에게 한 안내 / invited by an administrator, all told",
            consent=Consent(given_by="all present", given_at=time.time(), how="notice"),
            connector="telegram",
            private_messages=True,
        )

    def wiring(self) -> Wiring:
        return Wiring(
            settings={"api": f"http://127.0.0.1:{self.cable.port}"},
            credentials={"token": TOKEN},
            notices={kind.value: dict(texts) for kind, texts in PROPOSALS.items()},
        )

    async def room(self) -> str:
        return str(self.telegram.add_group(PEOPLE[:2]))

    async def say(self, room: str, who: int, text: str) -> str:
        return self.id(room, self.telegram.say(int(room), PEOPLE[who], text))

    async def edit(self, room: str, who: int, message: str, text: str) -> None:
        self.telegram.edit(int(room), int(message.partition(":")[2]), text)

    async def delete(self, room: str, who: int, message: str) -> None:
        raise NotImplementedError

    async def attach(self, room: str, who: int, name: str, content: str = "") -> str:
        file = {"file_id": content or "f", "file_name": name, "mime_type": "image/png"}
        return self.id(room, self.telegram.say(int(room), PEOPLE[who], document=file))

    async def join(self, room: str, who: int) -> None:
        self.telegram.join(int(room), PEOPLE[who])

    def account(self, who: int) -> str:
        return str(PEOPLE[who])

    async def seen(self, room: str, who: int) -> list[str]:
        return self.telegram.ours(int(room))

    async def seen_privately(self, who: int) -> list[str]:
        return self.telegram.ours(PEOPLE[who])

    def carries(self, text: str) -> str | None:
        """Telegram's apps make several messages of a longer one."""
        return text if len(text.encode("utf-16-le")) // 2 <= 4096 else None

    async def answer(self, room: str, who: int, text: str) -> str:
        person = PEOPLE[who]
        return self.id(str(person), self.telegram.say(person, person, text))

    def nowhere(self) -> str:
        return "-1009999999999"

    async def cut(self) -> None:
        await self.cable.cut()

    async def mend(self) -> None:
        await self.cable.mend()

    async def limit(self, seconds: float) -> None:
        self.telegram.answers.append(too_many(math.ceil(seconds)))

    async def revoke(self) -> None:
        self.telegram.revoke()

    @staticmethod
    def id(chat: str, number: int) -> str:
        return f"{chat}:{number:012d}"
