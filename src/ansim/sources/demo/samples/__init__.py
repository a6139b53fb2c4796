"""Sample conversations to replay, written for this project at the level of prevention leaflets."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from ansim.sources.demo.rooms import Voice


class Speaker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nickname: str
    voice: Voice


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``at`` is in seconds since the start of the sample."""

    at: float
    by: str
    text: str


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One conversation: an invented one, with invented people."""

    id: str
    risky: bool
    title_ko: str
    title_en: str
    speakers: dict[str, Speaker]
    turns: list[Turn]


@cache
def samples() -> dict[str, Sample]:
    """All samples by id, in the order of their files' names."""
    folder = files(__name__)
    found = sorted(
        (each for each in folder.iterdir() if each.name.endswith(".json")), key=lambda f: f.name
    )
    read = [msgspec.json.decode(each.read_bytes(), type=Sample) for each in found]
    return {sample.id: sample for sample in read}
