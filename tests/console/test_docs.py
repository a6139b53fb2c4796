"""docs/console.md tells the truth about roles and the audit log."""

from __future__ import annotations

import re
from pathlib import Path

from ansim.casework.models import Delivery
from ansim.casework.roles import TABLE, Act, Role

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/console.md").read_text("utf-8")
PARTS = (
    "account|alert|case|message|source|template|donation|intake|retention|stream"
    "|request|reading|report|referral|duty"
    "|agency|donor|channel|notice|shift|verdicts|view|audit|hold|original|keys|backup|evidence|repeat"
)


def test_the_table_of_roles_is_the_one_in_force() -> None:
    rows = dict(re.findall(r"^\| (\w+) \|(.*)\|$", PAGE, re.M))
    assert [cell.strip() for cell in rows["act"].split("|")] == [role.value for role in Role]
    for act in Act:
        cells = [cell.strip() for cell in rows[act.value].split("|")]
        assert cells == ["yes" if act in TABLE[role] else "" for role in Role], act


def test_every_audit_action_is_documented_and_written_somewhere() -> None:
    code = "".join(
        path.read_text("utf-8") for path in (ROOT / "src/ansim/casework/actions").glob("*.py")
    )
    written = set(re.findall(rf'"((?:{PARTS})\.[a-z_]+)"', code))
    # record_delivery names its row after the state; back to the queue is one of them.
    written |= {f"message.{state}" for state in Delivery.values if state != Delivery.LAID}
    assert set(re.findall(rf"`((?:{PARTS})\.[a-z_]+)`", PAGE)) == written
