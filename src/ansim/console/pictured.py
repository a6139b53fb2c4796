"""Donated screenshots: read in processes apart, one after the other, and assessed like an export.

The pictures are let go when they have been read; only what they say goes on.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence

import msgspec

from ansim import config
from ansim.casework import remarks
from ansim.chat import Attachment, AttachmentKind
from ansim.console import donated, live
from ansim.sources.exports import screenshots

_held: list[screenshots.Means] = []
_lock = threading.Lock()


def means() -> screenshots.Means:
    """What this process reads pictures with; made when the first come."""
    with _lock:
        if not _held:
            _held.append(screenshots.Means.of(config.load()))
        return _held[0]


def stop() -> None:
    """Ends what is being read: the console is shutting down."""
    with _lock:
        while _held:
            _held.pop().close()


def assess(pictures: Sequence[tuple[str, bytes]]) -> donated.Outcome:
    """What is found in the conversation that the pictures (file name, bytes) show.

    Raises ``ExportError`` with a clear sentence that names the picture.
    """
    found = screenshots.read(pictures, means())
    seen: dict[int, list[Attachment]] = {}
    for number, (line, noticed) in enumerate(zip(found.first, found.screens, strict=True), 1):
        if line and (noticed.text or noticed.codes):
            attachment = Attachment(
                kind=AttachmentKind.IMAGE, name=f"screen-{number}", noticed=noticed
            )
            seen.setdefault(line, []).append(attachment)
    if found.export.warnings:
        first = found.export.turns[0].line
        seen.setdefault(first, []).insert(0, remarks.kept(found.export.warnings))
    # In whatever order they are picked, the same pictures are the same conversation.
    digests = sorted(hashlib.sha256(data).hexdigest() for _, data in pictures)
    digest = hashlib.sha256(" ".join(digests).encode()).hexdigest()
    outcome = donated.outcome(found.export, f"screenshots/{digest}", seen)
    return msgspec.structs.replace(outcome, screens=list(found.screens))


live.before_stop(stop)
