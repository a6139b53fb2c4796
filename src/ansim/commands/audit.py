"""``ansim audit …``: checks the audit chain, closes a segment, writes its anchors down."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim audit``."""
    verb = subparsers.add_parser(
        "audit", help="감사 기록 검증 / check and close the audit chain", description=__doc__
    )
    steps = verb.add_subparsers(title="steps", metavar="STEP", required=True)
    verify = steps.add_parser(
        "verify",
        help="compute the whole chain again and name the first broken row",
        description="Exit status: 0 the chain holds, 1 it is broken.",
    )
    verify.add_argument(
        "--against", type=Path, metavar="FILE", help="anchors written by `ansim audit anchors`"
    )
    verify.set_defaults(run=_verify)
    close = steps.add_parser("close", help="close a segment now (a month closes by itself)")
    close.set_defaults(run=_close)
    anchors = steps.add_parser(
        "anchors", help="print anchors and the newest link, to be kept elsewhere or on paper"
    )
    anchors.add_argument("--json", action="store_true", help="as JSON, for `verify --against`")
    anchors.set_defaults(run=_anchors)


def _verify(arguments: argparse.Namespace) -> int:
    from ansim.casework import ready

    ready()
    from ansim.casework import audit_check
    from ansim.casework.actions import audit_chain

    against = _read(arguments.against) if arguments.against else []
    audit_chain.link()
    found = audit_check.check(
        audit_chain.anchor_key(),
        [audit_check.Anchor(number=number, hash=value) for number, value in against],
    )
    if found.broken is not None:
        print(f"깨졌습니다 / BROKEN: {found.broken}")
        return 1
    print(
        f"온전합니다 / holds: {found.rows:,} rows in place, {found.segments:,} closed segments,"
        f" {found.expired:,} rows expired, {found.waiting:,} waiting"
    )
    print(f"{found.number} {found.hash}")
    if against:
        print(f"as written down elsewhere: {len(against)} of {len(against)} anchors")
    return 0


def _read(path: Path) -> list[tuple[int, str]]:
    from ansim.cli import CommandError

    try:
        told = json.loads(path.read_text("utf-8"))
        items = [*told["segments"], told["newest"]]
        return [(int(item["link"]), str(item["hash"])) for item in items if item["link"]]
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise CommandError(
            f"{path} holds no anchors: write it with `ansim audit anchors --json`"
        ) from None


def _close(_arguments: argparse.Namespace) -> int:
    from ansim.casework import ready
    from ansim.cli import CommandError

    ready()
    from ansim.casework.actions import audit, audit_chain
    from ansim.casework.errors import Refused

    try:
        segment = audit_chain.close(audit.OPERATOR)
    except Refused as refused:
        raise CommandError(str(refused)) from None
    print(f"segment {segment.number}: {segment.rows:,} rows, anchor {segment.anchor}")
    return 0


def _anchors(arguments: argparse.Namespace) -> int:
    from ansim.casework import ready

    ready()
    from ansim.casework.actions import audit_chain
    from ansim.casework.chain import moment
    from ansim.casework.models import AuditSegment

    audit_chain.link()
    number, newest = audit_chain.head()
    segments: list[dict[str, Any]] = [
        {
            "segment": row.number,
            "link": row.last,
            "hash": row.last_hash,
            "anchor": row.anchor,
            "rows": row.rows,
            "from": moment(row.first_at),
            "to": moment(row.last_at),
            "closed": moment(row.closed_at),
            "expired": moment(row.expired_at) if row.expired_at else None,
        }
        for row in AuditSegment.objects.order_by("number")
    ]
    if arguments.json:
        told = {"segments": segments, "newest": {"link": number, "hash": newest}}
        json.dump(told, sys.stdout, indent=1)
        print()
        return 0
    for item in segments:
        gone = "  (expired)" if item["expired"] else ""
        print(
            f"segment {item['segment']}: {item['from'][:10]} – {item['to'][:10]},"
            f" {item['rows']:,} rows, to link {item['link']}{gone}"
        )
        print(f"  anchor {item['anchor']}\n  hash   {item['hash']}")
    print(f"newest link {number}\n  hash   {newest}")
    return 0
