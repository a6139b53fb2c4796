"""Where things are and how long they are kept: read once from the environment.

Every setting is an ``ANSIM_…`` variable and is described in docs/settings.md (a test sees to it).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


class ConfigError(Exception):
    """A setting is missing or unusable; the message names it and says what to do."""


def _setting(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings. Field ``nats_url`` is read from ``ANSIM_NATS_URL`` and so on."""

    home: Path = _setting(Path("var"), "folder for the database, keys and the embedded server")
    host: str = _setting("127.0.0.1", "address the console and intake listen on")
    console_port: int = _setting(8000, "port of the console")
    console_processes: int = _setting(
        0, "processes that make the console's pages, 1 to 16; 0: two with PostgreSQL, else one"
    )
    intake_port: int = _setting(8001, "port of the intake API and the demo room")
    nats_url: str = _setting("", "NATS server or cluster; empty starts an embedded one")
    nats_port: int = _setting(4333, "port of the embedded NATS server")
    nats_sync_always: bool = _setting(False, "embedded server: fsync every write (power loss)")
    database_url: str = _setting("", "postgresql://… ; empty means SQLite in the home folder")
    partitions: int = _setting(8, "number of partitions; fixed once the streams exist")
    replicas: int = _setting(1, "JetStream replicas (3 on a cluster)")
    lease_seconds: float = _setting(5.0, "a worker silent for this long loses its partitions")
    snapshot_seconds: float = _setting(5.0, "time between two snapshots of a partition")
    max_backlog: int = _setting(200_000, "messages waiting before intake answers 429")
    demo: bool = _setting(False, "demo mode: demo room and demo accounts")
    agency_ko: str = _setting("안심아이 상담센터", "name of the agency, Korean")
    agency_en: str = _setting("Ansim Eye counselling centre", "name of the agency, English")
    smtp_url: str = _setting(
        "", "mail server for notices, smtp://user:password@host:587 or smtps://…; empty: no e-mail"
    )
    mail_from: str = _setting("ansim@localhost", "sender of notices by e-mail")
    check_address: str = _setting(
        "",
        "where young people check that a message is real (the console's /check/); empty: nowhere",
    )
    letters_address: str = _setting(
        "",
        "where people who handed a file in read and answer with their code (the console's "
        "/letters/); empty: nowhere",
    )
    hand_over: bool = _setting(
        False,
        "1: people hand conversations over by themselves (the console's /hand-over/), where "
        "ANSIM_LETTERS_ADDRESS is set too; in demo mode always",
    )
    alert_threshold: float = _setting(
        0.0, "risk (0 to 1) from which an alert is raised, see `ansim budget`; 0: the model's own"
    )
    sexual_talk_words: str = _setting(
        "", "file of words for T12, one a line, brought by the operator; empty: T12 goes unseen"
    )
    reviewer_url: str = _setting(
        "", "address of the model that gives a second opinion, http://127.0.0.1:8080/v1; empty: off"
    )
    reviewer_model: str = _setting("", "name under which that address serves the model")
    reviewer_key_file: str = _setting("", "file with the key for that address; empty: none")
    reviewer_local: bool = _setting(
        False, "1: the address is a machine of the agency's own, no text leaves the house"
    )
    reviewer_basis: str = _setting(
        "", "basis for having others process the text (contract, article, date), if it is not"
    )
    reviewer_use: str = _setting(
        "explain", "`explain`: shown beside the alert; `weigh`: may also add to the risk, bounded"
    )
    reviewer_hourly: int = _setting(
        120, "most questions to the model within any hour, of all workers"
    )
    reviewer_at_once: int = _setting(1, "most questions to the model at the same time, 1 to 16")
    reviewer_pictures: str = _setting(
        "off",
        "`words` (or 1): words read in pictures are told to the model; `shown`: small copies of "
        "the pictures too, to a machine of the agency's own alone",
    )
    reviewer_timeout: float = _setting(60.0, "seconds for a whole answer, 1 to 600")
    picture_lists: str = _setting(
        "", "files or folders of PDQ hashes that pictures are compared with, comma-separated"
    )
    picture_near: int = _setting(
        31, "a picture is like one on a list within so many bits of 256, 0 to 90"
    )
    picture_classifiers: str = _setting(
        "", "classifiers of pictures, comma-separated: module:function, file.py:function or folder"
    )
    pictures_at_once: int = _setting(1, "pictures read at the same time in each process, 1 to 16")
    picture_seconds: float = _setting(30.0, "longest reading of one picture, 1 to 300 seconds")
    picture_megabytes: int = _setting(
        2048, "memory that reading a picture may take, 512 to 65536 megabytes"
    )
    voice_url: str = _setting(
        "", "address that writes down voice messages, http://127.0.0.1:8080/v1; empty: none"
    )
    voice_model: str = _setting("whisper-1", "name under which that address serves its model")
    voice_key_file: str = _setting("", "file with the key for that address; empty: none")
    voice_local: bool = _setting(
        False, "1: the address is a machine of the agency's own, no voice leaves the house"
    )
    voice_basis: str = _setting(
        "", "basis for having others process voices (contract, article, date), if it is not"
    )
    voice_folder: str = _setting(
        "", "folder with a faster-whisper model, in place of an address; empty: none"
    )
    voice_timeout: float = _setting(60.0, "seconds for writing down one voice message, 1 to 600")
    allowed_hosts: str = _setting(
        "localhost,127.0.0.1,[::1]", "host names of the console, comma-separated"
    )
    second_factor: str = _setting(
        "people",
        "who needs a second factor: `people` (all but the demo's own accounts) or `everybody`",
    )
    session_hours: float = _setting(10.0, "a log-in ends after so many hours: one shift")
    idle_minutes: float = _setting(30.0, "a log-in ends when nobody did anything for so long")
    debug: bool = _setting(False, "Django debug pages; never in service")

    @property
    def sexual_talk_path(self) -> Path | None:
        """The operator's list of words for T12, if there is one."""
        return Path(self.sexual_talk_words).expanduser() if self.sexual_talk_words else None

    @property
    def keys_path(self) -> Path:
        return self.home / "keys" / "ansim.keys"

    @property
    def page_processes(self) -> int:
        """How many processes make the console's pages. Another one costs some 130 MB: whoever
        keeps to SQLite is few, and decides for themselves."""
        if self.console_processes:
            return self.console_processes
        return min(2, os.cpu_count() or 1) if self.database_url else 1

    @property
    def sqlite_path(self) -> Path:
        return self.home / "ansim.sqlite3"

    @property
    def nats_dir(self) -> Path:
        return self.home / "nats"

    @property
    def nats_address(self) -> str:
        """URL of the NATS server in use, embedded or not."""
        return self.nats_url or f"nats://127.0.0.1:{self.nats_port}"


