"""XMPP: a visible bot in multi-user chat rooms (XEP-0045).

Only the declaration lives here; the library is loaded where a source is brought up.
"""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

DECLARATION = Declaration(
    name="xmpp",
    kinds=frozenset({SourceKind.VISIBLE_BOT}),
    hears=Hears.ROOM_THAT_WAS_TOLD,
    legal_basis=(
        "The account is a visible occupant of the room, with the agreement of whoever runs it; "
        "all present are told in the room before anything is read, whoever comes later too, and "
        "one objection stops the reading. Words sent to it privately are sent to the agency."
    ),
    legal_basis_ko=(
        "방을 운영하는 분의 동의를 받아 모두에게 보이는 참여자로 들어갑니다. 읽기 전에 방에 있는 "
        "모두에게 알리고, 나중에 온 사람에게도 알리며, 한 사람이라도 반대하면 읽기를 멈춥니다. "
        "봇에게 따로 보낸 말은 기관에 보낸 말입니다."
    ),
    can_reply=True,
    can_message_privately=True,
    # Rooms with an archive (XEP-0313) keep it; of the others a time away is told as a gap.
    keeps_history=True,
    # A room has no key that makes a repetition harmless.
    sends_once=False,
    way=Way.CALLS,
    edits=True,
    fields=(
        Field(
            name="jid",
            ko="봇 계정 (JID)",
            en="Account of the bot (JID)",
            help_ko="보기: ansim@example.org",
            help_en="Such as ansim@example.org",
        ),
        Field(
            name="password",
            ko="비밀번호",
            en="Password",
            secret=True,
        ),
        Field(
            name="rooms",
            ko="들어갈 대화방",
            en="Rooms to join",
            help_ko="한 줄에 하나. 보기: study@rooms.example.org. 없는 방은 만들지 않습니다.",
            help_en="One a line, such as study@rooms.example.org. A missing room is not created.",
            kind=FieldKind.LIST,
        ),
        Field(
            name="nickname",
            ko="방에서 보이는 이름 (비워 두면 기관 이름)",
            en="Name shown in the rooms (empty: the agency's)",
            required=False,
        ),
        Field(
            name="server",
            ko="서버 주소 host:port (보통은 비워 둠)",
            en="Address of the server, host:port (usually left empty)",
            help_ko="비워 두면 JID의 도메인에서 찾습니다.",
            help_en="Empty: found through the domain of the JID.",
            required=False,
        ),
        Field(
            name="tls",
            ko="암호화",
            en="Encryption",
            help_ko="none은 이 컴퓨터 안의 서버(127.0.0.1, ::1, localhost)에만 쓸 수 있습니다.",
            help_en="none is taken only for a server on this machine (127.0.0.1, ::1, localhost).",
            kind=FieldKind.CHOICE,
            choices=("starttls", "direct", "none"),
            default="starttls",
            required=False,
        ),
        Field(
            name="media",
            ko="사진이 있는 다른 서버 (보통은 비워 둠)",
            en="Other hosts where pictures lie (usually left empty)",
            help_ko="한 줄에 하나. 봇 계정의 서버가 알려 주는 업로드 서버는 적지 않아도 됩니다.",
            help_en="One a line. The upload service of the account's own server needs no entry.",
            kind=FieldKind.LIST,
            required=False,
        ),
    ),
)

__all__ = ["DECLARATION"]
