"""What the agency says on Telegram: into a group, or to one person who wrote to the bot before.

Telegram has no key that makes a repetition harmless: what was cut short is never repeated here.
"""

from __future__ import annotations

import asyncio
import logging
import time

from aiogram.exceptions import (
    AiogramError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.utils.token import TokenValidationError

from ansim.sources.contract import Delivery, DeliveryState, Outgoing
from ansim.sources.privately import Privately
from ansim.sources.telegram.line import (
    NOT_THERE,
    REFUSED_TOKEN,
    REQUEST_SECONDS,
    Bot,
    TelegramAPIError,
    line,
    may_have_been_said,
    surely_unsaid,
)
from ansim.sources.telegram.spoken import moment

log = logging.getLogger(__name__)

MAX_WORDS = 4096
WAIT_SECONDS = 6.0
"""How long a limit is waited for; the courier gives a message fifteen seconds."""

SENT = "Telegram에 올렸습니다 / posted on Telegram"
SENT_PRIVATELY = "이 사람에게만 보냈습니다 / sent to this person alone"
NO_PRIVATE_CHAT = (
    "이 사람이 봇에게 먼저 말을 건 적이 없거나 봇을 차단해 보낼 수 없습니다 / "
    "not sent: this person never wrote to the bot, or blocked it"
)
NOT_ALLOWED = (
    "봇이 이 그룹에 없거나 쓸 수 없어 보내지 못했습니다 / "
    "not sent: the bot is not in this group or may not write there"
)
TOO_LONG = "Telegram에는 너무 긴 글입니다 / not sent: too long for Telegram"
REFUSED = "Telegram이 이 글을 받지 않았습니다 / not sent: Telegram did not accept these words"
REVOKED = (
    "Telegram이 봇 토큰을 받지 않습니다. 관리자가 새 토큰을 넣어야 합니다 / "
    "not sent: Telegram does not accept the bot token any more"
)
UNSURE = (
    "보내는 중에 끊겨 전달 여부를 알 수 없습니다 / cut short while sending; it may have arrived"
)


class Mouth:
    """Says words through the Bot API."""

    def __init__(self, token: str, api: str, privately: Privately) -> None:
        self._token = token
        self._api = api
        self._privately = privately
        self._bot: Bot | None = None

    @property
    def bot(self) -> Bot:
        """Raises TokenValidationError."""
        if self._bot is None:
            self._bot = line(self._token, self._api)
        return self._bot

    async def close(self) -> None:
        bot, self._bot = self._bot, None
        if bot is not None:
            await bot.session.close()

    async def send(self, outgoing: Outgoing) -> Delivery:
        """As ``Connector.send``."""
        chat, topic = place(outgoing.recipient or outgoing.conversation)
        text = f"[{outgoing.agency}] {outgoing.text}"
        if not chat:
            return Delivery(DeliveryState.FAILED, NOT_ALLOWED)
        if len(text.encode("utf-16-le")) // 2 > MAX_WORDS:
            return Delivery(DeliveryState.FAILED, TOO_LONG)
        to = outgoing.recipient
        if to:
            # Before anything is said: the answer belongs to this conversation.
            before = await self._privately.with_person(to)
            await self._privately.remember(to, to, outgoing.conversation)
        try:
            await self._say(chat, topic, text)
        except (*REFUSED_TOKEN, TokenValidationError):
            await self.close()  # nothing will be said any more
            return Delivery(DeliveryState.FAILED, REVOKED)
        except NOT_THERE as error:
            if to:
                await self._privately.put_back(to, before)
            return Delivery(DeliveryState.FAILED, _refusal(error, chat))
        except AiogramError as error:
            if surely_unsaid(error):
                raise ConnectionError("Telegram cannot take words now") from None
            if may_have_been_said(error):
                return Delivery(DeliveryState.UNKNOWN, UNSURE)
            return Delivery(DeliveryState.FAILED, REFUSED)
        return Delivery(DeliveryState.SENT, SENT_PRIVATELY if chat > 0 else SENT)

    async def notice(self, chat: int, text: str, pin: bool) -> float:
        """Says a fixed text, pinned where the bot may, and returns when by Telegram's clock.

        Raises ConnectionError where it was not said for sure (said twice it does no harm),
        PermissionError where the bot may not write, and what REFUSED_TOKEN names.
        """
        try:
            number, date = await self._say(chat, 0, text[:MAX_WORDS])
        except REFUSED_TOKEN:
            raise
        except NOT_THERE:
            raise PermissionError("the bot may not write in a group") from None
        except AiogramError as error:
            raise ConnectionError(f"Telegram: {type(error).__name__}") from None
        if pin:
            await self._pin(chat, number)
        # Shortly after a thousand, an earlier message of this second could seem a later one.
        begun_anew = number >= 1000 and number % 1000 < 50
        return date + 1.0 if begun_anew else moment(date, number)

    async def _say(self, chat: int, topic: int, text: str) -> tuple[int, int]:
        """Number and date of the message. Waits for a short limit."""
        end = time.monotonic() + WAIT_SECONDS
        moves = 0
        while True:
            try:
                said = await self.bot.send_message(
                    chat,
                    text,
                    message_thread_id=topic or None,
                    request_timeout=REQUEST_SECONDS - 2,
                )
                return said.message_id, int(said.date.timestamp())
            except TelegramRetryAfter as limit:
                if time.monotonic() + limit.retry_after > end:
                    raise
                await asyncio.sleep(limit.retry_after)
            except TelegramMigrateToChat as moved:
                moves += 1
                if moves > 1:
                    raise
                chat = moved.migrate_to_chat_id  # the group became a supergroup: nothing was said

    async def _pin(self, chat: int, number: int) -> None:
        try:
            await self.bot.pin_chat_message(chat, number, disable_notification=True)
        except TelegramAPIError as error:
            log.info("telegram: a notice could not be pinned: %s", type(error).__name__)


def place(conversation: str) -> tuple[int, int]:
    """Chat and topic of a conversation's name; 0 where there is none."""
    chat, _, topic = conversation.partition("/")
    try:
        return int(chat), int(topic or 0)
    except ValueError:
        return 0, 0


def _refusal(error: Exception, chat: int) -> str:
    if chat > 0:
        return NO_PRIVATE_CHAT
    return NOT_ALLOWED if isinstance(error, TelegramForbiddenError) else REFUSED
