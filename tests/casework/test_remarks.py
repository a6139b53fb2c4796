"""What was uncertain in reading screenshots is kept, is no fact, and is nobody's file."""

from __future__ import annotations

import msgspec
import pytest

from ansim.casework import remarks
from ansim.casework.evidence import attached
from ansim.sources.export import Remark

GIVEN = [Remark("screens_sides", 1), Remark("screens_gap", 3, 2)]


def test_remarks_come_back_as_they_were_kept() -> None:
    assert remarks.held(msgspec.to_builtins(remarks.kept(GIVEN))) == GIVEN


def test_in_the_evidence_they_are_an_estimate_and_no_file_that_was_sent() -> None:
    item = msgspec.to_builtins(remarks.kept(GIVEN))
    photo = {"kind": "image", "name": "read screens_gap:1:1"}
    assert attached.named([item, photo]) == [photo]
    told = attached.noticed(item)
    assert told["kind"] == "reading"
    assert "screens_gap: 3 (2)" in told["words"]


@pytest.mark.parametrize(
    "item",
    [
        None,
        "read screens_gap:1:1",
        {},
        {"kind": "other"},
        {"kind": "other", "name": "read me first"},
        {"kind": "other", "name": "read screens_gap:1:99999999"},
        {"kind": "image", "name": "read screens_gap:1:1"},
    ],
)
def test_what_people_send_holds_none(item: object) -> None:
    assert remarks.held(item) == []
