"""``ansim manage …``: Django's own management commands (migrate, shell, axes_reset …)."""

from __future__ import annotations

import argparse
from typing import Any


def register(subparsers: Any) -> None:
    """Adds ``manage`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "manage",
        help="Django 관리 명령 (migrate, axes_reset …) / Django's management commands",
        add_help=False,
        prefix_chars="\0",  # every option belongs to Django
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Runs the command in this process; returns its exit status."""
    from django.core.management import ManagementUtility

    from ansim.casework import ready

    ready()
    try:
        ManagementUtility(["ansim manage", *args.arguments]).execute()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
