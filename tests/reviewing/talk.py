"""Turns, windows and answers for the tests of the reviewer."""

from __future__ import annotations

import json
from typing import Any

from ansim.detection import Turn
from ansim.reviewing.values import Opinion, Quote, Window
from ansim.reviewing.windows import window

TALK = [
    ("stranger", "몇 살이야?"),
    ("youth", "열네 살이요"),
    ("stranger", "용돈 줄게. 우리 둘만의 비밀이야"),
    ("youth", "왜요?"),
    ("stranger", "사진 보낼래?"),
]


def turns(talk: list[tuple[str, str]]) -> list[Turn]:
    return [
        Turn(id=f"m{n}", author=author, at=1000.0 + 60 * n, text=text, risk=0.5)
        for n, (author, text) in enumerate(talk, 1)
    ]


def asked_about(
    talk: list[tuple[str, str]] | None = None,
    *,
    name: str = "room",
    risk: float = 0.5,
    threshold: float = 0.83,
) -> Window:
    return window(name, turns(talk or TALK), risk=risk, threshold=threshold, about="stranger")


GOOD: dict[str, Any] = {
    "risk": 0.9,
    "tactics": ["T05", "T06", "T09"],
    "quotes": [
        {"turn": 3, "text": "용돈 줄게.", "tactic": "T05"},
        {"turn": 3, "text": "우리 둘만의 비밀이야", "tactic": "T06"},
        {"turn": 5, "text": "사진 보낼래?", "tactic": "T09"},
    ],
    "innocent_reading": "친척이나 아는 사람이 용돈을 주려는 말일 수 있다.",
    "watch_for": "만나자는 말이나 다른 메신저로 옮기자는 말이 이어지는지.",
    "summary_ko": "A가 나이를 물은 뒤 용돈을 주겠다고 했다. 이어 비밀로 하자며 사진을 요구했다.",
    "summary_en": "A asked for B's age and offered pocket money. "
    "A then asked for a photo and to keep it secret.",
}


def answer(**changed: Any) -> str:
    """A good answer about ``TALK``, with some fields changed."""
    return json.dumps(GOOD | changed, ensure_ascii=False)


def opinion(risk: float = 0.9, quotes: tuple[Quote, ...] | None = None) -> Opinion:
    if quotes is None:
        quotes = (Quote(turn=5, text="사진 보낼래?", tactic="T09"),)
    return Opinion(
        risk=risk,
        tactics=("T09",),
        quotes=quotes,
        innocent_reading="",
        watch_for="",
        summary_ko="",
        summary_en="",
        model="m",
        prompt_version="1",
        window_hash="0",
        seconds=1.0,
    )
