"""A platform's host of files: it gives the content of a name, or what the name says goes wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.host import Answer, Asked, Coming, Host

CONTENT = b"\x89PNG of somebody \x00\xff\r\n" * 100
GOOD = "good"
UNREAD: Mapping[str, str] = {
    "gone": "not_fetched",
    "broken": "not_fetched",
    "short": "not_fetched",
    "claims": "too_large",
    "endless": "too_large",
    "elsewhere": "not_fetched",
    "inward": "not_fetched",
    "circle": "not_fetched",
    "stalls": "too_slow",
    "drips": "too_slow",
}
"""What goes wrong, and how its message says so (docs/pictures.md)."""
SLOW = frozenset({"stalls", "drips"})


class Files:
    """A host, and another one that must never be asked: everything that it hears is one too much.

    A name may end in anything (``gone.png``, ``gone@jpeg``) and lie anywhere.
    """

    host: Host
    another: Host

    def start(self) -> None:
        self.another = Host(lambda _: Answer(CONTENT))
        self.host = Host(self._answer)
        self.another.start()
        self.host.start()

    def stop(self) -> None:
        self.host.stop()
        self.another.stop()

    @property
    def port(self) -> int:
        return self.host.server_port

    @property
    def base(self) -> str:
        return self.host.base

    def heard(self, secret: str) -> bool:
        """Whether a secret was told to it: in an address, a header or a body."""
        return any(
            secret in each.path or secret in json.dumps(dict(each.headers))
            for each in self.host.asked
        )

    def _answer(self, asked: Asked) -> Answer:
        another = self.another.server_port
        match asked.name.partition("@")[0]:
            case "good":
                return Answer(CONTENT)
            case "broken":
                return Answer(status=502)
            case "short":
                return Answer(CONTENT, headers={"Content-Length": str(len(CONTENT) + 9)})
            case "claims":
                return Answer(b"x", headers={"Content-Length": "99999999"})
            case "endless":
                return Answer(bytes(100_000), coming=Coming.WITHOUT_END)
            case "stalls":
                return Answer(coming=Coming.NEVER)
            case "drips":
                return Answer(CONTENT, coming=Coming.IN_DRIPS)
            case "elsewhere":
                return moved(f"http://127.0.0.1:{another}/good.png")
            case "inward":
                return moved(f"//localhost:{another}/good.png")
            case "circle":
                return moved(asked.path)
            case "moved":
                return moved("good.png?again")
        return Answer(b"{}", 404)


def moved(to: str) -> Answer:
    return Answer(status=302, headers={"Location": to})
