"""Checks a package offline: needs the file and nothing else, neither database nor keys of ours."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ansim.casework.evidence import container, signing
from ansim.casework.evidence.contents import CASE_FORMAT, FORMAT

MANIFEST, SIGNATURE, KEY, LOG = (
    "manifest.json",
    "manifest.sig",
    "signing-key.pem",
    "log/audit.jsonl",
)

NAMES = frozenset(
    {
        *("README.txt", "evidence.pdf", LOG, KEY, MANIFEST, SIGNATURE),
        *("facts/source.json", "facts/accounts.json", "facts/messages.jsonl"),
        *("facts/handling.json", "assessment/alert.json", "assessment/messages.jsonl"),
    }
)
"""Files of the package of an alert."""

_OF_A_CASE = re.compile(
    r"facts/case\.json|facts/alert-\d{1,18}/(source|accounts|handling)\.json"
    r"|assessment/alert-\d{1,18}/alert\.json|(facts|assessment)/alert-\d{1,18}/messages\.jsonl"
)


class _Names:
    """Names that files of a package can have, also those in the folders of a case's alerts."""

    def __contains__(self, name: object) -> bool:
        return name in NAMES or (isinstance(name, str) and bool(_OF_A_CASE.fullmatch(name)))


NotAContainer = container.NotAContainer


class Fault(msgspec.Struct, frozen=True):
    """Something wrong: which file (empty: the ZIP itself) and what, in Korean and English."""

    file: str
    korean: str
    english: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Without faults the package is as it was signed."""

    faults: tuple[Fault, ...]
    manifest: dict[str, Any]
    """What the package says of itself; believe it only without faults."""
    fingerprint: str
    """Of the key in the package; empty where there is none that can be read."""
    known_key: bool | None
    """Whether that is the key that the caller knows; None where they named none."""

    @property
    def sound(self) -> bool:
        return not self.faults


class _File(msgspec.Struct):
    path: str
    bytes: int
    sha256: str


class _Chain(msgspec.Struct):
    rows: int
    head: str


class _Manifest(msgspec.Struct):
    format: str
    log: _Chain
    files: list[_File]


def verify(data: bytes, known: str = "") -> Report:
    """Everything about the package that can be checked.

    ``known`` is the fingerprint of the key that must have signed it, as given by the agency, with
    or without spaces. Raises NotAContainer for what is no package at all.
    """
    files, broken = container.read(data, _Names())
    faults: list[Fault] = []
    raw = bytes(files.get(MANIFEST, b""))
    told: _Manifest | None = None
    try:
        told = msgspec.json.decode(raw, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        faults.append(
            Fault(MANIFEST, "목록이 없거나 읽을 수 없습니다", "the list is missing or unreadable")
        )
    if told is not None:
        if told.format not in (FORMAT, CASE_FORMAT):
            faults.append(
                Fault(MANIFEST, "이 판이 모르는 형식입니다", f"format {told.format!r} is not known")
            )
        faults += _listed(files, told)
        if not any(fault.file == LOG for fault in faults):
            faults += _chain(bytes(files.get(LOG, b"")), told.log)
    named = {fault.file for fault in faults}
    faults += [_container(name, what) for name, what in broken if name not in named]
    fingerprint = ""
    pem = bytes(files.get(KEY, b""))
    try:
        fingerprint = signing.fingerprint(pem)
        signed = signing.is_signed(pem, bytes(files.get(SIGNATURE, b"")), raw)
    except ValueError:
        faults.append(Fault(KEY, "열쇠를 읽을 수 없습니다", "the key cannot be read"))
        signed = True  # nothing can be said about the signature
    if not signed and not ({MANIFEST, SIGNATURE, KEY} & {fault.file for fault in faults}):
        faults.append(
            Fault(
                MANIFEST,
                "서명이 맞지 않습니다: manifest.json이나 manifest.sig가 바뀌었습니다",
                "the signature does not fit: manifest.json or manifest.sig was changed",
            )
        )
    wanted = "".join(known.split()).lower()
    return Report(
        faults=tuple(faults),
        manifest=_plain(raw),
        fingerprint=fingerprint,
        known_key="".join(fingerprint.split()) == wanted if wanted else None,
    )


def _container(name: str, what: str) -> Fault:
    korean = "ZIP의 머리말이나 차례와 맞지 않습니다" if name else "ZIP의 차례가 바뀌었습니다"
    return Fault(name, korean, what)


def _listed(files: Mapping[str, memoryview], told: _Manifest) -> list[Fault]:
    faults = []
    listed = {entry.path: entry for entry in told.files}
    for path, entry in listed.items():
        content = files.get(path)
        if content is None:
            faults.append(Fault(path, "파일이 없습니다", "is missing"))
        elif len(content) != entry.bytes:
            faults.append(
                Fault(
                    path,
                    f"길이가 {entry.bytes}이어야 하는데 {len(content)}바이트입니다",
                    f"has {len(content)} bytes instead of {entry.bytes}",
                )
            )
        elif hashlib.sha256(content).hexdigest() != entry.sha256:
            faults.append(
                Fault(path, "내용이 바뀌었습니다 (SHA-256)", "was changed (SHA-256 differs)")
            )
    for path in files.keys() - listed.keys() - {MANIFEST, SIGNATURE}:
        faults.append(Fault(path, "목록에 없는 파일입니다", "is not in the list"))
    faults += [
        Fault(path, "파일이 없습니다", "is missing")
        for path in (LOG, KEY)
        if path not in listed and path not in files
    ]
    if SIGNATURE not in files:
        faults.append(Fault(SIGNATURE, "서명이 없습니다", "the signature is missing"))
    return faults


def _chain(content: bytes, told: _Chain) -> list[Fault]:
    """The first row of the log that does not follow from the one before it."""
    before = "0" * 64
    lines = content.split(b"\n")[:-1]
    for place, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            fits = row["row"] == place and row["previous"] == before
        except (ValueError, KeyError, TypeError, RecursionError):
            fits = False
        if not fits:
            return [
                Fault(
                    LOG,
                    f"{place}번째 줄이 앞 줄에서 이어지지 않습니다",
                    f"row {place} does not follow from the row before it",
                )
            ]
        before = hashlib.sha256(line).hexdigest()
    if len(lines) != told.rows or before != told.head:
        return [Fault(LOG, "끝이 목록과 다릅니다", "does not end as the list says")]
    return []


def _plain(raw: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
