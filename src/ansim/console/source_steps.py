"""The steps in which a new source is entered: what each asks for, and what is still wrong with it.

What was typed lies in a draft (``source_drafts``) from the first step on, so that no step loses it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ansim.casework import source_entries
from ansim.casework.actions import source_notices, sources
from ansim.casework.errors import Refused
from ansim.casework.models import Account, SourceNotice, SourceRecord
from ansim.casework.source_entries import WrongEntry
from ansim.chat import Consent, SourceKind
from ansim.sources.contract import Declaration, Way
from ansim.sources.notices import PROPOSALS
from ansim.sources.registry import CONNECTORS

STEPS: dict[str, Any] = {
    "connector": gettext_lazy("연결 방식"),
    "kind": gettext_lazy("이름과 종류"),
    "basis": gettext_lazy("법적 근거"),
    "rooms": gettext_lazy("방에 알리기"),
    "entries": gettext_lazy("연결 정보"),
    "summary": gettext_lazy("확인"),
}
WITH_CONSENT = (SourceKind.DONATED, SourceKind.VISIBLE_BOT)

BASES: dict[str, Any] = {
    SourceKind.PUBLIC_ROOM: gettext_lazy(
        "누구나 볼 수 있게 공개된 대화와 글만, 청소년을 보호할 정당한 이익에 따라 읽음 (개인정보 "
        "보호법 제15조 제1항 제6호). 로그인한 사람이나 초대받은 사람만 보는 곳은 읽지 않음"
    ),
    SourceKind.VISIBLE_BOT: gettext_lazy(
        "방에 있는 모두에게 누가 왜 읽는지와 멈추는 방법을 먼저 알리고 그 뒤의 말만 읽음 (개인정보 "
        "보호법 제15조 제1항 제1호 동의). 한 사람이라도 원하지 않으면 멈춤"
    ),
    SourceKind.DONATED: gettext_lazy(
        "대화 당사자가 받은 뒤에 스스로 제공함 (개인정보 보호법 제15조 제1항 제1호 동의, 만 14세 "
        "미만은 제22조의2에 따른 법정대리인 동의)"
    ),
    SourceKind.PLATFORM_PARTNER: gettext_lazy(
        "플랫폼 운영자가 자기 약관과 법에 따른 의무를 근거로 자기 서비스의 대화를 보냄 (협약 "
        "이름과 날짜: )"
    ),
}
"""Proposals that an administrator makes fit: what holds in their case, somebody has to judge."""

CONSENTS: dict[str, tuple[str, Any]] = {
    SourceKind.VISIBLE_BOT: (
        "all present",
        gettext_lazy("읽기 전에 방에 안내함. 새로 온 사람에게도 안내하고, 누구든 멈출 수 있음"),
    ),
    SourceKind.DONATED: (
        "participant",
        gettext_lazy("기관 창구에서 안내를 받고 스스로 보냄"),
    ),
}
GIVERS: dict[str, Any] = {
    "all present": gettext_lazy("방에 있는 모두"),
    "participant": gettext_lazy("대화에 참여한 본인"),
    "guardian": gettext_lazy("보호자(법정대리인)"),
    "operator": gettext_lazy("방이나 서비스의 운영자"),
}
"""Who can have consented: a role, never a name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a step from being done; ``field`` is the entry it is about."""

    field: str
    sentence: str


def offered() -> list[Declaration]:
    """Connectors a source can be declared for here. Files are read on their own page, and the demo
    room declares itself."""
    return [
        one
        for name, one in sorted(CONNECTORS.items())
        if one.way is not Way.FILE and name != "demo"
    ]


def declaration(draft: Mapping[str, str]) -> Declaration | None:
    return next((one for one in offered() if one.name == draft.get("connector")), None)


def of(draft: Mapping[str, str]) -> list[str]:
    """The steps that this source needs; all, as long as its connector is not chosen."""
    one = declaration(draft)
    if one is None:
        return list(STEPS)
    left_out = set()
    if not source_notices.kinds(one):
        left_out.add("rooms")
    if not one.fields:
        left_out.add("entries")
    return [step for step in STEPS if step not in left_out]


def asked(step: str, draft: Mapping[str, str]) -> list[str]:
    """Names of the entries of one step, as they stand in its form."""
    one = declaration(draft)
    if step == "connector":
        return ["connector"]
    if step == "kind":
        return ["id", "name", "kind", "private"]
    if step == "basis":
        return ["legal_basis", "given_by", "how"]
    if step == "rooms":
        kinds = source_notices.kinds(one)
        return ["rule", "language"] + [f"{kind.value}-{lang}" for kind in kinds for lang in _BOTH]
    if step == "entries" and one is not None:
        return [f"entry-{field.name}" for field in one.fields]
    return []


_BOTH = ("ko", "en")


def problems(step: str, draft: Mapping[str, str]) -> list[Problem]:
    """What is wrong with one step; nothing where it is done."""
    check: Callable[[Mapping[str, str]], list[Problem]] = {
        "connector": _connector,
        "kind": _kind,
        "basis": _basis,
        "rooms": _rooms,
        "entries": _entries,
    }.get(step, lambda _draft: [])
    return check(draft)


def first_open(draft: Mapping[str, str]) -> str:
    """The first step that is not done yet."""
    return next((step for step in of(draft) if problems(step, draft)), "summary")


def declare(draft: Mapping[str, str], actor: Account) -> tuple[SourceRecord, str]:
    """Declares the source that the draft describes. Raises Refused."""
    one = declaration(draft)
    if one is None:
        raise Refused("unlawful", _("연결 방식을 골라 주세요."))
    kind = SourceKind(draft["kind"])
    settings, credentials = source_entries.split(one, _entered(one, draft))
    return sources.declare(
        draft["id"].strip(),
        draft["name"],
        kind,
        draft["legal_basis"].strip(),
        actor=actor,
        consent=(
            Consent(given_by=draft["given_by"], given_at=time.time(), how=draft["how"].strip())
            if kind in WITH_CONSENT
            else None
        ),
        connector=one.name,
        private_messages=draft.get("private") == "on",
        settings=settings,
        credentials=credentials,
        rule=draft.get("rule") or SourceRecord.RoomRule.TOLD,
        language=draft.get("language") or "ko",
        notices=notices(one, draft),
    )


def notices(one: Declaration | None, draft: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The wordings as they stand in the draft, else as they are proposed."""
    return {
        kind.value: {
            language: draft.get(f"{kind.value}-{language}") or PROPOSALS[kind][language]
            for language in _BOTH
        }
        for kind in source_notices.kinds(one)
    }


