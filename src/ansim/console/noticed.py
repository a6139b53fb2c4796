"""What was noticed in a picture or a voice message, in words for the page.

Words and codes are the chat's own and stay covered like its text; that a list matched, what a code
leads to, and why something could not be read are findings and stand there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from ansim.casework import remarks
from ansim.console.marking import harmless
from ansim.console.templatetags.ansim import language
from ansim.sources.export import Remark

_SCREEN = re.compile(r"screen-(\d{1,2})")
"""Name of what stands beside the messages of a screenshot (`pictured`)."""
MOST_WORDS = 4_000
"""Characters of an attachment shown; what is beyond is told, not shown."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code in a picture: where it leads, and its text where that may be seen."""

    leads_to: str
    text: str


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment as the page shows it."""

    kind: str
    heading: str = ""
    """What its words are called: words in a picture, or what was said."""
    words: str = ""
    covered: bool = False
    """There are words or codes that may not be seen now."""
    codes: tuple[Code, ...] = ()
    known: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    unread: str = ""
    """Why it was not read or heard, in words."""
    remarks: tuple[str, ...] = ()
    """What was uncertain when screenshots were read."""


def _sentences(remarks: Sequence[Remark]) -> tuple[str, ...]:
    sentences = []
    for one in remarks:
        with suppress(KeyError):  # of another version
            sentences.append(one.sentence(language()))
    return tuple(sentences)


def attached(item: Any, *, revealed: bool) -> Attached:
    """An attachment as it is kept. Odd ones are shown as far as they make sense."""
    kept = item if isinstance(item, dict) else {}
    kind = str(kept.get("kind"))
    name = _kind(kind)
    uncertain = remarks.held(kept)
    if uncertain:
        return Attached(_("읽으면서 확실하지 않았던 것"), remarks=_sentences(uncertain))
    seen = kept.get("noticed")
    if not isinstance(seen, dict):
        return Attached(name, unread=_nobody_looked(kind))
    words, codes = str(seen.get("text") or ""), _each(seen.get("codes"))
    screen = _SCREEN.fullmatch(str(kept.get("name") or ""))
    if screen:
        name = _("화면 %(number)s") % {"number": screen[1]}
    return Attached(
        kind=name,
        heading=_heading(kind, screen=bool(screen)),
        words=_shortened(harmless(words)) if revealed else "",
        covered=bool((words or codes) and not revealed),
        codes=tuple(
            Code(
                _leads(str(code.get("leads_to"))),
                harmless(str(code.get("text", ""))) if revealed else "",
            )
            for code in codes
        ),
        known=tuple(
            _("목록 %(list)s의 사진과 %(bits)s비트 차이")
            % {"list": harmless(str(hit.get("list", ""))), "bits": _bits(hit.get("distance"))}
            for hit in _each(seen.get("known"))
        ),
        labels=tuple(
            f"{harmless(str(label.get('name', '')))} {_percent(label.get('score'))}"
            f" ({harmless(str(label.get('classifier', '')))})"
            for label in _each(seen.get("labels"))
        ),
        unread=_why(str(seen.get("unread") or ""), kind),
    )


def _heading(kind: str, *, screen: bool) -> str:
    if screen:
        return _("화면에서 본 것 (메시지 밖)")
    return _("음성 메시지의 말") if kind == "audio" else _("사진 속 글")


def _each(listed: Any) -> list[dict[str, Any]]:
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _bits(distance: Any) -> str:
    return str(distance) if isinstance(distance, int) else "?"


def _percent(score: Any) -> str:
    return f"{score:.0%}" if isinstance(score, int | float) else ""


def _shortened(words: str) -> str:
    return words if len(words) <= MOST_WORDS else words[:MOST_WORDS] + " …"


def _kind(kind: str) -> str:
    kinds = {
        "image": _("사진"),
        "video": _("동영상"),
        "audio": _("음성"),
        "file": _("파일"),
        "sticker": _("이모티콘"),
        "location": _("위치"),
        "contact": _("연락처"),
        "call": _("통화"),
        "link": _("링크"),
    }
    return kinds.get(kind, _("첨부"))


def _leads(where: str) -> str:
    places = {"messenger": _("다른 메신저로 부르는 코드"), "link": _("인터넷 주소 코드")}
    return places.get(where, _("코드"))


def _nobody_looked(kind: str) -> str:
    """Of what could have been read or heard, and was not: that is never the same as harmless."""
    if kind == "audio":
        return _("듣지 못함: 소리를 받지 않았어요")
    if kind == "image":
        return _("읽지 못함: 사진을 받지 않았어요")
    return ""


def _why(code: str, kind: str) -> str:
    if not code:
        return ""
    reasons = {
        "unknown_type": _("모르는 형식이에요"),
        "too_large": _("너무 커요"),
        "too_many_pixels": _("너무 커요"),
        "too_many": _("너무 많아요"),
        "damaged": _("파일이 깨졌어요"),
        "too_slow": _("시간 안에 끝나지 않았어요"),
        "too_costly": _("메모리가 모자라요"),
        "busy": _("기다리는 것이 너무 많았어요"),
        "no_reader": _("글자 인식기가 없어요"),
        "classifier": _("분류기가 멈췄어요"),
        "not_fetched": _("내용을 가져올 수 없었어요"),
        "not_heard": _("받아쓰는 프로그램이 없어요"),
        "no_answer": _("받아쓰는 곳이 답하지 않았어요"),
    }
    reason = reasons.get(code, _("읽는 중에 문제가 생겼어요"))
    whole = _("듣지 못함: %(why)s") if kind == "audio" else _("읽지 못함: %(why)s")
    return whole % {"why": reason}
