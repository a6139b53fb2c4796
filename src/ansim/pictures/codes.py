"""QR and bar codes in a picture, and whether they lead to another messenger.

A code is how an invitation travels where a link would be noticed; where it leads is told from its
text alone. Nothing is fetched.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import cv2
import numpy as np
import zxingcpp

from ansim.chat import CodeSeen
from ansim.pictures.ink import Grey

MOST_CODES = 8
MOST_CHARACTERS = 300

MESSENGERS = frozenset(
    {
        *("open.kakao.com", "qr.kakao.com", "pf.kakao.com", "line.me", "lin.ee", "t.me"),
        *("telegram.me", "telegram.dog", "discord.gg", "discord.com", "discordapp.com", "wa.me"),
        *("whatsapp.com", "m.me", "ig.me", "snapchat.com", "signal.me", "signal.group"),
        *("wechat.com", "weixin.qq.com", "viber.com", "kik.me", "zalo.me", "skype.com"),
        *("threema.id", "wire.com", "session.me", "band.us", "matrix.to"),
    }
)
"""Domains on which an address is an invitation to a person or a room of another service."""
SCHEMES = frozenset(
    {
        *("kakaotalk", "kakaoopen", "line", "tg", "discord", "whatsapp", "fb-messenger", "sgnl"),
        *("snapchat", "weixin", "wechat", "viber", "kik", "zalo", "skype", "xmpp", "matrix"),
    }
)
"""Address schemes that open another messenger."""


Corners = list[tuple[int, int]]
"""Of a code, in pixels (across, down)."""


def codes(grey: Grey) -> tuple[tuple[CodeSeen, ...], list[Corners]]:
    """Codes in a picture given by the brightness of its pixels (height, width), and where they are.

    At most 8, each once.
    """
    seen: list[CodeSeen] = []
    places: list[Corners] = []
    for code in zxingcpp.read_barcodes(grey)[:MOST_CODES]:
        text = code.text[:MOST_CHARACTERS].strip()
        if not code.valid or not text:
            continue
        at = code.position
        corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        places.append([(corner.x, corner.y) for corner in corners])
        found = CodeSeen(format=code.format.name, text=text, leads_to=leads_to(text))
        if found not in seen:
            seen.append(found)
    return tuple(seen), places


def without(grey: Grey, places: list[Corners]) -> Grey:
    """The picture with its codes painted over, so that their cells are not read as letters."""
    if not places:
        return grey
    painted = grey.copy()
    for corners in places:
        ring = np.array(corners, dtype=np.int32)
        reach = max(4, int(np.ptp(ring, axis=0).max()) // 30)
        cv2.fillPoly(painted, [ring], 255)
        cv2.polylines(painted, [ring], True, 255, thickness=2 * reach)
    return painted


def leads_to(text: str) -> str:
    """``messenger``, ``link`` (another address on the web) or ``text``."""
    try:
        address = urlsplit(text if "://" in text else f"//{text}")
        host = (address.hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return "text"
    if address.scheme in SCHEMES:
        return "messenger"
    if address.scheme not in ("", "http", "https"):
        return "text"
    labels = host.split(".")
    if any(".".join(labels[begin:]) in MESSENGERS for begin in range(len(labels) - 1)):
        return "messenger"
    return "link" if address.scheme else "text"
