"""The printed form of a whole case: one cover, then alert by alert what a single package prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansim.casework.evidence import printing
from ansim.casework.evidence.contents import GatheredCase
from ansim.casework.evidence.paper import Paper


def pdf(
    found: GatheredCase,
    digests: Mapping[str, str],
    fingerprint: str,
    progress: Callable[[str, int, int], None],
) -> bytes:
    """The document. ``digests`` are the SHA-256 of the files that it prints, by path."""
    order = found.order
    size = sum(len(each.said) for each in found.chapters)
    done = [0]
    paper = Paper(
        f"증거 자료 사례 {order.case}",
        f"증거 자료 / Evidence · {order.agency} · 사례 {order.case} · {order.id}",
        lambda _page: progress("printing", done[0], size),
    )
    paper.part("증거 자료 (사례)", "Evidence package of a case")
    printing.ordered(paper, order, found.chapters)
    paper.pair("사례를 연 때 / case opened", f"{found.case['opened_at']}")
    paper.pair("사례를 연 사람 / opened by", str(found.case["opened_by"]))
    paper.words(
        "한 청소년의 경보를 모은 사례입니다. 경보마다 대화 전체와 처리, 추정을 나누어 실었고, 여러 "
        "경보가 같은 대화에 있으면 대화는 한 번만 실었습니다. 상담 내용은 담지 않습니다."
    )
    paper.words(
        "Alerts that concern one young person. Each has its whole conversation, handling and "
        "estimates; a conversation shared by several is printed once. Counselling stays inside."
    )
    printing.verified(paper, digests, fingerprint)
    for each in found.chapters:
        people = {person.pseudonym: person for person in each.people}
        paper.part(f"경보 {each.alert}", f"Alert {each.alert}")
        if each.same_as:
            paper.pair("대화 / conversation", each.conversation["pseudonym"])
            paper.words(
                f"이 대화는 경보 {each.same_as}에 실었습니다. / "
                f"This conversation is printed with alert {each.same_as}."
            )
        else:
            printing.described(paper, each)
            printing.named(paper, each)
            title = f"경보 {each.alert} · 대화 (사실)"
            printing.told(paper, each.said, people, done, title)
        printing.handled(paper, each.handling, f"경보 {each.alert} · 처리 (사실)")
        title = f"경보 {each.alert} · 소프트웨어의 추정 (사실 아님)"
        printing.estimated(paper, each, people, title)
    printing.logged(paper, found.log, "처리 기록 (사실)")
    return paper.bytes()
