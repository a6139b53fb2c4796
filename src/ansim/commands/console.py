"""``ansim console``: serves the counsellors' pages."""

from __future__ import annotations

import argparse

KEPT_OPEN = 75
"""Seconds that an idle connection stays open. Whoever is in front must give up first: a request
sent while we close is lost, and few but browsers ask again. Proxies keep theirs for a minute."""

SILENT = 60
"""Seconds after which one of several processes that does not answer the first is started anew."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim console``."""
    verb = subparsers.add_parser("console", help="serve the console", description=__doc__)
    verb.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Serves until SIGINT or SIGTERM."""
    import uvicorn

    from ansim import config

    settings = config.load()
    uvicorn.run(
        "ansim.asgi:application",
        host=settings.host,
        port=settings.console_port,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="auto",
        timeout_keep_alive=KEPT_OPEN,
        timeout_graceful_shutdown=2,
        workers=settings.page_processes,
        timeout_worker_healthcheck=SILENT,
    )
    return 0
