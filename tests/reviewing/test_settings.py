"""Chat text leaves this machine only where the operator said that it may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansim.config import Config, ConfigError, load
from ansim.keys import Keyring
from ansim.outside import Unusable
from ansim.reviewing.settings import Pictures, settings

LOCAL: dict[str, Any] = {"url": "http://127.0.0.1:8080", "model": "m"}


def refusal(**given: Any) -> str:
    with pytest.raises(Unusable) as caught:
        settings(**(LOCAL | given))
    return str(caught.value)


def test_without_an_address_there_is_no_reviewer() -> None:
    assert settings(url="", model="") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8080/v1",
        "http://127.0.0.1:8080/v1/",
        "http://127.0.0.1:8080/v1/chat/completions",
    ],
)
def test_an_address_may_be_given_short_or_long(url: str) -> None:
    found = settings(url=url, model="m")
    assert found is not None
    assert found.url == "http://127.0.0.1:8080/v1/chat/completions"


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.2:1", "[::1]:1"])
def test_this_very_machine_needs_no_declaration(host: str) -> None:
    assert settings(url=f"http://{host}", model="m") is not None


@pytest.mark.parametrize(
    "host", ["10.0.0.7", "models.example", "localhost.example", "0.0.0.0", "127.0.0.1.example"]
)
def test_any_other_machine_is_refused_with_what_to_do(host: str) -> None:
    told = refusal(url=f"https://{host}/v1")
    assert "ANSIM_REVIEWER_LOCAL" in told
    assert "ANSIM_REVIEWER_BASIS" in told
    assert settings(url=f"http://{host}/v1", model="m", local=True) is not None
    assert settings(url=f"https://{host}/v1", model="m", basis="contract of 1 May") is not None


def test_a_blank_basis_is_none_and_words_for_others_travel_encrypted() -> None:
    assert "ANSIM_REVIEWER_BASIS" in refusal(url="https://models.example", basis="  ")
    assert "https" in refusal(url="http://models.example", basis="contract of 1 May")


@pytest.mark.parametrize(
    "url",
    ["127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://a:b@127.0.0.1", "http://127.0.0.1?x=1",
     "http://[::1", "http://127.0.0.1:99999"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    assert "ANSIM_REVIEWER_URL" in refusal(url=url)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"model": " "}, "ANSIM_REVIEWER_MODEL"),
        ({"hourly": 0}, "ANSIM_REVIEWER_HOURLY"),
        ({"at_once": 0}, "ANSIM_REVIEWER_AT_ONCE"),
        ({"timeout": 0.0}, "ANSIM_REVIEWER_TIMEOUT"),
    ],
)
def test_errors_name_the_setting(given: dict[str, Any], named: str) -> None:
    assert named in refusal(**given)


def test_the_key_is_read_from_its_file_and_never_told(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("secret-word\n")
    found = settings(**LOCAL, key_file=str(path))
    assert found is not None
    assert found.key == "secret-word"
    path.write_text("secret word\n")
    told = refusal(key_file=str(path))
    assert "ANSIM_REVIEWER_KEY_FILE" in told
    assert "secret" not in told
    assert "ANSIM_REVIEWER_KEY_FILE" in refusal(key_file=str(tmp_path / "none"))
    path.write_bytes(b"\xff\xfe\x00")
    assert "ANSIM_REVIEWER_KEY_FILE" in refusal(key_file=str(path))


@pytest.mark.parametrize("command", ["run", "worker"])
def test_nothing_starts_with_a_reviewer_that_may_not_be_used(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from ansim.cli import main

    monkeypatch.setenv("ANSIM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANSIM_REVIEWER_URL", "https://models.example/v1")
    monkeypatch.setenv("ANSIM_REVIEWER_MODEL", "m")
    assert main([command]) == 2
    assert "ANSIM_REVIEWER_BASIS" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_how_it_is_used_is_one_of_two_ways() -> None:
    assert load({}).reviewer_use == "explain"
    with pytest.raises(ConfigError, match="ANSIM_REVIEWER_USE"):
        load({"ANSIM_REVIEWER_USE": "decide"})


def test_pictures_themselves_go_to_a_machine_of_the_agencys_own_alone() -> None:
    for given in (LOCAL, {"url": "http://10.0.0.7/v1", "model": "m", "local": True}):
        found = settings(**given, pictures="shown")
        assert found is not None
        assert found.pictures is Pictures.SHOWN
    outside = {"url": "https://models.example/v1", "basis": "contract of 1 May on text, pictures"}
    told = refusal(**outside, pictures="shown")
    assert "ANSIM_REVIEWER_PICTURES" in told
    assert "ANSIM_REVIEWER_LOCAL" in told
    found = settings(**outside, model="m", pictures="words")
    assert found is not None
    assert found.pictures is Pictures.WORDS


@pytest.mark.parametrize("command", ["run", "worker", "gateway"])
def test_nothing_starts_that_would_show_pictures_to_another(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from ansim.cli import main

    home = tmp_path / "home"
    monkeypatch.setenv("ANSIM_HOME", str(home))
    monkeypatch.setenv("ANSIM_REVIEWER_URL", "https://models.example/v1")
    monkeypatch.setenv("ANSIM_REVIEWER_MODEL", "m")
    monkeypatch.setenv("ANSIM_REVIEWER_BASIS", "contract of 1 May")
    monkeypatch.setenv("ANSIM_REVIEWER_PICTURES", "shown")
    if command == "gateway":
        Keyring.load_or_create(Config(home=home).keys_path)
    assert main([command]) == 2
    assert "ANSIM_REVIEWER_PICTURES" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "meant"),
    [("", "off"), ("0", "off"), ("1", "words"), ("yes", "words"), ("words", "words"),
     ("Shown", "shown")],
)  # fmt: skip
def test_what_was_a_yes_for_pictures_still_means_their_words(given: str, meant: str) -> None:
    assert load({"ANSIM_REVIEWER_PICTURES": given}).reviewer_pictures == meant
    assert load({}).reviewer_pictures == "off"
    with pytest.raises(ConfigError, match="ANSIM_REVIEWER_PICTURES"):
        load({"ANSIM_REVIEWER_PICTURES": "all"})
