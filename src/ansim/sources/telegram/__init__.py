"""Telegram: a visible bot in groups, and the agency's own private chat.

Only the declaration lives here; the library is loaded where a source is brought up.
"""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

DECLARATION = Declaration(
    name="telegram",
    kinds=frozenset({SourceKind.VISIBLE_BOT}),
    hears=Hears.ROOM_THAT_WAS_TOLD,
    legal_basis=(
        "An administrator of the group added the bot, which everybody sees among its members; all "
        "were told in the group before anything was read, newcomers too, and one objection stops "
        "the reading. Words in the bot's private chat are sent to the agency."
    ),
    legal_basis_ko=(
        "그룹 관리자가 봇을 넣었고 모두가 참여자 목록에서 봇을 봅니다. 읽기 전에 그룹에 알리고 "
        "새로 온 사람에게도 알리며, 한 사람이라도 원하지 않으면 멈춥니다. 봇과의 개인 대화는 "
        "기관에 보낸 말입니다."
    ),
    can_reply=True,
    can_message_privately=True,
    # Telegram shows a bot nothing of the past; it only holds undelivered updates for a day.
    keeps_history=False,
    sends_once=False,
    way=Way.CALLS,
    edits=True,
    fields=(
        Field(
            name="token",
            ko="봇 토큰",
            en="Bot token",
            help_ko="Telegram에서 @BotFather에게 /newbot을 보내 받습니다.",
            help_en="From @BotFather in Telegram, by /newbot.",
            secret=True,
        ),
        Field(
            name="groups",
            ko="읽을 그룹 번호 (비워 두면 봇이 들어간 모든 그룹)",
            en="Ids of the groups to read (empty: every group the bot was added to)",
            help_ko="한 줄에 하나, 보통 -100으로 시작합니다.",
            help_en="One a line; most begin with -100.",
            kind=FieldKind.LIST,
            required=False,
        ),
        Field(
            name="api",
            ko="Bot API 서버 주소 (보통은 비워 둠)",
            en="Address of the Bot API server (usually left empty)",
            help_ko="기관이 직접 운영하는 Bot API 서버가 있을 때에만 적습니다.",
            help_en="Only where the agency runs a Bot API server of its own.",
            kind=FieldKind.ADDRESS,
            required=False,
        ),
    ),
)

__all__ = ["DECLARATION"]
