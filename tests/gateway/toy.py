"""A platform in a folder, and a connector to it, so that gateways can be stopped and killed.

``said`` holds what people said, a message a line; ``seen`` what the agency said. A file
``revoked``, ``down``, ``broken``, ``reset`` or ``lost`` makes the platform so.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec

from ansim.chat import Consent, Source, SourceKind
from ansim.sources.contract import (
    Connector,
    Declaration,
    Delivery,
    DeliveryState,
    Hears,
    Incoming,
    Intake,
    Outgoing,
    Revoked,
    Way,
)
from ansim.sources.handing import hand
from ansim.sources.wiring import Field, NoticeKind, Opening, Remembered, Wiring

DECLARATION = Declaration(
    name="toy",
    kinds=frozenset({SourceKind.VISIBLE_BOT}),
    hears=Hears.ROOM_THAT_WAS_TOLD,
    legal_basis="a test",
    legal_basis_ko="시험을 위한 장난감입니다.",
    can_reply=True,
    can_message_privately=False,
    keeps_history=True,
    sends_once=False,
    way=Way.CALLS,
    fields=(Field(name="folder", ko="폴더", en="folder"),),
)
NOTICES = {NoticeKind.ROOM.value: {"ko": "{agency}입니다. 함께 읽습니다."}}
SECRET = "the-secret-of-the-toy"


class Position(msgspec.Struct):
    lines: int = 0


class Toy:
    """Reads on from the remembered line, twenty times a second."""

    declaration = DECLARATION

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.folder = Path(opening.wiring.entry("folder"))

    async def receive(self, intake: Intake) -> None:
        with (self.folder / "runs").open("a") as runs:
            runs.write(f"{id(self)} {time.monotonic()}\n")
        position = await Remembered.read(self.opening.memory, "position", Position)
        told = False
        while True:
            self._fail()
            lines = _lines(self.folder / "said")[position.lines :]
            if (self.folder / "lost").exists():  # the platform no longer shows what was said
                self.opening.health.gap(100.0, 200.0, "the platform forgot")
                (self.folder / "lost").unlink()
            if not told:
                self.opening.health.connected()
                told = True
            if lines:
                messages = [msgspec.json.decode(line, type=Incoming) for line in lines]
                await hand(self.opening, intake, messages)
                position.lines += len(lines)
                await Remembered.write(self.opening.memory, "position", position)
            await asyncio.sleep(0.05)

    def _fail(self) -> None:
        if (self.folder / "revoked").exists():
            raise Revoked("the platform does not accept the token")
        if (self.folder / "down").exists():
            raise ConnectionError(f"cannot reach it with {SECRET}")
        if (self.folder / "broken").exists():
            raise RuntimeError(f"somebody said {SECRET}")

    async def send(self, outgoing: Outgoing) -> Delivery:
        if (self.folder / "revoked").exists():
            return Delivery(DeliveryState.FAILED, "the platform does not accept the token")
        if (self.folder / "reset").exists():
            raise ConnectionResetError
        with (self.folder / "seen").open("a") as seen:
            seen.write(f"{outgoing.conversation} {outgoing.id} {outgoing.text!r}\n")
        return Delivery(DeliveryState.SENT, "ok")


def connect(opening: Opening) -> Connector:
    return Toy(opening)


class ToyPlatform:
    """The people's side of the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.said = 0

    def say(self, count: int = 1, room: str = "room-1") -> None:
        with (self.folder / "said").open("ab") as said:
            for _ in range(count):
                self.said += 1
                incoming = Incoming(
                    id=f"m-{self.said}",
                    conversation=room,
                    author="account-1",
                    at=1_790_000_000.0 + self.said,
                    text=f"오늘 급식 뭐 나와? {self.said}",
                )
                said.write(msgspec.json.encode(incoming) + b"\n")

    def become(self, state: str) -> None:
        (self.folder / state).touch()

    def recover(self, state: str) -> None:
        (self.folder / state).unlink()

    @property
    def seen(self) -> list[str]:
        return [line.decode() for line in _lines(self.folder / "seen")]

    @property
    def runs(self) -> list[tuple[int, float]]:
        """One entry a call of ``receive``: which connector it was, and when."""
        pairs = (line.split() for line in _lines(self.folder / "runs"))
        return [(int(connector), float(moment)) for connector, moment in pairs]

    def source(self, name: str = "toy") -> Source:
        return Source(
            id=name,
            name="A room",
            kind=SourceKind.VISIBLE_BOT,
            legal_basis="all were told",
            consent=Consent(given_by="all present", given_at=0.0, how="notice in the room"),
            connector="toy",
        )

    def wiring(self, **changes: object) -> Wiring:
        made = Wiring(
            settings={"folder": str(self.folder)}, credentials={"token": SECRET}, notices=NOTICES
        )
        return msgspec.structs.replace(made, **changes)


def _lines(path: Path) -> list[bytes]:
    """Whole lines only: the last may be half written."""
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []
