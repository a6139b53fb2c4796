"""From Telegram's updates to intake: told first, in order, each counted once."""

from __future__ import annotations

import logging
import time
from typing import Any

import msgspec

from ansim.sources.contract import Incoming, Intake
from ansim.sources.handing import hand
from ansim.sources.privately import Privately
from ansim.sources.telegram.files import TelegramFile
from ansim.sources.telegram.groups import GroupTelling
from ansim.sources.telegram.line import Administrators, TelegramAPIError, Updates
from ansim.sources.telegram.mouth import Mouth
from ansim.sources.telegram.spoken import Said, people, said, whole
from ansim.sources.telling import notice
from ansim.sources.wiring import NoticeKind, Opening, Remembered, Rule

log = logging.getLogger(__name__)

KEPT_SECONDS = 24 * 3600.0
"""How long Telegram keeps what was not fetched."""
ALIVE_EVERY = 600.0
"""How often the time of the last answer is written down while nothing is said."""
COUNT_SECONDS = 60.0
"""How long a group's number of members is taken to be the same."""

TOO_OLD = (
    "Telegram은 24시간이 지난 메시지를 보관하지 않습니다 / "
    "Telegram keeps messages for 24 hours, and we were away longer"
)
NOT_ADMINISTRATOR = (
    "봇이 관리자가 아닌 그룹이 있습니다. 권한 없는 관리자로 지정해 주세요 / "
    "the bot is no administrator of a group: make it one, without any right"
)
ODD = "알아볼 수 없는 업데이트를 건너뛰었습니다 / an update made no sense and was left out"
INSIDE = ("member", "administrator", "creator")


class Reached(msgspec.Struct):
    """How far the updates were fetched."""

    next: int = 0
    """Number of the next update; 0: never fetched."""
    at: float = 0.0
    """When Telegram answered last, in seconds since 1970."""


class Groups(msgspec.Struct):
    """Groups that the bot is in: whether it is an administrator of each."""

    known: dict[str, bool] = {}


