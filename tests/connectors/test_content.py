"""Pictures and voices are fetched from the platform's own hosts, within limits, not elsewhere."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansim.chat import AttachmentKind
from ansim.sources.content import REDIRECTIONS, Fetched, _trusted
from ansim.sources.contract import ContentGone
from ansim.sources.discord.spoken import said as said_on_discord
from ansim.sources.kakao import skill
from ansim.sources.matrix.files import MatrixFile, file_path
from ansim.sources.places import Places, is_public, odd_lines
from ansim.sources.telegram.files import TelegramFile
from ansim.sources.telegram.spoken import said as said_on_telegram
from tests.connectors.certificates import certificate, pem
from tests.connectors.standins.files import CONTENT, SLOW, Files
from tests.host import Answer, Asked, Host


@pytest.fixture
def files() -> Iterator[Files]:
    serving = Files()
    serving.start()
    yield serving
    serving.stop()


def at(files: Files, path: str) -> Fetched:
    """Content where the operator entered the address of the host."""
    return Fetched(f"{files.base}/{path}", Places(bases=(files.base,)))


async def test_content_is_fetched_whole_and_its_address_is_not_logged(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        found = await at(files, "good?key=secret").fetch(1_000_000)
    assert found == CONTENT
    assert "secret" not in caplog.text
    assert "secret" not in repr(Fetched("https://example.org/?key=secret"))


@pytest.mark.parametrize(
    ("path", "error", "said"),
    [
        ("gone", ContentGone, "refused"),
        ("elsewhere", ContentGone, "elsewhere"),
        ("inward", ContentGone, "elsewhere"),
        ("circle", ContentGone, "refused"),
        ("claims", ContentGone, "too_large"),
        ("endless", ContentGone, "too_large"),
        ("broken", ConnectionError, "502"),
        ("short", ConnectionError, "Protocol"),
    ],
)
async def test_a_host_that_goes_wrong_costs_no_more_than_the_limit(
    files: Files, path: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await at(files, path).fetch(1_000_000)
    assert files.another.asked == []
    assert len(files.host.asked) <= 1 + REDIRECTIONS


@pytest.mark.parametrize("path", sorted(SLOW))
async def test_a_host_that_is_slow_is_given_up_also_where_it_never_stops(
    files: Files, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("ansim.sources.content.SECONDS", 0.5)
    with pytest.raises(TimeoutError):
        await at(files, path).fetch(1_000_000)


async def test_a_redirection_is_followed_within_the_same_places_and_never_with_a_token(
    files: Files,
) -> None:
    assert await at(files, "moved").fetch(1_000_000) == CONTENT
    assert [each.path for each in files.host.asked] == ["/moved", "/good.png?again"]
    places, headers = Places(bases=(files.base,)), {"Authorization": "Bearer t0k"}
    with pytest.raises(ContentGone, match="refused"):
        await Fetched(f"{files.base}/moved", places, headers).fetch(1_000_000)
    assert len(files.host.asked) == 3


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
        "http://127.0.0.1:1/../a",
        "https://files.example/upload/..%2fa",
        "https://files.example/uploads/a",
        "https://files.example/a",
        "https://a.example/a",
        "https://a.example:0/a",
        "https://a.example:54430/a",
        "",
    ],
)
async def test_no_address_leads_to_another_host(address: str) -> None:
    places = Places(
        ("cdn.discordapp.com", ".kakaocdn.net", "a.example:5443"),
        ("http://127.0.0.1:1", "https://files.example/upload/"),
    )
    assert not places.entered(address)
    assert places.named(address) == ""
    with pytest.raises(ContentGone, match="elsewhere"):
        await Fetched(address, places).fetch(1000)


async def test_a_name_that_leads_into_a_network_of_ours_is_not_asked(files: Files) -> None:
    places = Places((f"localhost:{files.port}",))
    address = f"https://localhost:{files.port}/good.png"
    assert places.named(address) == "localhost"
    with pytest.raises(ContentGone, match="elsewhere"):
        await Fetched(address, places).fetch(1000)
    assert files.host.asked == []


@pytest.mark.parametrize(
    ("number", "open_to_all"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:a00:1::1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("files.example", False),
    ],
)
def test_what_counts_as_the_public_internet(number: str, open_to_all: bool) -> None:
    assert is_public(number) is open_to_all


async def test_a_host_is_asked_by_number_and_its_certificate_is_checked_for_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    authority = certificate("an authority", None)
    (tmp_path / "trusted.pem").write_bytes(pem(authority[0]))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
    _trusted.cache_clear()
    request.addfinalizer(_trusted.cache_clear)

    async def numbers(host: str, port: int) -> list[str]:
        assert host == "files.example"
        return ["127.0.0.2", "127.0.0.1"]  # nobody listens at the first

    monkeypatch.setattr("ansim.sources.content.public_numbers", numbers)
    for name, right in (("files.example", True), ("another.example", False)):
        found, key = certificate(name, authority)
        (tmp_path / "server.pem").write_bytes(pem(found) + pem(key))
        secured = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secured.load_cert_chain(tmp_path / "server.pem")
        with Host(lambda _: Answer(CONTENT), secured) as host:
            place = f"files.example:{host.server_port}"
            content = Fetched(f"https://{place}/a.png", Places((place,)))
            if right:
                assert await content.fetch(1_000_000) == CONTENT
                assert host.asked[0].headers["host"] == place
            else:
                with pytest.raises(ConnectionError):
                    await content.fetch(1_000_000)
                assert host.asked == []


def test_an_operator_names_hosts_or_whole_addresses() -> None:
    lines = [" Files.Example.org ", "http://192.168.0.9:5280/upload", "https://files.school.kr/"]
    assert not odd_lines(lines)
    places = Places(("cdn.example",)).with_entered(lines)
    assert places == Places(
        ("cdn.example", "files.example.org"),
        ("http://192.168.0.9:5280/upload/", "https://files.school.kr/"),
    )
    assert places.named("https://files.example.org/a.png") == "files.example.org"
    assert places.entered("http://192.168.0.9:5280/upload/a.png")
    assert Places(bases=("https://M.Example",)).entered("https://m.example/A.png")
    assert not Places(bases=("https://m.example/A",)).entered("https://m.example/a/b.png")
    for other in ("http://192.168.0.9:5280/admin", "http://192.168.0.9:5280/upload/%2e%2E/admin"):
        assert not places.entered(other)
    for odd in ("127.0.0.1", "localhost", "ftp://a.example/", "https://a:b@c.example/", "a b.kr"):
        assert odd_lines([odd])
        assert places.with_entered([odd]) == places


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


async def test_on_telegram_the_largest_form_of_a_picture_is_fetched_by_its_id() -> None:
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
    paths = {"good": "photos/good.jpg", "disk": "/var/lib/a.jpg", "up": "../../x"}

    def answer(asked: Asked) -> Answer:
        if asked.name != "getFile":
            return Answer(CONTENT)
        path = paths.get(asked.path.rpartition("=")[2], "")
        return Answer(json.dumps({"ok": True, "result": {"file_path": path}}).encode())

    with Host(answer) as host:
        assert await TelegramFile("good", "1:token", host.base).fetch(1_000_000) == CONTENT
        assert [each.path for each in host.asked] == [
            "/bot1:token/getFile?file_id=good",
            "/file/bot1:token/photos/good.jpg",
        ]
        assert "token" not in repr(TelegramFile("good", "1:token"))
        for odd in ("disk", "up", "unknown"):
            with pytest.raises(ContentGone):
                await TelegramFile(odd, "1:token", host.base).fetch(1_000_000)


async def test_on_matrix_the_agencys_own_homeserver_is_asked_with_its_token() -> None:
    event = {"content": {"url": "mxc://other.example/abc_DEF-1", "body": "a.png"}}
    assert file_path(event) == "other.example/abc_DEF-1"

    def answer(asked: Asked) -> Answer:
        old = "/client/v1/media/" in asked.path and asked.name == "old"
        return Answer(b"{}", 404) if old else Answer(CONTENT)

    with Host(answer) as host:
        found = await MatrixFile(host.base, "t0k", file_path(event)).fetch(1_000_000)
        assert found == CONTENT
        (asked,) = host.asked
        assert asked.path == "/_matrix/client/v1/media/download/other.example/abc_DEF-1"
        assert asked.headers["authorization"] == "Bearer t0k"
        assert await MatrixFile(host.base, "t0k", "other.example/old").fetch(1_000_000) == CONTENT
    assert "t0k" not in repr(MatrixFile("https://a.example", "t0k", "a/b"))
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
    assert content.places.named(content.address) == "dn-m.talk.kakao.com"
    for other in ("http://a.kakaocdn.net/a.jpg", "https://kakaocdn.net.example/a.jpg"):
        assert content.places.named(other) == ""
    words = b'{"userRequest": {"user": {"id": "u"}, "utterance": "hello"}}'
    assert skill.read(words, "m1").contents == ()
