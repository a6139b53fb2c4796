"""What the worker reports of edits and deletions: names that match, and a risk that stays."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from ansim import casework
from ansim.chat import Message
from ansim.detection import ConversationState
from ansim.detection.detector import Detector
from ansim.stream.codec import decode, encode
from ansim.stream.effects import reports
from ansim.stream.partition import _packer, _unpacker
from tests.detection.talk import LURE, messages

casework.ready()


def hidden(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector.load()


def edit(of: Message) -> Message:
    return msgspec.structs.replace(
        of, id=f"{of.id}-e", at=of.at + 1, text="급식 뭐 나와?", replaces=of.id
    )


def deletion(of: Message, at: float = 0.0) -> Message:
    return msgspec.structs.replace(
        of, id=f"{of.id}-d", at=at or of.at + 2, text="", replaces=of.id, deleted=True
    )


def test_a_report_names_what_is_replaced_as_it_names_the_message(detector: Detector) -> None:
    first, *rest = messages(LURE)
    said = [first, edit(first), deletion(first), *rest]
    states, found = detector.assess({}, said)
    (report,) = reports("test", states["room"], found, detector.versions, 1, hidden)
    assert {turn.id for turn in report.turns} == {hidden(message.id) for message in said}
    by_id = {turn.id: turn for turn in report.turns}
    for name in (f"{first.id}-e", f"{first.id}-d"):
        assert by_id[hidden(name)].replaces == hidden(first.id)
    assert {turn.replaces for turn in report.turns} == {"", hidden(first.id)}
    assert first.id not in msgspec.json.encode(report).decode()
    assert [turn.id for turn in report.turns if turn.deleted] == [hidden(f"{first.id}-d")]
    assert hidden(f"{first.id}-d") not in {point[2] for point in report.trajectory}


def test_an_alert_raised_later_tells_of_what_was_deleted_before(detector: Detector) -> None:
    first, *rest = messages(LURE)
    states, early = detector.assess({}, [first, deletion(first)])
    assert not any(one.alerts for one in early)
    kept = _unpacker.decode(_packer.encode(states))  # as after the snapshot of a worker that ended
    states, found = detector.assess(kept, rest)
    (report,) = reports("test", states["room"], found, detector.versions, 2, hidden)
    (gone,) = [turn for turn in report.turns if turn.deleted]
    assert (gone.id, gone.replaces) == (hidden(f"{first.id}-d"), hidden(first.id))
    (original,) = [turn for turn in report.turns if turn.id == hidden(first.id)]
    assert (original.text, original.taken_back) == (first.text, None)


def test_a_deletion_alone_is_reported_with_the_risk_as_it_stood(detector: Detector) -> None:
    said = messages(LURE)
    states, found = detector.assess({}, said)
    (before,) = reports("test", states["room"], found, detector.versions, 1, hidden)
    after, found = detector.assess(states, [deletion(said[4], at=said[-1].at + 90 * 86_400)])
    (report,) = reports("test", after["room"], found, detector.versions, 2, hidden)
    assert (report.risk, report.priority, report.why) == (before.risk, before.priority, before.why)
    assert (report.raised, report.trajectory) == (False, ())
    assert [turn.deleted for turn in report.turns] == [True]


def test_states_and_messages_of_before_are_still_read(detector: Detector) -> None:
    states, _ = detector.assess({}, messages(LURE))
    plain = msgspec.msgpack.decode(_packer.encode(states))
    for turn in plain["room"]["turns"]:
        assert not {"replaces", "deleted", "taken_back"} & turn.keys(), "written as before"
    again: dict[str, ConversationState] = _unpacker.decode(msgspec.msgpack.encode(plain))
    assert again == states
    old = encode(messages(LURE)[0])
    assert b"replaces" not in old
    message = decode(old)
    assert isinstance(message, Message)
    assert (message.replaces, message.deleted) == ("", False)
