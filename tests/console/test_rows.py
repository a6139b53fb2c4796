"""A row of the queue is made once for all who look, and shows each of them what is so now."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client

from ansim.casework.actions import alerts
from ansim.casework.models import Account, Alert, SourceRecord
from ansim.console.templatetags import rows
from tests.casework.conftest import report, risky

pytestmark = pytest.mark.django_db
TOKENS = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture
def alert(source: SourceRecord) -> Alert:
    [pk] = alerts.raise_or_update(
        [report(1, about="abcd", conversation="room", turns=(risky(1, author="abcd"),))]
    )
    return Alert.objects.get(pk=pk)


def listed(client: Client) -> str:
    return client.get("/queue/list/").content.decode()


def test_everybody_gets_a_form_token_of_their_own_in_a_kept_row(
    counsellor: Client, alert: Alert
) -> None:
    def token() -> str:
        [found] = set(TOKENS.findall(listed(counsellor)))
        return str(found)

    first, second = token(), token()
    assert first != second
    assert rows._TOKEN not in {first, second}


def test_a_kept_row_shows_at_once_who_took_the_alert_and_what_else_changed(
    counsellor: Client, alert: Alert
) -> None:
    claim = f'action="/alerts/{alert.pk}/claim/"'
    assert claim in listed(counsellor)
    person = Account.objects.get(username="counsellor")
    alerts.claim(alert.pk, person)
    page = listed(counsellor)
    assert claim not in page
    assert person.shown in page
    Alert.objects.filter(pk=alert.pk).update(risk=0.37)
    SourceRecord.objects.update(name="새 이름 <b>")
    page = listed(counsellor)
    assert "37%" in page
    assert "새 이름 &lt;b&gt;" in page


def test_a_row_is_written_once_for_many_and_again_in_the_other_language(
    counsellor: Client, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "KEPT_SECONDS", 3600)
    written: list[object] = []
    before = render_to_string

    def counted(name: str, shown: dict[str, object]) -> str:
        written.append(shown["alert"])
        return str(before(name, shown))

    monkeypatch.setattr("ansim.console.templatetags.rows.render_to_string", counted)
    rows._rows.clear()
    korean = listed(counsellor)
    listed(counsellor)
    assert len(written) == 1
    counsellor.cookies["ansim_language"] = "en"
    english = listed(counsellor)
    assert len(written) == 2
    assert f"경보 {alert.pk}번" in korean
    assert f"경보 {alert.pk}번" not in english


def test_rows_that_nobody_asks_for_are_forgotten(
    counsellor: Client, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST_ROWS", 2)
    for risk in (0.1, 0.2, 0.3, 0.4):
        Alert.objects.filter(pk=alert.pk).update(risk=risk)
        assert f"{risk:.0%}" in listed(counsellor)
    assert len(rows._rows) == 2
