"""Groups of conversations in which a model might be worse than on the whole."""

from __future__ import annotations

import re
from collections.abc import Callable

from ansim.training.corpus import CorpusConversation

_LAUGHTER = re.compile(r"[^가-힣]+$")
_POLITE = re.compile(r"(?:요|죠|니다|니까|시오)$")
"""Endings of the polite levels of speech, as they stand at the end of a turn."""


def polite(text: str) -> bool:
    """Whether a turn ends politely, once laughter, signs and emoji behind it are gone."""
    return _POLITE.search(_LAUGHTER.sub("", text)) is not None


def register(conversation: CorpusConversation) -> str:
    """``formal`` where at least half of the turns end politely, ``informal`` under a tenth."""
    share = sum(polite(turn.text) for turn in conversation.turns) / len(conversation.turns)
    if share >= 0.5:
        return "formal"
    return "informal" if share < 0.1 else "mixed"


def length(conversation: CorpusConversation) -> str:
    """Turns of the whole conversation, in three groups of about the same size."""
    turns = len(conversation.turns)
    return "up to 11 turns" if turns < 12 else "12 to 15 turns" if turns < 16 else "16 or more"


def company(conversation: CorpusConversation) -> str:
    """Whether more than two accounts speak."""
    return "group" if len({turn.author for turn in conversation.turns}) > 2 else "pair"


SLICES: dict[str, Callable[[CorpusConversation], str]] = {
    "world": lambda conversation: conversation.world,
    "channel": lambda conversation: conversation.channel or "not said",
    "length": length,
    "register": register,
    "company": company,
}
