"""What each verb of ``ansim source`` does: the actions that the console's pages do too."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from getpass import getpass
from pathlib import Path

from django.db import transaction

from ansim.casework.actions import source_notices, source_tests, sources
from ansim.casework.models import Account, SourceRecord
from ansim.chat import Consent
from ansim.cli import CommandError
from ansim.commands.source import told
from ansim.sources.contract import Declaration
from ansim.sources.registry import CONNECTORS

LONGEST_FILE = 64 * 1024


def _person(name: str | None) -> Account:
    found = Account.objects.filter(username=name or "", is_active=True).first()
    if found is None:
        raise CommandError(f"there is no account {name!r}; say who does this with --as USER")
    return found


def _record(id: str) -> SourceRecord:
    found = SourceRecord.objects.filter(pk=id).first()
    if found is None:
        raise CommandError(f"there is no source {id!r}; `ansim source list` names them")
    return found


def _file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
        if len(content) > LONGEST_FILE:
            raise CommandError(f"{path} is larger than 64 KiB")
        return content.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {type(error).__name__}") from None


def _pairs(given: Sequence[str], what: str) -> list[tuple[str, str]]:
    pairs = []
    for text in given:
        name, found, value = text.partition("=")
        if not found or not name:
            raise CommandError(f"{what} takes NAME=VALUE")  # without it: it may hold a secret
        pairs.append((name, value))
    return pairs


def _settings(one: Declaration, arguments: argparse.Namespace) -> dict[str, str]:
    """Entries of the command line; several of one name are lines of a list."""
    secret = {field.name for field in one.fields if field.secret}
    found: dict[str, str] = {}
    for name, value in _pairs(arguments.set, "--set"):
        if name in secret:
            raise CommandError(
                f"{name} is a secret: give it with --secret-file {name}=FILE, or --secret {name} "
                "to be asked; others can see a command line"
            )
        found[name] = f"{found[name]}\n{value}" if name in found else value
    return found


def _credentials(arguments: argparse.Namespace) -> dict[str, str]:
    found = {
        name: _file(Path(path)) for name, path in _pairs(arguments.secret_file, "--secret-file")
    }
    for name in arguments.secret:
        found[name] = _ask(name)
    return found


def _ask(name: str) -> str:
    if not sys.stdin.isatty():
        raise CommandError(f"{name} is needed: give it with --secret-file {name}=FILE")
    return getpass(f"{name}: ")


def _add(arguments: argparse.Namespace) -> None:
    person = _person(arguments.by)
    one = CONNECTORS.get(arguments.connector)
    if one is None:
        known = ", ".join(sorted(CONNECTORS))
        raise CommandError(f"there is no connector {arguments.connector!r}; known are {known}")
    if bool(arguments.given_by) != bool(arguments.how):
        raise CommandError("--given-by and --how go together: who consents, and how")
    settings = _settings(one, arguments)
    credentials = _credentials(arguments)
    for field in one.fields:
        if field.secret and field.required and field.name not in credentials:
            credentials[field.name] = _ask(field.name)
    record, key = sources.declare(
        arguments.id,
        arguments.name,
        arguments.kind,
        arguments.basis,
        actor=person,
        consent=(
            Consent(given_by=arguments.given_by, given_at=time.time(), how=arguments.how)
            if arguments.given_by
            else None
        ),
        connector=one.name,
        private_messages=arguments.private,
        settings=settings,
        credentials=credentials,
        rule=arguments.rule,
        language=arguments.language,
    )
    print(f"더함 / added: {record.pk}")
    if key:
        print(f"API 키, 지금 한 번만 / API key, shown this once: {key}")
    _say_waiting(record)


def _say_waiting(record: SourceRecord) -> None:
    waiting = source_notices.waiting(record)
    if waiting:
        kinds = ", ".join(kind.value for kind in waiting)
        print(
            f"슈퍼바이저가 승인해야 읽습니다 / read once a supervisor has approved: {kinds}\n"
            f"  ansim source notices {record.pk}\n"
            f"  ansim source approve {record.pk} --as USER …"
        )


def _list(arguments: argparse.Namespace) -> None:
    told.listing(as_json=arguments.json)


def _show(arguments: argparse.Namespace) -> None:
    told.source(_record(arguments.id), as_json=arguments.json)


def _set(arguments: argparse.Namespace) -> None:
    person, record = _person(arguments.by), _record(arguments.id)
    one = record.declaration
    if one is None:
        raise CommandError(f"the connector {record.connector!r} of this source is gone")
    names = ("name", "legal_basis", "rule", "language")
    fields = {name: getattr(arguments, name) for name in names if getattr(arguments, name)}
    given, credentials = _settings(one, arguments), _credentials(arguments)
    with transaction.atomic():
        if fields:
            sources.change(record.pk, person, **fields)
        if given or credentials or arguments.forget:
            sources.enter(
                record.pk,
                person,
                settings=record.settings | given,
                credentials=credentials,
                forget=arguments.forget,
            )
        key = sources.rotate_key(record.pk, person) if arguments.new_key else ""
    if key:
        print(f"API 키, 지금 한 번만 / API key, shown this once: {key}")
    print(f"바꿈 / changed: {record.pk}")


def _pause(arguments: argparse.Namespace) -> None:
    sources.pause(_record(arguments.id).pk, _person(arguments.by), arguments.reason)
    print(f"쉼 / paused: {arguments.id}")


def _resume(arguments: argparse.Namespace) -> None:
    sources.resume(_record(arguments.id).pk, _person(arguments.by))
    print(f"다시 읽음 / read again: {arguments.id}")


def _test(arguments: argparse.Namespace) -> None:
    room = sys.stdin.readline() if arguments.room == "-" else arguments.room
    source_tests.ask(_record(arguments.id).pk, room, _person(arguments.by))
    print(
        "시험 글을 보냅니다. 결과는 `ansim source show`에 나옵니다 / on its way: "
        f"`ansim source show {arguments.id}` tells what comes of it"
    )


def _remove(arguments: argparse.Namespace) -> None:
    record, person = _record(arguments.id), _person(arguments.by)
    confirm = arguments.confirm
    if confirm is None and sys.stdin.isatty():
        confirm = input(f"‘{record.pk}’을(를) 없애려면 이름표를 적어 주세요 / type its label: ")
    sources.remove(record.pk, person, confirm=confirm or "", reason=arguments.reason)
    print(f"없앰 / removed: {record.pk}")


def _notices(arguments: argparse.Namespace) -> None:
    record = _record(arguments.id)
    if arguments.write:
        if arguments.ko is None or arguments.en is None:
            raise CommandError("--write needs both wordings: --ko FILE and --en FILE")
        row = source_notices.write(
            record.pk,
            arguments.write,
            _file(arguments.ko),
            _file(arguments.en),
            _person(arguments.by),
        )
        print(
            f"적음: 다른 슈퍼바이저가 승인해야 나갑니다 / written, for another to approve: "
            f"{row.kind}={row.version}"
        )
        return
    told.notices(record)


def _approve(arguments: argparse.Namespace) -> None:
    record, person = _record(arguments.id), _person(arguments.by)
    seen: dict[str, int] = {}
    for kind, version in _pairs(arguments.read, "--read"):
        if not (version.isascii() and version.isdigit() and len(version) < 10):
            raise CommandError(f"{kind}={version!r}: the version is a number, as `notices` shows")
        seen[kind] = int(version)
    if arguments.all:
        seen = {one.newest.kind: one.newest.version for one in source_notices.shown(record)}
    if not seen:
        raise CommandError(
            f"say which wordings were read, as `ansim source notices {record.pk}` shows them: "
            "--read room=1 joined=1 …, or --all"
        )
    done = source_notices.approve(record.pk, seen, person)
    print("승인함 / approved: " + (", ".join(f"{row.kind}={row.version}" for row in done) or "–"))
    _say_waiting(record)


VERBS: dict[str, Callable[[argparse.Namespace], None]] = {
    "add": _add,
    "list": _list,
    "show": _show,
    "set": _set,
    "pause": _pause,
    "resume": _resume,
    "test": _test,
    "remove": _remove,
    "notices": _notices,
    "approve": _approve,
}
