"""Made-up conversations and scores for the tests of what is worked out from them."""

from __future__ import annotations

from collections.abc import Sequence

from ansim.training.corpus import CorpusConversation, CorpusTurn
from ansim.training.scores import Row, row_for


def talk(
    name: str,
    turns: int = 6,
    alert_by: int | None = None,
    *,
    text: str = "내일 봐요",
    tags: tuple[str, ...] = (),
    people: int = 2,
) -> CorpusConversation:
    """A conversation whose first speaker uses ``tags`` in every turn of his."""
    return CorpusConversation(
        id=name,
        label="grooming" if alert_by else "benign",
        channel="messenger",
        alert_by=alert_by,
        turns=tuple(
            CorpusTurn(
                at=30.0 * place,
                author="ABCDEF"[place % people],
                text=text,
                tags=tags if place % people == 0 else (),
            )
            for place in range(turns)
        ),
    )


def said(
    conversation: CorpusConversation,
    risk: Sequence[float],
    variant: str = "gate",
    *,
    threshold: float = 0.5,
    disguise: str | None = None,
    tactics: Sequence[dict[str, float]] | None = None,
) -> Row:
    """A row; a single risk stands for every turn."""
    values = list(risk) * len(conversation.turns) if len(risk) == 1 else risk
    return row_for(
        conversation,
        variant,
        risk=values,
        threshold=threshold,
        watch=threshold / 2,
        disguise=disguise,
        tactics=tactics,
    )
