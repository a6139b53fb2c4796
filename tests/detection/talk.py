"""Short chats for the tests, written for them, and a way to make messages of lines."""

from __future__ import annotations

from collections.abc import Sequence

from ansim.chat import Message
from ansim.detection import Assessment, ConversationState, Detector

DAY = 86_400.0
START = 1_750_000_000.0

LURE = (
    ("stranger", "안녕 프사 귀엽다 몇 살이야?"),
    ("youth", "저 중2인데요"),
    ("stranger", "어리네 집에 혼자 있어?"),
    ("youth", "네 부모님 늦게 오세요"),
    ("stranger", "용돈 줄게 사진 보낼래? 얼굴만"),
    ("youth", "그건 좀 그래요"),
    ("stranger", "우리 둘만의 비밀이야 엄마한테 말하지 마"),
    ("stranger", "라인으로 와 여긴 지우고"),
    ("stranger", "오늘 만날래? 데리러 갈게"),
)
"""Grooming at the level of a prevention leaflet."""

CHAT = (
    ("mina", "내일 수행평가 뭐 가져가?"),
    ("jun", "자랑 가위 가져오래"),
    ("mina", "ㅇㅋ 급식 뭐 나오는지 봤어?"),
    ("jun", "돈까스 나온대 ㅋㅋ"),
    ("mina", "대박 빨리 자야지"),
    ("jun", "잘자 내일 봐"),
)


def messages(
    lines: Sequence[tuple[str, str]],
    conversation: str = "room",
    start: float = START,
    gap: float = 30.0,
    first: int = 0,
) -> list[Message]:
    """One message a line, ``gap`` seconds apart."""
    return [
        Message(
            id=f"{conversation}-{first + number:04d}",
            source="test",
            conversation=conversation,
            author=author,
            at=start + gap * number,
            text=text,
        )
        for number, (author, text) in enumerate(lines)
    ]


def run(
    detector: Detector,
    given: Sequence[Message],
    states: dict[str, ConversationState] | None = None,
    size: int | None = None,
) -> tuple[dict[str, ConversationState], list[Assessment]]:
    """Assesses in batches of ``size`` (all at once by default), carrying the states along."""
    known = dict(states or {})
    found: list[Assessment] = []
    for at in range(0, len(given), size or max(1, len(given))):
        changed, assessments = detector.assess(known, given[at : at + (size or len(given))])
        known.update(changed)
        found += assessments
    return known, found
