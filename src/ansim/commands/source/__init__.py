"""``ansim source …``: sources declared, looked at, paused and removed at the keyboard.

The same actions as the console's, on record under the name of the person who is given with
``--as``. Secrets come from a file or are asked for; none stands in a command line.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def register(subparsers: Any) -> None:
    """Adds ``source`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "source",
        help="출처 더하기, 보기, 쉬게 하기, 없애기 / sources: add, look, pause, remove",
        description=__doc__,
    )
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    def verb(name: str, what: str, *, by: bool = True) -> Any:
        one = verbs.add_parser(name, help=what, description=what)
        one.add_argument("--english", action="store_true", help="sentences in English")
        if by:
            one.add_argument(
                "--as", dest="by", required=True, metavar="USER", help="who does this, by user name"
            )
        one.set_defaults(run=run, verb=name)
        return one

    add = verb("add", "declare a new source; prints its API key, where it has one, this once")
    add.add_argument("id", help="its label: letters, digits, - and _")
    add.add_argument("--name", required=True, help="what the console calls it")
    add.add_argument("--connector", required=True, help="how it is connected (docs/connectors)")
    add.add_argument("--kind", required=True, help="public_room, visible_bot, donated, …")
    add.add_argument("--basis", required=True, help="why it may be read: the legal basis")
    add.add_argument("--given-by", default="", help='who consents: "all present", participant, …')
    add.add_argument("--how", default="", help="how they are told and consent")
    add.add_argument("--rule", choices=("told", "agreed"), default="told")
    add.add_argument("--language", choices=("ko", "en"), default="ko", help="of its rooms")
    add.add_argument("--private", action="store_true", help="words can be brought to one person")
    _entries(add)

    one = verb("list", "all sources and how they are", by=False)
    one.add_argument("--json", action="store_true")
    one = verb("show", "one source: how it is, what was entered, gaps, notices", by=False)
    one.add_argument("id")
    one.add_argument("--json", action="store_true")

    one = verb("set", "change what a source declares or how it is connected")
    one.add_argument("id")
    one.add_argument("--name")
    one.add_argument("--basis", dest="legal_basis")
    one.add_argument("--rule", choices=("told", "agreed"))
    one.add_argument("--language", choices=("ko", "en"))
    _entries(one)
    one.add_argument("--forget", action="append", default=[], metavar="NAME", help="a secret to go")
    one.add_argument("--new-key", action="store_true", help="make and print a new API key")

    one = verb("pause", "nothing is read and nothing is said")
    one.add_argument("id")
    one.add_argument("--reason", required=True)
    one = verb("resume", "reading goes on")
    one.add_argument("id")
    one = verb("test", "send the fixed test text into one room")
    one.add_argument("id")
    one.add_argument("--room", required=True, help="its id on the platform; - reads it from stdin")
    one = verb("remove", "take it out of use for good: key and secrets go, its name stays")
    one.add_argument("id")
    one.add_argument("--reason", required=True)
    one.add_argument("--confirm", metavar="ID", help="its label again; asked for where left out")

    one = verb("notices", "what its rooms are told; with --write a new wording", by=False)
    one.add_argument("id")
    one.add_argument("--as", dest="by", metavar="USER", help="who writes, with --write")
    one.add_argument("--write", metavar="KIND", help="room, joined, ask, stopped, …")
    one.add_argument("--ko", type=Path, metavar="FILE", help="the Korean wording")
    one.add_argument("--en", type=Path, metavar="FILE", help="the English wording")
    one = verb("approve", "a supervisor stands for wordings that they did not write")
    one.add_argument("id")
    one.add_argument(
        "--read",
        nargs="+",
        default=[],
        metavar="KIND=VERSION",
        help="those that were read, as `notices` shows",
    )
    one.add_argument("--all", action="store_true", help="all newest wordings, which were read")


def _entries(parser: Any) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an entry of the connector; again for another line of a list",
    )
    parser.add_argument(
        "--secret-file",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a secret of the connector, read from a file",
    )
    parser.add_argument(
        "--secret", action="append", default=[], metavar="NAME", help="a secret that is asked for"
    )


def run(arguments: argparse.Namespace) -> int:
    """Does one verb. 0 on success, 2 where it is refused or somebody has to look again."""
    from ansim import casework

    casework.ready()
    from django.utils import translation

    from ansim.casework.errors import Refused
    from ansim.cli import CommandError
    from ansim.commands.source.verbs import VERBS

    with translation.override("en" if arguments.english else "ko"):
        try:
            VERBS[arguments.verb](arguments)
        except Refused as refused:
            raise CommandError(str(refused)) from None
    return 0
