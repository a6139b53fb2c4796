"""The ``ansim`` command: collects its verbs from ``ansim.commands`` and runs one."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence

from ansim import __version__, commands
from ansim.config import ConfigError
from ansim.keys import KeyLost


class CommandError(Exception):
    """Something the person at the keyboard can mend; the message says what."""


def parser() -> argparse.ArgumentParser:
    """The parser with every verb registered."""
    root = argparse.ArgumentParser(
        prog="ansim",
        description="Finds online grooming while it happens and brings in a counsellor.",
    )
    root.add_argument("--version", action="version", version=f"ansim {__version__}")
    verbs = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda found: found.name):
        importlib.import_module(f"ansim.commands.{module.name}").register(verbs)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit status: 0 done, 2 wrong use or input, 130 interrupted."""
    arguments = parser().parse_args(argv)
    try:
        status = arguments.run(arguments)
    except (CommandError, ConfigError, KeyLost) as error:
        print(f"ansim: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away, as `head` does
        return 0
    return int(status or 0)


if __name__ == "__main__":
    # As ``python -m ansim.cli`` this module is there twice; errors are raised by the imported one.
    from ansim.cli import main as imported

    sys.exit(imported())
