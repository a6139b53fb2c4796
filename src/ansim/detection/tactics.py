"""The sixteen tactics and five youth signals, with the names a counsellor reads (taxonomy.json)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from ansim.detection.labels import SHOWN

Language = Literal["ko", "en"]


class Tactic(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the taxonomy. ``severity`` runs from 1 to 5; signals have 0 and no stage."""

    id: str
    ko: str
    en: str
    stage: str = ""
    severity: int = 0
    law: str = ""
    forms: tuple[str, ...] = ()

    def name(self, language: Language = "ko") -> str:
        return self.ko if language == "ko" else self.en.replace("_", " ")


class _Taxonomy(msgspec.Struct, frozen=True):
    labels: tuple[Tactic, ...]


_SIGNALS = (
    Tactic(id="V1", ko="거절", en="refusal"),
    Tactic(id="V2", ko="괴로움·자해 신호", en="distress_or_self-harm"),
    Tactic(id="V3", ko="나이를 밝힘", en="age_disclosed"),
    Tactic(id="V4", ko="도움 요청", en="asks_for_help"),
    Tactic(id="V5", ko="이미 사진을 보냈다고 말함", en="says_a_picture_was_sent"),
)


@cache
def tactics() -> dict[str, Tactic]:
    """All tactics and signals by id, in the order of the taxonomy."""
    text = files("ansim.detection").joinpath("taxonomy.json").read_bytes()
    taxonomy = msgspec.json.decode(text, type=_Taxonomy)
    found = {tactic.id: tactic for tactic in (*taxonomy.labels, *_SIGNALS)}
    missing = [label for label in SHOWN if label not in found]
    if missing:
        raise ValueError(f"taxonomy.json has no entry for {', '.join(missing)}")
    return found
