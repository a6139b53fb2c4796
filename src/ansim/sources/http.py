"""Any platform that can make an HTTP request: it posts messages and fetches a counsellor's words.

The way back is an outbox in JetStream: the courier lays words there, the platform takes them with
``GET /v1/outbox`` and confirms each. Entries are sealed; confirmed ones lose their text at once and
stay as a mark, so that neither the courier nor the platform can make one count twice.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import KeyValueConfig, StorageType
from nats.js.errors import (
    APIError,
    KeyNotFoundError,
    KeyWrongLastSequenceError,
    NoKeysError,
    NotFoundError,
)
from nats.js.kv import KeyValue

from ansim.chat import SourceKind
from ansim.keys import Keyring
from ansim.sources.contract import Declaration, Delivery, DeliveryState, Hears, Outgoing, Way
from ansim.sources.doorway import Doorway

log = logging.getLogger(__name__)

DECLARATION = Declaration(
    name="http",
    kinds=frozenset(SourceKind),
    hears=Hears.GIVEN_BY_PLATFORM,
    legal_basis=(
        "The operator of the platform sends messages of its own service, on the legal basis it "
        "declares for the source: rooms open to all, rooms whose members were told and agreed, "
        "donations by a participant, or its own terms and statutory duties. Nothing is fetched."
    ),
    legal_basis_ko=(
        "플랫폼 운영자가 자기 서비스의 메시지를, 출처에 적은 법적 근거(누구나 들어오는 방, 알리고 "
        "동의받은 방, 참여자의 제공, 약관과 법적 의무)에 따라 스스로 보냅니다. 우리가 가져오는 "
        "것은 없습니다."
    ),
    can_reply=True,
    can_message_privately=True,
    keeps_history=False,
    sends_once=True,
    way=Way.CALLED,
    edits=True,
)

BUCKET = "outbox"
PURPOSE = "outbox"
LIFE_SECONDS = 30 * 24 * 3600.0
COLLECT_SECONDS = 24 * 3600.0
"""Words not collected in this time are given up: a first message days late helps nobody."""
RELOAD_SECONDS = 30.0
NOT_COLLECTED = (
    "플랫폼이 24시간 안에 가져가지 않았습니다 / not collected by the platform in 24 hours"
)
WAITING = "플랫폼이 가져가기를 기다리는 중 / waiting for the platform to collect it"


class Lying(msgspec.Struct, frozen=True, kw_only=True):
    """Words in the outbox. ``conversation`` and ``recipient`` are the platform's own
    names; sealed at rest."""

    id: str
    source: str
    conversation: str
    text: str
    language: str
    agency: str
    at: float
    recipient: str = ""
    state: DeliveryState = DeliveryState.WAITING
    detail: str = ""


class HttpConnector(Doorway):
    """The connector ``http``. Its outbox is there once NATS is."""

    declaration = DECLARATION

    def __init__(self) -> None:
        super().__init__()
        self.outbox: Outbox | None = None

    async def send(self, outgoing: Outgoing) -> Delivery:
        """Lays the words in the outbox; later calls with the same id tell what became of them."""
        if self.outbox is None:
            raise ConnectionError("NATS is not connected yet")
        return await self.outbox.put(outgoing)


class Outbox:
    """Words that platforms have yet to collect, in JetStream and, to answer fast, in memory.

    Several processes may serve one outbox: each hears of the others' writes and reads everything
    again every ``RELOAD_SECONDS``.
    """

    def __init__(
        self,
        client: Client,
        bucket: KeyValue,
        keyring: Keyring,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._keyring = keyring
        self._clock = clock
        self._waiting: dict[str, tuple[int, Lying]] = {}
        self._changed = asyncio.Event()

    @classmethod
    async def open(cls, client: Client, keyring: Keyring, replicas: int) -> Outbox:
        """Opens the bucket (creating it where there is none) and reads what lies in it."""
        js = client.jetstream(timeout=5)
        settings = KeyValueConfig(
            bucket=BUCKET,
            description="counsellors' words for platforms to collect",
            history=1,
            ttl=LIFE_SECONDS,
            storage=StorageType.FILE,
            replicas=replicas,
            direct=False,  # read what was written last, whichever server answers
        )
        try:
            bucket = await js.key_value(BUCKET)
        except NotFoundError:
            try:
                bucket = await js.create_key_value(settings)
            except APIError:
                bucket = await js.key_value(BUCKET)  # another process was first
        self = cls(client, bucket, keyring)
        await client.subscribe(f"$KV.{BUCKET}.*", cb=self._heard)
        await self._load()
        return self

    async def follow(self) -> None:
        """Reads everything again from time to time, until cancelled."""
        while True:
            await asyncio.sleep(RELOAD_SECONDS)
            try:
                await self._load()
            except (NatsError, OSError, TimeoutError) as error:
                log.debug("outbox: %s", error)

    async def put(self, outgoing: Outgoing) -> Delivery:
        """Lays words down, once for each id, and tells how far they have come.

        Raises ConnectionError when JetStream does not answer.
        """
        lying = Lying(
            id=outgoing.id,
            source=outgoing.source,
            conversation=outgoing.conversation,
            text=outgoing.text,
            language=outgoing.language,
            agency=outgoing.agency,
            recipient=outgoing.recipient,
            at=self._clock(),
        )
        try:
            try:
                revision = await self._bucket.create(lying.id, self._seal(lying))
            except KeyWrongLastSequenceError:
                found = await self._read(lying.id)
                if found is None:
                    return Delivery(DeliveryState.UNKNOWN, "the outbox entry was removed")
                revision, lying = found
                if lying.state is DeliveryState.WAITING and self._too_old(lying):
                    return await self._settle(revision, lying, DeliveryState.FAILED, NOT_COLLECTED)
        except (NatsError, OSError, TimeoutError) as error:
            raise ConnectionError(f"the outbox: {type(error).__name__}") from error
        self._keep(revision, lying)
        return Delivery(lying.state, lying.detail or WAITING)

    async def settle(
        self, source: str, message: str, state: DeliveryState, detail: str
    ) -> Delivery | None:
        """The platform's word on a message: sent, or failed and why.

        Returns what counts (the first word given), or None when ``source`` has no such message.
        Raises ConnectionError when JetStream does not answer.
        """
        try:
            found = await self._read(message)
            if found is None or found[1].source != source:
                return None
            revision, lying = found
            if lying.state is not DeliveryState.WAITING:
                return Delivery(lying.state, lying.detail)
            return await self._settle(revision, lying, state, detail)
        except KeyWrongLastSequenceError:
            return await self.settle(source, message, state, detail)  # another process was first
        except (NatsError, OSError, TimeoutError) as error:
            raise ConnectionError(f"the outbox: {type(error).__name__}") from error

    async def _settle(
        self, revision: int, lying: Lying, state: DeliveryState, detail: str
    ) -> Delivery:
        settled = msgspec.structs.replace(lying, state=state, detail=detail, text="")
        await self._bucket.update(lying.id, self._seal(settled), last=revision)
        self._keep(revision, settled)
        return Delivery(state, detail)

    def waiting(self, source: str, after: int, limit: int) -> list[tuple[int, Lying]]:
        """Words of ``source`` not yet confirmed, oldest first, with cursors above ``after``."""
        found = [
            (cursor, lying)
            for cursor, lying in self._waiting.values()
            if lying.source == source and cursor > after and not self._too_old(lying)
        ]
        return sorted(found, key=lambda pair: pair[0])[:limit]

    async def wait(
        self, source: str, after: int, limit: int, seconds: float
    ) -> list[tuple[int, Lying]]:
        """As ``waiting``, but gives new words up to ``seconds`` to arrive."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            changed = self._changed
            found = self.waiting(source, after, limit)
            left = deadline - asyncio.get_running_loop().time()
            if found or left <= 0:
                return found
            try:
                await asyncio.wait_for(changed.wait(), left)
            except TimeoutError:
                return self.waiting(source, after, limit)

    def _too_old(self, lying: Lying) -> bool:
        return self._clock() - lying.at > COLLECT_SECONDS

    def _keep(self, revision: int, lying: Lying) -> None:
        if lying.state is DeliveryState.WAITING:
            if lying.id in self._waiting:
                return
            self._waiting[lying.id] = (revision, lying)
            self._changed.set()
            self._changed = asyncio.Event()
        else:
            self._waiting.pop(lying.id, None)

    async def _heard(self, message: Msg) -> None:
        """A write, by us or another process. It may not be durable yet: the store is asked."""
        try:
            await self._reread(message.subject.rpartition(".")[2])
        except (NatsError, OSError, TimeoutError) as error:
            log.debug("outbox: %s", error)

    async def _reread(self, message: str) -> None:
        found = await self._read(message)
        if found is None:
            self._waiting.pop(message, None)
        else:
            self._keep(*found)

    async def _load(self) -> None:
        try:
            names = await self._bucket.keys()
        except NoKeysError:
            names = []
        for gone in set(self._waiting) - set(names):
            del self._waiting[gone]
        for name in names:
            await self._reread(name)

    async def _read(self, message: str) -> tuple[int, Lying] | None:
        try:
            entry = await self._bucket.get(message)
        except KeyNotFoundError:
            return None
        plain = self._keyring.open(entry.value or b"", PURPOSE)
        return entry.revision or 0, msgspec.json.decode(plain, type=Lying)

    def _seal(self, lying: Lying) -> bytes:
        return self._keyring.seal(msgspec.json.encode(lying), PURPOSE)
