"""A connector that needs everything a connector can need: for tests that need no service."""

from __future__ import annotations

from ansim.chat import Consent, SourceKind
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.wiring import Field, FieldKind

TOY = Declaration(
    name="toy",
    kinds=frozenset({SourceKind.VISIBLE_BOT, SourceKind.PUBLIC_ROOM}),
    hears=Hears.ROOM_THAT_WAS_TOLD,
    legal_basis="A toy of the tests, in rooms that were told.",
    legal_basis_ko="시험을 위한 장난감입니다.",
    can_reply=True,
    can_message_privately=True,
    keeps_history=True,
    sends_once=True,
    way=Way.CALLS,
    fields=(
        Field(name="server", ko="서버", en="Server", kind=FieldKind.ADDRESS),
        Field(name="rooms", ko="방", en="Rooms", kind=FieldKind.LIST, required=False),
        Field(
            name="invited",
            ko="초대",
            en="Invitations",
            kind=FieldKind.CHOICE,
            choices=("yes", "no"),
            default="no",
        ),
        Field(name="most", ko="최대", en="Most", kind=FieldKind.NUMBER, required=False),
        Field(name="token", ko="토큰", en="Token", secret=True),
        Field(name="token_before", ko="이전 토큰", en="Token before", secret=True, required=False),
    ),
)
SERVER = {"server": "https://chat.example"}
CONSENT = Consent(given_by="all present", given_at=1.7e9, how="notice in the room")
