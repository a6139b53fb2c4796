"""A gateway on a free port with a real NATS server and a ledger in memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from ansim.chat import Consent, Message, Source, SourceKind
from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources import registry
from ansim.stream import layout
from ansim.stream.codec import decode
from ansim.stream.connection import connect
from ansim.stream.gateway import admission, app, connections, health, line, trials, turn
from ansim.stream.gateway.ledger import Ledger, MemoryLedger
from ansim.stream.gateway.process import Gateway
from ansim.stream.server import EmbeddedServer
from tests.gateway import toy
from tests.gateway.toy import ToyPlatform
from tests.stream.conftest import config, free_port, keyring, server

__all__ = ["config", "keyring", "server"]

KEY = "key-of-the-first-platform"
OTHER_KEY = "key-of-the-second-platform"
PARTNER = Source(
    id="partner",
    name="A platform",
    kind=SourceKind.PLATFORM_PARTNER,
    legal_basis="terms of use and the operator's duty to protect",
)
OTHER = Source(
    id="other",
    name="Another platform",
    kind=SourceKind.PLATFORM_PARTNER,
    legal_basis="terms of use and the operator's duty to protect",
)
DEMO = Source(
    id="demo",
    name="Demo",
    kind=SourceKind.PLATFORM_PARTNER,
    legal_basis="a room of our own with a notice",
    connector="demo",
    private_messages=True,
)
NOW = 1_790_000_000.0
CONSENT = Consent(given_by="all present", given_at=NOW, how="notice in the room")


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def item(number: int, **changes: Any) -> dict[str, Any]:
    """A message as a platform sends it."""
    return {
        "id": f"m-{number}",
        "conversation": "room-1",
        "author": "account-1",
        "at": 1_700_000_000 + number,
        "text": f"오늘 급식 뭐 나와? {number}",
        **changes,
    }


class Running:
    """A gateway that is being served, and a client that talks to it."""

    def __init__(self, gateway: Gateway, client: httpx.AsyncClient, base: str) -> None:
        self.gateway = gateway
        self.client = client
        self.base = base

    async def send(self, body: Any, key: str = KEY, **options: Any) -> httpx.Response:
        """Posts a batch: bytes as they are, anything else as JSON."""
        headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
        if isinstance(body, bytes | str):
            headers.setdefault("Content-Type", "application/json")
            return await self.client.post("/v1/messages", content=body, headers=headers, **options)
        return await self.client.post("/v1/messages", json=body, headers=headers, **options)

    async def get(self, path: str, key: str = KEY, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return await self.client.get(path, headers=headers, **options)

    async def post(self, path: str, key: str = KEY, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return await self.client.post(path, headers=headers, **options)


@asynccontextmanager
async def serve(
    config: Config, keyring: Keyring, ledger: Ledger, *, wait: bool = True
) -> AsyncIterator[Running]:
    """A gateway served by uvicorn on a free port."""
    port = free_port()
    application = app.create(config, keyring, ledger)
    running = uvicorn.Server(
        uvicorn.Config(
            application,
            host="127.0.0.1",
            port=port,
            log_level="warning",
            access_log=False,
            # Longer than the client's own: never closed just as the next request sets out.
            timeout_keep_alive=600,
        )
    )
    running.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(running.serve())
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=base, timeout=120) as client:
        gateway: Gateway = application.state.gateway
        try:
            await until(lambda: running.started)
            if wait:
                await until(lambda: gateway.link.up and gateway.admission.ready)
            yield Running(gateway, client, base)
        finally:
            gateway.closing.set()
            running.should_exit = True
            await task


async def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Waits for a condition; fails when it does not come."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger(
        [(PARTNER, digest(KEY)), (OTHER, digest(OTHER_KEY)), (DEMO, digest("demo"))]
    )


@pytest.fixture
async def running(
    config: Config, keyring: Keyring, server: EmbeddedServer, ledger: MemoryLedger
) -> AsyncIterator[Running]:
    async with serve(replace(config, demo=True), keyring, ledger) as gateway:
        yield gateway


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToyPlatform:
    """A platform whose connector the registry knows, in a gateway without patience."""
    monkeypatch.setitem(registry.CONNECTORS, "toy", toy.DECLARATION)
    others = registry.connect
    monkeypatch.setattr(
        registry,
        "connect",
        lambda opening: (toy.connect if opening.source.connector == "toy" else others)(opening),
    )
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(admission, "REFRESH_SECONDS", 0.1)
    monkeypatch.setattr(health, "TELL_SECONDS", 0.1)
    monkeypatch.setattr(line, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(trials, "LOOK_SECONDS", 0.1)
    return ToyPlatform(tmp_path / "platform")


@pytest.fixture
def long_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn passes only when it is given up, not when the machine stands still for seconds."""
    monkeypatch.setattr(turn, "TURN_SECONDS", 300.0)


@pytest.fixture
def toy_ledger(platform: ToyPlatform) -> MemoryLedger:
    made = MemoryLedger([(platform.source(), ""), (PARTNER, digest(KEY))])
    made.wired = {"toy": platform.wiring()}
    return made


def state(ledger: MemoryLedger, source: str = "toy") -> str:
    """What casework was told last; empty before that."""
    told = ledger.healths.get(source)
    return told["state"] if told else ""


def sentence(ledger: MemoryLedger, source: str = "toy") -> str:
    told = ledger.healths.get(source)
    return told["sentence"] if told else ""


def received(running: Running) -> int:
    """Messages this gateway took in."""
    return sum(each.received for each in running.gateway.watch.sources)


async def stored(config: Config, keyring: Keyring) -> list[str]:
    """Ids of the messages in the stream, in their order."""
    client = await connect(config, keyring, "test")
    found: list[str] = []
    for partition in range(config.partitions):
        stream = layout.chat_stream(partition)
        info = await client.jetstream().stream_info(stream)
        for sequence in range(info.state.first_seq, info.state.last_seq + 1):
            raw = await client.jetstream().get_msg(stream, seq=sequence)
            item = decode(raw.data or b"")
            assert isinstance(item, Message)
            found.append(item.id)
    await client.close()
    return found
