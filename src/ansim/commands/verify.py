"""``ansim verify PACKAGE``: checks an evidence package, offline and without a database."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec


def register(subparsers: Any) -> None:
    """Adds ``verify`` to the ``ansim`` command."""
    parser = subparsers.add_parser(
        "verify",
        help="증거 자료 확인 / check an evidence package",
        description=(
            "Checks every byte of an evidence package: files, list, log, signature. Needs nothing "
            "but the file. Exit status: 0 sound, 1 changed or signed by another key, 2 no package."
        ),
    )
    parser.add_argument("package", type=Path, metavar="PACKAGE")
    parser.add_argument(
        "--key",
        metavar="KEY",
        help="the agency's signing key as you were given it: its fingerprint, or a .pem file; "
        "without it, the key of this installation if there is one",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints the report; see the exit status above."""
    from ansim.casework.evidence.verifying import NotAContainer, verify

    try:
        known = _known(arguments.key)
        report = verify(arguments.package.read_bytes(), known)
    except (OSError, ValueError) as error:
        print(f"ansim verify: {error}", file=sys.stderr)
        return 2
    except NotAContainer as error:
        print(f"ansim verify: {arguments.package}: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps({"sound": report.sound, **msgspec.to_builtins(report)}, indent=1))
    else:
        _tell(report)
    return 0 if report.sound and report.known_key is not False else 1


def _known(given: str | None) -> str:
    """The fingerprint that was asked for, or that of this installation; empty where none is."""
    from ansim import config
    from ansim.casework.evidence.signing import PUBLIC, fingerprint

    if given is None:
        here = config.load().keys_path.parent / PUBLIC
        return fingerprint(here.read_bytes()) if here.is_file() else ""
    plain = "".join(given.split()).lower()
    if len(plain) == 64 and all(c in "0123456789abcdef" for c in plain):
        return plain
    try:
        return fingerprint(Path(given).read_bytes())
    except (OSError, ValueError):
        raise ValueError(f"--key {given}: neither a fingerprint nor an Ed25519 .pem file") from None


def _tell(report: Any) -> None:
    told = report.manifest
    for fault in report.faults:
        where = fault.file or "ZIP"
        print(f"✗ {where}: {fault.korean} / {fault.english}")
    if report.sound:
        print("✓ 서명된 그대로입니다 / exactly as it was signed")
        about = f"경보 / alert {_line(told.get('alert'))}"
        if "case" in told:
            about = f"사례 / case {_line(told.get('case'))}, 경보 / alerts "
            about += _line(told.get("alerts"))
        print(f"  {about} · {_line(told.get('agency'))}")
        print(
            f"  만든 때 / made {_line(told.get('made_at'))} · {_line(told.get('made_by'))}"
            f" · {_line(told.get('reason'))}"
        )
        print(f"  메시지 / messages {_line(told.get('messages'))}")
    else:
        print("✗ 바뀐 자료입니다. 증거로 쓰지 마십시오 / changed: do not rely on it")
    print(f"  서명 열쇠 / signing key  {report.fingerprint or '?'}")
    if report.known_key is None:
        print(
            "  ! 누구의 열쇠인지는 확인하지 않았습니다: 기관이 알려 준 지문과 견주십시오 (--key)"
            " / whose key it is was not checked: compare it, or give --key"
        )
    elif report.known_key:
        print("  ✓ 알려 준 열쇠입니다 / the key that you know")
    else:
        print("  ✗ 알려 준 열쇠가 아닙니다 / another key than the one you know")


def _line(value: object) -> str:
    """A value of the package on one line: it may have been written by anybody."""
    text = str(value)[:300]
    return "".join(c if c.isprintable() else "?" for c in text)
