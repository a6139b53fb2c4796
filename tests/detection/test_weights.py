"""The committed weights load, match their card, and broken ones are refused clearly."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from ansim.detection import Detector
from ansim.detection.weights import GATE_FILE, RISK_FILE, ModelError, default_folder
from ansim.training import corpus

_FOLDER = default_folder()
_DATA = Path(__file__).parents[2] / "data" / "conversations.jsonl"


def test_the_card_names_the_committed_files_and_the_data_they_came_from() -> None:
    card = (_FOLDER / "README.md").read_text("utf-8")
    for name in (GATE_FILE, RISK_FILE):
        assert hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest() in card
    assert corpus.sha256(_DATA) in card


def test_the_weights_are_small() -> None:
    assert (_FOLDER / GATE_FILE).stat().st_size < 12_000_000


def test_versions_name_every_part() -> None:
    versions = Detector.load().versions
    assert re.fullmatch("[0-9a-f]{12}", versions.gate)
    assert re.fullmatch("[0-9a-f]{12}", versions.risk)
    assert versions.reading
    assert 0 < versions.watch < versions.threshold < 1


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=re.escape(str(tmp_path))):
        Detector.load(tmp_path)


@pytest.mark.parametrize("name", [GATE_FILE, RISK_FILE])
def test_changed_weights_are_refused_by_name(tmp_path: Path, name: str) -> None:
    for file in (GATE_FILE, RISK_FILE):
        shutil.copy(_FOLDER / file, tmp_path / file)
    raw = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(raw[: len(raw) // 2])
    with pytest.raises(ModelError, match=re.escape(name)):
        Detector.load(tmp_path)
