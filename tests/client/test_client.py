"""The client for platforms: what it sends, how long it insists, and what it keeps apart."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ansim.client import (
    AnsimClient,
    AnsimError,
    AsyncAnsimClient,
    Attachment,
    Message,
    NotFromAnsim,
    Refused,
    Sent,
    Unavailable,
    sign,
    verify,
)
from ansim.client.exchange import MOST_ITEMS, Account, bodies
from ansim.stream.gateway.items import Item

SECRET = "a-secret-of-platform-and-agency"
Answers = Callable[[str, dict[str, str], bytes], tuple[int, dict[str, str], Any]]


class Stub:
    """A server that answers as it is told and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str], Any]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                stub.asked.append((self.path, headers, body))
                status, more, said = stub.answers.pop(0) if stub.answers else stub.good(body)
                data = json.dumps(said).encode()
                self.send_response(status)
                for name, value in {**more, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST

            def log_message(self, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @staticmethod
    def good(body: bytes) -> tuple[int, dict[str, str], Any]:
        return 202, {}, {"accepted": len(json.loads(body)), "duplicates": 0, "rejected": 0}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub()
    yield server
    server.close()


@pytest.fixture
def client(stub: Stub) -> Iterator[AnsimClient]:
    with AnsimClient(stub.base, source="game", secret=SECRET, patience=5.0) as made:
        yield made


@pytest.fixture
async def waiting(stub: Stub) -> AsyncIterator[AsyncAnsimClient]:
    async with AsyncAnsimClient(stub.base, source="game", secret=SECRET, patience=5.0) as made:
        yield made


def said(number: int) -> Message:
    return Message(id=f"m{number}", conversation="r", author="a", text="안녕", at=1_790_000_000.0)


def test_importing_it_brings_neither_django_nor_nats_nor_the_rest_of_this_package() -> None:
    program = (
        "import sys, ansim.client\n"
        "bad = [n for n in sys.modules if n.split('.')[0] in ('django', 'nats', 'litestar')]\n"
        "own = [n for n in sys.modules if n.startswith('ansim.') and not "
        "n.startswith('ansim.client')]\n"
        "print(bad + own)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_it_tells_type_checkers_that_it_is_typed() -> None:
    import ansim

    assert (Path(ansim.__file__).parent / "py.typed").exists()


def test_messages_go_out_signed_in_order_and_in_one_request(
    client: AnsimClient, stub: Stub
) -> None:
    assert client.send([said(1), said(2)]) == Sent(accepted=2)
    path, headers, body = stub.asked[0]
    assert path == "/v1/webhook/game"
    assert [each["id"] for each in json.loads(body)] == ["m1", "m2"]
    timestamp = headers["x-ansim-timestamp"]
    assert (
        headers["x-ansim-signature"] == sign(SECRET, body, now=int(timestamp))["X-Ansim-Signature"]
    )
    assert set(json.loads(body)[0]) == {"id", "conversation", "author", "text", "at"}


def test_the_content_of_a_picture_goes_out_as_intake_reads_it(
    client: AnsimClient, stub: Stub
) -> None:
    shown = Attachment(kind="image", name="a.png", content=bytes(range(256)))
    client.send([Message(id="1", conversation="c", author="a", text="", attachments=[shown])])
    [item] = msgspec.json.decode(stub.asked[0][2], type=list[Item])
    assert item.attachments[0].content == shown.content
    client.send(
        [
            Message(
                id="2",
                conversation="c",
                author="a",
                text="",
                attachments=[Attachment(kind="image")],
            )
        ]
    )
    assert json.loads(stub.asked[1][2])[0]["attachments"] == [{"kind": "image"}]


def test_nothing_is_nothing_to_send(client: AnsimClient, stub: Stub) -> None:
    assert client.send([]) == Sent()
    assert stub.asked == []


def test_many_messages_become_several_requests_and_problems_keep_their_place() -> None:
    many = [said(number) for number in range(MOST_ITEMS + 5)]
    parts = list(bodies(many))
    assert [(start, end) for start, end, _ in parts] == [(0, MOST_ITEMS), (MOST_ITEMS, len(many))]
    assert sum(len(json.loads(body)) for _, _, body in parts) == len(many)
    large = [
        Message(id=str(n), conversation="r", author="a", text="가" * 20_000) for n in range(400)
    ]
    assert all(len(body) <= 8 * 1024 * 1024 for _, _, body in bodies(large))
    assert sum(len(json.loads(body)) for _, _, body in bodies(large)) == 400


def test_what_was_not_taken_is_told_by_its_place_among_all(client: AnsimClient, stub: Stub) -> None:
    problem = {"index": 2, "id": "m1002", "error": "invalid_at", "detail": "no such time"}
    stub.answers = [
        (202, {}, {"accepted": MOST_ITEMS, "duplicates": 0, "rejected": 0}),
        (202, {}, {"accepted": 1, "duplicates": 1, "rejected": 1, "results": [problem]}),
    ]
    sent = client.send([said(number) for number in range(MOST_ITEMS + 3)])
    assert (sent.accepted, sent.duplicates) == (MOST_ITEMS + 1, 1)
    assert (sent.problems[0].index, sent.problems[0].error) == (MOST_ITEMS + 2, "invalid_at")


def test_a_busy_server_gets_the_same_messages_again_when_it_asked_for_them(
    client: AnsimClient, stub: Stub
) -> None:
    stub.answers = [(503, {"Retry-After": "1"}, {"error": "unavailable", "detail": ""})]
    started = time.monotonic()
    assert client.send([said(1)]).accepted == 1
    assert time.monotonic() - started >= 1.0
    assert stub.asked[0][2] == stub.asked[1][2]


async def test_the_awaited_client_does_the_same(waiting: AsyncAnsimClient, stub: Stub) -> None:
    stub.answers = [(429, {"Retry-After": "1"}, {}), (500, {}, {})]
    started = time.monotonic()
    assert (await waiting.send([said(1)])).accepted == 1
    assert time.monotonic() - started >= 1.0
    assert len(stub.asked) == 3


def test_patience_ends_and_tells_what_is_left(stub: Stub) -> None:
    stub.answers = [Stub.good(b"[]")] + [(503, {"Retry-After": "30"}, {})] * 3
    messages = [said(number) for number in range(MOST_ITEMS + 1)]
    with (
        AnsimClient(stub.base, source="game", secret=SECRET, patience=20.0) as client,
        pytest.raises(Unavailable) as away,
    ):
        client.send(messages)
    assert [each.id for each in away.value.unsent] == [f"m{MOST_ITEMS}"]
    assert str(away.value).count("not sent") == 1
    assert len(stub.asked) == 2, "thirty seconds are longer than twenty"


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with (
        AnsimClient("http://127.0.0.1:9", source="g", secret=SECRET, patience=0.1) as client,
        pytest.raises(Unavailable) as away,
    ):
        client.send([said(1)])
    assert SECRET not in str(away.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_what_only_a_person_can_mend_is_not_tried_again(
    client: AnsimClient, stub: Stub, status: int
) -> None:
    stub.answers = [(status, {}, {"error": "refused", "detail": "the source is switched off"})]
    with pytest.raises(Refused) as refused:
        client.send([said(1)])
    assert (refused.value.status, refused.value.detail) == (status, "the source is switched off")
    assert len(stub.asked) == 1


def test_an_answer_that_is_none_is_told(client: AnsimClient, stub: Stub) -> None:
    stub.answers = [(200, {}, "a login page")]
    with pytest.raises(Refused):
        client.send([said(1)])
    stub.answers = [(202, {}, [1, 2])]
    with pytest.raises(Refused):
        client.send([said(1)])


def test_words_are_confirmed_by_both_ways_in(stub: Stub) -> None:
    stub.answers = [(200, {}, {})] * 4
    with AnsimClient(stub.base, source="game", secret=SECRET) as webhook:
        webhook.shown("w1")
        webhook.not_shown("w2", "방이 닫혔어요")
    with AnsimClient(stub.base, key="the key") as http:
        http.shown("w3")
        http.not_shown("w4", "")
    paths = [path for path, _, _ in stub.asked]
    assert paths == [
        "/v1/webhook/game/delivered",
        "/v1/webhook/game/delivered",
        "/v1/outbox/w3/ack",
        "/v1/outbox/w4/fail",
    ]
    assert json.loads(stub.asked[1][2]) == {
        "id": "w2",
        "state": "failed",
        "reason": "방이 닫혔어요",
    }
    assert stub.asked[2][1]["authorization"] == "Bearer the key"


def test_the_outbox_is_read_on_from_where_it_was(stub: Stub) -> None:
    word = {"id": "w1", "conversation": "r", "agency": "센터", "language": "ko", "text": "안녕"}
    stub.answers = [
        (200, {}, {"messages": [], "cursor": 0}),
        (200, {}, {"messages": [{**word, "cursor": 7, "at": 1.0, "to": None}], "cursor": 7}),
        (200, {}, {"messages": [{**word, "id": "w2"}], "cursor": 9}),
    ]
    with AnsimClient(stub.base, key="the key") as client:
        found = client.outbox()
        assert [next(found).id, next(found).id] == ["w1", "w2"]
    assert [path.partition("&")[0] for path, _, _ in stub.asked] == [
        "/v1/outbox?after=0",
        "/v1/outbox?after=0",
        "/v1/outbox?after=7",
    ]


def test_a_webhook_has_no_outbox(client: AnsimClient) -> None:
    with pytest.raises(AnsimError):
        next(client.outbox())


WORD = json.dumps(
    {"id": "w1", "conversation": "r", "agency": "센터", "language": "ko", "text": "안녕", "to": "a"}
).encode()


def test_words_are_taken_from_nobody_else() -> None:
    headers = sign(SECRET, WORD)
    assert verify(headers, WORD, SECRET).to == "a"
    assert verify({k.lower(): v for k, v in headers.items()}, WORD, ["new", SECRET]).id == "w1"
    for wrong_headers, body, secrets in (
        (headers, WORD + b" ", SECRET),
        (headers, WORD, "another"),
        (headers, WORD, []),
        ({}, WORD, SECRET),
        ({**headers, "X-Ansim-Timestamp": "1"}, WORD, SECRET),
        ({**headers, "X-Ansim-Signature": "v1=é"}, WORD, SECRET),
        (sign(SECRET, b"{}"), b"{}", SECRET),
        (sign("", WORD), WORD, ["", SECRET]),
        (sign("", WORD), WORD, ""),
    ):
        with pytest.raises(NotFromAnsim):
            verify(wrong_headers, body, secrets)


def test_an_old_request_is_refused_however_well_it_is_signed() -> None:
    headers = sign(SECRET, WORD, now=1_790_000_000)
    assert verify(headers, WORD, SECRET, now=1_790_000_200)
    with pytest.raises(NotFromAnsim):
        verify(headers, WORD, SECRET, now=1_790_000_301)


def test_who_gives_half_a_name_is_told_at_once() -> None:
    halves: list[dict[str, Any]] = [
        {"source": "game"},
        {"secret": SECRET},
        {},
        {"source": "g", "secret": "s", "key": "k"},
    ]
    for wrong in halves:
        with pytest.raises(ValueError, match="give source and secret"):
            AnsimClient("https://ansim.example", **wrong)
    with pytest.raises(ValueError, match="address"):
        AnsimClient("ansim.example", key="k")
    assert "s3cret" not in repr(Account("https://ansim.example", "game", "s3cret"))


def test_what_the_client_raises_comes_whole_out_of_another_process() -> None:
    message = Message(id="m", conversation="r", author="a", text="안녕")
    left = pickle.loads(pickle.dumps(Unavailable("down", Sent(accepted=1), [message])))  # noqa: S301
    assert str(left) == "down; 1 messages not sent"
    assert (left.sent, left.unsent) == (Sent(accepted=1), (message,))
    again = pickle.loads(pickle.dumps(Refused(403, "refused", "off")))  # noqa: S301
    assert (str(again), again.status) == ("403 refused: off", 403)
