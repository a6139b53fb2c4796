"""Test messages: fixed words that an administrator has said in one room, to see that they arrive.

Each is tried once. Unlike a counsellor's words they do not wait: who asks wants to know now.
"""

from __future__ import annotations

import asyncio
import logging

from ansim.config import Config
from ansim.sources.contract import Delivery, DeliveryState, Outgoing
from ansim.stream.gateway.admission import Admission
from ansim.stream.gateway.connections import Connections
from ansim.stream.gateway.courier import NO_SENDER, NO_WAY, Courier
from ansim.stream.gateway.ledger import LedgerDesk, TestMessage

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
BATCH = 5
NOT_RUNNING = "연결되어 있지 않아 보내지 않았습니다 / not sent: the source is not connected now"


class Trials:
    """The loop; it works in the gateway that is the courier."""

    def __init__(
        self,
        config: Config,
        desk: LedgerDesk,
        admission: Admission,
        connections: Connections,
        courier: Courier,
    ) -> None:
        self._agency = {"ko": config.agency_ko, "en": config.agency_en}
        self._desk = desk
        self._admission = admission
        self._connections = connections
        self._courier = courier
        self._unrecorded: dict[str, Delivery] = {}

    async def run(self) -> None:
        """Carries test messages until cancelled."""
        told = False
        while True:
            try:
                turn = self._courier.turn
                if turn is not None and turn.held and self._admission.ready:
                    for name, delivery in list(self._unrecorded.items()):
                        await self._record(name, delivery)
                    taken = await self._desk.ask(self._desk.ledger.take_tests, BATCH)
                    await asyncio.gather(*(self._carry(each) for each in taken))
                told = False
            except Exception as error:
                if not told:
                    log.warning("gateway: test messages: %s", type(error).__name__)
                    told = True
            await asyncio.sleep(LOOK_SECONDS)

    async def _carry(self, message: TestMessage) -> None:
        try:
            delivery = await self._send(message)
        except (ConnectionError, OSError):
            delivery = Delivery(DeliveryState.FAILED, NOT_RUNNING)
        self._unrecorded[message.id] = delivery
        await self._record(message.id, delivery)

    async def _record(self, name: str, delivery: Delivery) -> None:
        await self._desk.ask(
            self._desk.ledger.record_test, name, delivery.state.value, delivery.detail
        )
        self._unrecorded.pop(name, None)

    async def _send(self, message: TestMessage) -> Delivery:
        refusal = self._admission.refusal(message.source)
        if refusal is not None:
            return Delivery(DeliveryState.FAILED, refusal)
        declaration = self._connections.declaration_of(message.source)
        if declaration is None or not declaration.can_reply:
            return Delivery(DeliveryState.FAILED, NO_WAY)
        connector = self._connections.connector_of(message.source)
        if connector is None:
            return Delivery(DeliveryState.FAILED, NOT_RUNNING)
        agency = self._agency["en" if message.language.startswith("en") else "ko"]
        if not message.author or not agency.strip():
            return Delivery(DeliveryState.FAILED, NO_SENDER)
        return await self._courier.attempt(
            connector,
            Outgoing(
                id=message.id,
                source=message.source,
                conversation=message.room,
                text=message.text,
                language=message.language,
                agency=agency,
                author=message.author,
            ),
        )
