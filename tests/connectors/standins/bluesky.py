"""Bluesky: an account's server (PDS) and what it passes on from the AppView, after docs.bsky.app
and the lexicons com.atproto.server, com.atproto.repo and app.bsky.feed.

Sessions end and are renewed, search shows the newest first in pages, a removed post leaves a hole
in its thread below which nothing is shown, a record key that is there already is written over.
"""

from __future__ import annotations

import base64
import itertools
import json
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

HANDLE, PASSWORD, AGENCY = (
    "ansim.example.org",
    "aaaa-bbbb-cccc-dddd",
    "did:plc:ansimansimansimansimansi",
)
POST = "app.bsky.feed.post"
MOST = 300


class Bluesky:
    """The network, as one account sees it."""

    def __init__(self) -> None:
        self.port = 0
        self.password = PASSWORD
        self.posts: dict[str, dict[str, Any]] = {}
        self.tokens: set[str] = set()
        self.refreshing: set[str] = set()
        self.lifetime = 7200.0
        self.log_ins = 0
        self.shut_until = 0.0
        """Until when nothing may be written."""
        self.broken = 0
        """So many of our next words are taken, and the connection breaks before the answer."""
        self.too_many_reads = 0
        self.labels: dict[str, list[dict[str, Any]]] = {}
        self.closed: set[str] = set()
        """Threads that take no answers."""
        self.asked: list[str] = []
        self._latest = 0.0
        self._numbers = itertools.count(int(time.time() * 1e6))
        self._runner: web.AppRunner | None = None

    # As its people see it.

    def post(
        self, account: str, text: str, to: str = "", *, key: str = "", **more: Any
    ) -> dict[str, Any]:
        """``more`` goes into the view of the post: embed, indexedAt, labels …"""
        uri = f"at://{account}/{POST}/{key or f'3k{next(self._numbers)}'}"
        # No two posts are of one millisecond.
        self._latest = max(time.time(), self._latest + 0.001)
        now = stamp(self._latest)
        record: dict[str, Any] = {"$type": POST, "text": text, "createdAt": now}
        if to:
            above = self.posts[to]
            top = above["record"].get("reply", {}).get("root") or ref(above)
            record["reply"] = {"root": top, "parent": ref(above)}
        view = {
            "uri": uri,
            "cid": f"bafyrei{abs(hash((uri, text))):x}",
            "author": {"did": account, "handle": f"{account[-6:]}.bsky.social"},
            "record": record,
            "indexedAt": now,
            **more,
        }
        self.posts[uri] = view
        return view

    def delete(self, uri: str) -> None:
        del self.posts[uri]

    def ours(self) -> list[dict[str, Any]]:
        return [each for each in self.posts.values() if each["author"].get("did") == AGENCY]

    def revoke(self) -> None:
        """The app password was taken back, and all that was made with it."""
        self.password = "another"
        self.end_sessions(also_refreshing=True)

    def end_sessions(self, *, also_refreshing: bool = False) -> None:
        self.tokens.clear()
        if also_refreshing:
            self.refreshing.clear()

    # The interface.

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/xrpc/{method}", self._call)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        self.asked.append(method)
        name = method.rpartition(".")[2]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if name == "createSession":
            return await self._createSession(request)
        if name == "refreshSession":
            if token not in self.refreshing:
                return refused(400, "ExpiredToken")
            self.refreshing.discard(token)
            return web.json_response(self._session())
        if token not in self.tokens:
            return refused(400, "ExpiredToken")
        handler = getattr(self, f"_{name}", None)
        if handler is None:
            return refused(501, "MethodNotImplemented")
        if request.method == "GET" and self.too_many_reads:
            self.too_many_reads -= 1
            return too_many(time.time() + 1)
        answer: web.Response = await handler(request)
        return answer

    def _session(self) -> dict[str, Any]:
        access, refresh = jwt(self.lifetime), jwt(60 * 86400)
        self.tokens.add(access)
        self.refreshing.add(refresh)
        return {"did": AGENCY, "handle": HANDLE, "accessJwt": access, "refreshJwt": refresh}

    async def _createSession(self, request: web.Request) -> web.Response:
        self.log_ins += 1
        asked = await request.json()
        if asked["identifier"] not in (HANDLE, AGENCY) or asked["password"] != self.password:
            return refused(401, "AuthenticationRequired")
        return web.json_response(self._session())

    async def _getSession(self, request: web.Request) -> web.Response:
        return web.json_response({"did": AGENCY, "handle": HANDLE, "active": True})

    async def _searchPosts(self, request: web.Request) -> web.Response:
        words = request.query["q"].lower().split()
        since = request.query.get("since", "")
        found = [
            each
            for each in self._newest_first()
            if all(word in str(each["record"]["text"]).lower() for word in words)
            and min(str(each["record"].get("createdAt")), str(each["indexedAt"])) >= since
        ]
        page, cursor = paged(request, found)
        return web.json_response({"posts": [self._view(e) for e in page], **cursor})

    async def _getAuthorFeed(self, request: web.Request) -> web.Response:
        actor = request.query["actor"]
        names = [e for e in self._newest_first() if actor in e["author"].values()]
        page, cursor = paged(request, names)
        return web.json_response({"feed": [{"post": self._view(e)} for e in page], **cursor})

    async def _getPosts(self, request: web.Request) -> web.Response:
        names = request.query.getall("uris")
        if len(names) > 25 or not all(name.startswith("at://") for name in names):
            return refused(400, "InvalidRequest")
        found = [self._view(self.posts[name]) for name in names if name in self.posts]
        return web.json_response({"posts": found})

    async def _getPostThread(self, request: web.Request) -> web.Response:
        name = request.query["uri"]
        if name not in self.posts:
            return refused(400, "NotFound")
        return web.json_response({"thread": self._node(name)})

    def _node(self, name: str) -> dict[str, Any]:
        below = [each for each, post in self.posts.items() if parent_of(post) == name]
        return {
            "$type": "app.bsky.feed.defs#threadViewPost",
            "post": self._view(self.posts[name]),
            "replies": [self._node(each) for each in below],
        }

    async def _getRecord(self, request: web.Request) -> web.Response:
        query = request.query
        uri = f"at://{query['repo']}/{query['collection']}/{query['rkey']}"
        if uri not in self.posts:
            return refused(400, "RecordNotFound")
        post = self.posts[uri]
        return web.json_response({"uri": uri, "cid": post["cid"], "value": post["record"]})

    async def _putRecord(self, request: web.Request) -> web.Response:
        if time.time() < self.shut_until:
            return too_many(self.shut_until)
        asked = await request.json()
        record = asked["record"]
        if asked["repo"] != AGENCY or asked["collection"] != POST or len(asked["rkey"]) != 13:
            return refused(400, "InvalidRequest")
        if len(record["text"]) > MOST:
            return refused(400, "InvalidRequest")
        post = self.post(AGENCY, record["text"], key=asked["rkey"])
        post["record"] = record
        if self.broken:
            self.broken -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(ref(post))

    def _newest_first(self) -> list[dict[str, Any]]:
        return sorted(self.posts.values(), key=lambda e: str(e.get("indexedAt")), reverse=True)

    def _view(self, post: dict[str, Any]) -> dict[str, Any]:
        did = post["author"].get("did", "")
        top = post["record"].get("reply", {}).get("root", {}).get("uri", post["uri"])
        view = {**post, "viewer": {"replyDisabled": str(top) in self.closed}}
        view["replyCount"] = sum(parent_of(e) == str(post["uri"]) for e in self.posts.values())
        if did in self.labels:
            view["author"] = {**post["author"], "labels": self.labels[did]}
        return view


