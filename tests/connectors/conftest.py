"""Services for the contract suite: each check has its own, unless starting one is slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path

import pytest
import pytest_asyncio

from ansim.sources.contract import Way
from tests.connectors.checks import Case, Check
from tests.connectors.platforms import Platform
from tests.connectors.running import declaration_of, extra, port_of

LIMITS = {
    "content.SECONDS": 120.0,
    "content.CONNECT_SECONDS": 60.0,
    "posting.SECONDS": 120.0,
    "posting.RESOLVE_SECONDS": 60.0,
    "kakao.routes.LOOK_SECONDS": 60.0,
    "kakao.desk.STORE_SECONDS": 60.0,
    "bluesky.line.REQUEST_SECONDS": 60.0,
    "mastodon.line.REQUEST_SECONDS": 60.0,
    "telegram.line.REQUEST_SECONDS": 60,
    "youtube.line.REQUEST_SECONDS": 60.0,
    "xmpp.line.CONNECT_SECONDS": 120.0,
    "xmpp.line.ASK_SECONDS": 60,
}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine is no slow service: a test of one sets less itself."""
    for name, seconds in LIMITS.items():
        monkeypatch.setattr(f"ansim.sources.{name}", seconds)


def service_of(name: str) -> Platform:
    """Not started yet."""
    service: Platform = import_module(f"tests.connectors.platforms.{name}").Service()
    return service


async def started(service: Platform) -> Platform:
    """The service, started, and told where we can be called; skips where it cannot run here."""
    lacking = extra(service, "lacking")()
    if lacking:
        pytest.skip(lacking)
    await service.start()
    if declaration_of(service).way is Way.CALLED:
        port_of(service)
    return service


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting() -> AsyncIterator[dict[str, Platform]]:
    """Services that are started once, by name."""
    services: dict[str, Platform] = {}
    yield services
    for service in services.values():
        await service.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def case(
    request: pytest.FixtureRequest, lasting: dict[str, Platform], tmp_path: Path
) -> AsyncIterator[Case]:
    """What the promise of this test is checked with."""
    name: str = request.node.callspec.params["name"]
    promise: Check = request.node.callspec.params["promise"]
    soak = request.node.get_closest_marker("soak") is not None
    platform = service_of(name)
    left_out = promise.left_out(platform)
    if left_out:
        pytest.skip(left_out)
    if extra(platform, "lasting"):
        if name not in lasting:
            lasting[name] = await started(platform)
        yield Case(lasting[name], tmp_path, soak)
        return
    await started(platform)
    try:
        yield Case(platform, tmp_path, soak)
    finally:
        await platform.stop()
