"""A home folder of its own for every test run, quick password hashes, and the same examples each
time wherever examples are made up."""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import django.test
import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as examples

# Time says nothing on a machine that does other work too. New examples are for `make soak`: a run
# of the same code must not fail one day and pass the next.
_PATIENT: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
examples.register_profile("same", derandomize=True, **_PATIENT)
examples.register_profile("new", derandomize=False, **_PATIENT)
examples.load_profile("same")

# pytest-django has read the settings already; nothing in them has touched a file yet.
_HOME = Path(tempfile.mkdtemp(prefix="ansim-test-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ["ANSIM_HOME"] = str(_HOME)
settings.ANSIM = replace(settings.ANSIM, home=_HOME, demo=True)
if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    settings.DATABASES["default"]["NAME"] = _HOME / "ansim.sqlite3"
    # A file, not memory: threads and WAL behave as they do in service.
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(_HOME / "test.sqlite3")
settings.SECRET_KEY = "only for tests: 9f1c7b1c53f14a76a1a2"
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

_flush = django.test.TransactionTestCase._fixture_teardown


def _flush_without_audit_lock(self: django.test.TransactionTestCase) -> None:
    """Tests with real transactions empty every table afterwards, which the audit log forbids."""
    lock = importlib.import_module("ansim.casework.migrations.0011_audit_chain")
    with connection.cursor() as cursor:
        for statement in lock.UNDO[connection.vendor]:
            cursor.execute(statement)
    try:
        _flush(self)
    finally:
        with connection.cursor() as cursor:
            for statement in lock.LOCK[connection.vendor]:
                cursor.execute(statement)


django.test.TransactionTestCase._fixture_teardown = _flush_without_audit_lock  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _the_house_language() -> Iterator[None]:
    """A page that a test asked for in English leaves no English to the tests after it."""
    yield
    translation.deactivate()
