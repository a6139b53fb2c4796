"""``ansim backup``: database, stream and sealed files in one file; the key file apart from it."""

from __future__ import annotations

import argparse
import re
import tempfile
from base64 import b64encode
from contextlib import nullcontext
from pathlib import Path

from ansim.config import Config
from ansim.keys import Keyring

PROBE = b"ansim backup"


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds ``ansim backup``."""
    verb = subparsers.add_parser(
        "backup",
        help="전체 백업 / copy everything into one file",
        description=__doc__,
        epilog="The system must be stopped, because the stream cannot be copied while it runs; "
        "with --without-stream it may go on.",
    )
    verb.add_argument("file", type=Path, help="the backup; must not exist yet")
    verb.add_argument(
        "--keys",
        type=Path,
        metavar="FILE",
        help="also copy the key file, to another place: whoever has both can read everything",
    )
    verb.add_argument(
        "--without-stream",
        action="store_true",
        help="leave out what is not in the database: chat of the last hours, states of detection",
    )
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Writes the backup, whole or not at all."""
    from ansim import config
    from ansim.casework import ready
    from ansim.cli import CommandError
    from ansim.stopped import Running, stopped

    settings = config.load()
    ring = Keyring.load(settings.keys_path)
    for path in filter(None, (arguments.file, arguments.keys)):
        if path.exists():
            raise CommandError(f"{path} exists already: give another name")
        if not path.parent.is_dir():
            raise CommandError(f"there is no folder {path.parent}")
    stream = not arguments.without_stream and not settings.nats_url
    if settings.nats_url:
        print("스트림은 따로 백업하세요 / the NATS cluster is backed up by its own means")
    ready()
    try:
        with stopped(settings) if stream else nullcontext():
            _write(settings, ring, arguments.file, stream=stream, keys=arguments.keys)
    except Running as running:
        raise CommandError(f"{running}, or use --without-stream") from None
    print(f"{arguments.file}: {arguments.file.stat().st_size:,} bytes")
    if arguments.keys:
        print(f"{arguments.keys}: 열쇠. 백업과 다른 곳에 두세요 / the keys; keep them elsewhere")
    else:
        print(
            f"열쇠 파일은 들어 있지 않습니다 / without the key file ({settings.keys_path}) nobody "
            "can read it: keep a copy of that elsewhere"
        )
    return 0


def _write(config: Config, ring: Keyring, path: Path, *, stream: bool, keys: Path | None) -> None:
    from django.utils import timezone

    from ansim import __version__, archive
    from ansim.casework import copying
    from ansim.casework.actions import audit_chain, safekeeping

    safekeeping.record_backup(stream=stream, keys=keys is not None)
    audit_chain.link()
    number, newest = audit_chain.head()
    with archive.writing(path) as backup, tempfile.TemporaryDirectory(dir=path.parent) as staging:
        for file in copying.write(Path(staging)):
            backup.add(f"database/{file.name}", file)
        if stream:
            for file in sorted((config.nats_dir / "store").rglob("*")):
                if file.is_file():
                    backup.add(f"stream/{file.relative_to(config.nats_dir / 'store')}", file)
        for file in sorted(config.keys_path.parent.glob("[!.]*")):
            if file != config.keys_path and file.is_file():  # sealed with the key file
                backup.add(f"keys/{file.name}", file)
        backup.close(
            {
                "ansim": __version__,
                "made_at": timezone.now().isoformat(timespec="seconds"),
                "database": "postgresql" if config.database_url else "sqlite",
                "migrations": copying.applied(),
                "stream": stream,
                "stream_key": stream_key(config, ring) if stream else None,
                "audit": {"link": number, "hash": newest},
                "probe": b64encode(ring.seal(PROBE, "backup")).decode(),
            }
        )
    if keys is not None:
        archive.write_private(keys, config.keys_path.read_bytes())


def stream_key(config: Config, ring: Keyring) -> str | None:
    """Id of the key with which the embedded server last ran; None if it never did."""
    path = config.nats_dir / "server.conf"
    if not path.exists():
        return None
    found = re.search(r'^  key: "([0-9a-f]+)"', path.read_text("utf-8"), re.M)
    if found is None:
        return None
    return next((k for k in ring.names if ring.derive("nats", key=k).hex() == found[1]), None)