def notice_rows(one: Declaration | None, draft: Mapping[str, str]) -> list[dict[str, Any]]:
    """The notices as the step of rooms shows them, those first that have to be approved."""
    needed = source_notices.needed(one, draft.get("rule") or SourceRecord.RoomRule.TOLD)
    rows = [
        {"kind": kind, "label": SourceNotice.Kind(kind).label, **texts, "needed": kind in needed}
        for kind, texts in notices(one, draft).items()
    ]
    return sorted(rows, key=lambda row: not row["needed"])


def entry_rows(one: Declaration, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """The entries of a connector as a form shows them; of a secret only whether it is there."""
    return [
        {
            "field": field,
            "id": f"entry-{field.name}",
            "value": "" if field.secret else given.get(field.name) or field.default,
            "there": field.secret and bool(given.get(field.name)),
        }
        for field in one.fields
    ]


def _entered(one: Declaration, draft: Mapping[str, str]) -> dict[str, str]:
    return {field.name: draft.get(f"entry-{field.name}", "") for field in one.fields}


def entered(draft: Mapping[str, str]) -> dict[str, str]:
    """What stands in the draft for the connector's entries, by their own names."""
    one = declaration(draft)
    return _entered(one, draft) if one is not None else {}


def _connector(draft: Mapping[str, str]) -> list[Problem]:
    if declaration(draft) is None:
        return [Problem("connector", _("연결 방식을 골라 주세요."))]
    return []


def _kind(draft: Mapping[str, str]) -> list[Problem]:
    one, found = declaration(draft), []
    if not draft.get("name", "").strip() or len(draft["name"].strip()) > 120:
        found.append(Problem("name", _("출처의 이름을 적어 주세요.")))
    label = draft.get("id", "").strip()
    try:
        validate_slug(label)
        fits = len(label) <= 60
    except ValidationError:
        fits = False
    if not fits:
        words = _("이름표는 영어 글자, 숫자, -, _ 만으로 60자까지 적어 주세요. 예: matrix-room")
        found.append(Problem("id", words))
    elif SourceRecord.objects.filter(pk=label).exists():
        found.append(Problem("id", _("같은 이름표의 출처가 이미 있습니다.")))
    if one is not None and draft.get("kind") not in {kind.value for kind in one.kinds}:
        found.append(Problem("kind", _("이 연결 방식이 할 수 있는 종류 가운데 골라 주세요.")))
    return found


def _basis(draft: Mapping[str, str]) -> list[Problem]:
    found = []
    if not draft.get("legal_basis", "").strip():
        found.append(Problem("legal_basis", _("왜 읽어도 되는지 적어 주세요.")))
    if draft.get("kind") in WITH_CONSENT:
        if draft.get("given_by") not in GIVERS:
            found.append(Problem("given_by", _("누가 동의했는지 골라 주세요.")))
        if not draft.get("how", "").strip():
            found.append(Problem("how", _("어떻게 알리고 동의를 받는지 적어 주세요.")))
    return found


def _rooms(draft: Mapping[str, str]) -> list[Problem]:
    found = []
    if draft.get("rule") not in SourceRecord.RoomRule.values:
        found.append(Problem("rule", _("언제부터 읽을지 골라 주세요.")))
    if draft.get("language") not in _BOTH:
        found.append(Problem("language", _("방의 언어를 골라 주세요.")))
    one = declaration(draft)
    for kind in source_notices.kinds(one):
        for language, words in notices(one, draft)[kind.value].items():
            try:
                source_notices.fit(kind, language, words)
            except Refused as refused:
                found.append(Problem(f"{kind.value}-{language}", str(refused)))
    return found


def _entries(draft: Mapping[str, str]) -> list[Problem]:
    one = declaration(draft)
    if one is None:
        return []
    try:
        source_entries.check(one, *source_entries.split(one, _entered(one, draft)))
    except WrongEntry as wrong:
        return [Problem(f"entry-{wrong.field}", str(wrong))]
    return []
