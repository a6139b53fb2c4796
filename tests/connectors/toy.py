"""A connector for the toy service of ``standins.toy``, by which the suite itself is tested.

Without a fault it keeps every promise and shows the smallest connector that does. Each fault breaks
one promise, and the suite must notice.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import msgspec

from ansim.chat import Attachment, AttachmentKind, SourceKind
from ansim.sources.content import Fetched, body, fetching
from ansim.sources.contract import (
    Content,
    ContentGone,
    Declaration,
    Delivery,
    DeliveryState,
    Hears,
    Incoming,
    Intake,
    IntakeRefused,
    Outgoing,
    Revoked,
    Way,
)
from ansim.sources.fitting import fit_text
from ansim.sources.handing import hand
from ansim.sources.places import Places
from ansim.sources.telling import Telling
from ansim.sources.wiring import Opening, Remembered
from tests.connectors.standins.toy import ask

log = logging.getLogger(__name__)


class Fault(StrEnum):
    """The promise that is broken."""

    NONE = ""
    REMEMBERS_TOO_EARLY = "remembers too early"
    FORGETS = "forgets where it was"
    HIDES_GAPS = "hides gaps"
    NEW_IDS = "new ids after a restart"
    DISORDER = "disorder"
    DROPS_WHAT_FAILED = "drops what failed"
    EDIT_IS_NEW = "an edit is a new message"
    DELETION_IS_SILENT = "a deletion is silent"
    NO_CUT = "long texts are not cut"
    CHANGES_TEXT = "changes texts"
    ODD_STOPS_ALL = "an odd text stops all"
    SWALLOWS_REFUSAL = "swallows a refusal"
    TELLS_NOBODY = "tells nobody"
    READS_FIRST = "reads before it tells"
    JOINERS_UNTOLD = "joiners are not told"
    IGNORES_OBJECTION = "ignores an objection"
    NO_NAME = "without the agency's name"
    HEARS_ITSELF = "hears itself"
    SAYS_TWICE = "says it twice"
    PRIVATE_IS_LOUD = "private words are said aloud"
    IMPATIENT = "gives up at once"
    HOPEFUL = "says it was sent"
    BLIND_TO_REVOKING = "blind to revoking"
    TELLS_SECRETS = "tells secrets"
    LOGS_WORDS = "logs words"
    SPOILS_CONTENT = "spoils content"
    WAITS_FOR_CONTENT = "hands on nothing whose content it cannot have"
    FOLLOWS_ANYWHERE = "follows any redirection"
    TELLS_HOSTS = "tells its token to hosts of files"


DECLARATION = Declaration(
    name="toy",
    kinds=frozenset({SourceKind.VISIBLE_BOT}),
    hears=Hears.ROOM_THAT_WAS_TOLD,
    legal_basis="Everybody in the toy's rooms is told by a notice before anything is read there.",
    legal_basis_ko="시험을 위한 장난감입니다.",
    can_reply=True,
    can_message_privately=True,
    keeps_history=True,
    sends_once=True,
    way=Way.CALLS,
    edits=True,
)


class Position(msgspec.Struct):
    """How far we are in the service's log, and when we last looked."""

    after: int = 0
    at: float = 0.0


@dataclass(frozen=True)
class Spoilt:
    """Content as no connector may fetch it."""

    content: Fetched
    fault: Fault

    async def fetch(self, most: int) -> bytes:
        if self.fault is Fault.SPOILS_CONTENT:
            return (await self.content.fetch(most))[:-1]
        async with fetching() as client:
            client.follow_redirects = True
            return await body(client, self.content.address, most, {})


