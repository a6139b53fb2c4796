"""The rooms our account sits in: which it enters, which it declines, what it remembers of each.

A room is either told before it is read, or it is between one person and the agency: somebody wrote
to the account itself, or a counsellor answered somebody of another room in private.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from contextlib import suppress

import msgspec

from ansim.chat import SourceKind
from ansim.sources.fitting import fit_name
from ansim.sources.matrix.asking import Event, Refused, events, table, text
from ansim.sources.matrix.homeserver import Homeserver
from ansim.sources.telling import Telling, notice
from ansim.sources.wiring import NoticeKind, Opening, Remembered

MOST_MEMBERS = 5_000
"""A notice to more than these is no telling; and who was told has to be remembered."""
LANGUAGE = "org.ansim-eye.language"
"""A state event by which a room may say its language: {"language": "en"}."""

TOO_MANY = (
    "사람이 5,000명 넘는 방이라 들어가지 않았습니다 / a room of over 5,000 people is not entered"
)
NOT_PUBLIC = (
    "공개되지 않은 방이라 들어가지 않았습니다 / a room that is not open to all is not entered"
)
NOT_JOINED = (
    "설정한 방 하나에 들어가지 못했습니다 / one of the rooms entered here could not be joined"
)


class Note(msgspec.Struct):
    """What is remembered of one room. In the platform's own names: only ever sealed."""

    known: bool = False
    alone: str = ""
    """The one account that talks with the agency here; empty: a room of several people."""
    conversation: str = ""
    """Where its words belong, if not to this room: where the counsellor answered from."""
    unheard: bool = False
    """What was written to the agency before it came in has yet to be read."""


class State(msgspec.Struct):
    """A room as it is now."""

    members: set[str] = set()
    invited: set[str] = set()
    maker: str = ""
    language: str = ""
    encrypted: bool = False
    public: bool = False

    @classmethod
    def of(cls, found: list[Event]) -> State:
        """The state that these events describe."""
        state = cls(set(), set())
        for event in found:
            content, kind = table(event.get("content")), event.get("type")
            if kind == "m.room.member":
                if content.get("membership") == "join":
                    state.members.add(text(event.get("state_key")))
                elif content.get("membership") == "invite":
                    state.invited.add(text(event.get("state_key")))
            elif kind == "m.room.create":
                state.maker = text(event.get("sender"))
            elif kind == "m.room.encryption":
                state.encrypted = True
            elif kind == "m.room.join_rules":
                state.public = content.get("join_rule") == "public"
            elif kind == LANGUAGE:
                state.language = text(content.get("language"))
        return state


