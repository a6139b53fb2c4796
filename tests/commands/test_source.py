"""`ansim source` at the keyboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansim.casework.actions import source_health, sources
from ansim.casework.models import Account, AuditEvent, SourceNotice, SourceRecord, SourceTest
from ansim.casework.roles import Role
from ansim.sources import registry
from tests.casework.toy_source import TOY
from tests.told import ansim

pytestmark = pytest.mark.django_db

SECRET = "s3cret-of-the-bot"


@pytest.fixture(autouse=True)
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.CONNECTORS, "toy", TOY)
    for name, role in (
        *(("ada", Role.ADMINISTRATOR), ("sup", Role.SUPERVISOR)),
        *(("second", Role.SUPERVISOR), ("coun", Role.COUNSELLOR)),
    ):
        Account.objects.create_user(name, password="pw", role=role)


class Keyboard:
    """Types `ansim source …` and tells what came."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *words: str, status: int = 0) -> str:
        came, told = ansim(self._capsys, "source", *words)
        assert came == status, told
        return told

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, "utf-8")
        return str(path)

    def add(self, *more: str, status: int = 0, by: str = "ada") -> str:
        return self(
            *("add", "bot", "--as", by, "--name", "놀이방", "--connector", "toy"),
            *("--kind", "visible_bot", "--basis", "모두에게 알림"),
            *("--given-by", "all present", "--how", "notice in the room"),
            *more,
            status=status,
        )

    def added(self) -> None:
        token = self.file("token", SECRET + "\n")
        self.add(
            *("--set", "server=https://chat.example", "--set", "rooms=one", "--set", "rooms=two"),
            *("--secret-file", f"token={token}"),
        )


