"""Logged-in clients for every role, and a console in its own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.test import Client

from ansim.casework.models import Account
from ansim.casework.roles import Role
from tests.casework.conftest import source  # noqa: F401 - a fixture
from tests.console.entering import SECRET
from tests.console.serving import Console, show_second_factor


@pytest.fixture
def log_in(db: None) -> Callable[..., Client]:
    def make(role: Role | None, name: str = "") -> Client:
        cache.clear()
        client = Client()
        if role is not None:
            account = Account.objects.filter(username=name or role.value).first()
            account = account or Account.objects.create_user(
                name or role.value, password="pw", role=role
            )
            client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
            session = client.session
            show_second_factor(session, account)
            session.save()
        return client

    return make


@pytest.fixture
def counsellor(log_in: Callable[..., Client]) -> Client:
    return log_in(Role.COUNSELLOR)


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    running = Console(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def star(db: None) -> Account:
    """A counsellor who has no second factor yet."""
    cache.clear()
    return Account.objects.create_user("star", password="right", role=Role.COUNSELLOR)


@pytest.fixture
def with_app(star: Account) -> Account:
    """The same, with an authenticator app."""
    TOTP.activate(star, SECRET)
    return star
