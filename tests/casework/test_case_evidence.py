"""The evidence of a whole case: every alert of it in one package that `ansim verify` accepts."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import pytest

from ansim.casework.actions import (
    alerts,
    case_members,
    case_notes,
    case_people,
    cases,
    evidence,
    opinions,
)
from ansim.casework.errors import Refused
from ansim.casework.evidence.packing import Package
from ansim.casework.evidence.verifying import verify
from ansim.casework.models import Account, AuditEvent, Case, SourceRecord
from ansim.casework.roles import Role
from ansim.cli import main
from tests.casework.conftest import report, risky, turn
from tests.casework.test_opinions import opinion

pytestmark = pytest.mark.django_db

RAW = {"room": "방-55", "second": "방-66", "stranger": "raw-77", "youth": "raw-88"}


def known(conversation: str, accounts: Sequence[str]) -> dict[str, str] | None:
    return {name: RAW[name] for name in (conversation, *accounts) if name in RAW}


def silent(*_: object) -> None:
    """Nobody wants to know how far it is."""


def raised(sequence: int, room: str, about: str) -> int:
    turns = (turn(1, author="youth", text="네?"), risky(2, author=about))
    [pk] = alerts.raise_or_update(
        [report(sequence, conversation=room, about=about, turns=turns, raised=True)]
    )
    return pk


@pytest.fixture
def case(source: SourceRecord, supervisor: Account) -> Case:
    """Three alerts: two in one room, one in another."""
    numbers = [
        raised(1, "room", "stranger"),
        raised(2, "room", "other"),
        raised(3, "second", "stranger"),
    ]
    case = cases.open_case(numbers, supervisor, "비밀 이름", young="youth")
    person = case.people.get(part="young")
    case_people.save_person(case.pk, supervisor, person.pk, {"needs": "비밀 필요"})
    case_notes.write(case.pk, supervisor, "비밀 메모")
    return case


def packed(case: Case, actor: Account, *, unmask: bool = False) -> Package:
    return evidence.make(
        evidence.order_case(case.pk, actor, "수사 협조", unmask=unmask), known, silent
    )


def files(package: Package) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(package.content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_every_alert_has_its_folder_and_a_shared_conversation_is_told_once(
    case: Case, supervisor: Account
) -> None:
    inside = files(packed(case, supervisor))
    first, second, third = case.joined.values_list("alert", flat=True)
    told = json.loads(inside["facts/case.json"])
    assert [row["alert"] for row in told["alerts"]] == [first, second, third]
    assert {row["pseudonym"] for row in told["accounts"]} == {"youth", "stranger", "other"}
    assert len(inside[f"facts/alert-{first}/messages.jsonl"].splitlines()) == 2
    assert f"facts/alert-{second}/messages.jsonl" not in inside
    assert json.loads(inside[f"facts/alert-{second}/source.json"])["told_with_alert"] == first
    assert len(inside[f"facts/alert-{third}/messages.jsonl"].splitlines()) == 2
    assert json.loads(inside[f"assessment/alert-{second}/alert.json"])["about"] == "other"
    manifest = json.loads(inside["manifest.json"])
    assert manifest["alerts"] == [first, second, third]
    assert manifest["messages"] == 4
    log = [json.loads(line) for line in inside["log/audit.jsonl"].splitlines()]
    assert len({row["audit"] for row in log}) == len(log), "each row once"
    subjects = {row["subject"] for row in log if row["action"] == "evidence.ordered"}
    assert subjects == {f"case {case.pk}", *(f"alert {pk}" for pk in (first, second, third))}
    assert inside["evidence.pdf"].startswith(b"%PDF")


def test_counselling_stays_inside(case: Case, supervisor: Account) -> None:
    for path, content in files(packed(case, supervisor)).items():
        assert "비밀".encode() not in content, path
        assert b"case.noted" not in content, path


def test_it_is_sound_and_any_changed_byte_is_found_in_its_file(
    case: Case, supervisor: Account
) -> None:
    content = packed(case, supervisor).content
    report_ = verify(content, evidence.signer().fingerprint)
    assert report_.sound, report_.faults
    assert report_.known_key
    third = case.joined.order_by("-alert")[0].alert_id
    path = f"facts/alert-{third}/messages.jsonl"
    with zipfile.ZipFile(BytesIO(content)) as opened:
        begin = opened.getinfo(path).header_offset + 30 + len(path)
    for place, where in ((begin + 25, path), (len(content) // 2, ""), (40, "")):
        changed = bytearray(content)
        changed[place] ^= 1
        found = verify(bytes(changed)).faults
        assert found, place
        if where:
            assert {fault.file for fault in found} == {where}


def test_the_command_makes_checks_and_opens_it(
    case: Case,
    supervisor: Account,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from io import StringIO

    from ansim.commands import evidence as command

    monkeypatch.setattr(command, "_routed", lambda: known)
    out = tmp_path / "case.zip"
    words = ["--as", "supervisor", "--reason", "영장"]
    monkeypatch.setattr("sys.stdin", StringIO("pw\n"))
    made = ["evidence", "export", "--case", str(case.pk), *words, "-o", str(out)]
    assert main(made) == 0
    assert main(["verify", str(out)]) == 0
    assert f"사례 / case {case.pk}" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", StringIO("pw\n"))
    assert main(["evidence", "names", str(out), *words]) == 0
    opened = dict(line.split("  ") for line in capsys.readouterr().out.splitlines())
    assert opened == RAW
    event = AuditEvent.objects.filter(action="evidence.unmasked").latest("pk")
    assert (event.subject_type, event.subject_id) == ("case", str(case.pk))


def test_only_those_in_the_case_with_the_right_role_take_it_out(
    case: Case, counsellor: Account, supervisor: Account, person: Callable[..., Account]
) -> None:
    liaison = person(Role.LIAISON)
    for who, code in ((counsellor, "not_allowed"), (liaison, "not_admitted")):
        with pytest.raises(Refused) as refused:
            evidence.order_case(case.pk, who, "수사 협조")
        assert refused.value.code == code
    with pytest.raises(Refused):
        evidence.order_case(case.pk, supervisor, " ")
    assert not AuditEvent.objects.filter(action="evidence.ordered").exists()
    case_members.admit(case.pk, supervisor, liaison.pk, "수사 연계")
    order = evidence.order_case(case.pk, liaison, "수사 협조")
    case_members.leave(case.pk, supervisor, liaison.pk)
    with pytest.raises(Refused) as refused:
        evidence.make(order, known, silent)
    assert refused.value.code == "not_admitted"
    assert AuditEvent.objects.get(action="evidence.failed").subject_type == "case"


def test_a_second_opinion_stands_with_its_own_alert_wherever_the_conversation_is_told(
    case: Case, supervisor: Account
) -> None:
    quotes = (("m2", "사진 보낼래?", "T09"),)
    opinions.add([opinion(30, about="other", quotes=quotes)])
    first, second, third = case.joined.values_list("alert", flat=True)
    package = packed(case, supervisor)
    inside = files(package)
    told = json.loads(inside[f"assessment/alert-{second}/alert.json"])["second_opinion"]
    assert told["quotes"] == [
        {"message": "m2", "number": None, "tactic": "T09", "text": "사진 보낼래?"}
    ]
    for other in (first, third):
        assert b"second_opinion" not in inside[f"assessment/alert-{other}/alert.json"]
    assert verify(package.content).sound
