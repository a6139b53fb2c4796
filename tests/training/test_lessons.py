"""The conversations that are only learnt from: form, content rule, and apart from the judged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansim.detection.labels import SHOWN
from ansim.training import corpus

_DATA = Path(__file__).parents[2] / "data" / "conversations.jsonl"
_NUMBER = re.compile(r"01[016789][- ]?\d{3,4}[- ]?\d{4}|\d{2,4}-\d{3,4}-\d{4}|\b1[568]\d\d-\d{4}\b")
_ADDRESS = re.compile(r"https?://|www\.|@[a-z0-9_]{3,}", re.IGNORECASE)


@pytest.fixture(scope="module")
def lessons() -> list[corpus.CorpusConversation]:
    return corpus.load_lessons(_DATA)


def test_none_shares_a_world_or_an_id_with_what_is_judged(
    lessons: list[corpus.CorpusConversation],
) -> None:
    judged = corpus.load(_DATA)
    assert not {c.world for c in lessons} & {c.world for c in judged}
    assert len({c.id for c in lessons}) == len(lessons)


def test_tags_stand_where_they_may(lessons: list[corpus.CorpusConversation]) -> None:
    for conversation in lessons:
        tags = {tag for turn in conversation.turns for tag in turn.tags}
        assert tags <= set(SHOWN), conversation.id
        tactics = any(tag.startswith("T") for tag in tags)
        assert tactics == conversation.grooming, conversation.id
        if conversation.grooming:
            assert conversation.alert_by is not None
            assert 1 <= conversation.alert_by <= len(conversation.turns), conversation.id
        else:
            assert conversation.alert_by is None, conversation.id


def test_time_only_goes_forward(lessons: list[corpus.CorpusConversation]) -> None:
    for conversation in lessons:
        at = [turn.at for turn in conversation.turns]
        assert at == sorted(at), conversation.id


def test_no_number_of_a_person_and_no_address_stands_in_them(
    lessons: list[corpus.CorpusConversation],
) -> None:
    for conversation in lessons:
        for turn in conversation.turns:
            assert not _NUMBER.search(turn.text), (conversation.id, turn.text)
            assert not _ADDRESS.search(turn.text), (conversation.id, turn.text)
