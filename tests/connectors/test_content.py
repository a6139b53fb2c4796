"""Pictures and voices are fetched from the platform's own hosts, within limits, not elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from ansim.chat import AttachmentKind
from ansim.sources.content import Fetched
from ansim.sources.contract import ContentGone
from ansim.sources.discord.spoken import said as said_on_discord
from ansim.sources.kakao import skill
from ansim.sources.matrix.files import MatrixFile, file_path
from ansim.sources.telegram.files import TelegramFile
from ansim.sources.telegram.spoken import said as said_on_telegram

CONTENT = b"\x89PNG of somebody" * 100


class Host(ThreadingHTTPServer):
    """A platform's host for files that does what the path says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Serving)
        self.asked: list[tuple[str, str | None]] = []
        self.go_on = Event()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Serving(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        name = self.path.partition("?")[0].rpartition("/")[2]
        if name == "getFile":
            answers = {"good": "photos/good.jpg", "disk": "/var/lib/a.jpg", "up": "../../x"}
            path = answers.get(self.path.rpartition("=")[2], "")
            self._say(200, b'{"ok": true, "result": {"file_path": "%s"}}' % path.encode())
        elif name == "gone" or ("/client/v1/media/" in self.path and name == "old"):
            self._say(404, b"{}")
        elif name == "broken":
            self._say(502, b"")
        elif name == "elsewhere":
            self._say(302, b"", {"Location": f"{self.server.base}/good"})
        elif name == "claims":
            self._say(200, b"x", {"Content-Length": "99999999"})
        elif name == "endless":
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(500):
                    self.wfile.write(bytes(100_000))
            except OSError:
                pass
        elif name == "stalls":
            self.server.go_on.wait(60)
        else:
            self._say(200, CONTENT)

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    server = Host()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


async def test_content_is_fetched_whole_and_its_address_is_not_logged(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        found = await Fetched(f"{host.base}/good?key=secret", base=host.base).fetch(1_000_000)
    assert found == CONTENT
    assert "secret" not in caplog.text
    assert "secret" not in repr(Fetched("https://example.org/?key=secret"))


@pytest.mark.parametrize(
    ("path", "error", "said"),
    [
        ("gone", ContentGone, "refused"),
        ("elsewhere", ContentGone, "refused"),
        ("claims", ContentGone, "too_large"),
        ("endless", ContentGone, "too_large"),
        ("broken", ConnectionError, "502"),
    ],
)
async def test_a_host_that_goes_wrong_costs_no_more_than_the_limit(
    host: Host, path: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await Fetched(f"{host.base}/{path}", base=host.base).fetch(1_000_000)


async def test_a_host_that_stalls_is_given_up(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansim.sources.content.SECONDS", 0.5)
    with pytest.raises(TimeoutError):
        await Fetched(f"{host.base}/stalls", base=host.base).fetch(1000)


@pytest.mark.parametrize(
    "address",
    [
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com.example.org/a.png",
        "https://example.org/cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com@127.0.0.1/a.png",
        "https://127.0.0.1/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://cdn.discordapp.com\\@127.0.0.1/a.png",
        "https://evilkakaocdn.net/a.png",
        "https://cdn.discordapp.com/a\r\nHost: x",
        "file:///etc/hostname",
        "https://[::1/a.png",
        "http://127.0.0.1:1.example.org/a",
        "",
    ],
)
async def test_no_address_leads_to_another_host(address: str) -> None:
    fetched = Fetched(address, ("cdn.discordapp.com", ".kakaocdn.net"), base="http://127.0.0.1:1")
    with pytest.raises(ContentGone, match="elsewhere"):
        await fetched.fetch(1000)


def test_on_discord_pictures_and_voices_can_be_had_and_other_files_not() -> None:
    data: dict[str, Any] = {
        "id": "1000",
        "channel_id": "7",
        "author": {"id": "8"},
        "content": "",
        "attachments": [
            {"filename": "a.png", "url": "https://cdn.discordapp.com/attachments/1/2/a.png?ex=1"},
            {"filename": "b.pdf", "url": "https://cdn.discordapp.com/attachments/1/2/b.pdf"},
            {"filename": "c.ogg", "content_type": "audio/ogg", "url": 7},
        ],
        "sticker_items": [{"name": "x"}],
    }
    found = said_on_discord(data)
    assert found is not None
    message = found.message("room", False)
    assert [each.kind for each in message.attachments][:2] == [
        AttachmentKind.IMAGE,
        AttachmentKind.FILE,
    ]
    assert [content is not None for content in message.contents] == [True, False, False]


async def test_on_telegram_the_largest_form_of_a_picture_is_fetched_by_its_id(host: Host) -> None:
    data: dict[str, Any] = {
        "message_id": 5,
        "date": 1,
        "chat": {"id": 9, "type": "private"},
        "from": {"id": 9},
        "photo": [{"file_id": "small"}, {"file_id": "good"}],
    }
    found = said_on_telegram(data)
    assert found is not None
    assert found.files == ("good",)
    assert await TelegramFile("good", "1:token", host.base).fetch(1_000_000) == CONTENT
    assert [path for path, _ in host.asked] == [
        "/bot1:token/getFile?file_id=good",
        "/file/bot1:token/photos/good.jpg",
    ]
    assert "token" not in repr(TelegramFile("good", "1:token"))
    for odd in ("disk", "up", "unknown"):
        with pytest.raises(ContentGone):
            await TelegramFile(odd, "1:token", host.base).fetch(1_000_000)


async def test_on_matrix_the_agencys_own_homeserver_is_asked_with_its_token(host: Host) -> None:
    event = {"content": {"url": "mxc://other.example/abc_DEF-1", "body": "a.png"}}
    assert file_path(event) == "other.example/abc_DEF-1"
    found = await MatrixFile(host.base, "t0k", file_path(event)).fetch(1_000_000)
    assert found == CONTENT
    assert host.asked == [
        ("/_matrix/client/v1/media/download/other.example/abc_DEF-1", "Bearer t0k")
    ]
    assert await MatrixFile(host.base, "t0k", "other.example/old").fetch(1_000_000) == CONTENT
    assert "t0k" not in repr(MatrixFile(host.base, "t0k", "a/b"))
    for odd in ("mxc://a/../../x", "https://a/b", "mxc://a/b?x=1", 7, ""):
        assert file_path({"content": {"url": odd}}) == ""


def test_on_kakao_only_its_own_hosts_are_asked_and_only_by_https() -> None:
    body = (
        b'{"userRequest": {"user": {"id": "u"}, '
        b'"utterance": "http://dn-m.talk.kakao.com/talkm/x/i_abc.jpg"}}'
    )
    (content,) = skill.read(body, "m1").contents
    assert content is not None
    assert content.address == "https://dn-m.talk.kakao.com/talkm/x/i_abc.jpg"
    assert set(content.hosts) == {".kakaocdn.net", ".talk.kakao.com"}
    words = b'{"userRequest": {"user": {"id": "u"}, "utterance": "hello"}}'
    assert skill.read(words, "m1").contents == ()
