"""YouTube's Data and Live Streaming API, after developers.google.com/youtube/v3: commentThreads,
comments, videos, playlistItems, channels, liveChat/messages, with its errors.

Times of comments are whole seconds, of a thread at most five answers come along, a removed comment
takes its answers with it, page tokens of a chat expire, only an author is shown ``textOriginal``.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

KEY = "AIza-test-key-of-the-stand-in"
CLIENT, SECRET, REFRESH = "client-of-test", "secret-of-test-client", "1//refresh-of-test"
CHANNEL, AGENCY = "UC" + "c" * 22, "UC" + "a" * 22
VIDEO = "video-00001"
HISTORY = 70
MOST_IN_CHAT, MOST_IN_COMMENT = 200, 10_000


class Youtube:
    """One channel with videos, comments and live chats."""

    def __init__(self) -> None:
        self.port = 0
        self.key, self.refresh = KEY, REFRESH
        self.videos: dict[str, dict[str, Any]] = {}
        self.threads: dict[str, list[dict[str, Any]]] = {}
        """By thread: the first comment and its answers, in order."""
        self.video_of: dict[str, str] = {}
        self.chats: dict[str, list[dict[str, Any]]] = {}
        self.expired_before: dict[str, int] = {}
        """Page tokens of a chat below this place are not accepted any more."""
        self.ended: set[str] = set()
        self.closed: set[str] = set()
        self.shut_until = 0.0
        """Until when nothing may be written."""
        self.used_up = 0
        self.hurried = 0
        """So many of the next readings are answered with "too fast"."""
        self.broken = 0
        """So many of our next words are taken, and the connection ends without an answer."""
        self.polling_ms = 50
        self.asked: list[str] = []
        self._tokens: set[str] = set()
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.add_video(VIDEO)

    # As its people see it.

    def add_video(self, name: str, privacy: str = "public", chat: str = "") -> None:
        live = {"activeLiveChatId": chat, "actualStartTime": stamp()} if chat else {}
        self.videos[name] = {
            "id": name,
            "status": {"privacyStatus": privacy},
            "liveStreamingDetails": live,
        }
        if chat:
            self.chats[chat] = []

    def end(self, chat: str) -> None:
        self.ended.add(chat)
        for video in self.videos.values():
            if video["liveStreamingDetails"].get("activeLiveChatId") == chat:
                video["liveStreamingDetails"] = {}

    def begin(self, account: str, text: str, video: str = VIDEO, at: str = "") -> str:
        """A first comment; its id is that of its thread."""
        name = f"Ugx{next(self._numbers):06d}AaABAg"
        self.threads[name] = [comment(name, account, text, at or stamp())]
        self.video_of[name] = video
        return name

    def reply(self, thread: str, account: str, text: str) -> str:
        name = f"{thread}.{next(self._numbers):06d}"
        self.threads[thread].append(comment(name, account, text, stamp()))
        return name

    def edit(self, name: str, text: str) -> None:
        found = self.comment(name)["snippet"]
        found |= {"textDisplay": text, "updatedAt": stamp()}

    def delete(self, name: str) -> None:
        thread = name.partition(".")[0]
        if name == thread:
            del self.threads[thread]
        else:
            self.threads[thread].remove(self.comment(name))

    def comment(self, name: str) -> dict[str, Any]:
        return next(e for e in self.threads[name.partition(".")[0]] if e["id"] == name)

    def chat(self, chat: str, account: str, text: str, kind: str = "", **details: Any) -> str:
        name = f"LCC.{next(self._numbers):08d}"
        snippet = {
            "type": kind or "textMessageEvent",
            "liveChatId": chat,
            "authorChannelId": account,
            "publishedAt": stamp("microseconds"),
            **details,
        }
        if not kind:
            snippet |= {"displayMessage": text, "textMessageDetails": {"messageText": text}}
        self.chats[chat].append({"id": name, "snippet": snippet})
        return name

    def ours(self, thread: str) -> list[str]:
        found = self.threads.get(thread, [])
        return [
            each["snippet"]["textDisplay"]
            for each in found
            if each["snippet"]["authorChannelId"]["value"] == AGENCY
        ]

    def revoke(self) -> None:
        self.key = self.refresh = "another"
        self._tokens.clear()

    # The interface.

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/token", self._token)
        app.router.add_route("*", "/youtube/v3/{method:.+}", self._call)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _token(self, request: web.Request) -> web.Response:
        asked = await request.post()
        wanted = (CLIENT, SECRET, self.refresh)
        if tuple(asked.get(e) for e in ("client_id", "client_secret", "refresh_token")) != wanted:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = f"ya29.{next(self._numbers)}"
        self._tokens.add(token)
        return web.json_response({"access_token": token, "expires_in": 3599})

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"].replace("/", "_")
        self.asked.append(name)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in self._tokens:
            return refused(401, "authError")
        if not token and request.query.get("key") != self.key:
            return refused(400, "badRequest", "API_KEY_INVALID")
        if request.method == "POST":
            if not token:
                return refused(401, "required")
            if time.time() < self.shut_until:
                return refused(403, "rateLimitExceeded")
            return await self._write(name, await request.json(), request)
        if self.used_up:
            self.used_up -= 1
            return refused(403, "quotaExceeded")
        if self.hurried:
            self.hurried -= 1
            return refused(403, "rateLimitExceeded")
        answer: web.Response = getattr(self, f"_{name}")(request.query)
        return answer

    def _channels(self, query: Any) -> web.Response:
        if query.get("mine") == "true":
            return shown([{"id": AGENCY}])
        if query.get("id") != CHANNEL and query.get("forHandle") != "@school":
            return shown([])
        lists = {"relatedPlaylists": {"uploads": "UU" + CHANNEL[2:]}}
        return shown([{"id": CHANNEL, "contentDetails": lists}])

    def _playlistItems(self, query: Any) -> web.Response:
        return shown([{"contentDetails": {"videoId": name}} for name in self.videos])

    def _videos(self, query: Any) -> web.Response:
        names = query["id"].split(",")
        return shown([self.videos[name] for name in names if name in self.videos])

    def _commentThreads(self, query: Any) -> web.Response:
        if "id" in query:
            found = [name for name in query["id"].split(",") if name in self.threads]
        else:
            video = query.get("videoId")
            if video in self.closed:
                return refused(403, "commentsDisabled")
            found = [e for e in self.threads if video in (None, self.video_of[e])]
            found.sort(key=lambda e: self.threads[e][0]["snippet"]["publishedAt"], reverse=True)
        return paged(query, [self._thread(name) for name in found])

    def _thread(self, name: str) -> dict[str, Any]:
        first, *answers = self.threads[name]
        snippet = {
            "videoId": self.video_of[name],
            "topLevelComment": first,
            "totalReplyCount": len(answers),
            "isPublic": True,
        }
        return {
            "id": name,
            "snippet": snippet,
            **({"replies": {"comments": answers[::-1][:5]}} if answers else {}),
        }

    def _comments(self, query: Any) -> web.Response:
        return paged(query, self.threads.get(query["parentId"], [{}])[1:])

    def _liveChat_messages(self, query: Any) -> web.Response:
        chat = query["liveChatId"]
        if chat in self.ended:
            return refused(403, "liveChatEnded")
        if chat not in self.chats:
            return refused(404, "liveChatNotFound")
        said = self.chats[chat]
        start = max(0, len(said) - HISTORY)
        if "pageToken" in query:
            start = int(query["pageToken"].removeprefix("t"))
            if start < self.expired_before.get(chat, 0):
                return refused(400, "pageTokenInvalid")
        return web.json_response(
            {
                "items": said[start:],
                "nextPageToken": f"t{len(said)}",
                "pollingIntervalMillis": self.polling_ms,
            }
        )

    async def _write(self, name: str, body: dict[str, Any], request: web.Request) -> web.Response:
        snippet = body["snippet"]
        if name == "comments":
            if snippet["parentId"] not in self.threads:
                return refused(404, "parentCommentNotFound")
            assert len(snippet["textOriginal"]) <= MOST_IN_COMMENT
            said = self.reply(snippet["parentId"], AGENCY, snippet["textOriginal"])
        else:
            if snippet["liveChatId"] not in self.chats or snippet["liveChatId"] in self.ended:
                return refused(403, "liveChatEnded")
            text = snippet["textMessageDetails"]["messageText"]
            assert len(text) <= MOST_IN_CHAT
            said = self.chat(snippet["liveChatId"], AGENCY, text)
        if self.broken:
            self.broken -= 1
            assert request.transport is not None
            request.transport.close()
            await asyncio.sleep(0)
        return web.json_response({"id": said})


def comment(name: str, account: str, text: str, at: str) -> dict[str, Any]:
    return {
        "id": name,
        "snippet": {
            "textDisplay": text,
            "authorChannelId": {"value": account},
            "publishedAt": at,
            "updatedAt": at,
        },
    }


def shown(items: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"items": items})


def paged(query: Any, found: list[dict[str, Any]]) -> web.Response:
    start, limit = int(query.get("pageToken", "0")), int(query.get("maxResults", "20"))
    assert limit <= 100
    after = start + limit
    more = {"nextPageToken": str(after)} if after < len(found) else {}
    return web.json_response({"items": found[start:after], **more})


def refused(status: int, reason: str, detail: str = "") -> web.Response:
    error: dict[str, Any] = {
        "code": status,
        "message": "said by the stand-in",
        "errors": [{"domain": "youtube", "reason": reason}],
    }
    if detail:
        error["details"] = [{"@type": "type.googleapis.com/x", "reason": detail}]
    return web.json_response({"error": error}, status=status)


def stamp(precision: str = "seconds", at: float | None = None) -> str:
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
