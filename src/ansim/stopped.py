"""Makes sure that nothing runs on the home folder while somebody works on it as a whole."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from ansim.config import Config


class Running(Exception):
    """The system runs on this home folder; the message says what to do."""


@contextmanager
def stopped(config: Config) -> Iterator[None]:
    """Holds the lock of ``ansim run``. Raises Running while that, or another of us, holds it.

    Parts started one by one (``ansim console`` …) take no lock: whoever starts them stops them.
    """
    config.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (config.home / "run.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Running(
                f"`ansim run`(이)가 {config.home.resolve()} 에서 돌고 있습니다. 먼저 멈춰 주세요 / "
                "the system runs there: stop it first"
            ) from None
        yield
