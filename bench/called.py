"""How much comes in through connectors that are called: signed webhooks and the Kakao channel.

``python -m bench.called`` prints it: a real gateway with its own NATS in this process, the platform
in another, messages durable when they count. Not in docs/benchmarks.md: what these connectors take
is bounded by their platforms.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import httpx

from ansim.chat import Source, SourceKind
from ansim.client import AnsimClient, Message
from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources.wiring import Wiring
from ansim.stream.gateway.ledger import MemoryLedger
from ansim.stream.server import EmbeddedServer
from tests.connectors.platforms import kakao
from tests.gateway.conftest import serve, state, until
from tests.stream.conftest import free_port

Row = tuple[str, str, str]
SECRET = "a-secret-of-the-bench"  # noqa: S105
MOST = 40_000
"""Messages of one measurement; all of them stay below what may wait to be read."""
HOOK = Source(
    id="hook",
    name="bench",
    kind=SourceKind.PLATFORM_PARTNER,
    legal_basis="made-up messages",
    connector="webhook",
)


def posted(base: str, seconds: float, batch: int) -> float:
    """Messages a second that one blocking client has stored, in requests of ``batch``.

    No worker reads them here: intake would rightly refuse more than so many.
    """
    sent = 0
    with AnsimClient(base, source="hook", secret=SECRET) as client:
        started = time.monotonic()
        while time.monotonic() - started < seconds and sent < MOST:
            messages = [
                Message(
                    id=f"{batch}-{sent + number}",
                    conversation=f"room-{number % 50}",
                    author=f"account-{number % 100}",
                    text="오늘 급식 뭐 나와?",
                )
                for number in range(batch)
            ]
            sent += client.send(messages).accepted
        return sent / (time.monotonic() - started)


def asked(base: str, seconds: float) -> list[float]:
    """Seconds that each request of the Kakao skill took, one after another."""
    took: list[float] = []
    address = f"{base}/v1/kakao/{kakao.ID}/{kakao.TOKEN}"
    with httpx.Client(trust_env=False) as client:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            started = time.monotonic()
            body = kakao.payload(f"person-{len(took) % 50}", "안녕하세요")
            assert client.post(address, json=body).status_code == 200
            took.append(time.monotonic() - started)
    return took


async def measure(seconds: float) -> list[Row]:
    """All rows, each measured for ``seconds``."""
    with tempfile.TemporaryDirectory(prefix="ansim-bench-") as home:
        config = replace(Config(home=Path(home)), nats_port=free_port())
        keyring = Keyring.load_or_create(config.keys_path)
        server = EmbeddedServer(config, keyring)
        server.start()
        channel = kakao.Service()
        ledger = MemoryLedger([(HOOK, ""), (channel.source(), "")])
        ledger.wired = {
            "hook": Wiring(credentials={"secret": SECRET}),
            kakao.ID: channel.wiring(),
        }
        loop = asyncio.get_running_loop()
        rows: list[Row] = []
        try:
            async with serve(config, keyring, ledger) as running:
                await until(lambda: state(ledger, kakao.ID) == "listening")
                with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as platform:
                    for batch in (1, 100, 1000):
                        rate = await loop.run_in_executor(
                            platform, posted, running.base, seconds, batch
                        )
                        rows.append((f"webhook, {batch} a request", f"{rate:,.0f}", "messages/s"))
                    took = await loop.run_in_executor(platform, asked, running.base, seconds)
        finally:
            server.stop()
        took.sort()
        rows.append(("kakao, one person after another", f"{len(took) / seconds:,.0f}", "texts/s"))
        for share in (0.5, 0.99):
            late = took[min(len(took) - 1, int(share * len(took)))]
            name = f"kakao, answered within ({share:.0%})"
            rows.append((name, f"{1000 * late:,.1f}", "ms of 5,000"))
        return rows


if __name__ == "__main__":
    for name, value, unit in asyncio.run(measure(3.0)):
        print(f"{name:40} {value:>12} {unit}")
