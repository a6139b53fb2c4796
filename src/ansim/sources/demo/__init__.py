"""The demo room: a web chat of our own, in which the whole path can be seen at work.

It is there in demo mode only. What is typed goes through the same intake as every other source.
"""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way

DECLARATION = Declaration(
    name="demo",
    kinds=frozenset({SourceKind.PLATFORM_PARTNER, SourceKind.VISIBLE_BOT}),
    hears=Hears.ROOM_THAT_WAS_TOLD,
    legal_basis=(
        "The room is run by the operator for demonstration; a notice above the messages tells "
        "everyone who opens it what happens with the text before anything can be typed."
    ),
    legal_basis_ko=(
        "운영자가 시연을 위해 연 대화방입니다. 방에 들어온 사람은 글을 쓰기 전에 글이 어떻게 "
        "쓰이는지 안내를 봅니다."
    ),
    can_reply=True,
    can_message_privately=True,
    keeps_history=True,
    sends_once=True,
    way=Way.CALLED,
)

SOURCE = "demo"
"""Id under which the demo room is declared as a source."""

__all__ = ["DECLARATION", "SOURCE"]
