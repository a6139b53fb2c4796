"""Whatever bytes arrive: never a crash, and every item is accounted for exactly once."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansim.chat.message import MAX_TEXT_BYTES
from ansim.sources.contract import Outcome
from ansim.stream.gateway import batches, limits
from ansim.stream.gateway.app import create
from ansim.stream.gateway.batches import NotABatch, TooManyItems
from ansim.stream.gateway.openapi import ITEM_ERRORS
from tests.gateway.conftest import KEY, item

NOW = 1_790_000_000.0
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
)
NAMES = st.text(max_size=8)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("id", "conversation", "author", "at", "text", "attachments", "replaces", "deleted")
GOOD = st.builds(
    lambda n, at, text, files: item(n, at=at, text=text, attachments=files),
    st.integers(0, 20),
    st.floats(limits.EARLIEST, NOW, allow_nan=False) | st.just("2026-01-05T20:15:00Z"),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.lists(
        st.fixed_dictionaries({"kind": st.sampled_from(["image", "file", "call"])}), max_size=3
    ),
)
SPOILT = st.builds(
    lambda good, field, value: good | {field: value},
    GOOD,
    st.sampled_from(FIELDS) | st.text(max_size=6),
    ANY,
)


def account(body: bytes, *, lines: bool = False) -> batches.Batch | None:
    """Reads a batch and checks that every item is there once, as message or as problem."""
    try:
        batch = batches.read(body, lines=lines, now=NOW)
    except (NotABatch, TooManyItems):
        return None
    indexes = [index for index, _ in batch.messages] + [each.index for each in batch.problems]
    assert sorted(indexes) == list(range(batch.size))
    for _, message in batch.messages:
        assert 0 < len(message.id) <= limits.MAX_ID
        assert 0 < len(message.conversation) <= limits.MAX_NAME
        assert 0 < len(message.author) <= limits.MAX_NAME
        assert limits.EARLIEST <= message.at <= NOW + limits.MAX_FUTURE_SECONDS
        assert len(message.text.encode()) <= MAX_TEXT_BYTES
        assert len(message.attachments) <= limits.MAX_ATTACHMENTS
        assert len(message.replaces) <= limits.MAX_ID
        assert not message.deleted or (message.replaces and not message.text)
        for name in (message.id, message.conversation, message.author, message.replaces):
            name.encode()
            assert "\0" not in name
            assert "\n" not in name
    for problem in batch.problems:
        assert problem.error in ITEM_ERRORS
        msgspec.json.encode(problem)
        problem.detail.encode()
    return batch


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes(body: bytes, lines: bool) -> None:
    account(body, lines=lines)


@given(st.lists(ANY | SPOILT | GOOD, max_size=8), st.booleans(), st.booleans())
def test_any_json(values: list[Any], ascii_only: bool, lines: bool) -> None:
    dumped = [json.dumps(value, ensure_ascii=ascii_only) for value in values]
    text = "\n".join(dumped) if lines else f"[{','.join(dumped)}]"
    account(text.encode("utf-8", "surrogatepass"), lines=lines)


@given(st.lists(GOOD, min_size=1, max_size=6), st.booleans())
def test_good_items_are_taken_as_they_are(values: list[dict[str, Any]], lines: bool) -> None:
    dumped = [json.dumps(value) for value in values]
    text = "\n".join(dumped) if lines else f"[{','.join(dumped)}]"
    batch = account(text.encode(), lines=lines)
    assert batch is not None
    assert batch.problems == []
    for (index, message), value in zip(batch.messages, values, strict=True):
        assert index == values.index(value) or value in values
        assert (message.id, message.text) == (value["id"], value["text"])
        assert len(message.attachments) == len(value["attachments"])


@given(st.lists(GOOD, min_size=1, max_size=5), st.data())
def test_one_changed_byte_costs_at_most_the_items_it_touches(
    values: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = [json.dumps(value).encode() for value in values]
    spoilt = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[spoilt]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != 10))
    line = lines[spoilt]
    lines[spoilt] = line[:place] + bytes([byte]) + line[place + 1 :]
    batch = account(b"\n".join(lines), lines=True)
    if batch is not None and batch.size == len(values):
        assert {each.index for each in batch.problems} <= {spoilt}


@given(st.integers(1, 400_000), st.sampled_from([b"[", b'{"a":', b"[[", b'[{"attachments":']))
@settings(max_examples=25)
def test_nesting_of_any_depth(depth: int, opening: bytes) -> None:
    account(opening * depth)
    account(opening * depth, lines=True)
    closing = b"]" if opening.startswith(b"[") else b"}"
    account(b"[" + opening[:1] * min(depth, 5000) + closing * min(depth, 5000) + b"]")


def test_the_fast_and_the_slow_way_to_split_an_array_agree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = [item(1), 7, "x", None, [1, [2]], {"a": {}}, item(2, text='],["\\ud83d\\ude00{'), {}]
    body = json.dumps(values, indent=1).encode()
    fast = batches.read(body, lines=False, now=NOW)
    monkeypatch.setattr(batches, "_CROWDED", 0)
    assert batches.read(body, lines=False, now=NOW) == fast


class Store:
    """Stands in for the http connector: everything that gets this far is stored."""

    def __init__(self) -> None:
        self.seen = 0

    async def take(self, _source: str, messages: list[Any]) -> list[Outcome]:
        self.seen += len(messages)
        return [Outcome.STORED] * len(messages)


@pytest.fixture(scope="module")
def application() -> Any:
    """The whole application without NATS: what is beyond the door is not what is tested here."""
    from ansim.config import Config
    from ansim.keys import Keyring
    from ansim.stream.gateway.ledger import MemoryLedger
    from tests.gateway.conftest import PARTNER, digest

    ledger = MemoryLedger([(PARTNER, digest(KEY))])
    made = create(Config(), Keyring.generate(), ledger)
    gateway = made.state.gateway
    gateway.http = Store()
    gateway.intake.check_backlog = lambda: None
    return made


@given(
    st.one_of(
        st.binary(max_size=400),
        st.lists(ANY | SPOILT | GOOD, max_size=6).map(lambda v: json.dumps(v).encode()),
        SPOILT.map(lambda v: json.dumps(v, ensure_ascii=False).encode("utf-8", "surrogatepass")),
    ),
    st.sampled_from(
        ["application/json", "application/x-ndjson", "text/plain", "", 'a/b;c="', "\x7f"]
    ),
    st.sampled_from([KEY, KEY, KEY, "wrong", "", "키"]),
)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_any_request_is_answered_and_never_with_500(
    application: Any, body: bytes, kind: str, key: str
) -> None:
    gateway = application.state.gateway
    await gateway.admission.refresh()
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answered = await client.post(
            "/v1/messages",
            content=body,
            headers=[
                (b"Authorization", f"Bearer {key}".encode()),
                (b"Content-Type", kind.encode()),
            ],
        )
    assert answered.status_code in {202, 400, 401, 403, 413, 422}
    told = answered.json()
    if answered.status_code in {202, 422}:
        refused = [result["index"] for result in told.get("results", [])]
        assert len(refused) == told["rejected"] == len(set(refused))
    else:
        assert set(told) == {"error", "detail"}
    assert gateway.in_flight.bytes == 0
