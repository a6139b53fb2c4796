"""Fills a draft from what a case knows. What nobody knows stays empty; nothing is made up.

What happened, what was asked and what was said of ages is never filled in: a person has read it and
says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from ansim.casework.evidence.contents import KOREA
from ansim.casework.reporting.forms import FORMS
from ansim.casework.reporting.known import Known, Talk
from ansim.casework.reporting.questions import Shape


def fill(kind: str, known: Known) -> dict[str, str]:
    """Answers by question, as far as the case has them. Raises KeyError for an unknown kind."""
    answers = {}
    for question in FORMS[kind]:
        found = _FILLED.get(question.name, _nothing)(known)
        if kind == "cybertip" and question.name in _IN_ENGLISH:
            found = _IN_ENGLISH[question.name](known)
        if question.shape != Shape.FIXED:
            found = found[: question.longest]
        answers[question.name] = found
    return answers


def fixed(kind: str, known: Known) -> dict[str, str]:
    """Only what the software puts in itself, as it stands now."""
    filled = fill(kind, known)
    return {q.name: filled[q.name] for q in FORMS[kind] if q.shape == Shape.FIXED}


def _nothing(_known: Known) -> str:
    return ""


def _lines(rows: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(row for row in rows if row))


def when(at: datetime | float | None) -> str:
    """2026-03-05 14:30:10+09:00; empty for nothing and for times no calendar holds."""
    if at is None:
        return ""
    try:
        moment = at if isinstance(at, datetime) else datetime.fromtimestamp(at, tz=UTC)
        return moment.astimezone(KOREA).isoformat(sep=" ", timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""


def _urgent(known: Known) -> str:
    rescues = [step for step in known.steps if step.rescue]
    return _lines(f"{when(step.at)} {step.what}" for step in rescues)


def _part(part: str, name: str) -> Callable[[Known], str]:
    def words(known: Known) -> str:
        return _lines(str(getattr(person, name)) for person in known.of(part))

    return words


def _reach(known: Known) -> str:
    return _lines(
        " · ".join(words for words in (person.contact, person.careful) if words)
        for person in known.of("young")
    )


def _guardian(known: Known) -> str:
    return _lines(
        " · ".join(words for words in (person.name, person.contact, person.careful) if words)
        for person in known.of("guardian")
    )


def _accounts(known: Known) -> str:
    return _lines(f"{talk.service}: {talk.about}" for talk in known.talks)


def _rooms(known: Known) -> str:
    return _lines(f"{talk.service} ({talk.connector}): {talk.room}" for talk in known.talks)


def _counts(known: Known) -> str:
    return "\n".join(_count(talk) for talk in known.talks)


def _count(talk: Talk) -> str:
    counts = talk.counts
    return (
        f"경보 {talk.alert}: 대화 전체 {talk.messages:,}건, 상대 계정이 보낸 것 {counts.said:,}건, "
        f"말한 날 {counts.days}일, {when(counts.first) or '?'} – {when(counts.last) or '?'}"
    )


def _steps(known: Known) -> str:
    return _lines(f"{when(step.at)} {step.what}" for step in known.steps)


def _evidence(known: Known) -> str:
    return "\n".join(
        f"{item.name} ({when(item.made_at)})\nSHA-256 {item.sha256}" for item in known.evidence
    )


def _estimate(known: Known) -> str:
    rows = []
    for talk in known.talks:
        if talk.estimate is None:
            continue
        marked = ", ".join(f"{name} {n}건" for name, n in talk.estimate.marked.items())
        versions = ", ".join(f"{name} {value}" for name, value in talk.estimate.versions.items())
        rows.append(
            f"경보 {talk.alert}: {talk.estimate.priority}, 위험도 {talk.estimate.risk:.2f}"
            + (f"; 표시한 메시지: {marked}" if marked else "")
            + (f"; 판: {versions}" if versions else "")
        )
    return "\n".join(rows)


def _one(known: Known, name: str) -> str:
    """The answer where all alerts of the case agree; where they do not, a person chooses."""
    values = {str(getattr(talk, name)) for talk in known.talks}
    return values.pop() if len(values) == 1 else ""


_FILLED: dict[str, Callable[[Known], str]] = {
    "agency": lambda known: known.agency_ko,
    "writer": lambda known: known.writer,
    "contact": lambda known: known.contact,
    "mail": lambda known: known.mail,
    "learned_at": lambda known: when(known.learned_at),
    "urgent": _urgent,
    "young_name": _part("young", "name"),
    "young_age": _part("young", "age"),
    "young_reach": _reach,
    "young_account": lambda known: _part("young", "account")(known).partition("\n")[0],
    "guardian": _guardian,
    "accounts": _accounts,
    "account": lambda known: _one(known, "about"),
    "platform": lambda known: _one(known, "service"),
    "room": lambda known: _one(known, "room"),
    "rooms": _rooms,
    "first_at": lambda known: when(known.first),
    "last_at": lambda known: when(known.last),
    "counts": _counts,
    "steps": _steps,
    "evidence": _evidence,
    "estimate": _estimate,
}
_IN_ENGLISH: dict[str, Callable[[Known], str]] = {
    "agency": lambda known: known.agency_en,
    "first_note": lambda known: (
        "Time of the first message of the reported account that is on record."
        if known.first is not None
        else ""
    ),
}
