"""aiogram, pointed at one address and kept from taking updates apart itself.

An update that its models do not understand would take a hundred others with it.
"""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiohttp import ClientConnectorError

logging.getLogger("aiogram").setLevel(logging.ERROR)

HEARD = ["message", "edited_message", "my_chat_member", "chat_member"]
POLL_SECONDS = 25
REQUEST_SECONDS = 10
REFUSED_TOKEN = (TelegramUnauthorizedError, TelegramNotFound)
"""Telegram knows no such bot: the token was taken back, or is none."""
NOT_THERE = (TelegramForbiddenError, TelegramBadRequest)
"""We may not speak there, or there is no such chat."""


class Updates(TelegramMethod[list[dict[str, Any]]]):
    """``getUpdates``, as it came."""

    __returning__: ClassVar[Any] = list[dict[str, Any]]
    __api_method__: ClassVar[str] = "getUpdates"

    offset: int | None = None
    limit: int = 100
    timeout: int = POLL_SECONDS
    allowed_updates: list[str] = HEARD


class Administrators(TelegramMethod[list[dict[str, Any]]]):
    """``getChatAdministrators``, as it came."""

    __returning__: ClassVar[Any] = list[dict[str, Any]]
    __api_method__: ClassVar[str] = "getChatAdministrators"

    chat_id: int


def line(token: str, api: str) -> Bot:
    """A bot at ``api`` (empty: Telegram itself). Raises TokenValidationError."""
    server = TelegramAPIServer.from_base(api) if api else PRODUCTION
    return Bot(token, session=AiohttpSession(api=server, timeout=REQUEST_SECONDS))


def surely_unsaid(error: Exception) -> bool:
    """Whether an error came before anything could be said, and may pass by itself."""
    if isinstance(error, TelegramNetworkError):
        return isinstance(error.__cause__, ClientConnectorError)
    return isinstance(error, TelegramRetryAfter)


def may_have_been_said(error: Exception) -> bool:
    """Whether nobody can tell if what we asked for was done."""
    if isinstance(error, TelegramNetworkError):
        return not surely_unsaid(error)
    return isinstance(error, TelegramServerError | ClientDecodeError)


__all__ = [
    "NOT_THERE",
    "POLL_SECONDS",
    "REFUSED_TOKEN",
    "REQUEST_SECONDS",
    "Administrators",
    "Bot",
    "TelegramAPIError",
    "Updates",
    "line",
    "may_have_been_said",
    "surely_unsaid",
]
