"""An operator's list of words for T12. The words here are harmless stand-ins."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansim.detection import Detector
from ansim.detection.operator_words import OperatorWords
from tests.detection.talk import messages


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "words.txt"
    path.write_text("# an operator's own\n나비효과\n파란 우산\n", "utf-8")
    return path


def test_a_listed_word_counts_as_t12_and_the_same_turn_without_the_list_does_not(
    listed: Path,
) -> None:
    said = messages([("a", "나비효과 얘기나 하자")])
    _, with_list = Detector.load(words=listed).assess({}, said)
    _, without = Detector.load().assess({}, said)
    assert with_list[0].turn.tactics["T12"] > 0.9
    assert without[0].turn.tactics.get("T12", 0.0) < 0.5


def test_it_is_found_in_the_spellings_that_reading_undoes(listed: Path) -> None:
    words = OperatorWords.load(listed)
    said = messages([("a", "나.비.효.과 얘기")])
    _, found = Detector.load(words=listed).assess({}, said)
    assert found[0].turn.tactics["T12"] > 0.9
    assert not words.within("나비가 효과")


def test_the_list_is_named_in_the_versions(listed: Path) -> None:
    assert Detector.load(words=listed).versions.words == OperatorWords.load(listed).version
    assert Detector.load().versions.words == ""


@pytest.mark.parametrize("content", [b"", b"# only a comment\n\n", b"\xff\xfe\x00"])
def test_a_list_that_cannot_be_used_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.txt"):
        Detector.load(words=path)
    with pytest.raises(ValueError, match=r"absent\.txt"):
        Detector.load(words=tmp_path / "absent.txt")
