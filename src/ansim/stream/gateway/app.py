"""The gateway as an ASGI application, put together from a config."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from litestar import Litestar, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from ansim.config import Config
from ansim.keys import Keyring
from ansim.sources.demo.routes import routes as demo_routes
from ansim.sources.doorway import TurnedAway
from ansim.stream.gateway import answers, api, door, standing
from ansim.stream.gateway.ledger import Ledger
from ansim.stream.gateway.ledger_in_casework import DjangoLedger
from ansim.stream.gateway.process import Gateway

log = logging.getLogger(__name__)


def create(
    config: Config, keyring: Keyring | None = None, ledger: Ledger | None = None
) -> Litestar:
    """The application. It starts without NATS and answers 503 until it is there.

    ``keyring`` is the key file's and ``ledger`` casework's unless given. Raises KeyLost when there
    is no key file.
    """
    gateway = Gateway(config, keyring or Keyring.load(config.keys_path), ledger or DjangoLedger())
    handlers = [*api.HANDLERS, *standing.HANDLERS, *door.routes(gateway)]
    if gateway.demo is not None:
        hosts = frozenset(
            name.strip().lower() for name in config.allowed_hosts.split(",") if name.strip()
        )
        handlers.append(demo_routes(gateway.demo, hosts, gateway.closing))
    return Litestar(
        handlers,
        lifespan=[partial(_lifespan, gateway)],
        state=State({"gateway": gateway}),
        openapi_config=None,
        logging_config=None,
        exception_handlers={
            HTTPException: _http_error,
            TurnedAway: door.turned_away,
            Exception: _unexpected,
        },
    )


@asynccontextmanager
async def _lifespan(gateway: Gateway, _app: Litestar) -> AsyncIterator[None]:
    await gateway.start()
    try:
        yield
    finally:
        await gateway.stop()


def closer(app: Litestar) -> Callable[[], None]:
    """What ends long polls and event streams, so that a server can stop without waiting."""
    gateway: Gateway = app.state.gateway
    return gateway.closing.set


def _http_error(_request: object, raised: HTTPException) -> Response[bytes]:
    codes = {404: "not_found", 405: "wrong_method", 413: "too_large"}
    code = codes.get(raised.status_code, "bad_request")
    details = {
        404: "there is nothing at this address; see /v1/docs",
        405: "this address does not take this method; see /v1/docs",
        413: "the body is too large",
    }
    detail = details.get(raised.status_code, "the request cannot be read")
    if raised.status_code >= 500:
        return answers.error(500, "internal", "something went wrong here; try again")
    return answers.error(raised.status_code, code, detail)


def _unexpected(_request: object, raised: Exception) -> Response[bytes]:
    """Logs where it happened, never the error's own words: they may hold what a user said."""
    frames = traceback.extract_tb(raised.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    log.error("gateway: unexpected %s at %s", type(raised).__name__, place)
    return answers.error(500, "internal", "something went wrong here; try again")
