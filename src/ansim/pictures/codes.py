"""QR and bar codes in a picture, and whether they lead to another messenger.

A code is how an invitation travels where a link would be noticed; where it leads is told from its
text alone. Nothing is fetched.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import zxingcpp

from ansim.chat import CodeSeen
from ansim.pictures.ink import Grey

MOST_CODES = 16
MOST_CHARACTERS = 1024

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


def codes(grey: Grey) -> tuple[CodeSeen, ...]:
    """Codes in a picture given by the brightness of its pixels (height, width); 16 at most."""
    seen = []
    for code in zxingcpp.read_barcodes(grey)[:MOST_CODES]:
        text = code.text[:MOST_CHARACTERS].strip()
        if code.valid and text:
            found = CodeSeen(format=code.format.name, text=text, leads_to=leads_to(text))
            if found not in seen:
                seen.append(found)
    return tuple(seen)


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
