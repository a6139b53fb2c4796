"""Bluesky: public posts of declared accounts, hashtags or words, and the threads around them.

Only the declaration lives here; the library is loaded where a source is brought up.
"""

from ansim.chat import SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

DECLARATION = Declaration(
    name="bluesky",
    kinds=frozenset({SourceKind.PUBLIC_ROOM}),
    hears=Hears.ROOM_OPEN_TO_ALL,
    legal_basis=(
        "Only posts that everybody can read without an account are read, of accounts, hashtags or "
        "words that the source declares; whoever asks not to be shown to strangers is left out."
    ),
    legal_basis_ko=(
        "계정 없이 누구나 볼 수 있는 글만, 출처에 적어 둔 계정과 해시태그와 낱말로 찾아 읽습니다. "
        "낯선 사람에게 보이지 않기를 바란 사람의 글은 읽지 않습니다."
    ),
    can_reply=True,
    # Bluesky's chats are a service of their own, closed to strangers by default; nothing of it is
    # read or written here.
    can_message_privately=False,
    keeps_history=True,
    sends_once=True,
    way=Way.CALLS,
    edits=True,
    fields=(
        Field(
            name="handle",
            ko="기관 계정",
            en="The agency's account",
            help_ko="예: ansim.example.org 또는 ansim.bsky.social",
            help_en="As ansim.example.org or ansim.bsky.social",
        ),
        Field(
            name="password",
            ko="앱 비밀번호",
            en="App password",
            help_ko="설정 → 개인정보와 보안 → 앱 비밀번호. 쪽지 권한은 주지 않습니다.",
            help_en="Settings → Privacy and security → App passwords, without access to messages.",
            secret=True,
        ),
        Field(
            name="feeds",
            ko="읽을 계정, 해시태그, 낱말",
            en="Accounts, hashtags or words to read",
            help_ko="한 줄에 하나: @이름.bsky.social, #해시태그, 또는 찾을 말",
            help_en="One a line: @name.bsky.social, #hashtag, or words to search for",
            kind=FieldKind.LIST,
        ),
        Field(
            name="service",
            ko="서버 주소 (보통은 비워 둠)",
            en="Address of the server (usually left empty)",
            help_ko="기관 계정이 bsky.social이 아닌 서버(PDS)에 있을 때에만 적습니다.",
            help_en="Only where the agency's account lives on another server (PDS).",
            kind=FieldKind.ADDRESS,
            default="https://bsky.social",
            required=False,
        ),
        Field(
            name="media",
            ko="사진이 있는 다른 서버 (보통은 비워 둠)",
            en="Other hosts where pictures lie (usually left empty)",
            help_ko="한 줄에 하나. cdn.bsky.app과 위 서버에서는 적지 않아도 가져옵니다.",
            help_en="One a line. cdn.bsky.app and the server above need no entry.",
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
