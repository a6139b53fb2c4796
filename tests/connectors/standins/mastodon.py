"""A Mastodon server, after docs.joinmastodon.org: "timelines", "statuses", "Rate limits",
"Guidelines and best practices".

Numbers are made of the time, pages begin right after ``min_id``, an answer carries no hashtag of
what it answers, a removed post leaves its answers without a parent, a key makes one post for an
hour, and every answer tells how many requests are left.
"""

from __future__ import annotations

import html
import re
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

TOKEN = "mastodon-test-token-of-the-agency"
AGENCY = "ansim"
KEY_SECONDS = 3600.0
MOST = 500


class Mastodon:
    """One server, with people of its own and of others."""

    def __init__(self) -> None:
        self.port = 0
        self.token = TOKEN
        self.may_write = True
        self.statuses: dict[str, dict[str, Any]] = {}
        self.raw: dict[str, str] = {}
        """What was typed, by number."""
        self.versions: dict[str, list[dict[str, Any]]] = {}
        self.keys: dict[str, tuple[float, str]] = {}
        self.shut_until = 0.0
        """Until when no words of ours are taken."""
        self.broken = 0
        """So many of our next words are taken, and the connection breaks before the answer."""
        self.allowed, self.window = 1_000_000, 300.0
        self.used, self.counted_from = 0, time.time()
        self.asked: list[str] = []
        self._last = 0
        self._runner: web.AppRunner | None = None

    # As its people see it.

    def post(
        self, account: str, text: str, to: str = "", *, at: float = 0.0, **more: Any
    ) -> dict[str, Any]:
        """``at``: written then, on another server, and only now known here."""
        number = str((int((at or time.time()) * 1000) << 16) + len(self.statuses) % 65536)
        if not at:
            number = str(max(int(number), self._last + 1))
            self._last = int(number)
        status = {
            "id": number,
            "created_at": stamp(int(number) >> 16),
            "in_reply_to_id": to or None,
            "visibility": "public",
            "spoiler_text": "",
            "edited_at": None,
            "reblog": None,
            "replies_count": 0,
            "content": formatted(text),
            "account": {"id": str(abs(hash(account))), "acct": account, "bot": False},
            "media_attachments": [],
            "tags": [{"name": tag.lower()} for tag in re.findall(r"#(\w+)", text)],
            **more,
        }
        self.statuses[number] = status
        self.raw[number] = text
        self.versions[number] = [version(status)]
        return status

    def edit(self, number: str, text: str) -> None:
        time.sleep(0.002)  # two changes are never of one millisecond
        status = self.statuses[number]
        status |= {"content": formatted(text), "edited_at": stamp(int(time.time() * 1000))}
        self.raw[number] = text
        self.versions[number].append(version(status) | {"created_at": status["edited_at"]})

    def delete(self, number: str) -> None:
        del self.statuses[number]
        for status in self.statuses.values():
            if status["in_reply_to_id"] == number:
                status["in_reply_to_id"] = None

    def ours(self) -> list[tuple[str, str]]:
        """Number and text of what the agency said, in order."""
        found = [s["id"] for s in self.statuses.values() if s["account"]["acct"] == AGENCY]
        return [(number, self.raw[number]) for number in sorted(found, key=int)]

    def first(self, number: str) -> str:
        """The post that a thread begins with."""
        while above := self.statuses[number]["in_reply_to_id"]:
            number = above
        return number

    # The API.

    async def start(self) -> None:
        app = web.Application(middlewares=[self._count])
        app.router.add_get("/api/v1/accounts/verify_credentials", self._me)
        app.router.add_get("/api/v1/accounts/{id}/statuses", self._of_account)
        app.router.add_get("/api/v1/timelines/tag/{tag}", self._tag)
        app.router.add_get("/api/v1/timelines/public", self._public)
        app.router.add_get("/api/v1/statuses/{id}", self._status)
        app.router.add_get("/api/v1/statuses/{id}/context", self._context)
        app.router.add_get("/api/v1/statuses/{id}/history", self._history)
        app.router.add_post("/api/v1/statuses", self._create)
        app.router.add_get("/api/v2/instance", self._instance)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _count(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"error": "The access token is invalid"}, status=401)
        self.asked.append(request.path)
        now = time.time()
        if now - self.counted_from > self.window:
            self.used, self.counted_from = 0, now
        self.used += 1
        if self.used > self.allowed:
            return self._too_many(self.counted_from + self.window)
        response: web.StreamResponse = await handler(request)
        if "X-RateLimit-Limit" not in response.headers:
            response.headers.update(
                self._counts(self.allowed - self.used, self.counted_from + self.window)
            )
        return response

    def _counts(self, left: int, until: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.allowed),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": stamp(int(until * 1000)),
        }

    def _too_many(self, until: float) -> web.Response:
        headers = self._counts(0, until)
        return web.json_response({"error": "Too many requests"}, status=429, headers=headers)

    async def _me(self, request: web.Request) -> web.Response:
        return web.json_response({"id": "1", "acct": AGENCY, "username": AGENCY})

    async def _instance(self, request: web.Request) -> web.Response:
        about = {"configuration": {"statuses": {"max_characters": MOST}}, "version": "4.5.0"}
        return web.json_response(about)

    async def _tag(self, request: web.Request) -> web.Response:
        tag = request.match_info["tag"].lower()
        return self._page(
            request,
            [s for s in self.statuses.values() if {"name": tag} in s.get("tags", [])],
        )

    async def _public(self, request: web.Request) -> web.Response:
        if request.query.get("local") not in ("1", "true"):
            return web.json_response([], status=422)
        found = [
            s
            for s in self.statuses.values()
            if "@" not in s["account"]["acct"] and s["in_reply_to_id"] is None
        ]
        return self._page(request, found)

    async def _of_account(self, request: web.Request) -> web.Response:
        return self._page(
            request, [s for s in self.statuses.values() if s["account"]["acct"] == AGENCY]
        )

    def _page(self, request: web.Request, found: list[dict[str, Any]]) -> web.Response:
        limit = min(40, int(request.query.get("limit", "20")))
        found = sorted(
            (s for s in found if s["visibility"] == "public"), key=lambda s: int(s["id"])
        )
        after = request.query.get("min_id")
        if after is not None:
            found = [s for s in found if int(s["id"]) > int(after)][:limit]
        return web.json_response(found[-limit:][::-1])

    async def _status(self, request: web.Request) -> web.Response:
        status = self.statuses.get(request.match_info["id"])
        return missing() if status is None else web.json_response(status)

    async def _context(self, request: web.Request) -> web.Response:
        number = request.match_info["id"]
        if number not in self.statuses:
            return missing()
        above: list[dict[str, Any]] = []
        parent = self.statuses[number]["in_reply_to_id"]
        while parent:
            above.insert(0, self.statuses[parent])
            parent = self.statuses[parent]["in_reply_to_id"]
        return web.json_response({"ancestors": above, "descendants": self._below(number)})

    def _below(self, number: str) -> list[dict[str, Any]]:
        """A branch at a time, as on a page."""
        children = [s for s in self.statuses.values() if s["in_reply_to_id"] == number]
        found = []
        for child in sorted(children, key=lambda s: int(s["id"])):
            found += [child, *self._below(child["id"])]
        return found

    async def _history(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.statuses:
            return missing()
        return web.json_response(self.versions[request.match_info["id"]])

    async def _create(self, request: web.Request) -> web.Response:
        if not self.may_write:
            return web.json_response(
                {"error": "This action is outside the authorized scopes"}, status=403
            )
        if time.time() < self.shut_until:
            return self._too_many(self.shut_until)
        asked = await request.post()
        text, to = str(asked.get("status", "")), str(asked.get("in_reply_to_id", ""))
        key = request.headers.get("Idempotency-Key", "")
        at, known = self.keys.get(key, (0.0, ""))
        if key and time.time() - at < KEY_SECONDS and known in self.statuses:
            return web.json_response(self.statuses[known])
        if to and to not in self.statuses:
            return web.json_response(
                {"error": "The status you are trying to reply to does not appear to exist."},
                status=404,
            )
        if len(text) > MOST or not text.strip():
            return web.json_response({"error": "Validation failed"}, status=422)
        status = self.post(AGENCY, text, to, visibility=asked.get("visibility", "public"))
        self.keys[key] = (time.time(), status["id"])
        if self.broken:
            self.broken -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(status)


def formatted(text: str) -> str:
    """A typed text as HTML: paragraphs, line breaks, hashtags and names as links."""
    escaped = html.escape(typed(text), quote=True)
    link = r'<a href="https://m.example/tags/\1" class="mention hashtag">#<span>\1</span></a>'
    escaped = re.sub(r"(?<!&)#(\w+)", link, escaped)
    parts = [part.replace("\n", "<br />") for part in escaped.split("\n\n")]
    return "".join(f"<p>{part}</p>" for part in parts) if escaped else ""


def typed(text: str) -> str:
    """What is left of a typed text: one kind of line end, at most one empty line, no edges."""
    return re.sub(r"\n{2,}", "\n\n", re.sub(r"\r\n?", "\n", text)).strip(" \n\t")


def version(status: dict[str, Any]) -> dict[str, Any]:
    names = ("content", "spoiler_text", "created_at", "account", "media_attachments")
    return {name: status[name] for name in names}


def missing() -> web.Response:
    return web.json_response({"error": "Record not found"}, status=404)


def stamp(ms: int) -> str:
    whole = datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
    return whole.replace("+00:00", "Z")
