"""The contract of intake for machines (OpenAPI 3.1) and, from the same words, a page for people.

Schemas come from the very structs that decode requests, and limits from the very constants that
are enforced, so that the document cannot promise something else.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any

import msgspec

from ansim import __version__
from ansim.stream.gateway import answers, limits
from ansim.stream.gateway.items import Item

Json = dict[str, Any]

_STRUCTS = (
    Item,
    answers.BatchAnswer,
    answers.OutboxAnswer,
    answers.Confirmation,
    answers.FailRequest,
    answers.Error,
)
_REF = "#/components/schemas/{name}"

_INTRODUCTION = f"""Sends chat messages to Ansim Eye and fetches counsellors' words for them.

Each source has a key of its own and declares its kind and legal basis; without them it is refused
(403) and the refusal is audited. Send nothing but the fields named here. Names of conversations and
accounts become pseudonyms at the door.

Limits: {limits.MAX_TEXT_BYTES // 1024} KiB of UTF-8 for a text, {limits.MAX_BATCH_ITEMS:,} items
or {limits.MAX_BATCH_BYTES // 1024 // 1024} MiB for a batch, {limits.MAX_ATTACHMENTS} attachments
for a message, {limits.MAX_DEPTH} levels of nesting, {limits.BODY_SECONDS:.0f} seconds for a body
to arrive.

Do not send back what you fetched from the outbox: a counsellor's words are not to be assessed."""

ITEM_ERRORS = {
    "not_json": "the line or item is not JSON",
    "not_an_object": "the item is not a JSON object",
    "unknown_field": "a field that is not taken, named in the detail (data minimisation)",
    "missing_field": "a field that is needed",
    "wrong_type": "a field of the wrong type",
    "empty": "an id or name is empty",
    "too_long": "an id or name is too long",
    "too_many": "too many attachments",
    "unknown_kind": "an attachment of a kind that is not known",
    "invalid_at": "'at' is neither seconds nor an RFC 3339 time with its offset",
    "at_out_of_range": "'at' is before 2005 or more than 5 minutes ahead",
    "text_too_long": "the text is longer than 64 KiB in UTF-8",
    "item_too_large": "the item is longer than 512 KiB as JSON, its attachments' content aside",
    "invalid_content": "an attachment's content that is not base64",
    "invalid_unicode": "text that is not valid Unicode, such as a lone surrogate",
    "invalid_character": "a control character in an id or name",
    "too_deep": "nested too deeply",
    "nothing_replaced": "'deleted' without 'replaces': nobody can tell what was deleted",
    "replaces_itself": "'replaces' is the item's own id; an edit or deletion has one of its own",
    "not_empty": "an item with 'deleted' that has words or attachments",
    "invalid": "not a message for another reason",
    "reading_stopped": "this account or conversation is read no more, as its people asked",
    "not_stored": "good, but not confirmed as stored: send it again with the same id",
}


def _ref(struct: type[msgspec.Struct]) -> Json:
    return {"$ref": _REF.format(name=struct.__name__)}


def _json(schema: Json, **more: Any) -> Json:
    return {"application/json": {"schema": schema, **more}}


def _answer(description: str, struct: type[msgspec.Struct], *, retry: bool = False) -> Json:
    found: Json = {"description": description, "content": _json(_ref(struct))}
    if retry:
        found["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    return found


def _refusals() -> Json:
    return {
        "401": _answer("No key, or one that is not known.", answers.Error),
        "403": _answer(
            "The source declares no kind, legal basis or consent, is declared for another "
            "connector, or is switched off. The detail is the reason.",
            answers.Error,
        ),
        "429": _answer("Too much is waiting; nothing was done.", answers.Error, retry=True),
        "503": _answer("The store cannot be reached; nothing was done.", answers.Error, retry=True),
    }


_EXAMPLE = {
    "id": "m-1",
    "conversation": "room-7",
    "author": "user-42",
    "at": "2026-01-05T20:15:00+09:00",
    "text": "오늘 급식 뭐 나와?",
}


def _messages() -> Json:
    codes = "".join(f"\n- `{code}`: {meaning}" for code, meaning in ITEM_ERRORS.items())
    batch = {"anyOf": [_ref(Item), {"type": "array", "items": _ref(Item)}]}
    batch["anyOf"][1]["maxItems"] = limits.MAX_BATCH_ITEMS
    responses = {
        "202": _answer(
            "The good items are durable; bad ones are in `results`.", answers.BatchAnswer
        ),
        "400": _answer("The body as a whole is not a batch.", answers.Error),
        "408": _answer("The body did not arrive in time.", answers.Error),
        "413": _answer("More bytes or items than a batch may hold.", answers.Error),
        "415": _answer("The body is compressed.", answers.Error),
        "422": _answer("Every item was refused; see `results`.", answers.BatchAnswer),
        **_refusals(),
    }
    responses["503"]["description"] = (
        "The store cannot be reached. With `error`: nothing was stored. With counts: `results` "
        "names the items that were not (`not_stored`). Sending the whole batch again is safe."
    )
    responses["503"]["content"] = _json({"anyOf": [_ref(answers.BatchAnswer), _ref(answers.Error)]})
    return {
        "summary": "Send messages",
        "description": (
            "One JSON object, an array of them, or NDJSON with one object a line. Answered when "
            "the messages are durable. Messages of one conversation keep the order they have in "
            "the request. An id seen before in its conversation is counted as a duplicate, so a "
            f"request can be repeated safely.\n\nCodes in `results`:{codes}"
        ),
        "operationId": "sendMessages",
        "requestBody": {
            "required": True,
            "content": {
                **_json(batch, example=_EXAMPLE),
                "application/x-ndjson": {
                    "schema": {"type": "string", "description": "One message a line, as JSON."}
                },
            },
        },
        "responses": responses,
    }


def _outbox() -> Json:
    return {
        "summary": "Fetch counsellors' words",
        "description": (
            "Words for conversations of this source that were not confirmed yet, oldest first, at "
            f"most {limits.MAX_OUTBOX_MESSAGES}. Show each under the name in `agency`, where `to` "
            "names an account to that account alone, then confirm it. Words that nobody collects "
            "within 24 hours are given up as failed. With "
            "`after=0` everything unconfirmed comes again, so nothing is lost after a crash."
        ),
        "operationId": "readOutbox",
        "parameters": [
            {
                "name": "after",
                "in": "query",
                "description": "The cursor of the last answer; 0 for everything unconfirmed.",
                "schema": {"type": "integer", "minimum": 0, "default": 0},
            },
            {
                "name": "wait",
                "in": "query",
                "description": "Seconds to wait for new words.",
                "schema": {
                    "type": "number",
                    "minimum": 0,
                    "maximum": limits.MAX_OUTBOX_WAIT,
                    "default": 0,
                },
            },
        ],
        "responses": {
            "200": _answer("Words, possibly none.", answers.OutboxAnswer),
            "400": _answer("A parameter that cannot be used.", answers.Error),
            **_refusals(),
        },
    }


def _settle(summary: str, operation: str, description: str, body: Json | None) -> Json:
    found: Json = {
        "summary": summary,
        "description": description,
        "operationId": operation,
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": "The message's id from the outbox.",
                "schema": {"type": "string"},
            }
        ],
        "responses": {
            "200": _answer("The state that counts: the first word given.", answers.Confirmation),
            "404": _answer("The source's outbox has no such message.", answers.Error),
            **_refusals(),
        },
    }
    if body is not None:
        found["requestBody"] = {"required": True, "content": _json(body)}
        found["responses"]["400"] = _answer("No usable reason.", answers.Error)
        found["responses"]["413"] = _answer("A body over 16 KiB.", answers.Error)
    return found


@cache
def document() -> Json:
    """The OpenAPI document."""
    _, schemas = msgspec.json.schema_components(_STRUCTS, ref_template=_REF)
    for schema in schemas.values():
        schema.pop("title", None)
    paths = {
        "/v1/messages": {"post": _messages()},
        "/v1/outbox": {"get": _outbox()},
        "/v1/outbox/{id}/ack": {
            "post": _settle(
                "Confirm that words were shown",
                "confirmShown",
                "The counsellor sees the message as sent. Repeating it changes nothing.",
                None,
            )
        },
        "/v1/outbox/{id}/fail": {
            "post": _settle(
                "Say that words could not be shown",
                "confirmFailed",
                "The counsellor sees the reason. Repeating it changes nothing.",
                _ref(answers.FailRequest),
            )
        },
        "/healthz": {
            "get": {
                "summary": "Whether messages can be stored now",
                "operationId": "health",
                "security": [],
                "responses": {
                    "200": {
                        "description": "They can.",
                        "content": _json(
                            {"type": "object", "properties": {"status": {"const": "ok"}}}
                        ),
                    },
                    "503": _answer("They cannot.", answers.Error),
                },
            }
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ansim Eye intake",
            "version": __version__,
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The key shown once when the source was declared.",
                }
            },
        },
    }


