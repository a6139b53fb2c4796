"""Asks for the names behind pseudonyms, in a process of its own: only the stream's part of the
software reaches the routing table, and the console does not import it.
"""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
from django.conf import settings

from ansim.casework.actions.case_names import Asked, seal

LONGEST_SECONDS = 30.0


def names(asked: Asked) -> dict[str, str] | None:
    """Names by pseudonym, those that are still known; None where nobody can be asked now. That it
    was asked is on record already."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ansim.cli", "evidence", "accounts"],
            input=seal(asked),
            env={**os.environ, "ANSIM_HOME": str(settings.ANSIM.home)},
            stdout=subprocess.PIPE,
            timeout=LONGEST_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            return None
        return msgspec.json.decode(done.stdout, type=dict[str, str] | None)
    except (subprocess.TimeoutExpired, msgspec.DecodeError, msgspec.ValidationError):
        return None
