"""The file behind an ``mxc://`` address, by way of the agency's own homeserver and no other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ansim.sources.content import Fetched
from ansim.sources.contract import ContentGone
from ansim.sources.matrix.asking import Event, table, text
from ansim.sources.places import Places

_ADDRESS = re.compile(r"mxc://([A-Za-z0-9.:\[\]-]{1,255})/([A-Za-z0-9_-]{1,255})")
_PLACES = ("/_matrix/client/v1/media/download", "/_matrix/media/v3/download")
"""As since Matrix 1.11, and as older homeservers have it."""


@dataclass(frozen=True, slots=True)
class MatrixFile:
    """Content at a homeserver at ``base``, asked for in the name of our account."""

    base: str
    token: str = field(repr=False)
    path: str

    async def fetch(self, most: int) -> bytes:
        """As ``contract.Content.fetch``."""
        headers, places = {"Authorization": f"Bearer {self.token}"}, Places(bases=(self.base,))
        for place in _PLACES:
            address = f"{self.base}{place}/{self.path}"
            try:
                return await Fetched(address, places, headers).fetch(most)
            except ContentGone as gone:
                if str(gone) == "too_large":
                    raise
        raise ContentGone("refused")


def file_path(event: Event) -> str:
    """Server and name of an event's file; empty where it has none that can be read. What a change
    says goes before what it changed."""
    content = table(event.get("content"))
    changed = table(content.get("m.new_content"))
    found = _ADDRESS.fullmatch(text(changed.get("url")) or text(content.get("url")))
    return f"{found[1]}/{found[2]}" if found else ""
