"""A counsellor's words on their way: into a room, or to one person alone."""

from __future__ import annotations

import hashlib
import html
import time
from typing import Any

import msgspec

from ansim.sources.contract import Delivery, DeliveryState, Outgoing, Revoked
from ansim.sources.matrix.asking import Refused
from ansim.sources.matrix.homeserver import Homeserver
from ansim.sources.matrix.rooms import Rooms
from ansim.sources.wiring import Opening, Remembered

SEND_PATIENCE = 8.0
"""Seconds a counsellor's words wait where the server asks us to slow down; then the courier comes
again."""
NOT_THERE = (
    "봇이 이 방에 없거나 말할 수 없어 보내지 못했습니다 / "
    "not sent: the bot is not in this room or may not speak in it"
)
TOO_LONG = "글이 너무 길어 홈서버가 받지 않았습니다 / not sent: too long for the homeserver"
REFUSED = "홈서버가 받지 않았습니다 / not sent: the homeserver refused it"
INVITED = "받는 사람이 초대를 받아들이면 보입니다 / shown once they accept the invitation"
ACCEPT_SECONDS = 24 * 3600.0
NOT_ACCEPTED = (
    "24시간 안에 초대를 받아들이지 않아 아직 보지 못했습니다 / "
    "not seen: they did not accept the invitation in 24 hours"
)
DECLINED = "초대를 받아들이지 않았습니다 / not seen: they declined the invitation"


class Said(msgspec.Struct):
    """Words to one person that lie in their room, until it is known whether they came to see."""

    room: str = ""
    at: float = 0.0


class Saying:
    """Says words once for each id."""

    def __init__(self, opening: Opening, server: Homeserver, rooms: Rooms) -> None:
        self._memory = opening.memory
        self._server = server
        self._rooms = rooms

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Words to one person wait until they accept the invitation to the room with us alone.

        Raises ConnectionError: may be repeated.
        """
        try:
            await self._server.open()
            if outgoing.recipient:
                return await self._alone(outgoing)
            await self._say(outgoing.conversation, outgoing)
        except Revoked as revoked:
            return Delivery(DeliveryState.FAILED, str(revoked))
        except Refused as refused:
            why = {"M_FORBIDDEN": NOT_THERE, "M_NOT_FOUND": NOT_THERE, "M_TOO_LARGE": TOO_LONG}
            return Delivery(DeliveryState.FAILED, why.get(refused.code, REFUSED))
        return Delivery(DeliveryState.SENT)

    async def _say(self, room: str, outgoing: Outgoing) -> None:
        transaction = _transaction(outgoing.id)
        await self._server.say(room, _words(outgoing), transaction, patience=SEND_PATIENCE)

    async def _alone(self, outgoing: Outgoing) -> Delivery:
        """Says words to one person, or looks what became of those that were said before."""
        name = f"said:{_transaction(outgoing.id)}"
        said = await Remembered.read(self._memory, name, Said)
        if not said.room:
            room = await self._rooms.direct(
                outgoing.conversation, outgoing.recipient, SEND_PATIENCE
            )
            await self._say(room, outgoing)
            said = Said(room, time.time())
            await Remembered.write(self._memory, name, said)
        membership = await self._server.membership(said.room, outgoing.recipient)
        if membership == "join":
            await self._memory.forget(name)
            return Delivery(DeliveryState.SENT)
        if membership != "invite":
            return Delivery(DeliveryState.FAILED, DECLINED)
        if time.time() - said.at < ACCEPT_SECONDS:
            return Delivery(DeliveryState.WAITING, INVITED)
        return Delivery(DeliveryState.FAILED, NOT_ACCEPTED)


def _words(outgoing: Outgoing) -> dict[str, Any]:
    """A counsellor's words under the agency's name: a client shows the account's own beside."""
    content: dict[str, Any] = {
        "msgtype": "m.text",
        "body": f"[{outgoing.agency}] {outgoing.text}",
        "format": "org.matrix.custom.html",
        "formatted_body": (
            f"<strong>[{html.escape(outgoing.agency)}]</strong> "
            + html.escape(outgoing.text).replace("\n", "<br>")
        ),
        "m.mentions": {"user_ids": [outgoing.recipient]} if outgoing.recipient else {},
    }
    return content


def _transaction(message: str) -> str:
    return "ansim-" + hashlib.sha256(message.encode()).hexdigest()[:32]
