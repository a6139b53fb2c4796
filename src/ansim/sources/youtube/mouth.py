"""What the agency says on YouTube: an answer below a comment, or a message in a live chat.

YouTube has no key that makes a repetition harmless: what was cut short is never repeated here.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from ansim.sources.contract import Delivery, DeliveryState, Outgoing, Revoked
from ansim.sources.wiring import Opening
from ansim.sources.youtube.line import SLOW_DOWN, USED_UP, Refused, Unreached, run, speaker
from ansim.sources.youtube.spoken import CHAT

MOST_IN_CHAT = 200
MOST_IN_COMMENT = 10_000

SENT = "YouTube에 공개로 올렸습니다 / posted publicly on YouTube"
NO_CHANNEL = (
    "답할 기관 채널이 정해지지 않았습니다. 관리자가 OAuth 항목을 적어야 합니다 / "
    "not sent: no channel to answer as was entered (OAuth)"
)
REVOKED = (
    "YouTube가 기관 채널의 권한을 받지 않습니다. 관리자가 새로 허락받아야 합니다 / "
    "not sent: YouTube does not accept the channel's permission any more"
)
NOT_THERE = (
    "댓글이나 채팅이 더는 없거나 답할 수 없게 되어 있습니다 / "
    "not sent: the comment or chat is gone, or closed to answers"
)
TOO_LONG = (
    "YouTube는 여기에 기관 이름까지 {limit}자까지만 받습니다. 줄이거나 나누어 보내 주세요 / "
    "not sent: YouTube takes {limit} characters here, the agency's name among them; shorten it"
)
UNSURE = (
    "보내는 중에 끊겨 전달 여부를 알 수 없습니다 / cut short while sending; it may have arrived"
)
_NAME = re.compile(r"[\w.-]{1,300}", re.ASCII)


class Mouth:
    """Says words as the agency's channel."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening

    async def send(self, outgoing: Outgoing) -> Delivery:
        """As ``Connector.send``."""
        live = outgoing.conversation.startswith(CHAT)
        name = outgoing.conversation.removeprefix(CHAT)
        text = f"[{outgoing.agency}] {outgoing.text}"
        limit = MOST_IN_CHAT if live else MOST_IN_COMMENT
        if not _NAME.fullmatch(name):
            return Delivery(DeliveryState.FAILED, NOT_THERE)
        if len(text) > limit:
            return Delivery(DeliveryState.FAILED, TOO_LONG.format(limit=limit))
        youtube = await asyncio.to_thread(speaker, self._opening)
        if youtube is None:
            return Delivery(DeliveryState.FAILED, NO_CHANNEL)
        try:
            await run(_request(youtube, name, text, live=live))
        except Revoked:
            return Delivery(DeliveryState.FAILED, REVOKED)
        except Refused as refused:
            if refused.reason in SLOW_DOWN | USED_UP:
                raise Unreached("YouTube takes no more words for now") from None
            return Delivery(DeliveryState.FAILED, NOT_THERE)
        except Unreached:
            raise
        except ConnectionError:
            return Delivery(DeliveryState.UNKNOWN, UNSURE)
        return Delivery(DeliveryState.SENT, SENT)


def _request(youtube: Any, name: str, text: str, *, live: bool) -> Any:
    if not live:
        body = {"snippet": {"parentId": name, "textOriginal": text}}
        return youtube.comments().insert(part="snippet", body=body)
    snippet = {
        "liveChatId": name,
        "type": "textMessageEvent",
        "textMessageDetails": {"messageText": text},
    }
    return youtube.liveChatMessages().insert(part="snippet", body={"snippet": snippet})
