"""What stands in the printed form, part by part. Korean first; English beside the headings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansim.casework.evidence import second_opinion
from ansim.casework.evidence.attached import in_print
from ansim.casework.evidence.contents import Gathered, Order, Person, Said, stamp
from ansim.casework.evidence.paper import LEFT, RIGHT, Paper, clock, day
from ansim.detection.tactics import tactics

SURE = 0.5
"""An estimate about a message is printed from this probability on; the JSON has them all."""

_MESSAGES = (
    ((LEFT, 34.0), "번호"),
    ((LEFT + 36, 70.0), "시각"),
    ((LEFT + 106, 74.0), "보낸 사람"),
    ((LEFT + 182, RIGHT - LEFT - 182 - 30), "원문"),
    ((RIGHT - 26, 26.0), "열람"),
)
_LOG = (
    ((LEFT, 34.0), "번호"),
    ((LEFT + 36, 140.0), "시각"),
    ((LEFT + 180, 84.0), "누가"),
    ((LEFT + 268, 112.0), "무엇을"),
    ((LEFT + 384, RIGHT - LEFT - 384), "까닭"),
)
_ESTIMATES = (
    ((LEFT, 40.0), "번호"),
    ((LEFT + 44, 74.0), "보낸 사람"),
    ((LEFT + 122, 60.0), "위험도"),
    ((LEFT + 186, RIGHT - LEFT - 186), "수법·신호 (추정 확률)"),
)
_ORIGINAL = {
    "open": "",
    "sealed": "봉인됨 (기관의 열쇠로만 엽니다)",
    "not_held": "보관하고 있지 않음",
    "not_reachable": "만들 때 확인할 수 없었음",
}
_DELIVERY = {"sent": "전달됨", "sending": "보내는 중", "unknown": "전달 여부 모름"}


def pdf(
    found: Gathered,
    digests: Mapping[str, str],
    fingerprint: str,
    progress: Callable[[str, int, int], None],
) -> bytes:
    """The document. ``digests`` are the SHA-256 of the files that it prints, by path."""
    order = found.order
    size = len(found.said)
    done = [0]
    paper = Paper(
        f"증거 자료 경보 {order.alert}",
        f"증거 자료 / Evidence · {order.agency} · 경보 {order.alert} · {order.id}",
        lambda _page: progress("printing", done[0], size),
    )
    people = {person.pseudonym: person for person in found.people}
    paper.part("증거 자료", "Evidence package")
    ordered(paper, order, [found])
    described(paper, found)
    verified(paper, digests, fingerprint)
    named(paper, found)
    told(paper, found.said, people, done)
    handled(paper, found.handling)
    logged(paper, found.log)
    estimated(paper, found, people)
    return paper.bytes()


def ordered(paper: Paper, order: Order, chapters: Sequence[Gathered]) -> None:
    """Who asked for the package, when and why."""
    paper.pair("자료 번호 / package", order.id)
    paper.pair("기관 / agency", order.agency)
    if order.case:
        paper.pair("사례 / case", str(order.case))
    paper.pair("경보 / alert", ", ".join(map(str, order.alerts or (order.alert,))))
    paper.pair("만든 때 / made at", stamp(order.at) or "")
    paper.pair("만든 사람 / made by", f"{order.asked_by} ({order.role})")
    paper.pair("까닭 / reason", order.reason)
    if any(row["do_not_warn"] for found in chapters for row in found.handling["hand_offs"]):
        paper.words(
            "수사기관이 상대에게 알리지 말라고 했습니다. / "
            "The police asked that the other side is not warned.",
            bold=True,
        )


def described(paper: Paper, found: Gathered) -> None:
    """Where the conversation comes from, and how much of it is here."""
    said = found.said
    paper.heading("출처", "Source")
    source = found.source
    consent = source["consent"] or {}
    paper.pair("출처 / source", f"{source['name']} ({source['id']}, {source['connector']})")
    paper.pair("종류 / kind", f"{source['kind_ko']} ({source['kind']})")
    paper.pair("법적 근거 / legal basis", source["legal_basis"])
    agreed = ", ".join(f"{name}: {value}" for name, value in consent.items())
    paper.pair("동의 / consent", agreed or "없음 / none")
    paper.pair("대화 / conversation", found.conversation["pseudonym"])
    paper.pair("플랫폼의 대화 이름 / original", _original(found.conversation))
    paper.heading("담긴 것", "Contents")
    held = [message for message in said if message.text is not None]
    paper.pair("메시지 / messages", f"{len(said):,}")
    paper.pair("원문이 남은 것 / text held", f"{len(held):,}")
    paper.pair("사람이 열람한 것 / viewed", f"{sum(bool(m.viewed) for m in said):,}")
    if unheld := found.conversation.get("deleted_and_never_held"):
        paper.pair("보관한 적 없이 삭제된 것 / deleted, never held", f"{len(unheld):,}")
    if said:
        first, last = stamp(said[0].at) or "?", stamp(said[-1].at) or "?"
        paper.pair("기간 / period", f"{first} – {last}")
    paper.words(
        "보관 기한이 남은 대화 전체이며 일부를 고르지 않았습니다. 원문은 그대로이고, 보이지 않는 "
        "글자는 〈U+200B〉처럼 적었습니다. 사진과 파일은 담지 않습니다. 사실과 소프트웨어의 추정은 "
        "나누어 실었고, 추정은 법적 판단이 아닙니다."
    )
    paper.words(
        "The whole conversation as far as its text is still held, nothing selected, in the "
        "original spelling. No pictures or files. Facts and estimates of software are apart; an "
        "estimate is no legal finding."
    )


def verified(paper: Paper, digests: Mapping[str, str], fingerprint: str) -> None:
    """How to check that the package is as it was signed."""
    paper.heading("확인", "Verification")
    for path, digest in digests.items():
        paper.pair(path, digest)
    paper.pair("서명 열쇠 / signing key", fingerprint)
    paper.words(
        "확인: `ansim verify 파일`. 서명 열쇠의 지문은 기관이 따로 알려 준 것과 견주어 보십시오. / "
        "Check with `ansim verify FILE`; compare the fingerprint with the one the agency gave you."
    )


def _original(told: Mapping[str, Any]) -> str:
    return str(told.get("name") or _ORIGINAL[told["original"]])


def named(paper: Paper, found: Gathered) -> None:
    """The accounts and what they are called here."""
    paper.heading("계정", "Accounts")
    columns = (
        ((LEFT, 34.0), "표시"),
        ((LEFT + 36, 150.0), "가명"),
        ((LEFT + 192, 70.0), "메시지"),
        ((LEFT + 266, RIGHT - LEFT - 266), "플랫폼의 계정 이름"),
    )
    paper.table(columns)
    spaces = [place for place, _ in columns]
    for person in found.people:
        marked = f"{person.messages:,}" + (" · 경보 대상" if person.about else "")
        original = person.name or _ORIGINAL[person.original]
        values = (person.letter, person.pseudonym, marked, original)
        paper.row(zip(spaces, values, strict=True))


def told(
    paper: Paper,
    said: list[Said],
    people: Mapping[str, Person],
    done: list[int],
    title: str = "1. 대화 (사실)",
) -> None:
    """The conversation, day by day; counts what is printed in ``done``."""
    paper.part(title, "Conversation (facts)")
    paper.words(
        "시각은 출처가 알린 때입니다. ● 은 사람에게 원문이 보였던 메시지이고, 누가 언제 보았는지는 "
        "처리 기록과 facts/messages.jsonl에 있습니다. / ● marks messages whose words were "
        "shown to a person."
    )
    spaces = [place for place, _ in _MESSAGES]
    today = ""
    for message in said:
        if (when := day(message.at)) != today:
            today = when
            paper.heading(when, "event time")
            paper.table(_MESSAGES)
        viewed = "●" if message.viewed else ""
        values = (
            str(message.number),
            clock(message.at),
            sender(message, people),
            words(message, people),
            viewed,
        )
        paper.row(zip(spaces, values, strict=True))
        done[0] += 1


def sender(message: Said, people: Mapping[str, Person]) -> str:
    """Who said it, as short as the accounts table allows."""
    if message.by_agency:
        return "기관"
    person = people[message.sender]
    return f"{person.letter} {person.pseudonym[-4:]}" + (" (대상)" if person.about else "")


def words(message: Said, people: Mapping[str, Person]) -> str:
    """The words, then in brackets what else is known of the message."""
    parts = ["[원문의 보관 기한이 지남]" if message.text is None else message.text]
    parts += [f"[첨부: {item['kind']} {item['name']}]" for item in message.attachments]
    parts += changed(message)
    if message.delivery:
        state = _DELIVERY.get(message.delivery, message.delivery)
        alone = people.get(message.to)
        whom = "모두에게" if not message.to else f"{alone.letter if alone else message.to}에게만"
        parts.append(f"[상담원 {message.sender}, {whom}, {state}]")
    elif message.to == "agency":
        parts.append("[상담원에게만 한 말 / said to the agency alone]")
    return "\n".join(part for part in parts if part)


def changed(message: Said) -> list[str]:
    """What became of a message, and of which one it is the new form. The words stand beside it."""
    found = []
    if message.edits:
        found.append(f"[{message.edits}번 메시지를 고친 말 / edit of message {message.edits}]")
    elif message.replaces:
        found.append("[여기 없는 메시지를 고친 말 / edit of a message that is not here]")
    if message.edited_at is not None:
        found.append(f"[이후 수정됨 / edited later: {stamp(message.edited_at) or '?'}]")
    if message.deleted_at is not None:
        found.append(f"[이후 삭제됨 / deleted later: {stamp(message.deleted_at) or '?'}]")
    return found


def handled(paper: Paper, handling: Mapping[str, Any], title: str = "2. 처리 (사실)") -> None:
    """What people did with the alert."""
    paper.part(title, "Handling (facts)")
    names = {
        "state": "상태 / state",
        "held_by": "담당 / held by",
        "first_taken_at": "처음 맡은 때 / first taken",
        "outcome_ko": "결과 / outcome",
        "grounds": "판단의 까닭 / grounds",
        "closed_at": "종결한 때 / closed at",
        "closed_by": "종결한 사람 / closed by",
        "previous_alert": "앞선 경보 / previous alert",
        "text_purged_at": "원문을 지운 때 / text purged",
    }
    for field, name in names.items():
        value = handling[field]
        paper.pair(name, "없음 / none" if value is None else str(value))
    paper.heading("기관 연계", "Hand-offs")
    for row in handling["hand_offs"]:
        more = [f"접수번호 {row['reference']}"] if row["reference"] else []
        more += ["구조 요청"] if row["rescue"] else []
        more += ["상대에게 알리지 말 것"] if row["do_not_warn"] else []
        paper.pair(
            str(row["made_at"]),
            ", ".join([row["agency_ko"], f"기록 {row['made_by']}", f"결과 {row['answer']}", *more]),
        )
    if not handling["hand_offs"]:
        paper.words("없음 / none")
    corrections = handling.get("corrections", [])
    if corrections:
        paper.heading("본인이 다르다고 한 것", "Corrections asked for by the person")
    for row in corrections:
        where = f"메시지 {row['message']}" if row["message"] else "경보 전체 / the whole alert"
        paper.pair(str(row["made_at"]), where)
        paper.words(row["said"] or "원문이 보관 기한을 지나 없음 / text no longer held")


def logged(paper: Paper, log: list[dict[str, Any]], title: str = "3. 처리 기록 (사실)") -> None:
    """Rows of the audit log."""
    paper.part(title, "Log (facts)")
    paper.words(
        "이 경보에 대해 누가 무엇을 했는지, 그리고 이 대화의 원문을 누가 보았는지입니다. "
        "log/audit.jsonl에서는 줄마다 앞 줄의 해시를 담아 이어집니다. / Who did what with this "
        "alert, and who was shown the words; hash-chained in log/audit.jsonl."
    )
    paper.table(_LOG)
    spaces = [place for place, _ in _LOG]
    for event in log:
        values = (
            str(event["audit"]),
            str(event["at"]),
            event["who"],
            event["action"],
            event["reason"],
        )
        paper.row(zip(spaces, values, strict=True))


def estimated(
    paper: Paper,
    found: Gathered,
    people: Mapping[str, Person],
    title: str = "4. 소프트웨어의 추정 (사실 아님)",
) -> None:
    """What the software made of it."""
    paper.part(title, "Estimates of software (not facts)")
    paper.words(
        "아래는 학습된 모형이 낸 추정입니다. 틀릴 수 있고, 사실이나 법적 판단이 아닙니다. / What "
        "follows was estimated by trained models. It can be wrong and is no legal finding.",
        bold=True,
    )
    estimate = found.assessment
    about = people.get(estimate["about"])
    whom = f"{about.letter} {about.pseudonym}" if about else estimate["about"]
    asked = estimate.get("kind") == "request"
    paper.pair("도움을 청한 사람 / who asked for help" if asked else "대상 / about", whom)
    paper.pair("우선순위 / priority", estimate["priority"])
    if not asked:
        paper.pair("위험도 / risk", _percent(estimate["risk"]))
    paper.pair("경보가 난 때 / raised", str(estimate["raised_at"]))
    for korean, english in found.reasons:
        paper.pair("까닭 / reason", f"{korean} / {english}")
    paper.pair("판 / versions", ", ".join(f"{k} {v}" for k, v in estimate["versions"].items() if v))
    if opinion := estimate.get("second_opinion"):
        second_opinion.printed(paper, opinion, people)
    paper.heading("메시지마다", "By message")
    paper.table(_ESTIMATES)
    spaces = [place for place, _ in _ESTIMATES]
    known = tactics()
    for message in found.said:
        likely = [
            f"{known[name].name('ko')} {_percent(chance)}" if name in known else name
            for name, chance in sorted(message.tactics.items())
            if chance >= SURE
        ]
        if likely:
            values = (
                str(message.number),
                sender(message, people),
                _percent(message.risk),
                ", ".join(likely),
            )
            paper.row(zip(spaces, values, strict=True))
    _read_in_attachments(paper, found)


def _read_in_attachments(paper: Paper, found: Gathered) -> None:
    if not any(message.noticed for message in found.said):
        return
    paper.heading("첨부에서 프로그램이 읽은 것", "Read by programs in attachments")
    for message in found.said:
        for seen in message.noticed:
            paper.words(f"{message.number}. {in_print(seen)}")


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{100 * share:.0f} %"
