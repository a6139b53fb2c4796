"""``ansim report …``: transparency report, statistics and impact assessment, at the keyboard."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

NAMES = {
    "transparency": "what was done, month by month, in ranges of five: may be published",
    "statistics": "alerts, verdicts, tactics and models: exact numbers, for those inside",
    "impact": "the impact assessment, filled in as far as the system knows",
}


def register(subparsers: Any) -> None:
    """Adds ``report`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "report",
        help="투명성 보고서, 통계, 영향 평가 / transparency report, statistics, impact assessment",
        description=(
            "Writes a report as Markdown or CSV. No text of a chat, no account and no person is in "
            "any of them. Who takes one, and why, is written to the audit log."
        ),
    )
    verbs = parser.add_subparsers(title="reports", metavar="REPORT", required=True)
    for name, what in NAMES.items():
        verb = verbs.add_parser(name, help=what)
        verb.add_argument("--account", required=True, help="who asks: a role that sees reports")
        verb.add_argument("--reason", required=True, help="what for; it stands in the audit log")
        if name != "impact":
            verb.add_argument("--months", type=int, default=12, help="so many, up to this one (12)")
        verb.add_argument("--csv", action="store_true", help="its tables as CSV")
        verb.add_argument("--english", action="store_true", help="in English")
        verb.add_argument("-o", "--out", type=Path, metavar="FILE", help="default: printed")
        verb.set_defaults(run=run, report=name)


def run(arguments: argparse.Namespace) -> int:
    """Writes the report. 0 on success, 2 where the account may not or the file is there already."""
    from ansim import casework

    casework.ready()
    from django.utils import translation
    from django.utils.translation import gettext as _

    from ansim.archive import write_private
    from ansim.casework.actions import accounting
    from ansim.casework.errors import Refused
    from ansim.casework.models import Account
    from ansim.cli import CommandError

    account = Account.objects.filter(username=arguments.account, is_active=True).first()
    if account is None:
        raise CommandError(f"there is no account {arguments.account!r}")
    if arguments.out is not None and arguments.out.exists():
        raise CommandError(f"{arguments.out} is there already: nothing is written over")
    with translation.override("en" if arguments.english else "ko"):
        document = _document(arguments)
        blank = _("[여기에 적으세요]")
        content = document.csv() if arguments.csv else document.markdown(blank).encode("utf-8")
    try:
        accounting.taken(
            account,
            arguments.report,
            arguments.reason,
            form="csv" if arguments.csv else "md",
            sha256=hashlib.sha256(content).hexdigest(),
            at="command",
        )
    except Refused as refused:
        raise CommandError(str(refused)) from None
    if arguments.out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return 0
    try:
        write_private(arguments.out, content)
    except OSError as error:
        raise CommandError(f"{arguments.out} cannot be written: {error.strerror}") from None
    print(f"{arguments.out}  {len(content):,} bytes")
    return 0


def _document(arguments: argparse.Namespace) -> Any:
    from ansim.casework.accountability import impact, statistics, transparency
    from ansim.cli import CommandError

    if arguments.report == "impact":
        return impact.report()
    if not 1 <= arguments.months <= transparency.LONGEST:
        raise CommandError(f"--months is 1 to {transparency.LONGEST}")
    if arguments.report == "transparency":
        return transparency.report(arguments.months)
    return statistics.gather(arguments.months, most=None).document
