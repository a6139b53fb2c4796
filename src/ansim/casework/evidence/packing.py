"""Puts a package together: files, list with their SHA-256, signature, one ZIP."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from ansim.casework.evidence import case_printing, container
from ansim.casework.evidence.contents import (
    CASE_FORMAT,
    FORMAT,
    Gathered,
    GatheredCase,
    Order,
    Said,
    as_json,
    as_lines,
    chained,
    stamp,
)
from ansim.casework.evidence.gathering import Progress
from ansim.casework.evidence.printing import pdf
from ansim.casework.evidence.signing import Signer

MANIFEST, SIGNATURE, KEY = "manifest.json", "manifest.sig", "signing-key.pem"
LOG = "log/audit.jsonl"


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """A finished package: the ZIP and what is recorded about it."""

    name: str
    content: bytes
    sha256: str
    """Of the list of files, which is what was signed."""
    messages: int


def pack(found: Gathered, signer: Signer, progress: Progress) -> Package:
    """The package of what was gathered. The same in gives the same out, byte by byte."""
    order, said = found.order, found.said
    progress("writing", 0, len(said))
    log, head = chained(found.log)
    chapter = _chapter(found)
    files = {
        "README.txt": _readme(order, f"경보 / alert: {order.alert}").encode(),
        **{path: content for path, content in chapter.items() if path.startswith("facts/")},
        LOG: log,
        **{path: content for path, content in chapter.items() if not path.startswith("facts/")},
    }
    files["evidence.pdf"] = pdf(found, _printed(files), signer.fingerprint, progress)
    about = {"format": FORMAT, "package": order.id, "alert": order.alert}
    name = f"evidence-{order.alert}-{order.id[:8]}.zip"
    return _close(name, about, order, said, (len(found.log), head), files, signer, progress)


def pack_case(found: GatheredCase, signer: Signer, progress: Progress) -> Package:
    """The package of a whole case: the same files, in a folder for each alert."""
    order = found.order
    said = [message for each in found.chapters for message in each.said]
    progress("writing", 0, len(said))
    log, head = chained(found.log)
    numbers = ", ".join(str(alert) for alert in order.alerts)
    files = {
        "README.txt": _readme(
            order, f"사례 / case: {order.case}\n경보 / alerts: {numbers}", folders=True
        ).encode(),
        "facts/case.json": as_json(found.case, indent=1),
        LOG: log,
    }
    for each in found.chapters:
        files |= _chapter(each, f"alert-{each.alert}/")
    files["evidence.pdf"] = case_printing.pdf(found, _printed(files), signer.fingerprint, progress)
    about = {
        "format": CASE_FORMAT,
        "package": order.id,
        "case": order.case,
        "alerts": list(order.alerts),
    }
    name = f"evidence-case-{order.case}-{order.id[:8]}.zip"
    return _close(name, about, order, said, (len(found.log), head), files, signer, progress)


def _chapter(found: Gathered, folder: str = "") -> dict[str, bytes]:
    """The files about one alert. A conversation told elsewhere is named, not told again."""
    source: dict[str, Any] = {"source": found.source, "conversation": found.conversation}
    if found.same_as:
        source["told_with_alert"] = found.same_as
    facts, estimates = f"facts/{folder}", f"assessment/{folder}"
    files = {f"{facts}source.json": as_json(source, indent=1)}
    if not found.same_as:
        files[f"{facts}accounts.json"] = as_json(
            [asdict(person) for person in found.people], indent=1
        )
        files[f"{facts}messages.jsonl"] = as_lines(message.fact() for message in found.said)
    files[f"{facts}handling.json"] = as_json(found.handling, indent=1)
    files[f"{estimates}alert.json"] = as_json(found.assessment, indent=1)
    if not found.same_as:
        files[f"{estimates}messages.jsonl"] = as_lines(
            message.estimate() for message in found.said if not message.delivery
        )
    return files


def _printed(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of the files that the printed form shows."""
    return {
        path: hashlib.sha256(content).hexdigest()
        for path, content in files.items()
        if path == LOG or "messages" in path
    }


def _close(
    name: str,
    about: dict[str, Any],
    order: Order,
    said: Sequence[Said],
    log: tuple[int, str],
    files: dict[str, bytes],
    signer: Signer,
    progress: Progress,
) -> Package:
    """Adds key, list and signature, and puts everything into the ZIP."""
    files[KEY] = signer.public
    manifest = as_json(
        {
            **about,
            "agency": order.agency,
            "software": order.software,
            "made_at": stamp(order.at),
            "made_by": order.asked_by,
            "role": order.role,
            "reason": order.reason,
            "names": "open" if order.unmask else "sealed",
            "messages": len(said),
            "text_held": sum(message.text is not None for message in said),
            "log": {"rows": log[0], "head": log[1]},
            "signed_with": signer.fingerprint,
            "files": [
                {
                    "path": path,
                    "bytes": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
                for path, content in files.items()
            ],
        },
        indent=1,
    )
    files[MANIFEST] = manifest
    files[SIGNATURE] = signer.sign(manifest)
    out = io.BytesIO()
    container.write(out, files)
    progress("writing", len(said), len(said))
    return Package(
        name=name,
        content=out.getvalue(),
        sha256=hashlib.sha256(manifest).hexdigest(),
        messages=len(said),
    )


def _readme(order: Order, about: str, *, folders: bool = False) -> str:
    where = "facts/alert-…/messages.jsonl" if folders else "facts/messages.jsonl"
    return f"""증거 자료 / Evidence package
기관 / agency: {order.agency}
{about}

evidence.pdf               사람이 읽는 것 / for people to read
facts/                     사실: 출처, 계정, 메시지 원문, 처리 / facts
log/audit.jsonl            처리 기록, 줄마다 앞 줄의 SHA-256 / log, each line with the hash before
assessment/                소프트웨어의 추정, 사실 아님 / estimates of software, not facts
manifest.json              파일 목록과 SHA-256 / list of files
manifest.sig               manifest.json의 Ed25519 서명 / its signature
signing-key.pem            서명을 확인할 공개 열쇠 / public key

확인 / To check:            ansim verify FILE
이 소프트웨어 없이 / without this software:
  openssl pkeyutl -verify -pubin -inkey signing-key.pem -rawin \\
    -in manifest.json -sigfile manifest.sig
  sha256sum {where}      (manifest.json에 적힌 값과 비교 / compare with manifest.json)
서명 열쇠의 지문은 기관이 따로 알려 준 것과 견주십시오.
Compare the fingerprint of the key with the one that the agency gave you by another way.

이 자료에는 피해 청소년에 관한 내용이 있습니다.
누설하면 처벌받을 수 있습니다 (청소년성보호법 제31조).
It concerns a young person; leaking it may be a crime.
"""
