"""The connector ``telegram``: fetches a bot's updates and says what the agency says."""

from __future__ import annotations

from aiogram.exceptions import AiogramError, TelegramConflictError
from aiogram.utils.token import TokenValidationError

from ansim.sources.contract import Connector, Delivery, Intake, Outgoing, Revoked
from ansim.sources.privately import Privately
from ansim.sources.telegram import DECLARATION
from ansim.sources.telegram.hearing import Hearing
from ansim.sources.telegram.line import REFUSED_TOKEN
from ansim.sources.telegram.mouth import Mouth
from ansim.sources.wiring import Opening

LOGGED_OUT = (
    "Telegram이 봇 토큰을 받지 않습니다. @BotFather에게서 새 토큰을 받아 넣어 주세요 / "
    "Telegram does not accept the bot token: enter a new one from @BotFather"
)
HAS_WEBHOOK = (
    "이 봇은 다른 프로그램의 웹훅에 이어져 있습니다. 이 출처만 쓰는 봇을 새로 만들어 주세요 / "
    "this bot is connected to another program's webhook: make a bot for this source alone"
)


class TelegramConnector:
    """One source: a bot in groups, and its private chat."""

    declaration = DECLARATION

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._privately = Privately(opening.memory)
        wiring = opening.wiring
        self._mouth = Mouth(wiring.entry("token"), wiring.entry("api"), self._privately)

    async def receive(self, intake: Intake) -> None:
        """As ``Connector.receive``."""
        try:
            await self._receive(intake)
        except ConnectionError:
            raise  # words may be on their way out through the same session
        except BaseException:
            await self._mouth.close()
            raise

    async def _receive(self, intake: Intake) -> None:
        try:
            await Hearing(self._opening, self._mouth, self._privately, intake).run()
        except (*REFUSED_TOKEN, TokenValidationError):
            raise Revoked(LOGGED_OUT) from None
        except TelegramConflictError as error:
            if "webhook" in error.message:
                raise Revoked(HAS_WEBHOOK) from None
            raise ConnectionError("Telegram: another program fetches this bot's updates") from None
        except AiogramError as error:
            raise ConnectionError(f"Telegram: {type(error).__name__}") from None

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Raises ConnectionError only where surely nothing was said."""
        return await self._mouth.send(outgoing)

    async def close(self) -> None:
        """For who only ever sent: what listens closes by itself."""
        await self._mouth.close()


def connect(opening: Opening) -> Connector:
    return TelegramConnector(opening)
