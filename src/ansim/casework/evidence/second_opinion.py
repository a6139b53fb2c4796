"""The second opinion in a package: what a language model said of the alert, among the estimates.

Its words retell the conversation. They stand here only where that is held itself, so that whoever
reads an estimate can read what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansim.casework.evidence.contents import Person, Said, number, stamp, without_pictures
from ansim.casework.evidence.paper import Paper
from ansim.casework.models import Alert, SecondOpinion, Turn
from ansim.detection.tactics import tactics

NOTICE = (
    "언어 모델이 낸 추정이며 사실이나 법적 판단이 아닙니다. "
    "틀릴 수 있고, 아무것도 결정하지 않습니다. / "
    "Estimated by a language model: neither a fact nor a legal finding. "
    "It can be wrong and decides nothing."
)
_WORDS = {
    "summary_ko": "요약 / summary (한국어)",
    "summary_en": "요약 / summary (English)",
    "innocent_reading": "해롭지 않게 읽으면 / an innocent reading",
    "watch_for": "지켜볼 것 / what to watch for",
}


def estimate(alert: Alert, said: Sequence[Said]) -> dict[str, Any]:
    """``second_opinion`` of ``assessment/alert.json``; {} where no opinion is kept. ``number`` is
    that of the message, None where it is told with another alert, or not here."""
    row = SecondOpinion.objects.filter(alert=alert).first()
    if row is None:
        return {}
    turns = Turn.objects.filter(conversation=alert.conversation_id, text__isnull=False)
    numbers = {message.id: message.number for message in said}
    quotes = row.quotes or []
    here = {
        turn.message_id
        for turn in turns.filter(message_id__in={name for name, _, _ in quotes})
        # Where a file written out as text was taken out, part of it may stand in the quote.
        if not without_pictures(turn.text or "")[1]
    }
    held = row.summary_ko is not None and turns.exists()
    return {
        "second_opinion": {
            "notice": NOTICE,
            "model": row.model,
            "question": row.prompt,
            "told_sha256": row.window,
            "pictures_shown": row.pictures,
            "at": stamp(row.at),
            "risk": number(row.risk),
            "detector_risk_then": number(row.detector),
            "added_to_risk": number(row.added),
            "seconds": number(row.seconds),
            "tactics": row.tactics,
            "letters": row.letters,
            "quotes": [
                {
                    "message": name,
                    "number": numbers.get(name),
                    "tactic": tactic,
                    "text": without_pictures(words)[0] if held and name in here else None,
                }
                for name, words, tactic in quotes
            ],
            "words_held": held,
            **{
                field: without_pictures(getattr(row, field) or "")[0] if held else None
                for field in _WORDS
            },
        }
    }


def printed(paper: Paper, told: Mapping[str, Any], people: Mapping[str, Person]) -> None:
    """The same on paper."""
    paper.heading("두 번째 의견 (프로그램의 추정)", "Second opinion (a program's estimate)")
    paper.words(NOTICE, bold=True)
    paper.pair("모델 / model", told["model"])
    paper.pair("질문의 판 / question", told["question"])
    paper.pair("들은 것 / SHA-256 of what it was told", told["told_sha256"])
    if told["pictures_shown"]:
        paper.pair("보여 준 그림 / pictures shown", str(told["pictures_shown"]))
    paper.pair("때 / at", str(told["at"]))
    paper.pair("모델의 추정 / its estimate", _percent(told["risk"]))
    paper.pair("그때의 위험도 / the detector's risk", _percent(told["detector_risk_then"]))
    paper.pair("위험도에 더한 것 / added to it", _percent(told["added_to_risk"]))
    paper.pair("수법·신호 / tactics", ", ".join(map(_named, told["tactics"])) or "–")
    for letter, account in sorted(told["letters"].items()):
        person = people.get(account)
        called = f"{person.letter} {account}" if person else account
        paper.pair(f"의견 속의 {letter} / {letter} in its words", called)
    for quote in told["quotes"]:
        where = quote["number"] or quote["message"]
        words = "(글이 남지 않음 / not held)" if quote["text"] is None else f"“{quote['text']}”"
        paper.pair(f"인용 / quote: {where}", f"{words} · {_named(quote['tactic'])}")
    if not told["words_held"]:
        paper.pair("의견의 글 / its words", "남지 않음 / no longer held")
        return
    for field, name in _WORDS.items():
        paper.pair(name, told[field])


def _named(tactic: str) -> str:
    found = tactics().get(tactic)
    return found.name("ko") if found else tactic


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:.0f} %"
