"""The answer as a document to hand over: an A4 PDF, in the form of the house."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils import timezone

from ansim.casework.evidence.paper import LEFT, RIGHT, Paper, clock, day
from ansim.casework.models import SubjectRequest

_WORDS = (((LEFT, 150.0), "시각 / time"), ((LEFT + 154, RIGHT - LEFT - 154), "글 / words"))


def pdf(row: SubjectRequest, words: Iterable[tuple[float, str]] | None = None) -> bytes:
    """The answer of ``row``; ``words`` are the person's own messages, joined to it where asked for.

    Raises FontMissing.
    """
    agency = settings.ANSIM.agency_ko
    paper = Paper(
        f"개인정보 {row.get_kind_display()} 답변 {row.pk}",
        f"개인정보 요구에 대한 답 / Answer to a request about personal data · {agency} · {row.pk}",
        lambda _page: None,
        subject="answer to a data-subject request",
    )
    paper.part("개인정보 요구에 대한 답", "Answer to a request about personal data")
    paper.pair("번호 / number", str(row.pk))
    paper.pair("기관 / agency", agency)
    paper.pair("요구 / request", str(row.get_kind_display()))
    paper.pair("받은 날 / received", f"{timezone.localtime(row.received_at):%Y-%m-%d}")
    paper.pair("쓴 날 / written", f"{timezone.localtime():%Y-%m-%d}")
    paper.heading("답", "Answer")
    for block in (row.answer or "").split("\n"):
        paper.words(block or " ")
    if words is not None:
        paper.part("본인이 쓴 말", "Your own messages")
        paper.table(_WORDS)
        columns = [column for column, _ in _WORDS]
        for at, text in words:
            paper.row(zip(columns, (f"{day(at)} {clock(at)}", text), strict=True))
    return paper.bytes()