class Rooms:
    """All rooms of one source. Raises what ``Homeserver`` raises."""

    def __init__(self, opening: Opening, server: Homeserver) -> None:
        self.telling = Telling(opening, self._say)
        self._opening = opening
        self._server = server
        self._notes: dict[str, Note] = {}
        self._making = asyncio.Lock()
        self._declined: set[str] = set()
        self._entered: dict[str, str] = {}

    async def note(self, room: str) -> Note | None:
        """What is remembered of a room, None where we have not been in it."""
        found = self._notes.get(room)
        if found is None:
            found = await Remembered.read(self._opening.memory, f"note:{room}", Note)
            self._notes[room] = found
        return found if found.known else None

    async def keep(self, room: str, note: Note) -> None:
        self._notes[room] = note
        await Remembered.write(self._opening.memory, f"note:{room}", note)

    async def forget(self, room: str) -> None:
        """We are in the room no more."""
        self._notes.pop(room, None)
        await self.telling.forget(room)
        await self._opening.memory.forget(f"note:{room}")

    async def join_configured(self) -> None:
        """Enters the rooms that the operator named."""
        for name in self._opening.wiring.entries("rooms"):
            if self._entered.get(name) in self._declined:
                continue
            try:
                self._entered[name] = await self._server.join(name)
            except Refused:
                self._opening.health.trouble(NOT_JOINED)

    async def invited(self, room: str, invitation: list[Event]) -> None:
        """Accepts an invitation, or declines it with a polite line where there is one."""
        state = State.of(invitation)
        direct = any(
            event.get("state_key") == self._server.me
            and table(event.get("content")).get("is_direct") is True
            for event in invitation
        )
        if self._opening.wiring.entry("accept_invitations") == "no":
            await self._server.leave(room)
        elif state.encrypted:
            await self._decline_encrypted(room, state.language)
        elif self._only_public and not (state.public or direct):
            await self._server.leave(room)
        else:
            with suppress(Refused):  # taken back meanwhile
                await self._server.join(room)

    async def enter(self, room: str, *, found: bool = False) -> Note | None:
        """We have come into a room: tells everybody there, or leaves; None where we left.

        ``found``: we were in it before we began to listen, so what was written there stays unread.
        """
        async with self._making:  # a room that is being made for a counsellor's words
            note = await self.note(room)
        if note is not None:
            return note
        try:
            state = State.of(await self._server.state(room))
        except Refused:
            return None  # out again
        others = {fit_name(each) for each in state.members - {self._server.me}} - {""}
        if state.encrypted:
            await self._decline_encrypted(room, state.language)
            return None
        if state.maker == self._server.me:
            await self._server.leave(room)  # a crash came before its first words
            return None
        if not state.public and len(others) == 1 and not state.invited:
            note = Note(known=True, alone=others.pop(), unheard=not found)
            await self._mention(room, NoticeKind.HELLO, state.language)
            await self.keep(room, note)
            return note
        if len(others) > MOST_MEMBERS or (self._only_public and not state.public):
            self._declined.add(room)
            self._opening.health.trouble(TOO_MANY if len(others) > MOST_MEMBERS else NOT_PUBLIC)
            await self._server.leave(room)
            return None
        note = Note(known=True)
        await self.telling.present(room, others, state.language, everybody=True)
        await self.keep(room, note)
        return note

    async def look_again(self, room: str) -> None:
        """Who is there now, after a time whose events are lost."""
        try:
            state = State.of(await self._server.state(room))
        except Refused:
            return
        others = {fit_name(each) for each in state.members - {self._server.me}} - {""}
        await self.telling.present(room, others, state.language, everybody=True)

    async def no_longer_alone(self, room: str, note: Note) -> None:
        """A third person came into a room of one person and the agency: now it has to be told."""
        note.alone, note.conversation = "", ""
        await self.keep(room, note)
        await self.look_again(room)

    async def encrypted(self, room: str) -> None:
        """A room we are in was encrypted: says that we go, and goes.

        The words are not encrypted, which clients mark; better than to be gone without a word to
        those who were told that we read.
        """
        await self._mention(room, NoticeKind.ENCRYPTED)
        await self._decline_encrypted(room)
        await self.forget(room)

    async def direct(self, conversation: str, account: str, patience: float) -> str:
        """The room in which only ``account`` reads what a counsellor says to them; they are invited
        where they are not in it. What they answer there belongs to ``conversation``. Raises Refused
        where they cannot be invited."""
        note = await self.note(conversation)
        if note is not None and note.alone == account and not note.conversation:
            return conversation
        async with self._making:
            pair = hashlib.sha256(f"{conversation}\0{account}".encode())
            name = f"direct:{pair.hexdigest()}"
            kept = (await self._opening.memory.get(name) or b"").decode()
            if kept and await self._invite_again(kept, account, patience):
                return kept
            room = await self._server.create_direct(account, patience)
            await self.keep(room, Note(known=True, alone=account, conversation=conversation))
            await self._opening.memory.put(name, room.encode())
            return room

    async def _invite_again(self, room: str, account: str, patience: float) -> bool:
        """False where the room is gone for us."""
        try:
            membership = await self._server.membership(room, account)
        except Refused:
            return False
        if membership not in ("join", "invite"):
            await self._server.invite(room, account, patience)
        return True

    async def _mention(self, room: str, kind: NoticeKind, language: str = "") -> None:
        """Says a notice where one is approved and where we may speak."""
        words = notice(self._opening, kind, language)
        if words:
            with suppress(PermissionError):
                await self._say(room, words)

    async def _decline_encrypted(self, room: str, language: str = "") -> None:
        self._declined.add(room)
        await self._server.leave(room, notice(self._opening, NoticeKind.ENCRYPTED, language))

    @property
    def _only_public(self) -> bool:
        return self._opening.source.kind is SourceKind.PUBLIC_ROOM

    async def _say(self, room: str, words: str) -> float | None:
        """An approved notice, in the way of automatic words; returns when it was said."""
        content = {"msgtype": "m.notice", "body": words, "m.mentions": {}}
        try:
            said = await self._server.say(room, content, f"ansim-notice-{uuid.uuid4().hex}")
        except Refused as refused:
            raise PermissionError(refused.code) from None
        event = await self._server.event(room, said)
        at = None if event is None else event.get("origin_server_ts")
        # One more millisecond: what was said in the same one may have come before.
        return (at + 1) / 1000 if isinstance(at, int) else time.time()


def stripped(invitation: object) -> list[Event]:
    """What an invitation tells of its room."""
    return events(table(table(invitation).get("invite_state")).get("events"))
