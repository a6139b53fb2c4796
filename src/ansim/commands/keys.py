"""``ansim keys …``: which keys seal what, and a new key for everything (rotation)."""

from __future__ import annotations

import argparse
import re
from collections import Counter

from ansim.config import Config


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim keys``."""
    verb = subparsers.add_parser(
        "keys", help="열쇠 바꾸기와 점검 / rotate and check the keys", description=__doc__
    )
    steps = verb.add_subparsers(title="steps", metavar="STEP", required=True)
    status = steps.add_parser(
        "status",
        help="how many sealed values each key holds, and what is lost",
        description="Exit status: 0 all can be opened, 1 a key is lost.",
    )
    status.set_defaults(run=_status)
    rotate = steps.add_parser(
        "rotate",
        help="put a new key in force and seal the database with it; goes on where it was cut off",
        description="The system must be stopped. Afterwards: back up the key file. Everybody logs "
        "in anew, and receivers of webhooks need their new secret.",
    )
    rotate.set_defaults(run=_rotate)


def _status(_arguments: argparse.Namespace) -> int:
    from ansim import config
    from ansim.casework import ready
    from ansim.keys import Keyring

    # Before anything could make a new file in the place of a lost one.
    ring = Keyring.load(config.load().keys_path)
    ready()
    from ansim.casework.actions import resealing

    census = resealing.census()
    total = Counter[str]()
    for counter in census.values():
        total += counter
    for name in ring.names:
        told = " (in force)" if name == ring.names[-1] else ""
        print(f"{name}{told}: {total[name]:,} sealed values")
    lost = [
        (label, key, number)
        for label, counter in census.items()
        for key, number in counter.items()
        if key not in ring.names
    ]
    for label, key, number in lost:
        print(
            f"잃음 / LOST: {number:,} values in {label} are sealed with key {key!r}, which the key "
            "file does not hold. Without that line from a backup of the key file nobody can ever "
            "read them again."
        )
    return 1 if lost else 0


def _rotate(_arguments: argparse.Namespace) -> int:
    from ansim import config
    from ansim.casework import ready
    from ansim.cli import CommandError
    from ansim.keys import Keyring
    from ansim.stopped import Running, stopped

    settings = config.load()
    ring = Keyring.load(settings.keys_path)
    ready()
    from ansim.casework.actions import resealing
    from ansim.console import resealing as factors

    try:
        with stopped(settings):
            if resealing.left_over():
                print(f"이어서 합니다 / going on with key {ring.names[-1]} …", flush=True)
            else:
                _check_stream(settings, ring.derive("nats").hex())
                ring = Keyring.add_key(settings.keys_path)
                resealing.record_new_key(ring.names[-1])
                print(f"새 열쇠 / new key: {ring.names[-1]}", flush=True)
            done = lost = 0
            for label, some in resealing.reseal():
                done, lost = done + some.done, lost + some.lost
                if some.done:
                    print(f"  {label}: {some.done:,}", flush=True)
            more, gone = factors.reseal_factors()
            total = resealing.Resealed(done=done + more, lost=lost + gone)
            resealing.record_resealed(ring.names[-1], total)
    except Running as running:
        raise CommandError(str(running)) from None
    print(f"다시 봉인함 / sealed anew: {total.done:,}")
    if total.lost:
        print(
            f"잃음 / LOST: {total.lost:,} values are sealed with keys that the file does not hold "
            "(`ansim keys status` names them)"
        )
    print(
        f"{settings.keys_path} 파일을 지금 백업하세요. / Back the key file up now.\n"
        "모두 다시 로그인하고, 웹훅을 받는 쪽은 새 비밀값이 필요합니다. / Everybody logs in anew; "
        "receivers of webhooks need their new secret."
    )
    return 1 if total.lost else 0


def _check_stream(settings: Config, key: str) -> None:
    """The embedded server re-encrypts from the key before the last one, when it starts: two
    rotations without a start in between would leave it with a key that nobody tells it."""
    from ansim.cli import CommandError

    path = settings.nats_dir / "server.conf"
    if settings.nats_url or not path.exists():
        return
    in_use = re.search(r'^  key: "([0-9a-f]+)"', path.read_text("utf-8"), re.M)
    if in_use is not None and in_use[1] != key:
        raise CommandError(
            "지난번에 바꾼 뒤 아직 시작하지 않았습니다. 한 번 시작했다가 멈추고 다시 하세요 / "
            "the stream has not been started since the last rotation: run `ansim run` once, stop "
            "it, and rotate then"
        )
