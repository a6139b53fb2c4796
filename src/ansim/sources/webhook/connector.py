"""The way out of the webhook: a counsellor's words are posted to the platform, signed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import msgspec

from ansim.sources import posting
from ansim.sources.contract import Delivery, DeliveryState, Intake, Outgoing, Revoked
from ansim.sources.doorway import Doorway
from ansim.sources.webhook import DECLARATION, signing
from ansim.sources.wiring import Opening, Remembered

logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every address

CONFIRM_SECONDS = 24 * 3600.0
"""Words that the platform took and never confirmed are given up after this."""
PATIENCE = 4.0
"""Seconds waited inside one sending where the platform asks for a pause."""
MOST_REASON = 200

AWAY = "상담원의 말을 플랫폼에 보내지 못하고 있습니다 / words cannot be posted to the platform"
TOO_SHORT = (
    "서명 비밀이 너무 짧아 아무것도 받지 않습니다; 32자 이상으로 바꿔 주세요 / "
    "the signing secret is too short and nothing is taken: enter at least 32 characters"
)
NO_ADDRESS = "이 출처에는 답을 보낼 주소가 없습니다 / no address is entered for this source"
TAKEN = "플랫폼이 보여 주기를 기다리는 중 / taken by the platform, not shown yet"
SHOWN = "플랫폼이 받았습니다 / taken by the platform"
NOT_CONFIRMED = (
    "플랫폼이 24시간 안에 확인하지 않았습니다 / not confirmed by the platform in 24 hours"
)
REDIRECTED = (
    "플랫폼의 주소가 옮겨졌습니다; 관리자가 새 주소를 넣어야 합니다 / "
    "the platform's address has moved: an administrator has to enter the new one"
)
NOT_ACCEPTED = (
    "플랫폼이 우리의 서명을 받아들이지 않았습니다; 관리자가 비밀을 확인해야 합니다 / "
    "the platform did not accept our signature: an administrator has to check the secret"
)


class Words(msgspec.Struct, frozen=True):
    """What is posted. ``to`` is the account that alone may see the words; null: everybody."""

    id: str
    source: str
    conversation: str
    agency: str
    language: str
    text: str
    to: str | None = None


class Taken(msgspec.Struct):
    """What we remember of words until the platform has confirmed them."""

    at: float = 0.0
    waiting: bool = False
    """The platform answered that it shows them later."""


def place(message: str) -> str:
    """Name in the memory of words that are not confirmed."""
    return f"words:{message}"


class WebhookConnector(Doorway):
    """The connector ``webhook`` of one source. What comes in goes through ``routes.py``."""

    declaration = DECLARATION

    def __init__(self, opening: Opening, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._opening = opening
        self._clock = clock
        self._not_before = 0.0

    async def receive(self, intake: Intake) -> None:
        if len(self._opening.wiring.entry("secret")) < signing.SHORTEST_SECRET:
            raise Revoked(TOO_SHORT)
        self._opening.health.connected()  # the platform calls us: the door is open
        await super().receive(intake)

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Posts the words. The platform says one id once, so whatever stays open is repeated."""
        memory = self._opening.memory
        known = await memory.get(place(outgoing.id))
        taken = await Remembered.read(memory, place(outgoing.id), Taken)
        now = self._clock()
        if known is not None and taken.waiting:
            if now - taken.at < CONFIRM_SECONDS:
                return Delivery(DeliveryState.WAITING, TAKEN)
            await memory.forget(place(outgoing.id))
            return Delivery(DeliveryState.FAILED, NOT_CONFIRMED)
        address = self._opening.wiring.entry("address")
        if not address:
            return Delivery(DeliveryState.FAILED, NO_ADDRESS)
        if now < self._not_before:
            raise ConnectionError("the platform asked us to wait")
        if known is None:  # before it can be confirmed
            await Remembered.write(memory, place(outgoing.id), Taken(at=now))
        try:
            delivery = await self._post(address, outgoing)
        except posting.AddressRefused as refused:
            delivery = Delivery(DeliveryState.FAILED, str(refused))
        except ConnectionError as error:
            self._opening.health.trouble(f"{AWAY} ({error})")
            raise
        self._opening.health.connected()
        if delivery.state is DeliveryState.WAITING:
            if await memory.get(place(outgoing.id)) is not None:  # not confirmed meanwhile
                await Remembered.write(memory, place(outgoing.id), Taken(now, waiting=True))
        else:
            await memory.forget(place(outgoing.id))
        return delivery

    async def _post(self, address: str, outgoing: Outgoing) -> Delivery:
        body = msgspec.json.encode(
            Words(
                id=outgoing.id,
                source=outgoing.source,
                conversation=outgoing.conversation,
                agency=outgoing.agency,
                language=outgoing.language,
                text=outgoing.text,
                to=outgoing.recipient or None,
            )
        )
        reply = await self._try(address, outgoing.id, body)
        if reply.status == 429 and reply.retry_after is not None and reply.retry_after <= PATIENCE:
            await asyncio.sleep(reply.retry_after)
            reply = await self._try(address, outgoing.id, body)
        if reply.status in (408, 409, 425, 429) or reply.status >= 500:
            self._not_before = self._clock() + (reply.retry_after or 0.0)
            raise ConnectionError(f"the platform answered {reply.status}")
        return judged(reply)

    async def _try(self, address: str, message: str, body: bytes) -> posting.Reply:
        wiring = self._opening.wiring
        timestamp = str(int(self._clock()))
        secrets = [wiring.entry(name) for name in ("secret", "secret_before") if wiring.entry(name)]
        headers = {
            "Idempotency-Key": message,
            signing.TIMESTAMP: timestamp,
            signing.SIGNATURE: signing.sign(secrets, timestamp, body),
        }
        try:
            return await posting.post(
                address, body, headers, allow_http=wiring.entry("allow_http") == "yes"
            )
        except posting.MaybeSent as cut:
            # The platform says one id once: what it may have said already can be sent again.
            raise ConnectionError(f"the platform did not answer: {cut}") from None


def judged(reply: posting.Reply) -> Delivery:
    """What the platform's answer means for the words."""
    said = reply.said()
    if reply.status == 202 and said.get("state") == "waiting":
        return Delivery(DeliveryState.WAITING, TAKEN)
    if 200 <= reply.status < 300:
        return Delivery(DeliveryState.SENT, SHOWN)
    if 300 <= reply.status < 400:
        return Delivery(DeliveryState.FAILED, REDIRECTED)
    if reply.status in (401, 403):
        return Delivery(DeliveryState.FAILED, NOT_ACCEPTED)
    reason = short(said.get("reason"))
    told = f": {reason}" if reason else ""
    return Delivery(
        DeliveryState.FAILED,
        f"플랫폼이 받지 않았습니다({reply.status}) / the platform refused ({reply.status}){told}",
    )


def short(reason: object) -> str:
    """A platform's own words for why, fit for a page: printable and not long."""
    if not isinstance(reason, str):
        return ""
    kept = "".join(c if c.isprintable() else " " for c in reason[: 4 * MOST_REASON]).strip()
    return kept if len(kept) <= MOST_REASON else kept[: MOST_REASON - 1] + "…"


def connect(opening: Opening) -> WebhookConnector:
    return WebhookConnector(opening)