@pytest.fixture
def type_(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Keyboard:
    return Keyboard(tmp_path, capsys)


def test_a_source_from_its_declaration_to_its_end(type_: Keyboard) -> None:
    type_.added()
    assert sources.wirings()["bot"]["settings"]["rooms"] == "one\ntwo"
    assert sources.wirings()["bot"]["credentials"] == {"token": SECRET}
    told = type_("notices", "bot")
    assert "room=1 (waits, needed before reading)" in told
    assert "!그만" in told
    told = type_("approve", "bot", "--as", "sup", "--read", "room=1", "joined=1")
    assert "joined=1" in told
    assert "stopped, resumed" in told  # what is still to be approved
    type_("approve", "bot", "--as", "sup", "--all")
    assert "room" in sources.wirings()["bot"]["notices"]
    type_("test", "bot", "--as", "ada", "--room", "!room:example")
    assert SourceTest.objects.get().room == "!room:example"
    source_health.gap("bot", 1000.0, 2000.0, "no history")
    source_health.tell([{"source": "bot", "state": "listening", "behind": 3}])
    assert " listening " in type_("list")
    shown = type_("show", "bot")
    assert "secrets: token" in shown
    assert "no history" in shown
    assert SECRET not in shown + type_("list", "--json") + type_("show", "bot", "--json")
    [row] = json.loads(type_("list", "--json"))
    assert (row["state"], row["behind"], row["waits_for_approval"]) == ("listening", 3, [])
    type_("pause", "bot", "--as", "ada", "--reason", "쉼")
    assert " paused " in type_("list")
    type_("resume", "bot", "--as", "ada")
    assert sources.wirings().keys() == {"bot"}
    told = type_("remove", "bot", "--as", "ada", "--reason", "끝", "--confirm", "bat", status=2)
    assert "‘bot’" in told
    type_("remove", "bot", "--as", "ada", "--reason", "끝", "--confirm", "bot")
    assert " removed " in type_("list")
    assert AuditEvent.objects.get(action="source.removed").actor_label == "ada"


def test_a_key_is_printed_once_and_made_anew(type_: Keyboard) -> None:
    told = type_(
        *("add", "web", "--as", "ada", "--name", "웹", "--connector", "http"),
        *("--kind", "public_room", "--basis", "공개"),
    )
    key = "ansim_" + told.split("ansim_")[1][:43]
    assert SourceRecord.objects.get().api_key_hash == sources.key_hash(key)
    told = type_("set", "web", "--as", "ada", "--new-key", "--name", "다른 이름")
    assert "ansim_" in told
    assert key not in told
    assert SourceRecord.objects.get().name == "다른 이름"


def test_what_is_missing_or_wrong_is_named(type_: Keyboard) -> None:
    token = ("--secret-file", "token=" + type_.file("token", SECRET))
    server = ("--set", "server=https://chat.example")
    assert "--secret-file token=FILE" in type_.add(*server, status=2)
    assert "server" in type_.add(*token, status=2)
    assert "invited" in type_.add(*token, *server, "--set", "invited=perhaps", status=2)
    assert "colour" in type_.add(*token, *server, "--set", "colour=red", status=2)
    assert "NAME=VALUE" in type_.add("--set", "server", status=2)
    assert "cannot be read" in type_.add(*server, "--secret-file", "token=/nowhere/x", status=2)
    large = type_.file("large", "x" * 70_000)
    assert "64 KiB" in type_.add(*server, "--secret-file", f"token={large}", status=2)
    assert "nobody" in type_.add(*token, *server, by="nobody", status=2)
    assert "역할" in type_.add(*token, *server, by="sup", status=2)
    told = type_(
        *("add", "x", "--as", "ada", "--name", "x", "--connector", "icq", "--kind", "public_room"),
        *("--basis", "x"),
        status=2,
    )
    assert "known are" in told
    assert "toy" in told
    for verb in ("show", "notices"):
        assert "there is no source 'nobody'" in type_(verb, "nobody", status=2)
    assert SourceRecord.objects.count() == 0


def test_a_secret_in_the_command_line_is_refused_and_not_repeated(type_: Keyboard) -> None:
    told = type_.add(
        "--set", "server=https://chat.example", "--set", f"token={SECRET}", status=2
    ) + type_.add("--secret-file", SECRET, status=2)
    assert SECRET not in told


def test_a_secret_is_asked_for_where_somebody_sits(
    type_: Keyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("ansim.commands.source.verbs.getpass", lambda _asked: SECRET)
    type_.add("--set", "server=https://chat.example")
    assert sources.wirings()["bot"]["credentials"] == {"token": SECRET}


def test_entries_are_changed_one_by_one(type_: Keyboard) -> None:
    type_.added()
    older = type_.file("older", "older")
    type_("set", "bot", "--as", "ada", "--set", "most=5", "--secret-file", f"token_before={older}")
    wiring = sources.wirings()["bot"]
    assert wiring["settings"]["rooms"] == "one\ntwo"
    assert wiring["settings"]["most"] == "5"
    assert wiring["credentials"] == {"token": SECRET, "token_before": "older"}
    type_("set", "bot", "--as", "ada", "--forget", "token_before", "--rule", "agreed")
    wiring = sources.wirings()["bot"]
    assert wiring["credentials"] == {"token": SECRET}
    assert wiring["rule"] == "agreed"
    # One wrong entry, and nothing of the whole command is done.
    type_("set", "bot", "--as", "ada", "--name", "neu", "--set", "most=viele", status=2)
    assert SourceRecord.objects.get().name == "놀이방"


def test_a_wording_is_written_from_files_and_approved_by_another(type_: Keyboard) -> None:
    type_.added()
    files = (
        *("--ko", type_.file("ko", "{agency} !그만")),
        *("--en", type_.file("en", "{agency} !stop")),
    )
    told = type_("notices", "bot", "--as", "sup", "--write", "room", *files)
    assert "room=2" in told
    assert "다른 사람" in type_("approve", "bot", "--as", "sup", "--read", "room=2", status=2)
    assert "바뀌었습니다" in type_("approve", "bot", "--as", "second", "--read", "room=1", status=2)
    assert "number" in type_("approve", "bot", "--as", "second", "--read", "room=two", status=2)
    assert "--all" in type_("approve", "bot", "--as", "second", status=2)
    type_("approve", "bot", "--as", "second", "--read", "room=2")
    assert SourceNotice.objects.get(kind="room", version=2).approved_by is not None
    assert "역할" in type_("notices", "bot", "--as", "coun", "--write", "room", *files, status=2)
    assert "--ko" in type_("notices", "bot", "--as", "sup", "--write", "room", status=2)


def test_sentences_come_in_english_on_request(type_: Keyboard) -> None:
    type_.added()
    told = type_("pause", "bot", "--as", "ada", "--reason", " ", "--english", status=2)
    assert "reason" in told.lower()


def test_where_there_is_none_the_list_says_how_to_add_one(type_: Keyboard) -> None:
    assert "ansim source add" in type_("list")