_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"", "0", "false", "no", "off"}
_PICTURES = dict.fromkeys(_TRUE, "words") | dict.fromkeys(_FALSE, "off")
"""What a yes or no to pictures for the reviewer means; it was one before they could be shown."""


def variable(name: str) -> str:
    """Environment variable that sets the field ``name``."""
    return f"ANSIM_{name.upper()}"


def load(environ: dict[str, str] | None = None) -> Config:
    """Reads the settings from ``environ`` (the process's own by default).

    Raises ConfigError naming the variable whose value cannot be used.
    """
    env = dict(os.environ) if environ is None else environ
    values: dict[str, object] = {}
    for spec in fields(Config):
        raw = env.get(variable(spec.name))
        if raw is None:
            continue
        values[spec.name] = _convert(variable(spec.name), raw, spec.default)
    pictures = str(values.get("reviewer_pictures", "off")).lower()
    values["reviewer_pictures"] = _PICTURES.get(pictures, pictures)
    config = Config(**values)  # type: ignore[arg-type]
    if config.partitions < 1 or config.partitions > 1024:
        raise ConfigError(f"ANSIM_PARTITIONS is {config.partitions}; use 1 to 1024")
    if not 0 <= config.console_processes <= 16:
        raise ConfigError(
            f"ANSIM_CONSOLE_PROCESSES is {config.console_processes}; use 1 to 16, or 0"
        )
    if not 0.0 <= config.alert_threshold < 1.0:
        raise ConfigError(
            f"ANSIM_ALERT_THRESHOLD is {config.alert_threshold}; use a number between 0 and 1"
        )
    if config.second_factor not in ("people", "everybody"):
        raise ConfigError(
            f"ANSIM_SECOND_FACTOR is {config.second_factor!r}; use people or everybody"
        )
    if config.reviewer_use not in ("explain", "weigh"):
        raise ConfigError(f"ANSIM_REVIEWER_USE is {config.reviewer_use!r}; use explain or weigh")
    if config.reviewer_pictures not in ("off", "words", "shown"):
        raise ConfigError(
            f"ANSIM_REVIEWER_PICTURES is {config.reviewer_pictures!r}; use off, words or shown"
        )
    for name in ("session_hours", "idle_minutes"):
        if not 0 < getattr(config, name) <= 24 * 60:
            raise ConfigError(f"{variable(name)} is {getattr(config, name)}; use more than 0")
    for name, least, most in (
        ("picture_near", 0, 90),
        ("pictures_at_once", 1, 16),
        ("picture_seconds", 1, 300),
        ("picture_megabytes", 512, 65_536),
    ):
        if not least <= getattr(config, name) <= most:
            raise ConfigError(f"{variable(name)} is {getattr(config, name)}; use {least} to {most}")
    for name in ("console_port", "intake_port", "nats_port"):
        port = getattr(config, name)
        if not 1 <= port <= 65535:
            raise ConfigError(f"{variable(name)} is {port}; a port is 1 to 65535")
    return config


def _convert(name: str, raw: str, default: object) -> object:
    text = raw.strip()
    if isinstance(default, bool):
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise ConfigError(f"{name} is {raw!r}; use 1 or 0")
    try:
        if isinstance(default, int):
            return int(text)
        if isinstance(default, float):
            return float(text)
    except ValueError:
        raise ConfigError(f"{name} is {raw!r}, which is not a number") from None
    if isinstance(default, Path):
        return Path(text).expanduser()
    return text