class Hearing:
    """One run of a source."""

    def __init__(
        self, opening: Opening, mouth: Mouth, privately: Privately, intake: Intake
    ) -> None:
        self._opening = opening
        self._mouth = mouth
        self._privately = privately
        self._intake = intake
        self._telling = GroupTelling(opening, self._say)
        self._reached = Reached()
        self._groups = Groups()
        self._counted: dict[str, tuple[float, int]] = {}
        self._me = 0

    async def run(self) -> None:
        """Until cancelled. Raises the library's errors, ConnectionError and IntakeRefused."""
        memory, health = self._opening.memory, self._opening.health
        self._me = (await self._mouth.bot.get_me()).id
        self._groups = await Remembered.read(memory, "groups", Groups)
        self._reached = await Remembered.read(memory, "reached", Reached)
        await self._after_a_pause()
        health.connected()
        while True:
            poll = Updates(offset=self._reached.next or None)
            bot = self._mouth.bot
            updates = await bot(poll, request_timeout=poll.timeout + 10)
            await self._take(updates)
            health.connected()

    async def _after_a_pause(self) -> None:
        """What Telegram has thrown away is a gap; whoever came in meanwhile was told by nobody."""
        now = time.time()
        if not self._reached.at or now - self._reached.at < KEPT_SECONDS:
            return
        self._opening.health.gap(self._reached.at, now - KEPT_SECONDS, TOO_OLD)
        for group in self._groups.known:
            await self._telling.forget(group)
        # After a quiet week Telegram counts from another number; what it has is unfetched.
        self._reached.next = 0

    async def _take(self, updates: list[dict[str, Any]]) -> None:
        """Hands a batch over and only then lets Telegram forget it."""
        ready: list[Incoming] = []
        for update in updates:
            try:
                ready += await self._read(update)
            except (ConnectionError, TelegramAPIError):
                raise
            except Exception as error:
                log.warning("telegram: odd update: %s", type(error).__name__)
                self._opening.health.trouble(ODD)
        await hand(self._opening, self._intake, ready)
        numbers = [whole(update.get("update_id")) for update in updates]
        now = time.time()
        if numbers or now - self._reached.at > ALIVE_EVERY:
            self._reached.next = max([self._reached.next, *(each + 1 for each in numbers)])
            self._reached.at = now
            await Remembered.write(self._opening.memory, "reached", self._reached)

    async def _read(self, update: dict[str, Any]) -> list[Incoming]:
        """What of an update may be handed over: one message, or none."""
        if "my_chat_member" in update:
            await self._we_came_or_went(update["my_chat_member"])
        elif "chat_member" in update:
            await self._somebody_came_or_went(update["chat_member"])
        elif "edited_message" in update:
            return await self._spoken(update["edited_message"], whole(update.get("update_id")))
        elif "message" in update:
            data = update["message"]
            group = str(whole(data["chat"]["id"]))
            if "new_chat_members" in data:
                await self._came(group, people(data["new_chat_members"]))
            elif "left_chat_member" in data:
                await self._went(group, people(data["left_chat_member"]))
            elif "migrate_to_chat_id" in data:
                await self._leave(group)
            else:
                return await self._spoken(data, 0)
        return []

    async def _spoken(self, data: dict[str, Any], edit: int) -> list[Incoming]:
        found = said(data)
        if found is None or (edit and not found.edited):
            return []
        if found.private:
            conversation = await self._with_person(found)
            if found.text.startswith("/start"):
                return []  # what Telegram says for somebody who presses “Start”
        elif not self._wanted(found.chat):
            return []
        else:
            conversation = found.place
            if not await self._may_read(found, edit):
                return []
        heard = found.change(conversation, edit) if edit else found.message(conversation)
        return [msgspec.structs.replace(heard, contents=self._contents(found))]

    def _contents(self, found: Said) -> tuple[TelegramFile | None, ...]:
        wiring = self._opening.wiring
        token, api = wiring.entry("token"), wiring.entry("api")
        if not any(found.files):
            return ()
        return tuple(TelegramFile(each, token, api) if each else None for each in found.files)

    # Groups.

    def _wanted(self, group: str) -> bool:
        entered = self._opening.wiring.entries("groups")
        return not entered or group in entered

    async def _may_read(self, found: Said, edit: int) -> bool:
        """The topics of a forum are read as the group that they belong to: it was told."""
        group = found.chat
        if await self._administrator(group):
            await self._telling.was_there(group, found.author)
        original = found.message(group)
        if not edit and not await self._telling.may_read(original):
            return False
        if edit and not (
            # What was said before the notice stays unread, also when it is changed after it.
            await self._telling.may_read(msgspec.structs.replace(original, text=""))
            and await self._telling.may_read(found.change(group, edit))
        ):
            return False
        if self._opening.wiring.rule is not Rule.AGREED:
            return True
        return await self._telling.known(group) >= await self._others(group)

    async def _others(self, group: str) -> int:
        """How many are in a group besides us; other bots count as people who never agree."""
        at, count = self._counted.get(group, (0.0, 0))
        if time.monotonic() - at > COUNT_SECONDS or not count:
            count = await self._mouth.bot.get_chat_member_count(int(group)) - 1
            self._counted[group] = (time.monotonic(), count)
        return count

    async def _administrator(self, group: str) -> bool:
        """Whether Telegram tells us of everybody who comes into a group."""
        known = self._groups.known.get(group)
        if known is None:
            mine = [each for each in await self._administrators(group) if each[0] == self._me]
            known = bool(mine)
            await self._note(group, known)
            if not known:
                self._opening.health.trouble(NOT_ADMINISTRATOR)
        return known

    async def _administrators(self, group: str) -> list[tuple[int, bool]]:
        """Their accounts, and whether each is a bot."""
        try:
            found = await self._mouth.bot(Administrators(chat_id=int(group)))
        except TelegramAPIError as error:
            log.info("telegram: administrators not shown: %s", type(error).__name__)
            return []
        users = [each.get("user") for each in found]
        return [(whole(u.get("id")), bool(u.get("is_bot"))) for u in users if isinstance(u, dict)]

    async def _note(self, group: str, administrator: bool) -> None:
        if self._groups.known.get(group) is not administrator:
            self._groups.known[group] = administrator
            await Remembered.write(self._opening.memory, "groups", self._groups)

    async def _we_came_or_went(self, data: dict[str, Any]) -> None:
        chat, status = data["chat"], data["new_chat_member"]["status"]
        group = str(whole(chat["id"]))
        if chat.get("type") not in ("group", "supergroup") or not self._wanted(group):
            return
        if status not in INSIDE:
            await self._leave(group)
            return
        await self._note(group, status == "administrator")
        if status != "administrator":
            self._opening.health.trouble(NOT_ADMINISTRATOR)
        there = [str(account) for account, bot in await self._administrators(group) if not bot]
        await self._telling.present(group, [*there, *people(data.get("from"))])

    async def _leave(self, group: str) -> None:
        """The bot was put out, or the group became a supergroup, which is told anew."""
        await self._telling.forget(group)
        if self._groups.known.pop(group, None) is not None:
            await Remembered.write(self._opening.memory, "groups", self._groups)

    async def _somebody_came_or_went(self, data: dict[str, Any]) -> None:
        group, member = str(whole(data["chat"]["id"])), data["new_chat_member"]
        if not _inside(member):
            await self._went(group, people(member["user"]))
        elif not _inside(data["old_chat_member"]):
            await self._came(group, people(member["user"]))

    async def _came(self, group: str, accounts: list[str]) -> None:
        self._counted.pop(group, None)
        if accounts and self._wanted(group):
            await self._telling.present(group, accounts)

    async def _went(self, group: str, accounts: list[str]) -> None:
        self._counted.pop(group, None)
        if accounts and self._wanted(group):
            await self._telling.left(group, accounts)

    # Saying what is fixed.

    async def _with_person(self, found: Said) -> str:
        """The conversation of a private message; who writes for the first time is greeted."""
        known = await self._privately.with_person(found.author)
        if known is None:
            words = notice(self._opening, NoticeKind.HELLO)
            try:
                if words:
                    await self._mouth.notice(int(found.chat), words, pin=False)
            except PermissionError:
                log.info("telegram: somebody who wrote to the bot does not take its answers")
            known = await self._privately.remember(found.author, found.chat, found.chat)
        return known.conversation

    async def _say(self, room: str, text: str) -> float:
        opening = (NoticeKind.ROOM, NoticeKind.ASK)
        texts = {notice(self._opening, kind, each) for kind in opening for each in ("ko", "en")}
        return await self._mouth.notice(int(room), text, pin=text in texts)


def _inside(member: dict[str, Any]) -> bool:
    status = member.get("status")
    return status in INSIDE or (status == "restricted" and member.get("is_member") is True)