@cache
def document_json() -> bytes:
    return msgspec.json.format(msgspec.json.encode(document()), indent=2)


STYLE = """
:root { color-scheme: light dark; }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.6;
  font-family: system-ui, "Noto Sans KR", "NanumGothic", sans-serif; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { padding: .8rem; overflow-x: auto; border: 1px solid; border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid; }
h2 { margin-top: 2.5rem; }
"""


@cache
def page() -> str:
    """The document as one readable page; needs nothing but its own style sheet."""
    content = document()
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(content['info']['title'])}</title>",
        '<link rel="stylesheet" href="/v1/docs.css"></head><body><main>',
        f"<h1>{escape(content['info']['title'])}</h1>",
        _paragraphs(content["info"]["description"]),
        '<p>For machines: <a href="/v1/openapi.json">OpenAPI 3.1</a>. Every call but '
        "<code>/healthz</code> carries <code>Authorization: Bearer &lt;key&gt;</code>.</p>",
    ]
    for path, methods in content["paths"].items():
        for method, call in methods.items():
            parts += _call(path, method, call)
    parts.append("<h2>Schemas</h2>")
    for name, schema in content["components"]["schemas"].items():
        parts.append(f'<h3 id="{escape(name)}">{escape(name)}</h3>')
        parts.append(f"<pre>{escape(_pretty(schema))}</pre>")
    parts.append("</main></body></html>")
    return "\n".join(parts)


