"""Telegram's Bot API with groups, forums and private chats, after core.telegram.org/bots/api.

Updates are kept until an ``offset`` above them is asked for, at most a day; deletions are never
told; a bot cannot write to somebody who did not write to it first; times are whole seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any

from aiohttp import web

TOKEN = "900000001:AAtest-token-of-the-stand-in-of-telegram"
BOT = 900000001
KEPT_SECONDS = 24 * 3600.0


class Telegram:
    """The whole of Telegram, as far as one bot sees it."""

    def __init__(self) -> None:
        self.port = 0
        self.token = TOKEN
        self.webhook = False
        self.answers: list[tuple[int, dict[str, Any]]] = []
        """Answers given to the next words of ours instead of taking them."""
        self.swallow = 0
        """So many of our next words are taken, and the connection breaks before the answer."""
        self.posted = 0
        self.pinned: list[int] = []
        self.chats: dict[int, dict[str, Any]] = {}
        self.members: dict[int, dict[int, str]] = {}
        """Status of each member of a group."""
        self.said: dict[int, list[dict[str, Any]]] = {}
        self.started: set[int] = set()
        """People who wrote to the bot, and did not block it."""
        self.pending: list[tuple[float, dict[str, Any]]] = []
        self.allowed = ["message", "edited_message", "my_chat_member"]
        """Without asking for more, a bot is told of no other members."""
        self._ids = itertools.count(700_000_001)
        self._updates = itertools.count(500_000_001)
        self._numbers: dict[int, int] = {}
        self._news = asyncio.Event()
        self._polls = 0
        self._runner: web.AppRunner | None = None

    # As its people see it.

    def add_group(
        self, people: list[int], *, administrator: bool = True, forum: bool = False
    ) -> int:
        """A supergroup, into which its first member, who made it, has brought the bot."""
        group = -1_000_000_000_000 - next(self._ids)
        self.chats[group] = {"id": group, "type": "supergroup", "title": "group"}
        if forum:
            self.chats[group]["is_forum"] = True
        self.said[group] = []
        self.members[group] = {each: "member" for each in people}
        self.members[group][people[0]] = "creator"
        status = "administrator" if administrator else "member"
        self.members[group][BOT] = status
        self.tell("my_chat_member", self._change(group, people[0], BOT, "left", status))
        return group

    def join(self, group: int, account: int) -> None:
        self.members[group][account] = "member"
        self.tell("chat_member", self._change(group, account, account, "left", "member"))
        self._service(group, account, new_chat_members=[user(account)])

    def leave(self, group: int, account: int) -> None:
        del self.members[group][account]
        self.tell("chat_member", self._change(group, account, account, "member", "left"))
        self._service(group, account, left_chat_member=user(account))

    def say(self, chat: int, account: int, text: str = "", **more: Any) -> int:
        """Returns the number of the message in its chat."""
        if chat > 0:
            self.started.add(account)
            self.chats.setdefault(chat, {"id": chat, "type": "private", "first_name": "사람"})
        message = {**self._message(chat, account), **({"text": text} if text else {}), **more}
        self.said.setdefault(chat, []).append(message)
        self.tell("message", message)
        return int(message["message_id"])

    def edit(self, chat: int, number: int, text: str) -> None:
        message = next(m for m in self.said[chat] if m["message_id"] == number)
        message |= {"text": text, "edit_date": int(time.time())}
        self.tell("edited_message", message)

    def ours(self, chat: int) -> list[str]:
        return [m["text"] for m in self.said.get(chat, []) if m["from"]["id"] == BOT]

    def revoke(self) -> None:
        """@BotFather gave out another token: whoever holds the old one is thrown out."""
        self.token = "another"
        self._polls += 1

    def tell(self, kind: str, content: dict[str, Any]) -> None:
        if kind not in self.allowed:
            return
        group = content["chat"]["id"]
        if kind == "chat_member" and self.members[group].get(BOT) != "administrator":
            return
        update = {"update_id": next(self._updates), kind: json.loads(json.dumps(content))}
        self.pending.append((time.time(), update))
        self._news.set()

    def _message(self, chat: int, account: int) -> dict[str, Any]:
        self._numbers[chat] = self._numbers.get(chat, 0) + 1
        return {
            "message_id": self._numbers[chat],
            "from": user(account),
            "chat": self.chats[chat],
            "date": int(time.time()),
        }

    def _service(self, group: int, account: int, **what: Any) -> None:
        self.tell("message", {**self._message(group, account), **what})

    def _change(self, group: int, by: int, whom: int, old: str, new: str) -> dict[str, Any]:
        return {
            "chat": self.chats[group],
            "from": user(by),
            "date": int(time.time()),
            "old_chat_member": {"user": user(whom), "status": old},
            "new_chat_member": {"user": user(whom), "status": new},
        }

    # The API.

    async def _call(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.token:
            return refused(401, "Unauthorized")
        asked = {**request.query, **await request.post()}
        method = getattr(self, f"_{request.match_info['method']}", None)
        if method is None:
            return refused(404, "Not Found: method not found")
        answer: web.Response = await method(asked, request)
        return answer

    async def _getMe(self, asked: dict[str, Any], request: web.Request) -> web.Response:
        return fine({**user(BOT), "can_read_all_group_messages": True})

    async def _getUpdates(self, asked: dict[str, Any], request: web.Request) -> web.Response:
        if self.webhook:
            return refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook",
            )
        self._polls += 1
        mine = self._polls
        offset = int(asked.get("offset", 0))
        if "allowed_updates" in asked:
            self.allowed = json.loads(asked["allowed_updates"])
        self.pending = [each for each in self.pending if each[1]["update_id"] >= offset]
        end = time.monotonic() + int(asked.get("timeout", 0))
        while not self.pending and time.monotonic() < end and self._polls == mine:
            self._news.clear()
            try:
                async with asyncio.timeout(min(end - time.monotonic(), 0.2)):
                    await self._news.wait()
            except TimeoutError:
                pass
        if request.match_info["token"] != self.token:
            return refused(401, "Unauthorized")
        if self._polls != mine:
            return refused(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot "
                "instance is running",
            )
        fresh = [u for at, u in self.pending if time.time() - at < KEPT_SECONDS]
        return fine(fresh[: int(asked.get("limit", 100))])

    async def _sendMessage(self, asked: dict[str, Any], request: web.Request) -> web.Response:
        if self.answers:
            status, body = self.answers.pop(0)
            return web.json_response(body, status=status)
        chat, text = int(asked["chat_id"]), str(asked.get("text", ""))
        if chat > 0 and chat not in self.started:
            return refused(403, "Forbidden: bot can't initiate conversation with a user")
        if chat < 0 and chat not in self.chats:
            return refused(400, "Bad Request: chat not found")
        if chat < 0 and self.members[chat].get(BOT) in (None, "left", "kicked"):
            return refused(403, "Forbidden: bot was kicked from the supergroup chat")
        if not 0 < len(text) <= 4096:
            return refused(400, "Bad Request: message is too long")
        message = {**self._message(chat, BOT), "text": text}
        if topic := asked.get("message_thread_id"):
            message |= {"message_thread_id": int(topic), "is_topic_message": True}
        self.said.setdefault(chat, []).append(message)
        self.posted += 1
        if self.swallow:
            self.swallow -= 1
            assert request.transport is not None
            request.transport.abort()
        return fine(message)

    async def _pinChatMessage(self, asked: dict[str, Any], request: web.Request) -> web.Response:
        self.pinned.append(int(asked["message_id"]))
        return fine(True)

    async def _getChatAdministrators(
        self, asked: dict[str, Any], request: web.Request
    ) -> web.Response:
        members = self.members.get(int(asked["chat_id"]), {})
        return fine(
            [
                {"status": status, "user": user(account)}
                for account, status in members.items()
                if status in ("creator", "administrator")
            ]
        )

    async def _getChatMemberCount(
        self, asked: dict[str, Any], request: web.Request
    ) -> web.Response:
        return fine(len(self.members[int(asked["chat_id"])]))

    async def _getFile(self, asked: dict[str, Any], request: web.Request) -> web.Response:
        """Its content lies under /file/bot<token>/, behind a connection of its own
        (``Cable.lead_files``)."""
        found = fine({"file_id": asked["file_id"], "file_path": f"photos/{asked['file_id']}.png"})
        found.force_close()
        return found

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        self._polls += 1
        if self._runner is not None:
            await self._runner.cleanup()


def user(account: int) -> dict[str, Any]:
    return {"id": account, "is_bot": account == BOT, "first_name": "사람", "username": "user"}


def fine(result: object) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def refused(code: int, why: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": code, "description": why}, status=code)


def too_many(seconds: int) -> tuple[int, dict[str, Any]]:
    """The documented answer to one request too many."""
    return 429, {
        "ok": False,
        "error_code": 429,
        "description": f"Too Many Requests: retry after {seconds}",
        "parameters": {"retry_after": seconds},
    }
