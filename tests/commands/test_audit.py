"""`ansim audit` at the keyboard."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection

from ansim.casework.actions import audit
from tests.told import ansim

pytestmark = pytest.mark.django_db


def test_a_month_on_paper_and_what_it_is_good_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [audit.row("agency.written", "agency", n, actor=audit.SETUP) for n in range(4)]
    for row in rows:
        row.save()
    status, told = ansim(capsys, "audit", "verify")
    assert status == 0
    assert "4 rows in place" in told
    status, told = ansim(capsys, "audit", "close")
    assert status == 0
    assert "segment 1: 4 rows, anchor " in told
    status, paper = ansim(capsys, "audit", "anchors", "--json")
    assert status == 0
    assert json.loads(paper)["newest"]["link"] == 5  # closing is a row of its own
    kept = tmp_path / "paper.json"
    kept.write_text(paper)
    assert ansim(capsys, "audit", "verify", "--against", str(kept))[0] == 0
    assert json.loads(paper)["segments"][0]["anchor"] in ansim(capsys, "audit", "anchors")[1]
    guard = import_module("ansim.casework.migrations.0011_audit_chain")
    with connection.cursor() as cursor:
        for statement in guard.UNDO[connection.vendor]:
            cursor.execute(statement)
        cursor.execute(
            "UPDATE casework_auditevent SET subject_id = '77' WHERE id = %s", [rows[2].pk]
        )
    status, told = ansim(capsys, "audit", "verify")
    assert status == 1
    assert f"BROKEN: link 3 (audit row {rows[2].pk}): the row does not match its hash" in told


def test_another_chain_than_the_one_on_paper_is_broken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audit.row("agency.written", "agency", 1, actor=audit.SETUP).save()
    _, paper = ansim(capsys, "audit", "anchors", "--json")
    told = json.loads(paper)
    told["newest"]["hash"] = "0" * 64
    kept = tmp_path / "paper.json"
    kept.write_text(json.dumps(told))
    status, said = ansim(capsys, "audit", "verify", "--against", str(kept))
    assert status == 1
    assert "link 1" in said


@pytest.mark.parametrize("content", ["[]", "no json", None])
def test_a_file_that_holds_no_anchors_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    kept = tmp_path / "paper.json"
    if content is not None:
        kept.write_text(content)
    status, told = ansim(capsys, "audit", "verify", "--against", str(kept))
    assert status == 2
    assert str(kept) in told


def test_nothing_to_close_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    status, told = ansim(capsys, "audit", "close")
    assert status == 2
    assert "닫을 감사 기록이 없습니다" in told
