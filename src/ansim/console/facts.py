"""The checklist of article 15-2 as the page of an alert shows it (casework/checklist.py counts).

Numbers only, so it stands when the words are gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ansim.casework.checklist import count
from ansim.casework.models import Alert, Turn
from ansim.detection.tactics import Language


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the checklist."""

    name: str
    value: str
    places: tuple[int, ...] = ()
    """Numbers of the turns it rests on, oldest first."""


def gather(alert: Alert, language: Language, turns: Iterable[Turn] | None = None) -> list[Fact]:
    """The checklist of an alert, in the language of the page. ``turns`` are all that people said in
    its conversation, in their order, where the caller has them."""
    from ansim.console.templatetags.ansim import moment

    if turns is None:
        turns = Turn.objects.filter(conversation=alert.conversation_id).defer("text", "attachments")
    found = count(turns, alert.about)
    span = (
        f"{moment(found.first)} – {moment(found.last)}"
        if found.first is not None and found.last is not None
        else _("알 수 없음")
    )
    age = _times(len(found.ages)) if found.ages else _("대화에 나오지 않음")
    return [
        Fact(_("나이를 말한 메시지 (상대 계정이 아닌 쪽)"), age, found.ages),
        Fact(_("경보 대상의 나이"), _("알 수 없음")),
        Fact(_("경보 대상이 보낸 메시지"), _times(found.said)),
        Fact(_("이어진 기간"), span),
        Fact(_("말을 한 날"), ngettext("%(n)d일", "%(n)d일", found.days) % {"n": found.days}),
        Fact(_("성적인 말로 표시된 메시지"), _times(len(found.talk)), found.talk),
        Fact(_("사진·만남 등을 요구한 메시지"), _times(len(found.asked)), found.asked),
        Fact(_("거절한 메시지"), _times(len(found.refused)), found.refused),
        Fact(_("거절한 뒤에도 이어진 요구"), _times(len(found.after_refusal)), found.after_refusal),
    ]


def _times(n: int) -> str:
    return ngettext("%(n)d건", "%(n)d건", n) % {"n": n}
