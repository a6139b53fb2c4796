"""Any platform by signed requests, both ways: it posts messages to us, we post words to it."""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

DECLARATION = Declaration(
    name="webhook",
    kinds=frozenset(SourceKind),
    hears=Hears.GIVEN_BY_PLATFORM,
    legal_basis=(
        "The operator of the platform sends messages of its own service, each request signed, on "
        "the legal basis it declares for the source: rooms open to all, rooms whose members were "
        "told and agreed, donations by a participant, or its own terms and statutory duties. "
        "Nothing is fetched."
    ),
    legal_basis_ko=(
        "플랫폼 운영자가 자기 서비스의 메시지를, 출처에 적은 법적 근거(누구나 들어오는 방, 알리고 "
        "동의받은 방, 참여자의 제공, 약관과 법적 의무)에 따라 요청마다 서명해 스스로 보냅니다. "
        "우리가 가져오는 것은 없습니다."
    ),
    can_reply=True,
    can_message_privately=True,
    keeps_history=False,
    sends_once=True,  # the platform's duty: a repeated Idempotency-Key is said once
    way=Way.CALLED,
    edits=True,
    fields=(
        Field(
            name="secret",
            ko="서명 비밀",
            en="Signing secret",
            help_ko="플랫폼과 나눠 갖는 32자 이상의 무작위 문자열. 양쪽 요청에 서명합니다.",
            help_en="At least 32 random characters shared with the platform; signs both ways.",
            secret=True,
        ),
        Field(
            name="secret_before",
            ko="이전 서명 비밀",
            en="Former signing secret",
            help_ko="비밀을 바꾸는 동안만 넣으세요. 두 비밀이 모두 통합니다.",
            help_en="Only while the secret is being changed: both are accepted.",
            secret=True,
            required=False,
        ),
        Field(
            name="address",
            ko="상담원의 말을 받을 주소",
            en="Address for counsellors' words",
            help_ko="플랫폼의 https 주소. 비워 두면 듣기만 합니다.",
            help_en="The platform's https address. Empty: we only listen.",
            kind=FieldKind.ADDRESS,
            required=False,
        ),
        Field(
            name="allow_http",
            ko="사설망 http 허용",
            en="Allow http in a private network",
            help_ko="주소가 같은 기계나 사설망에 있을 때만 통합니다.",
            help_en="Works only for this machine and private networks.",
            kind=FieldKind.CHOICE,
            choices=("no", "yes"),
            default="no",
            required=False,
        ),
    ),
)

__all__ = ["DECLARATION"]
