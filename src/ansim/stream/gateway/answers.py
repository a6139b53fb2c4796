"""What the intake API answers with: one form for batches, one for the outbox, one for errors."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response

from ansim.stream.gateway import limits
from ansim.stream.gateway.items import Problem

JSON = "application/json"


class Error(msgspec.Struct, frozen=True):
    """Why nothing of a request was done."""

    error: Annotated[str, msgspec.Meta(description="A code for programs, such as `unauthorized`.")]
    detail: Annotated[str, msgspec.Meta(description="A sentence for people.")]


class BatchAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a batch. The four counts add up to its items."""

    accepted: Annotated[int, msgspec.Meta(description="Stored now, durably.")]
    duplicates: Annotated[int, msgspec.Meta(description="Known by their id already.")]
    rejected: Annotated[int, msgspec.Meta(description="Refused; sending again will not help.")]
    not_stored: Annotated[
        int, msgspec.Meta(description="Good but not confirmed as stored; send them again.")
    ] = 0
    results: Annotated[
        list[Problem],
        msgspec.Meta(description="One entry for each item refused or not stored, by index."),
    ] = []


class OutboxMessage(msgspec.Struct, frozen=True):
    """A counsellor's words for one conversation, to be shown under the agency's name."""

    cursor: int
    id: str
    conversation: Annotated[str, msgspec.Meta(description="The platform's own name of it.")]
    agency: Annotated[str, msgspec.Meta(description="Show the words under this name (R03).")]
    language: str
    text: str
    at: Annotated[float, msgspec.Meta(description="When it was written, epoch seconds.")]
    to: Annotated[
        str | None,
        msgspec.Meta(
            description="The platform's own name of the account that alone may see the words; "
            "null: everybody in the conversation. Never show words with `to` in the room: what "
            "cannot be shown to this account alone is to be answered with `fail`."
        ),
    ]


class OutboxAnswer(msgspec.Struct, frozen=True):
    """Words not yet confirmed, oldest first."""

    messages: list[OutboxMessage]
    cursor: Annotated[int, msgspec.Meta(description="Ask with `after` this for what comes next.")]


class Confirmation(msgspec.Struct, frozen=True):
    """What counts for a message of the outbox: the first word a platform gave."""

    id: str
    state: str


class FailRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why words could not be shown."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=limits.MAX_FAIL_REASON)]


def answer(
    body: msgspec.Struct, status: int, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """A JSON response that no cache keeps."""
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=JSON,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def error(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None
) -> Response[bytes]:
    return answer(Error(code, detail), status, headers)
