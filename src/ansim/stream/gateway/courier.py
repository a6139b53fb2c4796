"""Carries counsellors' words out to the platforms, and the closing of alerts into the stream.

One gateway at a time is the courier. It takes what a person queued, finds the conversation behind
the pseudonym, sends, and records the outcome. After a crash in mid-send, words are repeated only
where the same id twice is said once; elsewhere their state becomes "unknown" for a person to judge.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress

from nats.errors import Error as NatsError

from ansim.config import Config
from ansim.keys import KeyLost
from ansim.sources.contract import Connector, Declaration, Delivery, DeliveryState, Outgoing
from ansim.stream.gateway.admission import Admission
from ansim.stream.gateway.connections import Connections
from ansim.stream.gateway.ledger import LedgerDesk, Queued
from ansim.stream.gateway.link import Link, LinkDown
from ansim.stream.gateway.turn import RENEW_SECONDS, CourierTurn
from ansim.stream.routing import ACCOUNT, CONVERSATION

log = logging.getLogger(__name__)

TICK_SECONDS = 0.15
BATCH = 20
SEND_SECONDS = 15.0
RECHECK_SECONDS = 15.0
"""How often words that lie ready are asked after."""
RETRY_SECONDS = 2.0
LONGEST_PAUSE = 10.0

NO_WAY = "이 출처로는 답을 보낼 수 없습니다 / no words can be sent to this source"
NO_SENDER = "보낸 상담원이나 기관 이름이 없습니다 / no human sender or agency name"
NO_PRIVATE_WAY = (
    "이 출처로는 한 사람에게만 보낼 수 없어 보내지 않았습니다 / "
    "not sent: this source cannot bring words to one person alone"
)
NAME_GONE = "대화방 이름의 보관 기간(30일)이 지났습니다 / the conversation's name is no longer kept"
ACCOUNT_GONE = (
    "받는 계정 이름의 보관 기간(30일)이 지났습니다 / the account's name is no longer kept"
)
CUT_SHORT = "보내는 중에 중단되어 전달 여부를 알 수 없습니다 / cut short while sending"
NOT_CONFIRMED = "전달이 확인되지 않았습니다 / the platform did not confirm in time"


class Courier:
    """The loop. ``turn`` is set once NATS is connected; until then it waits."""

    def __init__(
        self,
        config: Config,
        desk: LedgerDesk,
        link: Link,
        admission: Admission,
        connections: Connections,
    ) -> None:
        self._config = config
        self._desk = desk
        self._link = link
        self._admission = admission
        self._connections = connections
        self.turn: CourierTurn | None = None
        self._recheck_at = 0.0
        self._again: dict[str, Queued] = {}
        self._held_up: set[str] = set()
        self._unrecorded: dict[str, Delivery] = {}

    async def run(self) -> None:
        """Carries until cancelled. What fails for now is tried again, ever more slowly."""
        pause, told, mine = TICK_SECONDS, False, False
        while True:
            try:
                held = self.turn is not None and self._admission.ready and await self.turn.hold()
                if held:
                    if not mine:
                        self._recheck_at = 0.0  # another courier may have left something
                    mine = True
                    await self._round()
                mine = held
                if told:
                    log.warning("courier: carrying again")
                pause, told = TICK_SECONDS if held else 1.0, False
            except Exception as error:
                if not told:
                    log.warning("courier: waiting: %s", type(error).__name__)
                    told = True
                pause = min(max(pause * 2, 0.5), LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def keep_turn(self) -> None:
        """Holds the turn until cancelled, also while words take long to be said."""
        while True:
            if self.turn is not None and self._admission.ready:
                with suppress(ConnectionError):  # the loop tells of it
                    await self.turn.hold()
            await asyncio.sleep(RENEW_SECONDS)

    async def close(self) -> None:
        if self.turn is not None:
            await self.turn.give_up()

    async def record(self, message: str, delivery: Delivery) -> None:
        """Has the outcome written down; what still waits is not an outcome."""
        if delivery.state is not DeliveryState.WAITING:
            await self._desk.ask(
                self._desk.ledger.record_delivery, message, delivery.state.value, delivery.detail
            )

    async def _round(self) -> None:
        for name, delivery in list(self._unrecorded.items()):
            await self.record(name, delivery)
            self._unrecorded.pop(name, None)
        for closing in await self._desk.ask(self._desk.ledger.pending_commands, 100):
            publisher = self._link.publisher
            tell = publisher.reopen_alert if closing.reopened else publisher.close_alert
            await tell(
                closing.id, closing.source, closing.conversation, closing.about, closing.episode
            )
            await self._desk.ask(self._desk.ledger.done, closing.id)
        held_up = {message.source for message in self._again.values()}
        taken = await self._desk.ask(self._desk.ledger.take_queued, BATCH)
        self._again.update({each.id: each for each in taken if each.source in held_up})
        await self._carry([each for each in taken if each.source not in held_up])
        if time.monotonic() >= self._recheck_at:
            self._recheck_at = time.monotonic() + RECHECK_SECONDS
            await self._recheck()

    async def _recheck(self) -> None:
        """Settles whatever is being sent by nobody: held up, lying ready, or left by a crash.

        Words that are said once for an id are sent again. Others that we did not hold back
        ourselves may or may not have been said: only a person can tell.
        """
        left = {each.id: each for each in await self._desk.ask(self._desk.ledger.left_sending)}
        again = [each for each in self._again.values() if each.id in left]
        self._again.clear()
        tried = {each.id for each in again}
        for each in left.values():
            declaration = self._connections.declaration_of(each.source)
            if each.id in tried:
                continue
            if declaration is None or declaration.sends_once:
                again.append(each)
            else:
                await self.record(each.id, Delivery(DeliveryState.UNKNOWN, CUT_SHORT))
        await self._carry(again)

    async def _carry(self, messages: Sequence[Queued]) -> None:
        """Each source's words in their order, sources side by side."""
        by_source: dict[str, list[Queued]] = {}
        for message in messages:
            by_source.setdefault(message.source, []).append(message)
        ends = await asyncio.gather(
            *(self._carry_all(each) for each in by_source.values()), return_exceptions=True
        )
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def _carry_all(self, messages: Sequence[Queued]) -> None:
        for place, message in enumerate(messages):
            try:
                if self.turn is None or not await self.turn.hold():
                    raise ConnectionError("another gateway is the courier now")
                delivery = await self._send(message)
            except ConnectionError as error:
                if message.source not in self._held_up:
                    log.warning("courier: held up for source %s: %s", message.source, error)
                    self._held_up.add(message.source)
                self._hold_back(messages[place:])
                return
            self._held_up.discard(message.source)
            self._unrecorded[message.id] = delivery
            try:
                await self.record(message.id, delivery)
            except Exception:
                self._hold_back(messages[place + 1 :])
                raise
            self._unrecorded.pop(message.id, None)

    def _hold_back(self, messages: Sequence[Queued]) -> None:
        """Keeps words that were surely not said, to be tried again soon and in their order."""
        self._again.update({each.id: each for each in messages})
        self._recheck_at = min(self._recheck_at, time.monotonic() + RETRY_SECONDS)

    async def _send(self, message: Queued) -> Delivery:
        """One attempt. Raises ConnectionError when nothing was said and it may be tried again."""
        declaration = self._connections.declaration_of(message.source)
        refusal = self._admission.refusal(message.source)
        if refusal is not None:
            return Delivery(DeliveryState.FAILED, refusal)
        if declaration is None or not declaration.can_reply:
            return Delivery(DeliveryState.FAILED, NO_WAY)
        if message.recipient and not self._may_be_private(message, declaration):
            # Never into the room instead: the other person must not read it.
            return Delivery(DeliveryState.FAILED, NO_PRIVATE_WAY)
        english = message.language.startswith("en")
        agency = self._config.agency_en if english else self._config.agency_ko
        if not message.author or not agency.strip():
            return Delivery(DeliveryState.FAILED, NO_SENDER)
        try:
            try:
                conversation = await self._link.routing.raw(CONVERSATION, message.conversation)
                recipient = await self._recipient(message)
            except KeyLost as lost:
                return Delivery(DeliveryState.FAILED, str(lost))
            if conversation is None:
                return Delivery(DeliveryState.FAILED, NAME_GONE)
            if recipient is None:
                return Delivery(DeliveryState.FAILED, ACCOUNT_GONE)
            outgoing = Outgoing(
                id=message.id,
                source=message.source,
                conversation=conversation,
                text=message.text,
                language=message.language,
                agency=agency,
                author=message.author,
                recipient=recipient,
            )
            connector = self._connections.connector_of(message.source)
            if connector is None:
                raise ConnectionError("its connector is not running")
            return await self.attempt(connector, outgoing)
        except (LinkDown, NatsError, OSError) as error:
            raise ConnectionError("the way out is down") from error

    def _may_be_private(self, message: Queued, declaration: Declaration) -> bool:
        source = self._admission.source(message.source)
        declared = source is not None and source.private_messages
        return declared and declaration.can_message_privately

    async def _recipient(self, message: Queued) -> str | None:
        """The platform's name of the one reader; empty for everybody, None where it is gone."""
        if not message.recipient:
            return ""
        return await self._link.routing.raw(ACCOUNT, message.recipient)

    async def attempt(self, connector: Connector, outgoing: Outgoing) -> Delivery:
        """Raises ConnectionError (or NATS's errors) when it may be tried again."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await connector.send(outgoing)
        except TimeoutError:
            if connector.declaration.sends_once:
                raise ConnectionError("sending took too long") from None
            return Delivery(DeliveryState.UNKNOWN, NOT_CONFIRMED)
        except Exception as error:
            if _surely_unsaid(error) or (
                connector.declaration.sends_once and isinstance(error, NatsError | OSError)
            ):
                raise
            log.error(
                "courier: %s cannot send: %s", connector.declaration.name, type(error).__name__
            )
            return Delivery(DeliveryState.UNKNOWN, NOT_CONFIRMED)


def _surely_unsaid(error: Exception) -> bool:
    """Whether a connector's error promises that nothing was said: a connection that broke in the
    middle of a request does not."""
    broken = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)
    return isinstance(error, ConnectionError) and not isinstance(error, broken)
