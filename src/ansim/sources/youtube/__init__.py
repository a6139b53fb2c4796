"""YouTube: comments of declared channels and videos, and the live chat of running streams.

Only the declaration lives here; the library is loaded where a source is brought up.
"""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

DECLARATION = Declaration(
    name="youtube",
    kinds=frozenset({SourceKind.PUBLIC_ROOM}),
    hears=Hears.ROOM_OPEN_TO_ALL,
    legal_basis=(
        "Only comments and live chats that everybody can read below public videos are read, of "
        "channels and videos that the source declares; nothing for members only, nothing private."
    ),
    legal_basis_ko=(
        "누구나 볼 수 있는 영상과 실시간 방송에 달린 공개 댓글과 채팅만, 출처에 적어 둔 채널과 "
        "영상에서 YouTube의 공식 인터페이스로 읽습니다. 비공개 글은 읽지 않습니다."
    ),
    can_reply=True,
    can_message_privately=False,  # YouTube has no private messages
    keeps_history=True,
    sends_once=False,
    way=Way.CALLS,
    edits=True,
    fields=(
        Field(
            name="key",
            ko="API 키",
            en="API key",
            help_ko="Google Cloud에서 YouTube Data API v3에만 쓰도록 만듭니다.",
            help_en="From Google Cloud, limited to the YouTube Data API v3.",
            secret=True,
        ),
        Field(
            name="places",
            ko="읽을 채널과 영상",
            en="Channels and videos to read",
            help_ko="한 줄에 하나: 채널 번호(UC…), @채널이름, 또는 영상 번호(11자)",
            help_en="One a line: a channel's id (UC…) or @handle, or a video's id (11 characters)",
            kind=FieldKind.LIST,
        ),
        Field(
            name="client_id",
            ko="OAuth 클라이언트 ID (답하려면)",
            en="OAuth client id (to answer)",
            required=False,
        ),
        Field(
            name="client_secret",
            ko="OAuth 클라이언트 비밀번호 (답하려면)",
            en="OAuth client secret (to answer)",
            secret=True,
            required=False,
        ),
        Field(
            name="refresh_token",
            ko="기관 채널의 refresh token (답하려면)",
            en="Refresh token of the agency's channel (to answer)",
            help_ko="범위: https://www.googleapis.com/auth/youtube.force-ssl",
            help_en="Scope: https://www.googleapis.com/auth/youtube.force-ssl",
            secret=True,
            required=False,
        ),
        Field(
            name="every",
            ko="댓글을 몇 초마다 볼지",
            en="Seconds between two looks at comments",
            kind=FieldKind.NUMBER,
            default="120",
            required=False,
        ),
        Field(
            name="live_every",
            ko="실시간 채팅을 몇 초마다 볼지 (YouTube가 정한 것보다 짧지 않음)",
            en="Seconds between two looks at a live chat (never less than YouTube allows)",
            kind=FieldKind.NUMBER,
            default="10",
            required=False,
        ),
        Field(
            name="api",
            ko="API 주소 (보통은 비워 둠)",
            en="Address of the API (usually left empty)",
            kind=FieldKind.ADDRESS,
            required=False,
        ),
    ),
)

__all__ = ["DECLARATION"]
