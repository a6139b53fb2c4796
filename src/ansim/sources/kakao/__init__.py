"""The agency's own KakaoTalk channel: a young person writes to it or pastes a conversation into it,
and gets a fixed answer at once and a counsellor's words after it (Kakao's chatbot skills, v2)."""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

API = "https://bot-api.kakao.com"

DECLARATION = Declaration(
    name="kakao",
    kinds=frozenset({SourceKind.DONATED}),
    hears=Hears.GIVEN_BY_PARTICIPANT,
    legal_basis=(
        "A young person writes to the agency's own channel, or hands over there messages already "
        "received by them: the agency is who is spoken to, nothing is read in transmission, and "
        "the fixed answer says who reads and why. The consent to it is recorded for the source."
    ),
    legal_basis_ko=(
        "청소년이 기관의 채널에 직접 쓰거나 이미 받은 대화를 거기에 건네줍니다. 말을 듣는 상대가 "
        "기관이고, 오가는 말을 가로채지 않으며, 누가 왜 읽는지는 정해진 답이 알립니다. 동의는 "
        "출처에 기록합니다."
    ),
    can_reply=True,
    can_message_privately=True,  # nobody else sees the channel's talk with one person
    keeps_history=False,
    sends_once=True,
    way=Way.CALLED,
    fields=(
        Field(
            name="token",
            ko="주소 비밀",
            en="Secret part of the address",
            help_ko="스킬 URL의 끝에 들어갈 32자 이상의 무작위 영문·숫자.",
            help_en="At least 32 random letters and digits, at the end of the skill's URL.",
            secret=True,
        ),
        Field(
            name="header_name",
            ko="확인 헤더 이름",
            en="Name of the proving header",
            help_ko="스킬 설정의 헤더에 넣은 이름. 쓰지 않으면 비워 두세요.",
            help_en="As entered in the skill's headers; empty where none is used.",
            required=False,
        ),
        Field(
            name="header_value",
            ko="확인 헤더 값",
            en="Value of the proving header",
            secret=True,
            required=False,
        ),
        Field(
            name="callback",
            ko="콜백 사용",
            en="Use callbacks",
            help_ko="AI 챗봇 승인을 받고 블록의 콜백을 켠 경우에만 yes.",
            help_en="yes only where the block's callback was approved and switched on.",
            kind=FieldKind.CHOICE,
            choices=("no", "yes"),
            default="no",
            required=False,
        ),
        Field(
            name="bot_id",
            ko="봇 ID (먼저 알리기)",
            en="Bot id (to call first)",
            help_ko="Event API로 상담원의 답을 먼저 알릴 때만 넣으세요.",
            help_en="Only where the Event API is used to bring an answer without being asked.",
            required=False,
        ),
        Field(
            name="event_name",
            ko="이벤트 이름",
            en="Name of the event",
            required=False,
        ),
        Field(
            name="event_api_key",
            ko="카카오 REST API 키",
            en="Kakao REST API key",
            secret=True,
            required=False,
        ),
        Field(
            name="api",
            ko="카카오 봇 API 주소",
            en="Address of Kakao's bot API",
            kind=FieldKind.ADDRESS,
            default=API,
            required=False,
        ),
    ),
)

__all__ = ["API", "DECLARATION"]
