"""``ansim evidence …``: evidence packages at the keyboard, and the agency's signing key."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansim.casework.evidence.gathering import Names
    from ansim.casework.models import Account

SAY_SECONDS = 0.4


def register(subparsers: Any) -> None:
    """Adds ``evidence`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "evidence",
        help="증거 자료 만들기, 서명 열쇠 / make an evidence package, show the signing key",
        description="Evidence packages: the whole conversation of an alert, signed.",
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    export = verbs.add_parser(
        "export", help="make the package of an alert, or of a whole case, and write it to a file"
    )
    what = export.add_mutually_exclusive_group(required=True)
    what.add_argument("alert", type=int, nargs="?")
    what.add_argument("--case", type=int, metavar="CASE", help="all alerts of this case")
    _person(export)
    export.add_argument(
        "--names", action="store_true", help="original account names stand open in it (unmask)"
    )
    export.add_argument("-o", "--out", type=Path, metavar="FILE", help="default: its own name")
    export.set_defaults(run=_export)
    names = verbs.add_parser("names", help="open the sealed account names of a package")
    names.add_argument("package", type=Path)
    _person(names)
    names.set_defaults(run=_names)
    verbs.add_parser("key", help="print the public signing key and its fingerprint").set_defaults(
        run=_key
    )
    accounts = verbs.add_parser(
        "accounts", help="open account names for a case in the console (by itself)"
    )
    accounts.set_defaults(run=_accounts)
    make = verbs.add_parser("make", help="make what was asked for in the console (by itself)")
    make.add_argument("order")
    make.set_defaults(run=_make)


def _person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as", dest="who", required=True, metavar="ACCOUNT", help="who does it; asks the password"
    )
    parser.add_argument("--reason", required=True, help="why; it stands in the audit log")


def _account(name: str) -> Account:
    """The person at the keyboard, by password (asked for, or read from a pipe)."""
    from ansim.casework.models import Account
    from ansim.cli import CommandError

    asked = sys.stdin.isatty()
    password = getpass.getpass("Password: ") if asked else sys.stdin.readline().rstrip("\n")
    account = Account.objects.filter(username=name, is_active=True).first()
    if account is None or not account.check_password(password):
        raise CommandError(f"{name}: no such account, or another password")
    return account


def _routed() -> Names:
    from django.conf import settings

    from ansim.casework.sealing import keyring
    from ansim.stream.unmasking import names

    def ask(conversation: str, accounts: Sequence[str]) -> dict[str, str] | None:
        return names(settings.ANSIM, keyring(), conversation, accounts)

    return ask


def _export(arguments: argparse.Namespace) -> int:
    from ansim.casework import ready

    ready()
    from ansim.archive import write_private
    from ansim.casework.actions import evidence
    from ansim.casework.errors import Refused
    from ansim.cli import CommandError

    last = [0.0]

    def progress(doing: str, done: int, of: int) -> None:
        if sys.stderr.isatty() and (time.monotonic() - last[0] > SAY_SECONDS or done == of):
            last[0] = time.monotonic()
            print(f"\r{doing} {done:,} / {of:,}   ", end="", file=sys.stderr, flush=True)

    actor = _account(arguments.who)
    if arguments.out is not None and arguments.out.exists():
        raise CommandError(f"{arguments.out} is there already: nothing is written over")
    try:
        about = arguments.alert if arguments.case is None else arguments.case
        begin = evidence.order if arguments.case is None else evidence.order_case
        order = begin(about, actor, arguments.reason, unmask=arguments.names)
        package = evidence.make(order, _routed(), progress)
    except Refused as refused:
        raise CommandError(str(refused)) from None
    out = arguments.out or Path(package.name)
    try:
        write_private(out, package.content)
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}") from None
    evidence.fetched(order)
    print(f"{out}  {len(package.content):,} bytes, {package.messages:,} messages")
    print(f"manifest SHA-256 {package.sha256}")
    return 0


def _names(arguments: argparse.Namespace) -> int:
    import json

    from ansim.casework import ready

    ready()
    from ansim.casework.actions import evidence
    from ansim.casework.errors import Refused
    from ansim.casework.evidence import container
    from ansim.casework.evidence.verifying import verify
    from ansim.cli import CommandError

    try:
        data = arguments.package.read_bytes()
        report = verify(data, evidence.signer().fingerprint)
    except (OSError, container.NotAContainer) as error:
        raise CommandError(f"{arguments.package}: {error}") from None
    if not report.sound or not report.known_key:
        raise CommandError(f"{arguments.package}: changed, or not ours; see `ansim verify`")
    files, _ = container.read(data)
    named: list[dict[str, str]] = []
    for path, content in files.items():
        if path.startswith("facts/") and path.endswith("/accounts.json"):
            named += json.loads(bytes(content))
        elif path.startswith("facts/") and path.endswith("/source.json"):
            named.append(json.loads(bytes(content))["conversation"])
    sealed = {each["pseudonym"]: each["sealed"] for each in named if each.get("sealed")}
    actor = _account(arguments.who)
    told = report.manifest
    try:
        found = evidence.open_names(
            ("case", int(told["case"])) if "case" in told else ("alert", int(told["alert"])),
            str(told["package"]),
            sealed,
            actor,
            arguments.reason,
        )
    except Refused as refused:
        raise CommandError(str(refused)) from None
    for pseudonym, name in found.items():
        shown = "".join(c if c.isprintable() else "?" for c in name)
        print(f"{pseudonym}  {shown}")
    return 0


def _accounts(_arguments: argparse.Namespace) -> int:
    """Answers a sealed question of the console's, from stdin, as JSON (console/unmasking.py)."""
    import json

    from ansim.casework import ready

    ready()
    from ansim.casework.actions import case_names
    from ansim.cli import CommandError
    from ansim.keys import KeyLost

    try:
        asked = case_names.unseal(sys.stdin.buffer.read(2**20))
    except KeyLost as error:
        raise CommandError(str(error)) from None
    found = _routed()(asked.conversation, asked.accounts)
    if found is not None:
        found = {name: raw for name, raw in found.items() if name in asked.accounts}
    print(json.dumps(found))
    return 0


def _key(_arguments: argparse.Namespace) -> int:
    from ansim.casework import ready

    ready()
    from ansim.casework.actions import evidence

    signer = evidence.signer()
    print(signer.public.decode(), end="")
    print(f"SHA-256 {signer.fingerprint}")
    return 0


def _make(arguments: argparse.Namespace) -> int:
    """Makes an order of the console's and puts it on the shelf (see casework/evidence/shelf.py)."""
    from ansim.casework import ready

    ready()
    from django.conf import settings

    from ansim.casework.actions import evidence
    from ansim.casework.errors import Refused
    from ansim.casework.evidence.shelf import Shelf, Standing
    from ansim.casework.sealing import keyring
    from ansim.cli import CommandError

    shelf = Shelf(settings.ANSIM.home, keyring())
    order = shelf.order(arguments.order)
    if order is None:
        raise CommandError(f"no order {arguments.order!r} waits here")
    os.nice(10)
    last = [0.0]

    def progress(doing: str, done: int, of: int) -> None:
        if time.monotonic() - last[0] > SAY_SECONDS:
            last[0] = time.monotonic()
            shelf.say(order.id, Standing(state="making", doing=doing, done=done, of=of))

    try:
        progress("reading", 0, 0)
        package = evidence.make(order, _routed(), progress)
        shelf.put_package(order.id, package.content)
    except Exception as error:
        why = error.code if isinstance(error, Refused) else type(error).__name__
        shelf.say(order.id, Standing(state="failed", why=why))
        raise CommandError(f"the package could not be made: {why}") from error
    shelf.say(order.id, Standing(state="ready", name=package.name, size=len(package.content)))
    return 0
