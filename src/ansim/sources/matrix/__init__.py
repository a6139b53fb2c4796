"""Matrix: a visible bot account in public rooms and in rooms that invited it.

Only the declaration lives here; the library is loaded where a source is brought up.
"""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

DECLARATION = Declaration(
    name="matrix",
    kinds=frozenset({SourceKind.PUBLIC_ROOM, SourceKind.VISIBLE_BOT}),
    hears=Hears.ROOM_THAT_WAS_TOLD,
    legal_basis=(
        "The account is a visible member of the room: invited by somebody in it, or in a room "
        "that anybody may enter. All present are told before anything is read, whoever comes later "
        "too, and one objection stops the reading. Words sent to the account itself are sent to "
        "the agency. Encrypted rooms are not entered."
    ),
    legal_basis_ko=(
        "계정은 방 안의 사람이 초대했거나 누구나 들어가는 방에 있는, 모두에게 보이는 참여자입니다. "
        "읽기 전에 모두에게 알리고 나중에 온 사람에게도 알리며, 한 사람이라도 원하지 않으면 "
        "멈춥니다. 계정에게 보낸 말은 기관에 보낸 말입니다. 암호화된 방에는 들어가지 않습니다."
    ),
    can_reply=True,
    can_message_privately=True,
    keeps_history=True,
    sends_once=True,
    way=Way.CALLS,
    edits=True,
    fields=(
        Field(
            name="homeserver",
            ko="홈서버 주소",
            en="Address of the homeserver",
            help_ko="봇 계정이 있는 홈서버. 보기: https://matrix.example.org",
            help_en="Where the bot's account lives, such as https://matrix.example.org",
            kind=FieldKind.ADDRESS,
        ),
        Field(
            name="user_id",
            ko="봇 계정",
            en="Account of the bot",
            help_ko="전체 이름. 보기: @ansim:example.org",
            help_en="Its full name, such as @ansim:example.org",
        ),
        Field(
            name="access_token",
            ko="접속 토큰",
            en="Access token",
            help_ko="토큰이나 비밀번호 가운데 하나를 적습니다. 둘 다 있으면 토큰을 씁니다.",
            help_en="Enter this or the password. Where both are there, the token is used.",
            secret=True,
            required=False,
        ),
        Field(
            name="password",
            ko="비밀번호",
            en="Password",
            help_ko="토큰이 없을 때 이것으로 로그인합니다. 받은 토큰은 봉해서 보관합니다.",
            help_en="Used to log in where there is no token; the token that comes back is sealed.",
            secret=True,
            required=False,
        ),
        Field(
            name="rooms",
            ko="들어갈 공개 대화방",
            en="Public rooms to join",
            help_ko="한 줄에 하나. 보기: #study:example.org. 비워 두면 초대받은 방에만 들어갑니다.",
            help_en="One a line, such as #study:example.org. Empty: only rooms that invite it.",
            kind=FieldKind.LIST,
            required=False,
        ),
        Field(
            name="accept_invitations",
            ko="초대를 받아들임",
            en="Accept invitations",
            help_ko="아니요: 초대와 개인 대화 요청을 모두 거절합니다.",
            help_en="No: every invitation is declined, also to talk to the agency alone.",
            kind=FieldKind.CHOICE,
            choices=("yes", "no"),
            default="yes",
        ),
    ),
)

__all__ = ["DECLARATION"]
