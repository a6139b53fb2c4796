"""What was uncertain when a conversation was read off screenshots, kept beside its first message.

Whoever reads it later has to know. The remarks stand in the name of an attachment that nobody sent:
codes and numbers, no words of the chat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ansim.chat import Attachment, AttachmentKind
from ansim.sources.export import Remark

MOST = 20
_NAME = re.compile(r"read((?: [a-z_]{1,40}:\d{1,6}:\d{1,6}){1,20})")


def kept(remarks: Sequence[Remark]) -> Attachment:
    """The attachment that holds them."""
    told = "".join(f" {one.code}:{one.line}:{one.count}" for one in remarks[:MOST])
    return Attachment(kind=AttachmentKind.OTHER, name=f"read{told}")


def held(item: Any) -> list[Remark]:
    """The remarks in an attachment as casework keeps it; none in one that somebody sent."""
    if not isinstance(item, dict) or item.get("kind") != AttachmentKind.OTHER:
        return []
    found = _NAME.fullmatch(str(item.get("name") or ""))
    parts = [one.split(":") for one in found[1].split()] if found else []
    return [Remark(code, int(line), int(count)) for code, line, count in parts]
