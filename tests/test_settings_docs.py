"""Every setting is described in docs/settings.md, with its default, and nothing else is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from ansim.config import Config, ConfigError, load, variable

DOCS = Path(__file__).parents[1] / "docs" / "settings.md"


def test_settings_page_has_every_setting_with_its_default_and_meaning() -> None:
    rows = dict(
        (name, (default, meaning))
        for name, default, meaning in re.findall(
            r"^\| `(ANSIM_\w+)` \| (.*?) \| (.*?) \|$", DOCS.read_text("utf-8"), re.MULTILINE
        )
    )
    wanted = {
        variable(spec.name): (
            f"`{int(spec.default) if isinstance(spec.default, bool) else spec.default}`"
            if spec.default != ""
            else "",
            spec.metadata["doc"],
        )
        for spec in fields(Config)
    }
    assert rows == wanted


def test_a_setting_that_cannot_be_used_is_named() -> None:
    with pytest.raises(ConfigError, match="ANSIM_NATS_PORT"):
        load({"ANSIM_NATS_PORT": "many"})
    with pytest.raises(ConfigError, match="ANSIM_DEMO"):
        load({"ANSIM_DEMO": "perhaps"})
    with pytest.raises(ConfigError, match="ANSIM_PARTITIONS"):
        load({"ANSIM_PARTITIONS": "0"})
    with pytest.raises(ConfigError, match="ANSIM_CONSOLE_PORT"):
        load({"ANSIM_CONSOLE_PORT": "99999"})


def test_settings_are_read_from_the_environment() -> None:
    config = load({"ANSIM_HOME": "/somewhere", "ANSIM_DEMO": "yes", "ANSIM_LEASE_SECONDS": "2.5"})
    assert (str(config.home), config.demo, config.lease_seconds) == ("/somewhere", True, 2.5)
