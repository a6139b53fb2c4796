"""A conversation copied out of KakaoTalk and pasted into the channel, told apart from words that
are meant for the agency. The line forms are those of KakaoTalk's exports."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime

import msgspec

from ansim.sources import kakaotalk
from ansim.sources.contract import Incoming
from ansim.sources.export import ExportError, ExportTurn
from ansim.sources.fitting import fit_name
from ansim.sources.kakaotalk.forms import GRAMMARS, What, ruled_day
from ansim.sources.kakaotalk.moments import SEOUL

DAY = 24 * 3600.0
EARLIEST = 1_104_537_600.0
"""2005-01-01 UTC: what is older was dated by mistake."""
_LINES_LOOKED_AT = 200


class Pasted(msgspec.Struct, frozen=True):
    """What stands before the conversation, and the conversation."""

    words: str
    turns: list[ExportTurn]


def find(text: str, now: float) -> Pasted | None:
    """The conversation in a text, or None where it holds none.

    Copied messages carry a time and no date: they are taken for the last day on which all of
    them had been said by ``now``.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    today = datetime.fromtimestamp(now, SEOUL).date()
    first = next(
        (
            number
            for number, line in enumerate(lines[:_LINES_LOOKED_AT])
            if ruled_day(line)
            or any(
                (found := grammar.record(line, today)) is not None and found.what is What.MESSAGE
                for grammar in GRAMMARS
            )
        ),
        None,
    )
    if first is None:
        return None
    copied = "\n".join(lines[first:])
    dated = f"--------------- {today.year}년 {today.month}월 {today.day}일 ---------------\n"
    turns: list[ExportTurn] = []
    for head in ("", dated):
        try:
            turns = kakaotalk.parse((head + copied).encode("utf-8", "replace")).turns
        except ExportError:
            continue
        if turns:
            break
    if not turns:
        return None
    if head and max(turn.at for turn in turns) > now:
        turns = [msgspec.structs.replace(turn, at=turn.at - DAY) for turn in turns]
    return Pasted("\n".join(lines[:first]).strip(), turns)


def messages(turns: list[ExportTurn], user: str, now: float) -> list[Incoming]:
    """The turns as messages of a conversation that ``user`` gave.

    Pasting the same lines again gives the same ids. Names on a screen are no accounts: they say
    who is who only among what this person gave.
    """
    names = "\n".join(sorted({turn.sender for turn in turns}))
    conversation = f"given:{_hash(names)}:{user}"
    seen: Counter[str] = Counter()
    found = []
    for turn in turns:
        at = turn.at if EARLIEST <= turn.at <= now else now
        key = _hash(f"{turn.at:.0f}\n{turn.sender}\n{turn.text}")
        seen[key] += 1
        found.append(
            Incoming(
                id=f"p{key}-{seen[key]}",
                conversation=conversation,
                author=fit_name(f"{user}/{turn.sender}"),
                at=at,
                text=turn.text,
                attachments=turn.attachments,
            )
        )
    return found


def giver(conversation: str) -> str:
    """Who is spoken to in a conversation of this channel; empty where it is none."""
    sort, _, rest = conversation.partition(":")
    if sort == "agency":
        return rest
    return rest.partition(":")[2] if sort == "given" else ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
