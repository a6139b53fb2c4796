"""Drafts written for this test: what must be stopped, what must pass, and what is offered."""

from __future__ import annotations

import re

import pytest

from ansim.casework import wording
from ansim.casework.models import MessageTemplate

STOPPED = [
    ("blame", "왜 사진을 보냈어요?"),
    ("blame", "왜 그 사람을 만났어요?"),
    ("blame", "어쩌다 그런 말을 믿었어?"),
    ("blame", "학생 책임도 있어요."),
    ("blame", "네 잘못이야"),
    ("blame", "그러니까 조심했어야죠."),
    ("blame", "처음부터 답하지 말았어야 해요."),
    ("blame", "모르는 사람 조심하라고 말했잖아요."),
    ("blame", "그렇게 순진하면 안 돼요."),
    ("blame", "생각 없이 답하면 어떡해요."),
    ("blame", "Why did you send it?"),
    ("blame", "You should have told someone sooner."),
    ("blame", "This is partly your fault."),
    ("blame", "That was a silly thing to do."),
    ("accusation", "지금 말하는 사람은 범죄자예요."),
    ("accusation", "이건 그루밍이에요."),
    ("accusation", "상대방이 속이고 있는 것 같아요."),
    ("accusation", "저 사람은 위험해요."),
    ("accusation", "이 계정은 저희가 신고할게요."),
    ("accusation", "곧 경찰이 수사할 거예요."),
    ("accusation", "The other user is a predator."),
    ("accusation", "We will report him today."),
    ("accusation", "The police are watching this chat."),
    ("identity", "이름 좀 알려 줄래요?"),
    ("identity", "어느 학교 다녀요?"),
    ("identity", "학교가 어디예요?"),
    ("identity", "전화번호를 남겨 주세요."),
    ("identity", "지금 어디 있어요?"),
    ("identity", "몇 살이에요?"),
    ("identity", "확인하려면 학생증 사진을 보내 주세요."),
    ("identity", "사는 곳 말해 줘"),
    ("identity", "엄마 번호 알려 주세요."),
    ("identity", "What is your name?"),
    ("identity", "Can I have your phone number?"),
    ("identity", "Where do you live?"),
    ("identity", "How old are you?"),
    ("identity", "Please send a picture so that I can check."),
    ("money", "상담료 만 원을 입금해 주세요."),
    ("money", "계좌번호를 알려 주면 도와줄게요."),
    ("money", "답하면 기프티콘 보내 드려요."),
    ("money", "There is a small fee."),
    ("money", "We can send you a gift card."),
    ("link", "여기로 들어오세요 https://example.org/a"),
    ("link", "example.com 에서 볼 수 있어요."),
    ("link", "카톡으로 연락 주세요."),
    ("link", "텔레그램에서 이야기해요."),
    ("link", "02-" + "0000-0000 으로 전화 주세요."),
    ("link", "mail@example.org 로 써 주세요."),
    ("link", "Message me on Telegram."),
    ("promise", "비밀은 꼭 지켜 줄게요."),
    ("promise", "부모님께 말하지 않을게요."),
    ("promise", "아무한테도 안 말할게요."),
    ("promise", "꼭 잡아 줄게요."),
    ("promise", "다 해결될 거예요."),
    ("promise", "사진은 저희가 모두 지워 줄게요."),
    ("promise", "지금 데리러 갈게요."),
    ("promise", "아무 일도 없을 거예요."),
    ("promise", "I promise you will be safe."),
    ("promise", "We will keep this a secret."),
    ("promise", "I won't tell your parents."),
    ("promise", "Everything will be fine."),
    ("blank", "안녕하세요, {이름} 님."),
    ("blank", "안녕하세요, ○○ 님."),
    ("blank", "Hello [name], how are you?"),
]

