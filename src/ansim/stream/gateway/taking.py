"""Taking a batch of an admitted source: what ``POST /v1/messages`` and its like have in common."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from litestar import Response

from ansim.sources.contract import Incoming, Intake, IntakeBusy, IntakeRefused, Outcome
from ansim.stream.gateway import batches, body, limits
from ansim.stream.gateway.answers import BatchAnswer, answer, error
from ansim.stream.gateway.batches import Batch
from ansim.stream.gateway.items import Problem

if TYPE_CHECKING:
    from ansim.stream.gateway.process import Gateway

RETRY = {"Retry-After": str(limits.RETRY_SECONDS)}
_WHY = {
    Outcome.FAILED: ("not_stored", "not confirmed as stored; send it again with the same id"),
    Outcome.UNREAD: ("reading_stopped", "read no more, as its people asked; send no more of it"),
}


def is_lines(content_type: str) -> bool:
    """Whether a body of this type holds one item a line."""
    kind, _, _ = content_type.partition(";")
    return kind.strip().lower() in ("application/x-ndjson", "application/jsonl")


async def take(
    gateway: Gateway, source: str, data: bytes, *, lines: bool, intake: Intake
) -> Response[bytes]:
    """Reads and stores a batch; the answer when it is durable, or why it is not.

    Raises what ``refused`` has answers for.
    """
    gateway.intake.check_backlog()
    batch = batches.read(data, lines=lines, now=time.time())
    del data
    return await _store(gateway, source, batch, intake)


def refused(problem: Exception) -> Response[bytes] | None:
    """The answer to a batch that could not be taken; None for what is no such problem."""
    match problem:
        case IntakeBusy():
            headers = {"Retry-After": str(problem.retry_after)}
            detail = f"{problem}; nothing of this batch was stored"
            if problem.overloaded:
                return error(429, "overloaded", detail, headers)
            return error(503, "unavailable", detail, headers)
        case IntakeRefused():
            return error(403, "refused", str(problem))
        case body.BodyTooLarge():
            most = f"a batch may hold {limits.MAX_BATCH_BYTES} bytes (16 MiB)"
            return error(413, "too_large", most)
        case batches.TooManyItems():
            return error(413, "too_many", f"a batch may hold {limits.MAX_BATCH_ITEMS} items")
        case body.BodyTooSlow():
            return error(408, "too_slow", f"the body did not arrive in {limits.BODY_SECONDS:.0f} s")
        case body.HandsFull():
            return error(429, "overloaded", "too much is in work; nothing was stored", RETRY)
        case batches.NotABatch():
            return error(400, "not_a_batch", str(problem))
    return None


async def _store(gateway: Gateway, source: str, batch: Batch, intake: Intake) -> Response[bytes]:
    problems = batch.problems
    outcomes: list[Outcome] = []
    if batch.messages:
        messages: list[Incoming] = [message for _, message in batch.messages]
        outcomes = await intake(source, messages)
    lost, unread = outcomes.count(Outcome.FAILED), outcomes.count(Outcome.UNREAD)
    if lost or unread:
        problems = problems + [
            Problem(index=index, id=message.id, error=_WHY[outcome][0], detail=_WHY[outcome][1])
            for (index, message), outcome in zip(batch.messages, outcomes, strict=True)
            if outcome in _WHY
        ]
        problems.sort(key=lambda problem: problem.index)
    result = BatchAnswer(
        accepted=outcomes.count(Outcome.STORED),
        duplicates=outcomes.count(Outcome.DUPLICATE),
        rejected=len(batch.problems) + unread,
        not_stored=lost,
        results=problems,
    )
    gateway.counts.add(result)
    if lost:
        return answer(result, 503, RETRY)
    return answer(result, 202 if batch.messages or not batch.size else 422)