def _call(path: str, method: str, call: Json) -> list[str]:
    parts = [
        f"<h2><code>{method.upper()} {escape(path)}</code></h2>",
        f"<p><strong>{escape(call['summary'])}</strong></p>",
    ]
    if "description" in call:
        parts.append(_paragraphs(call["description"]))
    rows = [
        f"<tr><td><code>{escape(each['name'])}</code> ({each['in']})</td>"
        f"<td>{escape(each['description'])}</td></tr>"
        for each in call.get("parameters", [])
    ]
    if rows:
        parts.append("<table><tr><th>Parameter</th><th></th></tr>" + "".join(rows) + "</table>")
    for kind, media in call.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<p>Body: <code>{escape(kind)}</code></p>")
        if "example" in media:
            parts.append(f"<pre>{escape(_pretty(media['example']))}</pre>")
    answered = "".join(
        f"<tr><td>{status}</td><td>{escape(each['description'])}</td></tr>"
        for status, each in sorted(call["responses"].items())
    )
    parts.append(f"<table><tr><th>Answer</th><th></th></tr>{answered}</table>")
    return parts


def _paragraphs(text: str) -> str:
    """Paragraphs and, where lines begin with a dash, lists; code between back-ticks."""
    found = []
    for block in text.split("\n\n"):
        lines = block.split("\n- ")
        found.append(f"<p>{_inline(lines[0])}</p>")
        if len(lines) > 1:
            found.append(
                "<ul>" + "".join(f"<li>{_inline(line)}</li>" for line in lines[1:]) + "</ul>"
            )
    return "".join(found)


def _inline(text: str) -> str:
    pieces = escape(text).split("`")
    return "".join(f"<code>{each}</code>" if n % 2 else each for n, each in enumerate(pieces))


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
