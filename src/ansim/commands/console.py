"""``ansim console``: serves the counsellors' pages."""

from __future__ import annotations

import argparse


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
        timeout_graceful_shutdown=2,
    )
    return 0