def paged(
    request: web.Request, found: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    start, limit = int(request.query.get("cursor", "0")), int(request.query.get("limit", "25"))
    assert limit <= 100
    after = start + limit
    return found[start:after], ({"cursor": str(after)} if after < len(found) else {})


def parent_of(post: dict[str, Any]) -> str:
    parent = post["record"].get("reply", {}).get("parent")
    return str(parent["uri"]) if isinstance(parent, dict) else ""


def ref(post: dict[str, Any]) -> dict[str, str]:
    return {"uri": post["uri"], "cid": post["cid"]}


def jwt(lifetime: float) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    now = time.time_ns()
    claims = {
        "sub": AGENCY,
        "iat": now // 10**9,
        "exp": int(time.time() + lifetime),
        "jti": str(now),
    }
    return f"{part({'alg': 'ES256K', 'typ': 'at+jwt'})}.{part(claims)}.c2lnbmVk"


def refused(status: int, name: str) -> web.Response:
    return web.json_response({"error": name, "message": "said by the stand-in"}, status=status)


def too_many(until: float) -> web.Response:
    headers = {
        "RateLimit-Limit": "5000",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": f"{until:.0f}",
    }
    body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    return web.json_response(body, status=429, headers=headers)


def stamp(at: float) -> str:
    whole = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return whole.replace("+00:00", "Z")
