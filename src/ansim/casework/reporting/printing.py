"""A draft on paper: an A4 PDF, Korean with English headings, estimates on a page of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import translation

from ansim.casework.evidence.paper import Paper
from ansim.casework.reporting.forms import FORMS
from ansim.casework.reporting.questions import SECTIONS, Kind, Shape

TITLES = {
    Kind.POLICE: ("경찰 신고", "Report to the police"),
    Kind.CYBERTIP: ("NCMEC CyberTip", "Online enticement"),
    Kind.PLATFORM: ("플랫폼 신고", "Report to a platform"),
    Kind.TAKEDOWN: ("삭제 요청", "Takedown request"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands at the top: which draft this is, and who stands for it."""

    referral: int
    case: int
    version: int
    agency: str
    written_by: str
    approved_by: str = ""
    """Empty for a draft that no second person has approved."""
    do_not_warn: bool = False


def pdf(kind: str, answers: Mapping[str, str], top: Heading) -> bytes:
    """The document. The same in gives the same out. Raises FontMissing."""
    korean, english = TITLES[Kind(kind)]
    paper = Paper(
        f"{korean} {top.referral}",
        f"{korean} / {english} · {top.agency} · 사례 {top.case} · 신고 {top.referral} · "
        f"{top.version}판",
        lambda _page: None,
        subject="referral",
    )
    with translation.override("ko"):
        _print(paper, kind, answers, top)
    return paper.bytes()


def _print(paper: Paper, kind: str, answers: Mapping[str, str], top: Heading) -> None:
    paper.part(*TITLES[Kind(kind)])
    if top.approved_by:
        paper.pair("쓴 사람 / written by", top.written_by)
        paper.pair("승인한 사람 / approved by", top.approved_by)
    else:
        paper.words(
            "초안: 두 번째 사람이 아직 승인하지 않았습니다. / DRAFT, not approved.", bold=True
        )
        paper.pair("쓴 사람 / written by", top.written_by)
    if top.do_not_warn:
        paper.words(
            "수사기관이 상대에게 알리지 말라고 했습니다 (청소년성보호법 제38조의2). / "
            "The police asked that the other side is not warned.",
            bold=True,
        )
    paper.words(
        "이 문서에는 피해 청소년에 관한 내용이 있습니다. "
        "누설하면 처벌받을 수 있습니다 (청소년성보호법 제31조). / "
        "It concerns a young person; leaking it may be a crime."
    )
    section = ""
    for question in FORMS[kind]:
        words = answers.get(question.name, "").strip()
        if not words:
            continue
        if question.section != section:
            section = question.section
            heading, english = SECTIONS[section]
            if section == "estimate":
                paper.part("추정", "Estimates")
            paper.heading(str(heading), english)
        if question.shape in (Shape.WORDS, Shape.FIXED) and (len(words) > 60 or "\n" in words):
            paper.words(str(question.label), bold=True)
            paper.words(words, indent=10)
        else:
            paper.pair(str(question.label), _chosen(question.choices, words))


def _chosen(choices: tuple[tuple[str, object], ...], words: str) -> str:
    if not choices:
        return words
    labels = dict(choices)
    return ", ".join(str(labels.get(value, value)) for value in words.split())
