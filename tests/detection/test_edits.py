"""An edit counts as what it says; a deletion changes nothing but what is told of the turn."""

from __future__ import annotations

import msgspec
import pytest

from ansim.chat import Message
from ansim.detection import Assessment, ConversationState, Detector, forget
from ansim.detection.retention import MOST_ACCOUNTS, UNWATCHED_TURNS
from tests.detection.talk import CHAT, DAY, LURE, START, messages, run


def changed(original: Message, text: str, *, id: str = "", after: float = 5.0) -> Message:
    """The edit of a message."""
    at = original.at + after
    return msgspec.structs.replace(
        original, id=id or f"{original.id}-e", at=at, text=text, replaces=original.id
    )


def removed(original: Message, *, id: str = "", after: float = 7.0) -> Message:
    """The deletion of a message."""
    return msgspec.structs.replace(
        original,
        id=id or f"{original.id}-d",
        at=original.at + after,
        text="",
        attachments=(),
        replaces=original.id,
        deleted=True,
    )


def without(found: list[Assessment]) -> list[Assessment]:
    return [one for one in found if not one.turn.deleted]


def packed(state: ConversationState) -> bytes:
    return msgspec.msgpack.encode(state)


def test_a_risky_turn_edited_into_a_harmless_one_goes_on_counting(detector: Detector) -> None:
    said = messages(LURE)
    _, before = run(detector, said)
    edit = changed(said[-1], "오늘 급식 뭐 나와?")
    states, found = run(detector, [*said, edit])
    assert found[-1].turn.replaces == said[-1].id
    assert found[-1].turn.text == "오늘 급식 뭐 나와?"
    assert found[-1].risk == pytest.approx(before[-1].risk, abs=0.02)
    assert found[-1].priority == before[-1].priority
    kept = {turn.id: turn.text for turn in states["room"].turns}
    assert kept[said[-1].id] == LURE[-1][1], "the words first said are held as they were"


def test_an_edit_counts_as_the_same_words_said(detector: Detector) -> None:
    said = messages(LURE)
    edits = [
        msgspec.structs.replace(message, text=text, replaces=said[0].id) if number else message
        for number, (message, (_, text)) in enumerate(zip(said, LURE, strict=True))
    ]
    _, plain = run(detector, said)
    _, found = run(detector, edits)
    assert [one.risk for one in found] == [one.risk for one in plain]
    assert [one.alerts for one in found] == [one.alerts for one in plain]
    assert [one.turn.replaces for one in found[1:]] == [said[0].id] * (len(said) - 1)
    assert any(one.alerts for one in found)


@pytest.mark.parametrize("after", [1.0, 20 * DAY])
def test_a_deletion_changes_no_risk_no_priority_and_no_evidence(
    detector: Detector, after: float
) -> None:
    said = messages(LURE)
    before, found = run(detector, said)
    gone = [removed(message, after=after) for message in said]
    states, more = run(detector, gone, before)
    assert [one.risk for one in more] == [found[-1].risk] * len(said)
    assert {one.priority for one in more} == {found[-1].priority}
    assert states["room"].evidence == before["room"].evidence
    assert states["room"].accounts == before["room"].accounts
    assert [turn.text for turn in states["room"].turns] == [text for _, text in LURE]
    assert states["room"].newest == before["room"].newest, "nothing was said meanwhile"


def test_what_is_said_afterwards_is_rated_as_if_nothing_had_been_deleted(
    detector: Detector,
) -> None:
    said = messages(LURE)
    gone = [removed(message) for message in said[:5]]
    _, plain = run(detector, said)
    _, found = run(detector, [*said[:5], *gone, *said[5:]])
    assert without(found) == plain


def test_an_open_alert_tells_of_the_deletion_without_raising_anything(detector: Detector) -> None:
    said = messages(LURE)
    before, found = run(detector, said)
    last = next(event for one in reversed(found) for event in one.alerts)
    _, (told,) = run(detector, [removed(said[4])], before)
    (event,) = told.alerts
    assert (event.about, event.episode, event.raised) == ("stranger", 1, False)
    assert (event.risk, event.priority, event.why) == (last.risk, last.priority, last.why)
    assert told.turn.deleted
    assert told.turn.text == ""
    assert told.turn.tactics == {}


def test_a_deletion_among_harmless_talk_tells_nobody(detector: Detector) -> None:
    said = messages(CHAT)
    _, found = run(detector, [*said, removed(said[2])])
    assert found[-1].alerts == ()


def test_a_deletion_stands_with_the_turn_it_takes_back(detector: Detector) -> None:
    said = messages(CHAT)
    states, _ = run(detector, [*said, removed(said[2]), removed(said[2], id="again", after=9.0)])
    marked = {turn.id: turn.taken_back for turn in states["room"].turns if turn.taken_back}
    assert list(marked) == [said[2].id]
    mark = marked[said[2].id]
    assert mark is not None
    assert (mark.id, mark.at, mark.replaces) == (f"{said[2].id}-d", said[2].at + 7.0, said[2].id)
    assert packed(msgspec.msgpack.decode(packed(states["room"]), type=ConversationState)) == packed(
        states["room"]
    )


def test_many_deletions_push_no_words_out_of_the_window(detector: Detector) -> None:
    lines = (CHAT * 12)[: UNWATCHED_TURNS - 1]
    said = messages(lines)
    gone = [
        removed(message, id=f"{message.id}-{n}", after=3600.0) for n in range(3) for message in said
    ]
    states, _ = run(detector, [*said, *gone])
    held = states["room"].turns
    assert [turn.text for turn in held] == [text for _, text in lines]
    assert all(turn.taken_back for turn in held)


def test_a_deletion_names_no_account(detector: Detector) -> None:
    said = messages(CHAT)
    strangers = [
        msgspec.structs.replace(removed(said[0], id=f"d{n}"), author=f"moderator {n}")
        for n in range(2 * MOST_ACCOUNTS)
    ]
    states, found = run(detector, [*said, *strangers])
    assert states["room"].accounts == ("mina", "jun")
    assert len(found) == len(said) + len(strangers)


def test_a_deletion_of_what_was_never_heard_is_no_turn(detector: Detector) -> None:
    gone = removed(messages(CHAT)[0])
    states, found = run(detector, [gone])
    assert [one.turn.deleted for one in found] == [True]
    assert states["room"].turns == ()
    assert run(detector, [gone], states)[1] == [], "a second delivery is dropped"
    assert forget(states["room"], START + DAY) is None


def test_what_a_deletion_claims_to_say_is_not_read(detector: Detector) -> None:
    before, found = run(detector, messages(CHAT))
    claimed = msgspec.structs.replace(removed(messages(CHAT)[0]), text=LURE[4][1])
    _, (told,) = run(detector, [claimed], before)
    assert (told.turn.text, told.turn.spans, told.risk) == ("", (), found[-1].risk)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_cut_into_batches_changes_nothing(detector: Detector, size: int) -> None:
    said = messages(LURE)
    given = [
        removed(messages(CHAT)[0], id="unheard"),
        *said[:5],
        removed(said[0]),
        changed(said[4], "아니야 급식 뭐 나와?"),
        removed(said[4], after=9.0),
        *said[5:],
        removed(said[5], after=2 * DAY),
        *messages(CHAT, start=START + 3 * DAY, first=100),
    ]
    whole, found = run(detector, given)
    states: dict[str, ConversationState] = {}
    cut: list[Assessment] = []
    for start in range(0, len(given), size):
        states, some = run(detector, given[start : start + size], states)
        cut += some
    assert cut == found
    assert packed(states["room"]) == packed(whole["room"])
