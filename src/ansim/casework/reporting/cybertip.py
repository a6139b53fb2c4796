"""A draft in the form of NCMEC's CyberTipline Reporting API: online enticement, as XML and JSON.

Elements stand in the order of its schema, which the service insists on
(report.cybertip.org/ispws/documentation). Nothing is transmitted from here: a person submits it, or
has it submitted by a service that NCMEC gave an account.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from ansim.casework.reporting.completeness import moment
from ansim.casework.reporting.forms import ANNOTATIONS

INCIDENT_TYPE = "Online Enticement of Children for Sexual Acts"
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NOT_REPORTED = "not reported"


def structure(answers: Mapping[str, str]) -> dict[str, Any]:
    """The report as nested values; what is empty is left out. Flags are None."""

    def given(name: str) -> str:
        return answers.get(name, "").strip()

    at = moment(given("first_at"))
    chosen = set(given("annotations").split())
    police = given("police")
    told = bool(police) and police.lower() != _NOT_REPORTED
    years = given("young_years")
    summary = {
        "incidentType": INCIDENT_TYPE,
        "platform": given("platform"),
        "escalateToHighPriority": given("high_priority"),
        "reportAnnotations": {name: None for name, _label in ANNOTATIONS if name in chosen},
        "incidentDateTime": at.isoformat(timespec="seconds") if at else "",
        "incidentDateTimeDescription": given("first_note"),
    }
    return {
        "report": _kept(
            {
                "incidentSummary": _kept(summary),
                "internetDetails": {
                    "chatImIncident": _kept(
                        {"chatClient": given("platform"), "chatRoomName": given("room")}
                    )
                },
                "lawEnforcement": _kept(
                    {
                        "agencyName": police,
                        "caseNumber": given("police_number"),
                        "reportedToLe": "true",
                    }
                )
                if told
                else {},
                "reporter": {
                    "reportingPerson": _kept(
                        {
                            "firstName": given("given_name"),
                            "lastName": given("family_name"),
                            "email": given("mail"),
                        }
                    )
                },
                "personOrUserReported": _kept(
                    {
                        "espIdentifier": given("account"),
                        # The schema takes 100 characters of the service here, 255 elsewhere.
                        "espService": given("platform")[:100],
                        "screenName": given("screen_name"),
                    }
                ),
                "victim": {
                    "victimPerson": {"age": years} if years else {},
                    **_kept({"espIdentifier": given("young_account")}),
                }
                if years or given("young_account")
                else {},
                "additionalInfo": _additional(answers),
            }
        )
    }


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", {})}


def _additional(answers: Mapping[str, str]) -> str:
    parts = [
        answers.get("what", "").strip(),
        f"Reported by {agency}." if (agency := answers.get("agency", "").strip()) else "",
        f"Evidence package:\n{evidence}"
        if (evidence := answers.get("evidence", "").strip())
        else "",
    ]
    return "\n\n".join(part for part in parts if part)


def as_json(answers: Mapping[str, str]) -> bytes:
    """UTF-8; half a surrogate pair is written as its code point."""
    text = json.dumps(structure(answers), ensure_ascii=False, indent=1)
    return _visible(text).encode()


def as_xml(answers: Mapping[str, str]) -> bytes:
    """A document with its declaration. Characters that XML cannot hold are written out."""
    root = ET.Element(
        "report",
        {
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:noNamespaceSchemaLocation": "https://report.cybertip.org/ispws/xsd",
        },
    )
    _grow(root, structure(answers)["report"])
    ET.indent(root, " ")
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def _grow(parent: ET.Element, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        element = ET.SubElement(parent, name)
        if isinstance(value, Mapping):
            _grow(element, value)
        elif value is not None:
            element.text = _visible(str(value))


def _visible(text: str) -> str:
    return _ILLEGAL.sub(lambda found: f"〈U+{ord(found.group()):04X}〉", text)
