"""Discord: a visible bot in the channels of a server that its owners chose.

Only the declaration lives here; the library is loaded where a source is brought up.
"""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

DECLARATION = Declaration(
    name="discord",
    kinds=frozenset({SourceKind.VISIBLE_BOT}),
    hears=Hears.ROOM_THAT_WAS_TOLD,
    legal_basis=(
        "The owners of the server invited the bot into channels they chose; everybody who can see "
        "such a channel was told by a pinned notice before anything was read, newcomers too, and "
        "one objection stops the reading. Words sent to the bot itself are sent to the agency."
    ),
    legal_basis_ko=(
        "서버를 운영하는 사람이 고른 채널에 봇을 초대했고, 그 채널을 볼 수 있는 사람 모두가 읽기 "
        "전에 고정된 안내로 알았습니다. 새로 온 사람에게도 알리고, 한 사람이라도 원하지 않으면 "
        "멈춥니다. 봇에게 보낸 말은 기관에 보낸 말입니다."
    ),
    can_reply=True,
    can_message_privately=True,
    keeps_history=True,
    # Discord compares a nonce with those of the past few minutes only: no promise after a crash.
    sends_once=False,
    way=Way.CALLS,
    edits=True,
    fields=(
        Field(
            name="token",
            ko="봇 토큰",
            en="Bot token",
            help_ko="Discord 개발자 포털의 Bot 화면에서 받습니다.",
            help_en="From the page “Bot” of the Discord developer portal.",
            secret=True,
        ),
        Field(
            name="channels",
            ko="읽을 채널 번호",
            en="Ids of the channels to read",
            help_ko="한 줄에 하나. 개발자 모드에서 채널을 오른쪽 눌러 “채널 ID 복사하기”.",
            help_en="One a line. In developer mode, right-click a channel: “Copy Channel ID”.",
            kind=FieldKind.LIST,
        ),
        Field(
            name="api",
            ko="API 주소 (보통은 비워 둠)",
            en="Address of the API (usually left empty)",
            help_ko="시험할 때에만 씁니다.",
            help_en="For tests only.",
            kind=FieldKind.ADDRESS,
            required=False,
        ),
    ),
)

__all__ = ["DECLARATION"]
