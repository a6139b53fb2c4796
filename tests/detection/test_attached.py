"""What a picture or a voice message says counts as said; a code to a messenger as an invitation."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ansim.chat import Attachment, AttachmentKind, CodeSeen, Message, Noticed
from ansim.detection import Detector, Span
from ansim.detection.attached import LONGEST, in_words, judged
from tests.detection.talk import CHAT, LURE, messages, run

INVITATION = CodeSeen(format="QRCode", text="https://open.kakao.com/o/s1", leads_to="messenger")
MENU = CodeSeen(format="QRCode", text="https://example.org/menu", leads_to="link")


def picture(text: str = "", codes: tuple[CodeSeen, ...] = ()) -> Attachment:
    return Attachment(kind=AttachmentKind.IMAGE, noticed=Noticed(text=text, codes=codes))


def drawn(lines: Sequence[Message], kind: AttachmentKind) -> list[Message]:
    """The same messages, every word of them in a picture or spoken."""
    return [
        msgspec.structs.replace(
            message,
            text="",
            attachments=(Attachment(kind=kind, noticed=Noticed(text=message.text)),),
        )
        for message in lines
    ]


def test_a_lure_in_pictures_is_as_risky_as_the_same_in_words(detector: Detector) -> None:
    _, written = run(detector, messages(LURE))
    for kind in (AttachmentKind.IMAGE, AttachmentKind.AUDIO):
        _, shown = run(detector, drawn(messages(LURE), kind))
        assert [found.risk for found in shown] == [found.risk for found in written]
        assert [found.turn.tactics for found in shown] == [found.turn.tactics for found in written]
        assert any(found.alerts for found in shown)
        assert not any(found.turn.spans for found in shown), "there are no words of its own"


def test_one_batch_or_many_come_to_the_same(detector: Detector) -> None:
    lines = drawn(messages(LURE), AttachmentKind.IMAGE)
    _, together = run(detector, lines)
    _, alone = run(detector, lines, size=1)
    assert [found.risk for found in alone] == [found.risk for found in together]


def test_spans_stay_on_the_words_that_were_written(detector: Detector) -> None:
    _, plain = run(detector, messages(LURE))
    _, both = run(
        detector,
        [
            msgspec.structs.replace(line, attachments=(picture("돈까스 맛있겠다"),))
            for line in messages(LURE)
        ],
    )
    assert any(found.turn.spans for found in plain)
    for found in both:
        for span in found.turn.spans:
            assert 0 <= span.start < span.end <= len(found.turn.text or "")


def test_a_span_over_the_end_of_the_words_is_cut_there() -> None:
    marks = (Span(0, 4, "T01"), Span(3, 9, "T04"), Span(5, 9, "T06"))
    assert in_words(marks, "사진 보내") == (Span(0, 4, "T01"), Span(3, 5, "T04"))
    assert in_words((Span(0, 9, "T04"),), "") == ()


def test_a_code_to_a_messenger_is_an_invitation_to_move(detector: Detector) -> None:
    (line,) = messages([("mina", "이거 봐")])
    _, invited = run(
        detector, [msgspec.structs.replace(line, attachments=(picture("", (INVITATION,)),))]
    )
    _, other = run(detector, [msgspec.structs.replace(line, attachments=(picture("", (MENU,)),))])
    assert invited[0].turn.tactics["T07"] > 0.9
    assert "T07" not in other[0].turn.tactics
    assert invited[0].risk >= other[0].risk


def test_one_code_among_friends_raises_no_alert(detector: Detector) -> None:
    lines = messages(CHAT)
    lines[2] = msgspec.structs.replace(lines[2], attachments=(picture("", (INVITATION,)),))
    _, found = run(detector, lines)
    assert not any(one.alerts for one in found)


def test_a_code_makes_a_lure_riskier_not_less(detector: Detector) -> None:
    start = messages(LURE[:4])
    asked = [*start[:3], msgspec.structs.replace(start[2], id="x", at=start[3].at, text="이거")]
    invited = [
        *asked[:3],
        msgspec.structs.replace(asked[3], attachments=(picture("", (INVITATION,)),)),
    ]
    _, without = run(detector, asked)
    _, with_ = run(detector, invited)
    assert with_[-1].risk > without[-1].risk


def test_no_more_is_judged_than_a_turn_may_hold() -> None:
    assert judged("가", ()) == "가"
    assert judged("가", (picture(),)) == "가"
    assert judged("가", (picture("나"), picture("다"))) == "가\n나\n다"
    assert len(judged("", (picture("가" * LONGEST), picture("나" * LONGEST)))) == LONGEST


def test_an_attachment_of_a_deletion_or_of_the_agency_counts_for_nothing(
    detector: Detector,
) -> None:
    (line,) = messages([("mina", "안녕")])
    ours = msgspec.structs.replace(line, by_agency=True, attachments=(picture("", (INVITATION,)),))
    _, found = run(detector, [ours])
    assert found[0].risk == 0.0
    assert found[0].turn.tactics == {}
