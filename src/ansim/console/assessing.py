"""The other process of ``console.apart``: one question on stdin, one answer on stdout."""

from __future__ import annotations

import os
import sys

from ansim.casework import ready


def main() -> None:
    """Answers and ends."""
    ready()
    from ansim.console import apart  # needs Django set up

    os.nice(10)
    sys.stdout.buffer.write(apart.answer(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
