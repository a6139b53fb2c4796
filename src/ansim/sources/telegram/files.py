"""The file behind an id of Telegram's: asked for by the Bot API, fetched from the same host."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
import msgspec

from ansim.sources.content import body, fetching
from ansim.sources.contract import ContentGone
from ansim.sources.fitting import Fields, fields
from ansim.sources.places import address_in

API = "https://api.telegram.org"
_FETCHED = ("photo", "voice", "audio", "document")
_MOST_ANSWER = 64 * 1024


@dataclass(frozen=True, slots=True)
class TelegramFile:
    """Content that is fetched by its id. ``api`` is empty for Telegram itself."""

    id: str
    token: str = field(repr=False)
    api: str = ""

    async def fetch(self, most: int) -> bytes:
        """As ``contract.Content.fetch``."""
        base = self.api.rstrip("/") or API
        async with fetching() as asking:
            asked = str(httpx.URL(f"{base}/bot{self.token}/getFile", params={"file_id": self.id}))
            try:
                answer = fields(msgspec.json.decode(await body(asking, asked, _MOST_ANSWER, {})))
            except msgspec.MsgspecError:
                raise ConnectionError("no JSON") from None
            path = address_in(fields(answer.get("result")).get("file_path"))
            # A server of one's own may name a path on its disk: that is no address.
            if not path or path.startswith("/") or ".." in path or set(path) & set("?#:\\"):
                raise ContentGone("refused")
            return await body(asking, f"{base}/file/bot{self.token}/{path}", most, {})


def file_id(data: Fields, field_name: str) -> str:
    """Id of the file in a field of a message: of a photograph the largest form."""
    if field_name not in _FETCHED:
        return ""
    value = data.get(field_name)
    if isinstance(value, list):
        value = value[-1] if value else None
    found = fields(value).get("file_id")
    return found if isinstance(found, str) and found.isascii() and len(found) < 500 else ""
