"""The published contract says what the code does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansim.stream.gateway import api, limits, openapi, standing
from tests.gateway.conftest import Running
from tests.gateway.test_messages import BAD

DOCUMENT: dict[str, Any] = openapi.document()
INTAKE = Path(__file__).parents[2] / "docs" / "intake.md"


def test_every_address_is_described_and_every_description_has_an_address() -> None:
    served = {
        (path.replace("{message:str}", "{id}"), method.lower())
        for handler in (*api.HANDLERS, *standing.HANDLERS)
        for path in handler.paths
        for method in handler.http_methods
        if method != "OPTIONS"
    }
    described = {(path, method) for path, calls in DOCUMENT["paths"].items() for method in calls}
    about_itself = {("/v1/openapi.json", "get"), ("/v1/docs", "get"), ("/v1/docs.css", "get")}
    assert served - about_itself - {("/metrics", "get")} == described


def test_references_lead_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names == set(DOCUMENT["components"]["schemas"])


def test_limits_are_those_that_are_enforced() -> None:
    item = DOCUMENT["components"]["schemas"]["Item"]["properties"]
    assert item["id"]["maxLength"] == limits.MAX_ID
    assert item["conversation"]["maxLength"] == item["author"]["maxLength"] == limits.MAX_NAME
    assert item["attachments"]["maxItems"] == limits.MAX_ATTACHMENTS
    assert DOCUMENT["components"]["schemas"]["Item"]["additionalProperties"] is False
    post = DOCUMENT["paths"]["/v1/messages"]["post"]
    batch = post["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    assert batch[1]["maxItems"] == limits.MAX_BATCH_ITEMS
    introduction = DOCUMENT["info"]["description"]
    for figure in ("64 KiB", "10,000 items", "16 MiB", "20 attachments", "8 levels", "30 seconds"):
        assert figure in introduction.replace("\n", " ")


def test_every_error_of_an_item_is_explained() -> None:
    told = DOCUMENT["paths"]["/v1/messages"]["post"]["description"]
    page = INTAKE.read_text()
    for _, code, _ in BAD:
        assert code in openapi.ITEM_ERRORS
    for code in openapi.ITEM_ERRORS:
        assert f"`{code}`" in told
        assert f"`{code}`" in page


def test_the_guide_names_every_limit_and_answer() -> None:
    page = INTAKE.read_text()
    for path, calls in DOCUMENT["paths"].items():
        assert path in page
        for call in calls.values():
            for status in call["responses"]:
                assert status in page
    for figure in ("64 KiB", "10,000", "16 MiB", "24 hours", "5 minutes", "2005"):
        assert figure in page


@pytest.mark.nats
async def test_document_and_page_are_served_and_need_nothing_from_outside(
    running: Running,
) -> None:
    served = await running.client.get("/v1/openapi.json")
    assert served.json() == DOCUMENT
    page = await running.client.get("/v1/docs")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for path in DOCUMENT["paths"]:
        assert path in page.text
    assert (await running.client.get("/v1/docs.css")).status_code == 200


@pytest.mark.nats
async def test_addresses_and_methods_that_are_not_there(running: Running) -> None:
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("GET", "/v1/messages", 405),
        ("PUT", "/v1/messages", 405),
        ("POST", "/v1/outbox", 405),
    ):
        answered = await running.client.request(method, path)
        assert answered.status_code == status
        assert set(answered.json()) == {"error", "detail"}


@pytest.mark.nats
async def test_health_and_figures(running: Running) -> None:
    assert (await running.client.get("/healthz")).json() == {"status": "ok"}
    await running.send([{"bad": 1}])
    figures = (await running.client.get("/metrics")).text
    assert 'ansim_intake_messages_total{outcome="rejected"} 1' in figures
    assert "ansim_nats_up 1" in figures