FINE = [
    "안녕하세요, 상담원이에요. 괜찮은지 궁금해서 말을 걸어요.",
    "잘못한 것은 하나도 없어요.",
    "네 잘못이 아니에요. 사진을 보냈더라도 괜찮아요.",
    "사진은 보내지 않아도 돼요. 사는 곳도 알려 주지 마세요.",
    "이름이나 학교는 말하지 않아도 돼요.",
    "돈을 보내지 마세요. 상담은 무료예요.",
    "위험하다고 느끼면 112에 전화하세요. 1388이나 1366도 있어요.",
    "무슨 일이 있었는지 편할 때 말해 줘도 돼요.",
    "제가 왜 글을 보냈는지 궁금하죠?",
    "집에서 힘든 일이 있었나 봐요. 더 이야기해 줄래요?",
    "지금 안전한지만 알려 줘도 돼요.",
    "답하지 않아도 괜찮아요. 여기 있을게요.",
    "이 글은 이 방의 다른 사람도 볼 수 있어요.",
    "오늘 학교에서 힘들었다고 했죠. 많이 놀랐겠어요.",
    "할 수 있는 방법을 같이 찾아볼게요.",
    "You have done nothing wrong.",
    "It is not your fault.",
    "Please do not send any more pictures, and do not tell where you live.",
    "You never have to give anybody your phone number.",
    "If you feel in danger, call 112. To talk, call 1388 or 1366.",
    "You can tell me what happened, if you like.",
    "Please send no more money.",
    "Are you all right?",
]


@pytest.mark.parametrize(("rule", "draft"), STOPPED)
def test_a_draft_that_harms_is_stopped_for_its_own_reason(rule: str, draft: str) -> None:
    found = wording.check(draft)
    assert rule in [one.rule for one in found], found
    for one in found:
        assert draft[one.start : one.end] == one.phrase
        assert one.why["ko"]
        assert one.why["en"]


@pytest.mark.parametrize("draft", FINE)
def test_a_kind_draft_passes(draft: str) -> None:
    assert wording.check(draft) == []


@pytest.mark.parametrize(("rule", "draft"), [pair for pair in STOPPED if pair[0] != "blank"])
def test_the_offered_wording_is_in_the_language_of_the_draft_and_passes(
    rule: str, draft: str
) -> None:
    [one, *_] = [found for found in wording.check(draft) if found.rule == rule]
    korean = re.search("[가-힣]", draft) is not None
    assert bool(re.search("[가-힣]", one.instead)) == korean
    assert wording.check(one.instead) == []
    better = wording.replaced(draft, one)
    assert one.phrase not in better
    assert one.instead in better


def test_only_the_sentence_in_question_is_replaced() -> None:
    draft = "안녕하세요. 왜 사진을 보냈어요?\n여기 있을게요."
    [one] = wording.check(draft)
    better = wording.replaced(draft, one)
    assert better.startswith("안녕하세요. 무슨 일이 있었는지")
    assert better.endswith("들려주세요.\n여기 있을게요.")


def test_a_promise_of_an_approved_message_may_be_made_word_for_word_only() -> None:
    approved = ["안녕하세요. 들은 이야기의 비밀은 지켜 줄게요. 112"]
    assert wording.check("들은 이야기의 비밀은  지켜 줄게요.", approved) == []
    assert wording.check("비밀은 꼭 지켜 줄게요.", approved)
    assert wording.check("왜 사진을 보냈어요?", ["왜 사진을 보냈어요?"]), "promises alone"


def test_spacing_hides_nothing() -> None:
    for draft in ("왜사진을보냈어요", "비밀 은 지켜  줄게요", "전화 번호 알려 주세요"):
        assert wording.check(draft), draft


@pytest.mark.django_db
def test_every_first_message_of_the_house_passes() -> None:
    for row in MessageTemplate.objects.all():
        assert wording.check(row.text) == [], row.title


def test_a_long_draft_is_read_in_no_time() -> None:
    import time

    began = time.process_time()
    wording.check("왜 " * 1000)
    wording.check("send your " * 200)
    assert time.process_time() - began < 2
