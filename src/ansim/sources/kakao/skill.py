"""Kakao's skill requests and answers (version 2.0) as values: what is asked by whom, what we say.

A request is read leniently: whatever is missing or of another type is as if it were not there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import msgspec

from ansim.chat import Attachment, AttachmentKind
from ansim.sources.content import Fetched, worth_fetching
from ansim.sources.fitting import fit_attachment, fit_name, fit_text
from ansim.sources.places import Places, address_in

MOST_TEXT = 1000
"""Characters of one speech bubble of plain text (``simpleText``)."""
MOST_BUBBLES = 3
MOST_USER = 400
"""Characters of a user's key; conversations are named by it and a little more."""
HOSTS = (".kakaocdn.net", ".talk.kakao.com")
"""Where Kakao keeps pictures that were sent to a channel."""
_PICTURE = re.compile(r"https?://[\w.-]*(?:kakaocdn\.net|talk\.kakao\.com)/\S{1,2000}")


class NotASkillRequest(Exception):
    """The body is no skill request, or does not say whose."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a skill."""

    id: str
    """Of the message; the same for a repeated request where Kakao lets us see that it is one."""
    user: str
    """Key of the person in this bot (``botUserKey``)."""
    text: str
    language: str = ""
    attachments: tuple[Attachment, ...] = ()
    contents: tuple[Fetched | None, ...] = ()
    callback: str = ""


def read(body: bytes, fresh: str, api: str = "") -> Asked:
    """The request; ``fresh`` is an id for it where it has none of its own, ``api`` the operator's
    own address of Kakao's: pictures may lie there too.

    Raises NotASkillRequest.
    """
    try:
        whole = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotASkillRequest("the body is not JSON") from None
    request = _part(whole, "userRequest")
    person = _part(request, "user")
    user = fit_name(_part(person, "properties").get("botUserKey"), MOST_USER)
    user = user or fit_name(person.get("id"), MOST_USER)
    if not user:
        raise NotASkillRequest("userRequest.user.id is missing")
    callback = request.get("callbackUrl")
    callback = callback if isinstance(callback, str) and len(callback) <= 2000 else ""
    text = fit_text(request.get("utterance"))
    media = _part(_part(request, "params"), "media")
    attachments: tuple[Attachment, ...] = ()
    contents: tuple[Fetched | None, ...] = ()
    sent = fit_text(media.get("url")) or text.strip()
    if media or _PICTURE.fullmatch(sent):
        # Its address would show the picture to whoever has it: only its file's name is kept.
        attachments = (_attached(sent, media.get("type")),)
        if worth_fetching(attachments[0]) and (address := address_in(sent)):
            places = Places(HOSTS, (api,))
            if not places.entered(address):
                # Kakao names its pictures by http:// and has them by https:// as well.
                address = re.sub("^http:", "https:", address)
            contents = (Fetched(address, places),)
        text = "" if text.strip() == sent or _PICTURE.fullmatch(text.strip()) else text
    language = request.get("lang")
    return Asked(
        id=once(callback) if callback else fresh,
        user=user,
        text=text,
        language=language if isinstance(language, str) else "",
        attachments=attachments,
        contents=contents,
        callback=callback,
    )


def _attached(address: str, sort: object) -> Attachment:
    name = unquote(address.partition("?")[0].rpartition("/")[2])
    kind = sort.lower() if isinstance(sort, str) else ""
    if kind in {each.value for each in AttachmentKind}:
        return fit_attachment(name, kind=kind)
    found = fit_attachment(name)
    return found if found.kind is not AttachmentKind.FILE else fit_attachment(name, kind="image")


def once(callback: str) -> str:
    """Id of the message of a request that has an address of its own to call back."""
    return "c" + hashlib.sha256(callback.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _part(value: Any, name: str) -> dict[str, Any]:
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def bubbles(texts: Sequence[str]) -> bytes:
    """An answer of one to three bubbles."""
    outputs = [{"simpleText": {"text": text}} for text in texts[:MOST_BUBBLES]]
    return msgspec.json.encode({"version": "2.0", "template": {"outputs": outputs}})


def later(text: str) -> bytes:
    """Keeps the callback open; the block shows ``text`` as ``{{#webhook.text}}``."""
    return msgspec.json.encode({"version": "2.0", "useCallback": True, "data": {"text": text}})


def cut(text: str, limit: int = MOST_TEXT) -> list[str]:
    """Text in pieces that a bubble holds, parted at line ends or spaces where there are any.

    Characters outside the Basic Multilingual Plane count twice, as in KakaoTalk's own counting of
    UTF-16; a piece may then be shorter than it could be, never longer.
    """
    pieces: list[str] = []
    rest = text.strip()
    while _units(rest) > limit:
        end = limit
        while _units(rest[:end]) > limit:
            end -= max(1, (_units(rest[:end]) - limit) // 2)
        place = max(rest.rfind("\n", end // 2, end), rest.rfind(" ", end // 2, end))
        end = place if place > 0 else end
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*pieces, rest] if rest else pieces


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
