"""``ansim run``: the whole system on this machine, on its embedded default."""

from __future__ import annotations

import argparse
import os
import sys


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim run``."""
    verb = subparsers.add_parser("run", help="start everything here", description=__doc__)
    verb.add_argument(
        "--demo", action="store_true", help="demo room and demo accounts with new passwords"
    )
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Starts all parts, prints where they are, and stops them on Ctrl-C or SIGTERM."""
    from ansim import config
    from ansim.stream.house import House, HouseError

    if arguments.demo:
        os.environ["ANSIM_DEMO"] = "1"
    house = House(config.load())
    try:
        return house.run()
    except HouseError as error:
        print(f"ansim: {error}", file=sys.stderr)
        return 2
