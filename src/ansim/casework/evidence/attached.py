"""Attachments in the evidence: kind and name are facts; what a program read in them is not.

The file itself is not here. Words read in a picture or heard in a voice message, codes, hashes
and matches stand among the estimates, and say that a program read them. Of originals kept under a
legal hold the package has the SHA-256: it vouches for a file that is handed over by another way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ansim.casework import remarks
from ansim.casework.actions import originals
from ansim.casework.evidence.contents import Said, stamp, without_pictures

LONGEST_NAME = 300


def named(items: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Attachments in ``facts/messages.jsonl``: what somebody sent."""
    return [
        {
            "kind": str(item.get("kind", "")),
            "name": without_pictures(str(item.get("name", "")))[0][:LONGEST_NAME],
        }
        for item in items
        if not remarks.held(item)
    ]


def noticed(item: dict[str, Any]) -> dict[str, Any]:
    """What a program noticed in an attachment, for ``assessment/messages.jsonl``; only what is
    there, and {} where nobody looked."""
    uncertain = remarks.held(item)
    if uncertain:
        words = "\n".join(f"{one.code}: {one.line} ({one.count})" for one in uncertain)
        return {"kind": "reading", "words": words}
    seen = item.get("noticed")
    if not isinstance(seen, dict):
        return {}
    words, withheld = without_pictures(str(seen.get("text", "")))
    found = {
        "words": words,
        "withheld": withheld,
        "codes": [
            {
                "format": str(code.get("format", "")),
                "text": without_pictures(str(code.get("text", "")))[0],
                "leads_to": str(code.get("leads_to", "text")),
            }
            for code in seen.get("codes", [])
        ],
        "pdq": str(seen.get("fingerprint", "")),
        "like_on_list": seen.get("known", []),
        "classified": seen.get("labels", []),
        "not_read": str(seen.get("unread", "")),
    }
    return {"kind": str(item.get("kind", "")), **{k: v for k, v in found.items() if v}}


def sealed_originals(conversation: int, said: Sequence[Said]) -> dict[str, Any]:
    """What ``facts/source.json`` tells of originals of pictures; nothing where there are none.
    ``number`` is that of the message, None where its words are not among them."""
    numbers = {message.id: message.number for message in said}
    rows = [
        {
            "message": row.message_id,
            "number": numbers.get(row.message_id),
            "sender": row.author,
            "attachment": row.place + 1,
            "format": row.format,
            "bytes": row.size,
            "sha256": row.sha256,
            "kept_at": stamp(row.at),
        }
        for row in originals.of(conversation)
    ]
    return {"originals_under_legal_hold": rows} if rows else {}


def in_print(seen: dict[str, Any]) -> str:
    """What was noticed in one attachment, in a few lines."""
    lines = [f"[{seen['kind']}]"]
    if words := seen.get("words"):
        lines.append(words)
    lines += [f"코드 / code ({code['leads_to']}): {code['text']}" for code in seen.get("codes", [])]
    if pdq := seen.get("pdq"):
        lines.append(f"PDQ {pdq}")
    lines += [
        f"목록과 닮음 / like one on list {hit['list']}: {hit['distance']}/256 bit"
        for hit in seen.get("like_on_list", [])
    ]
    lines += [
        f"분류기 / classifier {label['classifier']}: {label['name']} {label['score']:.2f}"
        for label in seen.get("classified", [])
    ]
    if why := seen.get("not_read"):
        lines.append(f"읽거나 듣지 못함 / not read or heard: {why}")
    return "\n".join(lines)
