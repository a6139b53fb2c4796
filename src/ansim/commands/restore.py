"""``ansim restore``: brings a backup back into an empty home, and checks what came back."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import Any

from ansim.config import Config
from ansim.keys import KeyLost, Keyring


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim restore``."""
    verb = subparsers.add_parser(
        "restore",
        help="백업에서 되살리기 / bring a backup back",
        description=__doc__,
        epilog="Set ANSIM_HOME (and ANSIM_DATABASE_URL) to an empty place. Exit status: 0 all is "
        "back and the audit chain holds, 1 the chain is broken.",
    )
    verb.add_argument("file", type=Path, help="what `ansim backup` wrote")
    verb.add_argument(
        "--keys", type=Path, metavar="FILE", help="the key file, unless it is in its place already"
    )
    verb.add_argument("--without-stream", action="store_true", help="leave the stream out")
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Checks everything first; touches the home only when the backup is whole and opens."""
    from ansim import archive, config
    from ansim.cli import CommandError
    from ansim.stopped import Running, stopped

    settings = config.load()
    try:
        with stopped(settings):
            _check_place(settings, arguments.keys)
            with tempfile.TemporaryDirectory(dir=settings.home, prefix=".restore-") as staging:
                told = archive.unpack(arguments.file, Path(staging))
                return _bring_back(settings, told, Path(staging), arguments)
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from None
    except (archive.Damaged, Running) as error:
        raise CommandError(str(error)) from None


def _check_place(config: Config, keys: Path | None) -> None:
    from ansim.cli import CommandError

    for path in (config.sqlite_path, config.nats_dir / "store"):
        if path.exists():
            raise CommandError(
                f"{path} 이(가) 이미 있습니다. 덮어쓰지 않습니다 / exists already and is not "
                "overwritten: set ANSIM_HOME to an empty folder"
            )
    if keys is None and not config.keys_path.exists():
        raise KeyLost(
            f"no key file at {config.keys_path}: give it with --keys, else nobody can read the "
            "backup"
        )
    if (
        keys is not None
        and config.keys_path.exists()
        and keys.read_bytes() != config.keys_path.read_bytes()
    ):
        raise CommandError(f"{config.keys_path} is another key file than {keys}: move one away")


def _bring_back(
    config: Config, told: dict[str, Any], staging: Path, arguments: argparse.Namespace
) -> int:
    from ansim.cli import CommandError

    here = "postgresql" if config.database_url else "sqlite"
    if told["database"] != here:
        raise CommandError(
            f"the backup is of {told['database']}, this place has {here}: set ANSIM_DATABASE_URL "
            "accordingly"
        )
    ring = Keyring.load(arguments.keys or config.keys_path)
    try:
        ring.open(b64decode(told["probe"]), "backup")
    except KeyLost as lost:
        raise KeyLost(
            f"이 열쇠 파일로는 열 수 없습니다 / this key file cannot open the backup: {lost}"
        ) from None
    stream = bool(told["stream"]) and not arguments.without_stream
    readable = {*ring.names[-2:], None}
    if stream and told["stream_key"] not in readable:
        raise CommandError(
            f"the stream is encrypted with key {told['stream_key']!r}, and the server knows only "
            f"the last two: restore --without-stream, or with the key file as it was then"
        )
    from ansim.casework import ready

    ready()
    from ansim.casework import copying

    newer = copying.unknown([(str(app), str(name)) for app, name in told["migrations"]])
    if newer:
        raise CommandError(f"the backup was made by a newer version ({newer[0]}): install that one")
    if here == "postgresql" and not copying.is_empty():
        raise CommandError("the database is not empty: give ANSIM_DATABASE_URL an empty one")
    _place(config, staging, arguments.keys, stream=stream)
    return _settle(told, staging / "database")


def _place(config: Config, staging: Path, keys: Path | None, *, stream: bool) -> None:
    from ansim import archive

    folder = config.keys_path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if keys is not None and not config.keys_path.exists():
        archive.write_private(config.keys_path, keys.read_bytes())
    for file in (staging / "keys").glob("*"):
        shutil.move(file, folder / file.name)
    if stream and (staging / "stream").exists():
        config.nats_dir.mkdir(mode=0o700, exist_ok=True)
        shutil.move(staging / "stream", config.nats_dir / "store")
    if not config.database_url:
        shutil.move(staging / "database" / "ansim.sqlite3", config.sqlite_path)


def _settle(told: dict[str, Any], database: Path) -> int:
    from ansim.casework import ready

    ready()
    from django.core.management import call_command

    from ansim.casework import copying
    from ansim.casework.actions import safekeeping
    from ansim.cli import CommandError

    try:
        copying.read(database, [(str(app), str(name)) for app, name in told["migrations"]])
    except copying.Unusable as error:
        raise CommandError(str(error)) from None
    call_command("migrate", interactive=False, verbosity=0)
    found, gone = safekeeping.settle(
        told["made_at"], int(told["audit"]["link"]), str(told["audit"]["hash"])
    )
    print(f"되살렸습니다 / restored: {told['made_at']}, {found.rows:,} audit rows")
    if gone.turns or gone.alerts:
        print(f"기한이 지나 지움 / past its time, deleted: {gone.turns:,} turns")
    if found.broken is not None:
        print(f"감사 기록이 깨졌습니다 / the audit chain is BROKEN: {found.broken}")
        return 1
    print("감사 기록은 온전합니다 / the audit chain holds")
    return 0
