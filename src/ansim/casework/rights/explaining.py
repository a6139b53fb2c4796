"""How an alert came about and what people decided, in plain words, for the person it is about.

Names stay out: of staff, of the other people in the conversation, and what those said.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ansim.casework.accountability import second_model
from ansim.casework.models import Alert, AuditEvent, Grounds, SecondOpinion, Turn
from ansim.detection import Reason
from ansim.detection.reasons import sentence
from ansim.detection.tactics import Language, tactics

SURE = 0.5
"""Probability from which a tactic counts as seen in a message."""
PARTS = ("gate", "context", "risk", "reading", "software")
"""Of the versions, those that are told."""


def _language() -> Language:
    return "en" if get_language() == "en" else "ko"


def day_and_time(at: object) -> str:
    """A moment of casework as it is told to people."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"  # type: ignore[arg-type]


def explained(alert: Alert) -> list[str]:
    """Sentences about one alert: what was read and seen, by what it was judged, who decided."""
    if alert.is_request:
        asked = _(
            "도움 요청 %(number)s번, %(at)s: 이 계정이 기관에 직접 말을 걸었습니다. "
            "의심은 없습니다."
        )
        return [
            asked % {"number": alert.pk, "at": day_and_time(alert.raised_at)},
            *decisions(alert),
        ]
    own = Turn.objects.filter(
        conversation=alert.conversation_id, author=alert.about, by_agency=False
    )
    seen = _seen(list(own.values_list("tactics", flat=True)))
    threshold = alert.versions.get("threshold")
    lines = [
        _("경보 %(number)s번, %(at)s: 소프트웨어가 이 계정의 메시지 %(n)s개를 살펴보았습니다.")
        % {"number": alert.pk, "at": day_and_time(alert.raised_at), "n": own.count()}
    ]
    if seen:
        lines.append(
            _("그 메시지들에서 본 신호 (메시지 수): %(seen)s.")
            % {"seen": ", ".join(f"{name} {number}" for name, number in seen)}
        )
    reasons = [_reason(item) for item in alert.why]
    if reasons:
        lines.append(_("사람에게 보인 까닭: %(reasons)s") % {"reasons": " ".join(reasons)})
    lines.append(
        _(
            "위험도는 0%%에서 99%% 사이의 추정이며 사실도 법적 판단도 아닙니다. 이 경보의 추정은 "
            "%(risk)s%%, 사람에게 알리는 기준은 %(threshold)s입니다."
        )
        % {
            "risk": min(99, round(100 * alert.risk)),
            "threshold": f"{100 * threshold:.0f}%"
            if isinstance(threshold, (int, float))
            else _("알 수 없음"),
        }
    )
    versions = [f"{part} {alert.versions[part]}" for part in PARTS if alert.versions.get(part)]
    lines.append(_("쓴 모델과 판: %(versions)s.") % {"versions": ", ".join(versions) or "–"})
    lines += second_reading(alert)
    lines += decisions(alert)
    return lines


def second_reading(alert: Alert) -> list[str]:
    """That a second model read it, and what came of that; nothing where no opinion is kept. What
    it wrote stays out: it tells what others said."""
    row = SecondOpinion.objects.filter(alert=alert).first()
    if row is None:
        return []
    added = round(100 * row.added)
    told = [
        _(
            "이 대화는 두 번째 모델(언어 모델 %(model)s, 질문 %(question)s)도 읽었습니다. "
            "마지막으로 %(at)s에 낸 추정은 %(risk)s%%이고, %(effect)s 이 모델은 위험도를 낮추거나 "
            "경보를 닫거나 무엇을 보내지 못하며, 저희는 계정 이름도 가명도 넘기지 않습니다."
        )
        % {
            "model": row.model,
            "question": row.prompt,
            "at": day_and_time(row.at),
            "risk": min(99, round(100 * row.risk)),
            "effect": _("경보를 올릴지 보는 위험도에 %(n)s점(100점 가운데)을 더했습니다.")
            % {"n": added}
            if added
            else _("위험도에 더한 것은 없습니다."),
        }
    ]
    if row.pictures:
        told.append(
            _("그때 그림 %(n)s장의 작은 사본도 보여 주었고, 저장해 두지 않았습니다.")
            % {"n": row.pictures}
        )
    return [*told, _second_place()]


def _second_place() -> str:
    basis = second_model.basis()
    if basis:
        return _("두 번째 모델이 지금 도는 곳: %(where)s. 처리를 맡긴 근거: %(basis)s.") % {
            "where": second_model.where(),
            "basis": basis,
        }
    return _("두 번째 모델이 지금 도는 곳: %(where)s.") % {"where": second_model.where()}


def _seen(rows: Sequence[dict[str, object]]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for row in rows:
        for name, chance in row.items():
            if isinstance(chance, (int, float)) and chance >= SURE:
                counts[name] = counts.get(name, 0) + 1
    names = tactics()
    return [
        (names[name].name(_language()) if name in names else name, number)
        for name, number in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ]


def _reason(item: dict[str, object]) -> str:
    values = item.get("values")
    reason = Reason(str(item.get("code", "")), values if isinstance(values, dict) else {})
    try:
        return sentence(reason, _language())
    except (KeyError, IndexError, ValueError):
        return reason.code


def decisions(alert: Alert) -> list[str]:
    """What people decided about the alert, oldest first; no name of anybody."""
    said = {
        "alert.claimed": _("상담원이 맡음"),
        "alert.escalation_answered": _("슈퍼바이저가 함께 봄"),
        "alert.closed": _("사람이 판단해 종결함"),
        "alert.reopened": _("판단을 거두고 다시 봄"),
    }
    rows = AuditEvent.objects.filter(
        subject_type="alert", subject_id=str(alert.pk), action__in=list(said)
    ).order_by("pk")
    steps = [f"{day_and_time(row.at)} {said[row.action]}" for row in rows]
    lines = []
    if steps:
        lines.append(_("사람이 한 일: %(steps)s.") % {"steps": "; ".join(steps)})
    if alert.outcome and alert.is_request:
        lines.append(_("사람이 한 일: %(steps)s.") % {"steps": alert.get_outcome_display()})
    elif alert.outcome:
        grounds = str(Grounds(alert.grounds).label) if alert.grounds in Grounds.values else "–"
        lines.append(
            _("사람의 판단: %(outcome)s. 까닭: %(grounds)s.")
            % {"outcome": alert.get_outcome_display(), "grounds": grounds}
        )
    else:
        lines.append(_("사람의 판단은 아직 없습니다."))
    return lines


def always() -> str:
    """What holds for every alert."""
    told = _(
        "소프트웨어는 아무것도 결정하지 않습니다. 위험해 보이는 대화를 상담원에게 보일 뿐이며, "
        "연락·신고·차단은 모두 사람이 판단합니다. 판단에 이의가 있으면 정정을 요구할 수 있습니다."
    )
    if second_model.place() is second_model.Place.OFF:
        return told
    return (
        told
        + " "
        + _(
            "낮은 기준을 넘은 대화는 두 번째 모델도 읽을 수 있습니다. 열린 경보가 없으면 그 의견은 "
            "남기지 않으므로, 읽었는지는 경보가 있을 때만 말씀드릴 수 있습니다."
        )
    )
