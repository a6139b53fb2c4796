"""``ansim verdicts``: what counsellors judged, counted for evaluation; no text, no names."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansim.casework.verdicts import Count


def register(subparsers: Any) -> None:
    """Adds ``verdicts`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "verdicts",
        help="상담원의 판단을 세어 평가에 쓰기 / counsellors' verdicts, counted for evaluation",
        description=(
            "Counts the verdicts of closed alerts by priority, threshold, tactic, signal, source, "
            "grounds and version, and can write one row an alert. Neither text nor names, accounts "
            "or conversations are in it. Needs the account of a researcher or supervisor; the "
            "export and its reason are written to the audit log."
        ),
    )
    parser.add_argument("--account", required=True, help="who asks: a researcher or supervisor")
    parser.add_argument("--reason", required=True, help="what for; it stands in the audit log")
    parser.add_argument("--days", type=int, default=90, help="closed in the last N days (90)")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="one JSON object an alert")
    parser.add_argument("--json", action="store_true", help="the counts as one JSON array")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the counts. 0 on success, 2 where the account may not or a file cannot be written."""
    import msgspec

    from ansim import casework

    casework.ready()
    from ansim.casework.actions import verdicts
    from ansim.casework.errors import Refused
    from ansim.casework.models import Account
    from ansim.casework.verdicts import counts

    account = Account.objects.filter(username=arguments.account, is_active=True).first()
    if account is None:
        print(f"ansim verdicts: there is no account {arguments.account!r}", file=sys.stderr)
        return 2
    try:
        rows = verdicts.export(account, arguments.reason, days=arguments.days, at="command")
        if arguments.rows:
            arguments.rows.write_bytes(msgspec.json.Encoder().encode_lines(rows))
    except (Refused, OSError) as error:
        print(f"ansim verdicts: {error}", file=sys.stderr)
        return 2
    found = counts(rows)
    if arguments.json:
        print(msgspec.json.encode([_plain(count) for count in found]).decode())
    else:
        _print(found, arguments.days)
    return 0


def _plain(count: Count) -> dict[str, object]:
    verdicts = count.verdicts
    return {
        "by": count.by,
        "value": count.value,
        "confirmed": verdicts.confirmed,
        "other_harm": verdicts.other_harm,
        "not_grooming": verdicts.not_grooming,
        "unclear": verdicts.unclear,
        "precision": verdicts.precision,
        "interval": verdicts.bounds,
    }


def _print(found: list[Count], days: int) -> None:
    if not found:
        print(
            f"최근 {days}일에 종결한 경보가 없습니다 / no alert was closed in the last {days} days"
        )
        return
    print("by           value            confirmed other not unclear precision 95 %")
    for count in found:
        one = count.verdicts
        share = "–"
        if one.precision is not None and one.bounds is not None:
            low, high = one.bounds
            share = f"{one.precision:.2f} ({low:.2f}–{high:.2f})"
        print(
            f"{count.by:<12} {count.value or '–':<16} {one.confirmed:>9} {one.other_harm:>5} "
            f"{one.not_grooming:>3} {one.unclear:>7} {share}"
        )
    print("판단한 경보만 셈합니다. 놓친 대화는 여기 없습니다 / only of alerts that were judged")
