"""Tests against a real llama.cpp server are asked for by name: `pytest -m llama`."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "llama: starts a real llama.cpp server; pytest -m llama")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "llama" in str(config.getoption("-m")):
        return
    for item in items:
        if item.get_closest_marker("llama"):
            item.add_marker(pytest.mark.skip(reason="not asked for: pytest -m llama"))
