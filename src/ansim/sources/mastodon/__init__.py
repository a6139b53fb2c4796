"""Mastodon: public posts of declared hashtags or of one server, and the threads below them.

Only the declaration lives here; the library is loaded where a source is brought up.
"""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

DECLARATION = Declaration(
    name="mastodon",
    kinds=frozenset({SourceKind.PUBLIC_ROOM}),
    hears=Hears.ROOM_OPEN_TO_ALL,
    legal_basis=(
        "Only posts that their authors made public to everybody are read, under hashtags or on a "
        "server that the source declares; quiet, followers-only and direct posts never are."
    ),
    legal_basis_ko=(
        "글쓴이가 모두에게 공개한 글만, 출처에 적어 둔 해시태그나 서버에서 읽습니다. 조용히 올린 "
        "글, 팔로어만 보는 글, 쪽지는 읽지 않습니다."
    ),
    can_reply=True,
    # A "direct" post of Mastodon is a post that lies readable on both servers and can be brought
    # to more people by one mention: nothing that a counsellor could call private.
    can_message_privately=False,
    keeps_history=True,
    sends_once=True,
    way=Way.CALLS,
    edits=True,
    fields=(
        Field(
            name="instance",
            ko="서버 주소",
            en="Address of the server (instance)",
            help_ko="기관 계정이 있는 서버, 예: https://mastodon.example",
            help_en="Where the agency's account lives, as https://mastodon.example",
            kind=FieldKind.ADDRESS,
        ),
        Field(
            name="token",
            ko="기관 계정의 액세스 토큰",
            en="Access token of the agency's account",
            help_ko="설정 → 개발 → 새 앱: profile, read:accounts, read:statuses, write:statuses",
            help_en="Preferences → Development → New application: profile, read:accounts, "
            "read:statuses, write:statuses",
            secret=True,
        ),
        Field(
            name="hashtags",
            ko="읽을 해시태그",
            en="Hashtags to read",
            help_ko="한 줄에 하나, #는 없어도 됩니다.",
            help_en="One a line, with or without #.",
            kind=FieldKind.LIST,
            required=False,
        ),
        Field(
            name="local",
            ko="이 서버 사람들의 공개 글 모두 읽기",
            en="Read all public posts of this server's own people",
            help_ko="서버 운영자와 약속한 경우에만 켭니다.",
            help_en="Only where it was agreed with those who run the server.",
            kind=FieldKind.CHOICE,
            choices=("no", "yes"),
            default="no",
            required=False,
        ),
        Field(
            name="media",
            ko="사진이 있는 다른 서버",
            en="Other hosts where pictures lie",
            help_ko="한 줄에 하나, 예: files.mastodon.example. 비워 두면 위 서버에서만 가져옵니다.",
            help_en="One a line, as files.mastodon.example. Empty: only the server above is asked.",
            kind=FieldKind.LIST,
            required=False,
        ),
        Field(
            name="every",
            ko="몇 초마다 물어볼지",
            en="Seconds between two looks",
            kind=FieldKind.NUMBER,
            default="15",
            required=False,
        ),
    ),
)

__all__ = ["DECLARATION"]
