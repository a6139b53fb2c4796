"""How the gateway is doing, and what it takes: health, figures, OpenAPI and its readable page."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from ansim.stream.gateway import answers, figures, openapi
from ansim.stream.gateway.process import Gateway

AnyRequest = Request[Any, Any, State]
_PAGE_GUARDS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


@get("/healthz")
async def healthz(request: AnyRequest) -> Response[bytes]:
    """Whether messages can be stored now."""
    gateway: Gateway = request.app.state.gateway
    if not gateway.link.up:
        return answers.error(503, "unavailable", "NATS cannot be reached")
    if not gateway.link.publisher.storing:
        return answers.error(
            503, "unavailable", "NATS is there and stores nothing: is the disk full?"
        )
    if not gateway.admission.ready:
        return answers.error(503, "unavailable", "the list of sources cannot be read")
    return Response(b'{"status":"ok"}', media_type=answers.JSON)


@get("/metrics")
async def metrics(request: AnyRequest) -> Response[bytes]:
    """Figures for Prometheus; of names only those of sources, no words."""
    gateway: Gateway = request.app.state.gateway
    return Response(
        generate_latest(figures.registry_of(gateway)), media_type=CONTENT_TYPE_PLAIN_0_0_4
    )


@get("/v1/openapi.json")
async def openapi_json() -> Response[bytes]:
    return Response(openapi.document_json(), media_type=answers.JSON)


@get("/v1/docs")
async def docs() -> Response[bytes]:
    return Response(
        openapi.page().encode(), media_type="text/html; charset=utf-8", headers=_PAGE_GUARDS
    )


@get("/v1/docs.css")
async def docs_css() -> Response[bytes]:
    return Response(openapi.STYLE.encode(), media_type="text/css; charset=utf-8")


HANDLERS: list[Any] = [healthz, metrics, openapi_json, docs, docs_css]
