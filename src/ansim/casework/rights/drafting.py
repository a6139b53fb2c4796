"""The draft of an answer: what is held, why, how long, who was told, and how it came about.

A person reads it, strikes what would harm somebody else, and adds what the software cannot know.
"""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ansim.casework.models import SubjectRequest
from ansim.casework.rights import holdings
from ansim.casework.rights.explaining import always, day_and_time, explained
from ansim.casework.rights.holdings import Holding, Room

Kind = SubjectRequest.Kind


def draft(row: SubjectRequest, found: Holding | None) -> str:
    """The answer as far as the software can write it, in the language of the page."""
    parts = [_opening(row)]
    if found is None or found.nothing:
        parts.append(
            _("말씀하신 계정으로 저희가 가지고 있는 대화나 경보는 없습니다. (찾은 날: %(at)s)")
            % {"at": day_and_time(row.looked_at or timezone.now())}
        )
    elif row.kind == Kind.EXPLANATION:
        parts += ["\n".join(explained(alert)) for alert in found.alerts] or [
            _("이 계정에 대한 경보는 없습니다. 다른 계정에 대한 경보의 대화에 말이 남아 있습니다.")
        ]
        if not found.alerts and any(room.opinions for room in found.rooms):
            parts.append(_("그 대화는 두 번째 모델도 읽었습니다."))
        parts.append(always())
    elif row.kind == Kind.CORRECTION:
        parts.append(_corrected(row))
    elif row.kind == Kind.STOP:
        parts.append(_stopped(row))
    else:
        parts += _held(found)
    parts.append(_closing())
    return "\n\n".join(parts)


def _opening(row: SubjectRequest) -> str:
    return _("%(day)s에 받은 개인정보 %(kind)s 요구(%(by)s)에 답합니다.") % {
        "day": f"{timezone.localtime(row.received_at):%Y-%m-%d}",
        "by": row.get_by_display(),
        "kind": row.get_kind_display(),
    }


def _held(found: Holding) -> list[str]:
    """What article 35 (and article 41 of the decree) asks for: items, purpose, time, third
    parties, consent."""
    source = found.source
    consent = source.value().consent
    parts = [
        _("1. 가지고 있는 것\n%(rooms)s")
        % {"rooms": "\n".join(_room(room) for room in found.rooms)},
        _(
            "2. 까닭과 근거\n아동·청소년을 온라인 그루밍에서 지키는 상담을 위해서입니다. "
            "출처: %(source)s (%(kind)s). 법적 근거: %(basis)s"
        )
        % {
            "source": source.name,
            "kind": source.get_kind_display(),
            "basis": source.legal_basis,
        },
        _("3. 동의\n%(consent)s")
        % {
            "consent": _("%(day)s에 받은 동의 기록이 있습니다.")
            % {"day": day_and_time(_moment(consent.given_at))}
            if consent
            else _("동의가 아닌 위의 근거로 처리합니다.")
        },
        _("4. 제3자에게 준 것\n%(agencies)s")
        % {"agencies": "\n".join(_told(found)) or _("없습니다.")},
    ]
    stops, notes = holdings.stops(found), holdings.corrections(found)
    if stops or notes:
        parts.append(
            _("5. 이미 한 일\n처리를 멈춘 것 %(stops)s건, 원본 곁에 적은 정정 %(notes)s건.")
            % {"stops": len(stops), "notes": len(notes)}
        )
    return parts


def _told(found: Holding) -> list[str]:
    """Who learned of it outside, and when."""
    told = [(row.made_at, row.agency.name) for row in found.hand_offs]
    told += [
        (row.sent_at, str(row.get_kind_display()))
        for row in holdings.reports(found)
        if row.sent_at is not None
    ]
    return [f"- {day_and_time(at)} {name}" for at, name in sorted(told)]


def _moment(at: float) -> object:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, tz=UTC)


def _room(room: Room) -> str:
    until = (
        _("늦어도 %(day)s까지 가지고 있음")
        % {"day": f"{timezone.localtime(room.text_until):%Y-%m-%d}"}
        if room.text_until and not room.on_hold
        else _("법적 요청으로 더 보존 중")
        if room.on_hold
        else _("글은 이미 지움")
    )
    line = _(
        "- 대화 …%(tail)s: 이 계정의 메시지 %(n)s개, 그중 글이 남은 것 %(text)s개 (%(until)s); "
        "경보 %(alerts)s건; 저희가 이 계정에만 보낸 글 %(sent)s개"
    ) % {
        "tail": room.conversation.pseudonym[-4:],
        "n": room.messages,
        "text": room.with_text,
        "until": until,
        "alerts": len(room.alerts),
        "sent": room.sent_to,
    }
    if room.originals:
        line += _("; 법적 보존 때문에 봉인해 둔 이 계정의 사진 원본 %(n)s장") % {
            "n": room.originals
        }
    if room.opinions:
        line += _(
            "; 두 번째 모델이 이 대화를 읽고 쓴 의견 %(n)s건, 그중 글이 남은 것 %(held)s건"
        ) % {"n": room.opinions, "held": room.opinions_in_words}
    return line


def _corrected(row: SubjectRequest) -> str:
    notes = list(row.corrections.select_related("alert"))
    if not notes:
        return _("(아직 정정한 것이 없습니다. 먼저 원본 곁에 적어 주세요.)")
    lines = [
        _("- %(at)s, 경보 %(number)s번 곁에: %(words)s")
        % {"at": day_and_time(note.made_at), "number": note.alert_id, "words": note.text or "–"}
        for note in notes
    ]
    return _(
        "대화의 원본은 증거일 수 있어 바꾸지 않고, 말씀을 그 곁에 적어 이 대화를 보는 모든 사람이 "
        "함께 보게 했습니다.\n%(lines)s"
    ) % {"lines": "\n".join(lines)}


def _stopped(row: SubjectRequest) -> str:
    rows = list(row.stops.filter(ended_at=None))
    if not rows:
        return _("(아직 멈춘 것이 없습니다. 먼저 처리를 멈춰 주세요.)")
    lines = [
        _("- %(at)s부터 이 대화 전체를 읽지 않습니다.") % {"at": day_and_time(stop.since)}
        if stop.conversation_id
        else _("- %(at)s부터 이 계정의 메시지를 읽지 않습니다.") % {"at": day_and_time(stop.since)}
        for stop in rows
    ]
    return "\n".join(
        [
            *lines,
            _("이미 읽었으나 경보가 되지 않은 말은 길어야 7일, 글 없는 수는 30일 안에 지워집니다."),
            _("동의를 바탕으로 읽던 것이면 그 동의도 거두어들인 것으로 적었습니다."),
        ]
    )


def _closing() -> str:
    agency = settings.ANSIM.agency_en if get_language() == "en" else settings.ANSIM.agency_ko
    return _(
        "이 답에 이의가 있으면 저희에게 다시 말씀하시거나 개인정보 침해신고센터에 신고하실 수 "
        "있습니다.\n%(agency)s"
    ) % {"agency": agency}