class ToyConnector:
    """Asks for events, tells rooms, hands messages on."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._port = int(opening.wiring.entry("port"))
        self._token = opening.wiring.entry("token")
        self._fault = Fault(opening.wiring.entry("fault"))
        self._history = opening.wiring.entry("history") == "yes"
        self.declaration = replace(DECLARATION, keeps_history=self._history)
        self._telling = Telling(opening, self._say)
        self._life = secrets.token_hex(4)

    async def receive(self, intake: Intake) -> None:
        memory = self._opening.memory
        position = await Remembered.read(memory, "position", Position)
        if self._fault is Fault.FORGETS:
            position = Position((await self._ask(op="newest"))["newest"])
        elif not self._history:
            newest = (await self._ask(op="newest"))["newest"]
            if position.at and self._fault is not Fault.HIDES_GAPS:
                self._opening.health.gap(position.at, time.time(), "we were away")
            position = Position(newest if position.at else 0, time.time())
            await Remembered.write(memory, "position", position)
        while True:
            looked = time.time()
            events = (await self._ask(op="events", after=position.after))["events"]
            self._opening.health.connected()
            position = Position(events[-1]["number"] if events else position.after, looked)
            if events and self._fault is Fault.REMEMBERS_TOO_EARLY:
                await Remembered.write(memory, "position", position)
            if self._fault is Fault.DISORDER:
                events.reverse()
            heard = [message for event in events for message in await self._heard(event)]
            await self._hand(intake, heard)
            if events or not self._history:
                await Remembered.write(memory, "position", position)

    async def _hand(self, intake: Intake, messages: list[Incoming]) -> None:
        try:
            if self._fault is Fault.DROPS_WHAT_FAILED and messages:
                await intake(self._opening.source.id, messages)
            else:
                await hand(self._opening, intake, messages)
        except IntakeRefused:
            if self._fault is not Fault.SWALLOWS_REFUSAL:
                raise
        except Exception:
            if self._fault is not Fault.DROPS_WHAT_FAILED:
                raise

    async def _heard(self, event: dict[str, Any]) -> list[Incoming]:
        """What of an event may be handed over: a message, or nothing."""
        room, who = event["room"], event["who"]
        if event["kind"] == "join":
            if who == "bot" or self._fault is Fault.JOINERS_UNTOLD:
                return []
            there = (await self._ask(op="members", room=room))["members"]
            if self._fault not in (Fault.TELLS_NOBODY, Fault.READS_FIRST):
                await self._telling.present(room, there, everybody=True)
            return []
        if who == "bot" and self._fault is not Fault.HEARS_ITSELF:
            return []
        if event["private"]:
            room = event["about"]
        message = self._message(event, room)
        if self._fault is Fault.LOGS_WORDS:
            log.info("heard %s", message.text)
        if self._fault is Fault.ODD_STOPS_ALL and "<script>" in message.text:
            raise ConnectionError("an odd text")
        if self._fault is Fault.WAITS_FOR_CONTENT and message.contents:
            try:
                for content in filter(None, message.contents):
                    await content.fetch(1_000_000)
            except (ContentGone, OSError):
                return []
        return [message] if await self._may_read(message) else []

    async def _may_read(self, message: Incoming) -> bool:
        if message.to_agency or message.author == "bot" or self._fault is Fault.TELLS_NOBODY:
            return True
        if self._fault is Fault.READS_FIRST:
            await self._telling.may_read(message)
            return True
        allowed = await self._telling.may_read(message)
        if self._fault is Fault.IGNORES_OBJECTION and not allowed:
            book = await self._telling._book(message.conversation)
            return bool(book.objected)
        if self._fault is Fault.JOINERS_UNTOLD:
            return True
        return allowed

    def _message(self, event: dict[str, Any], room: str) -> Incoming:
        text = event["text"] if self._fault is Fault.NO_CUT else fit_text(event["text"])
        if self._fault is Fault.CHANGES_TEXT:
            text = " ".join(text.split())
        name = event["id"] + (self._life if self._fault is Fault.NEW_IDS else "")
        replaces, deleted = event["replaces"], event["kind"] == "delete"
        if self._fault is Fault.EDIT_IS_NEW:
            replaces = ""
        if self._fault is Fault.DELETION_IS_SILENT and deleted:
            replaces, deleted = "", False
        picture = Attachment(kind=AttachmentKind.IMAGE, name=event["file"])
        return Incoming(
            id=name,
            conversation=room,
            author=event["who"],
            at=event["at"],
            text=text,
            attachments=(picture,) if event["file"] else (),
            contents=self._contents(event.get("address", "")),
            to_agency=event["private"],
            replaces=replaces,
            deleted=deleted,
        )

    def _contents(self, address: str) -> tuple[Content, ...]:
        places = Places(bases=(self._opening.wiring.entry("files"),))
        told = self._fault is Fault.TELLS_HOSTS
        headers = {"Authorization": f"Bearer {self._token}"} if told else {}
        content = Fetched(address, places, headers)
        if self._fault in (Fault.SPOILS_CONTENT, Fault.FOLLOWS_ANYWHERE):
            return (Spoilt(content, self._fault),) if address else ()
        return (content,) if address else ()

    async def send(self, outgoing: Outgoing) -> Delivery:
        name = "" if self._fault is Fault.NO_NAME else f"[{outgoing.agency}] "
        twice = self._fault is Fault.SAYS_TWICE
        loud = self._fault is Fault.PRIVATE_IS_LOUD
        request = {
            "op": "say",
            "room": outgoing.conversation,
            "text": name + outgoing.text,
            "to": "" if loud else outgoing.recipient,
            "once": secrets.token_hex(8) if twice else outgoing.id,
        }
        try:
            answer = await self._ask(**request)
            if answer.get("slower"):
                if self._fault is Fault.IMPATIENT:
                    return Delivery(DeliveryState.FAILED, "the service wants us to be slower")
                if answer["slower"] > 5:
                    raise ConnectionError("the service wants us to be much slower")
                await asyncio.sleep(answer["slower"])
                answer = await self._ask(**request)
        except Revoked as revoked:
            return Delivery(DeliveryState.FAILED, str(revoked))
        except ConnectionError:
            if self._fault is Fault.HOPEFUL:
                return Delivery(DeliveryState.SENT, "surely")
            raise
        if answer.get("nowhere"):
            return Delivery(DeliveryState.FAILED, "대화방이 없습니다 / there is no such room")
        return Delivery(DeliveryState.SENT, "shown")

    async def _say(self, room: str, text: str) -> float:
        answer = await self._ask(op="say", room=room, text=text, to="", once=secrets.token_hex(8))
        return float(answer["at"])

    async def _ask(self, **request: Any) -> dict[str, Any]:
        answer = await ask(self._port, {**request, "token": self._token})
        if answer.get("revoked"):
            if self._fault is Fault.BLIND_TO_REVOKING:
                raise ConnectionError("not now")
            secret = self._token if self._fault is Fault.TELLS_SECRETS else "our token"
            raise Revoked(f"the toy service does not accept {secret} any more")
        return answer


def connect(opening: Opening) -> ToyConnector:
    return ToyConnector(opening)
