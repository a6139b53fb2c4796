"""What each kind of report asks for: its questions, in the order in which they are read.

The police form follows what the Korean police ask online (ECRM: who reports, who was harmed, which
account, when and where, what happened, evidence). The CyberTip follows NCMEC's reporting API; the
lengths are those of its schema. Both are drafts that a person enters or sends; nothing is sent from
here.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from ansim.casework.reporting.questions import Kind, Place, Question, Shape


def _words(name: str, label: Any, section: str, **more: Any) -> Question:
    return Question(
        name=name, label=label, section=section, **{"shape": Shape.WORDS, "longest": 4000, **more}
    )


_AGENCY = Question(name="agency", label=_("기관 이름"), section="reporter", longest=120)
_WRITER = Question(name="writer", label=_("담당자 이름"), section="reporter", longest=80)
_CONTACT = Question(
    name="contact",
    label=_("담당자 연락처"),
    section="reporter",
    longest=120,
    hint=_("기관의 전화나 이메일. 한 번 적으면 다음 신고에도 들어갑니다."),
)
_LEARNED = Question(
    name="learned_at",
    label=_("기관이 알게 된 때"),
    section="reporter",
    shape=Shape.FIXED,
    place=Place.DUTY,
)
_ACCOUNTS = _words(
    "accounts",
    _("계정 (서비스와 이름)"),
    "suspect",
    hint=_("가명이 들어 있어요. 원래 이름은 증거 자료에 봉인되어 가고, 연 이름이 있으면 적으세요."),
)
_ROOMS = _words("rooms", _("어느 서비스의 어느 대화방인가"), "incident", longest=2000)
_FIRST = Question(
    name="first_at", label=_("첫 메시지의 때"), section="incident", shape=Shape.MOMENT, longest=40
)
_LAST = Question(
    name="last_at",
    label=_("마지막 메시지의 때"),
    section="incident",
    shape=Shape.MOMENT,
    longest=40,
)
_WHAT = _words(
    "what",
    _("무슨 일이 있었나 (사람이 읽고 확인한 것)"),
    "incident",
    longest=8000,
    hint=_(
        "누가 언제 무엇을 했는지 사실만. 대화를 옮기지 말고 증거 자료의 메시지 번호로 가리키세요."
    ),
)
_PACKAGES = Question(
    name="evidence",
    label=_("함께 가는 증거 자료와 SHA-256"),
    section="evidence",
    shape=Shape.FIXED,
    place=Place.EVIDENCE,
)
_WHERE = Question(name="platform", label=_("플랫폼"), section="suspect", longest=120)
_HASHES = Question(
    name="evidence",
    label=_("증거 자료의 SHA-256 (자료는 보내지 않음)"),
    section="evidence",
    shape=Shape.FIXED,
    place=Place.EVIDENCE,
    required=False,
)
_ESTIMATE = Question(
    name="estimate",
    label=_("추정과 판"),
    section="estimate",
    shape=Shape.FIXED,
    required=False,
    place=Place.CASE,
)

_POLICE = (
    _AGENCY,
    _WRITER,
    _CONTACT,
    _LEARNED,
    _words(
        "urgent",
        _("급한가, 왜"),
        "reporter",
        longest=1000,
        hint=_(
            "만남, 협박, 자해의 말이 있으면 적기 전에 먼저 112에 전화하세요. 아니면 ‘급하지 않음’."
        ),
    ),
    Question(
        name="young_name",
        label=_("이름 (모르면 부르는 이름)"),
        section="young",
        longest=80,
        place=Place.CASE,
    ),
    Question(
        name="young_age",
        label=_("나이"),
        section="young",
        longest=80,
        place=Place.CASE,
        hint=_("모르면 ‘모름’이라고 적으세요."),
    ),
    _words(
        "young_reach",
        _("안전하게 연락하는 방법"),
        "young",
        longest=1000,
        place=Place.CASE,
        hint=_("언제 어떻게 연락해도 되는지. 없으면 ‘기관을 거쳐서’."),
    ),
    _words(
        "guardian",
        _("보호자가 아는가, 알려도 되는가"),
        "young",
        longest=1000,
        place=Place.CASE,
        hint=_("가족이 가해자일 수 있으면 꼭 적으세요."),
    ),
    _words("young_wish", _("청소년이 바라는 것"), "young", longest=1000, required=False),
    _ACCOUNTS,
    _words(
        "suspect_known",
        _("상대에 대해 대화에서 알게 된 것"),
        "suspect",
        longest=2000,
        required=False,
        hint=_("스스로 말한 나이나 사는 곳처럼 대화에 나온 것만."),
    ),
    _ROOMS,
    _FIRST,
    _LAST,
    _WHAT,
    Question(
        name="counts",
        label=_("메시지의 수와 이어진 기간"),
        section="checklist",
        shape=Shape.FIXED,
        place=Place.CASE,
    ),
    _words(
        "ages_said",
        _("나이: 청소년이 말했는가, 상대가 알았는가"),
        "checklist",
        longest=2000,
        hint=_("대화에서 사람이 확인한 말과 메시지 번호. 없으면 ‘나오지 않음’."),
    ),
    _words(
        "asked",
        _("상대가 요구하거나 권한 것"),
        "checklist",
        longest=2000,
        hint=_("사람이 확인한 것과 메시지 번호. 없으면 ‘나오지 않음’."),
    ),
    _words("steps", _("지금까지 한 일"), "done", longest=4000, required=False),
    _words(
        "wish",
        _("경찰에 바라는 것"),
        "wish",
        longest=1000,
        required=False,
        hint=_("신고한 사실을 상대에게 알리지 않기, 플랫폼에 자료 보존을 요청하기 같은 것."),
    ),
    _PACKAGES,
    _ESTIMATE,
)

ANNOTATIONS = (
    ("sextortion", _("사진을 퍼뜨리겠다는 협박")),
    ("csamSolicitation", _("사진·영상의 요구")),
    ("minorToMinorInteraction", _("미성년자 사이의 일")),
)
"""Report annotations of NCMEC that fit enticement by chat, in the order of its schema."""

_CYBERTIP = (
    Question(name="agency", label=_("기관 이름 (영어)"), section="reporter", longest=120),
    Question(name="given_name", label=_("담당자 이름 (영어)"), section="reporter", longest=64),
    Question(name="family_name", label=_("담당자 성 (영어)"), section="reporter", longest=64),
    Question(
        name="mail", label=_("담당자 이메일"), section="reporter", shape=Shape.MAIL, longest=255
    ),
    Question(name="platform", label=_("서비스의 이름"), section="incident", longest=255),
    Question(
        name="room", label=_("대화방 (가명)"), section="incident", longest=255, required=False
    ),
    _FIRST,
    _words(
        "first_note",
        _("그 때가 무엇인지 (영어)"),
        "incident",
        longest=3000,
        required=False,
    ),
    Question(
        name="annotations",
        label=_("덧붙이는 표시 (사람이 확인한 것만)"),
        section="incident",
        shape=Shape.CHOICES,
        required=False,
        choices=ANNOTATIONS,
    ),
    _words(
        "high_priority",
        _("급하다면 그 까닭 (영어)"),
        "incident",
        longest=3000,
        required=False,
        hint=_("아이가 곧 위험해질 수 있을 때만."),
    ),
    _words(
        "what",
        _("무슨 일이 있었나 (영어, 사람이 읽고 확인한 것)"),
        "incident",
        longest=8000,
        hint=_("사실만 적고, 대화는 증거 자료의 메시지 번호로 가리키세요."),
    ),
    Question(name="account", label=_("상대의 계정"), section="suspect", longest=255),
    Question(
        name="screen_name",
        label=_("상대의 표시 이름"),
        section="suspect",
        longest=256,
        required=False,
    ),
    Question(
        name="young_account", label=_("청소년의 계정"), section="young", longest=255, required=False
    ),
    Question(
        name="young_years",
        label=_("청소년의 나이 (숫자, 알 때만)"),
        section="young",
        longest=3,
        required=False,
    ),
    Question(
        name="police",
        label=_("알린 경찰 (영어)"),
        section="done",
        longest=255,
        hint=_("한국 경찰에 알렸다면 그 이름, 아니면 ‘not reported’."),
    ),
    Question(
        name="police_number",
        label=_("경찰의 사건 번호"),
        section="done",
        longest=100,
        required=False,
    ),
    _PACKAGES,
)

_PLATFORM = (
    _AGENCY,
    _WRITER,
    _CONTACT,
    _WHERE,
    Question(
        name="desk",
        label=_("어디로 보내는가"),
        section="suspect",
        longest=200,
        hint=_("신고 양식의 이름이나 담당 부서. 누가 받는지 확인하고 적으세요."),
    ),
    _ACCOUNTS,
    _ROOMS,
    _FIRST,
    _LAST,
    _WHAT,
    _words(
        "rule",
        _("어긴 약관이나 정책"),
        "incident",
        longest=1000,
        required=False,
    ),
    _words(
        "wish",
        _("플랫폼에 바라는 것"),
        "wish",
        longest=2000,
        hint=_("계정과 대화 기록을 먼저 보존한 뒤에 조치하기, 청소년에게 연락하지 않기 같은 것."),
    ),
    _HASHES,
)

_TAKEDOWN = (
    _AGENCY,
    _WRITER,
    _CONTACT,
    _WHERE,
    _words(
        "where",
        _("지울 것이 있는 곳 (주소나 대화방)"),
        "incident",
        longest=2000,
        hint=_("내용을 옮겨 적거나 사진을 붙이지 마세요."),
    ),
    _words("kind_of", _("무엇인가, 한 줄로"), "incident", longest=300),
    Question(
        name="seen_at",
        label=_("마지막으로 확인한 때"),
        section="incident",
        shape=Shape.MOMENT,
        longest=40,
    ),
    _words(
        "young_wish",
        _("청소년이나 보호자의 뜻 (누가, 언제)"),
        "young",
        longest=1000,
        place=Place.CASE,
    ),
    _words(
        "basis",
        _("근거"),
        "wish",
        longest=1000,
        hint=_("정보통신망법 제44조의2·제44조의7, 성폭력방지법 제7조의3 가운데 맞는 것."),
    ),
    _words(
        "keep_first",
        _("지우기 전의 보존 (수사기관과 이야기했는가)"),
        "wish",
        longest=1000,
        hint=_("지우면 증거도 사라집니다. 보존을 먼저 요청했는지 적으세요."),
    ),
    _words("wish", _("바라는 것"), "wish", longest=1000),
    _HASHES,
)

FORMS: dict[str, tuple[Question, ...]] = {
    Kind.POLICE: _POLICE,
    Kind.CYBERTIP: _CYBERTIP,
    Kind.PLATFORM: _PLATFORM,
    Kind.TAKEDOWN: _TAKEDOWN,
}

WARNS = frozenset({Kind.PLATFORM, Kind.TAKEDOWN})
"""Kinds from which the other side can learn that somebody looks at them."""
