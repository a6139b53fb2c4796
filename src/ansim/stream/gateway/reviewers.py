"""What workers say of the models they ask, for the figures: numbers, heard over NATS."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ansim.reviewing.values import Condition, Status
from ansim.stream import layout

FORGOTTEN_SECONDS = 60.0
"""A worker that has said nothing for so long asks nobody."""


class Reviewers:
    """The latest word of every worker."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[str, tuple[float, Status]] = {}
        self._decoder = msgspec.json.Decoder(Status)

    async def follow(self, client: Client) -> None:
        """Listens from now on."""
        await client.subscribe(f"{layout.REVIEWERS}.*", cb=self._heard)

    async def _heard(self, message: Msg) -> None:
        self.hear(message.subject.rpartition(".")[2], message.data)

    def hear(self, worker: str, data: bytes) -> None:
        """Takes a worker's word; what this version cannot read is let go."""
        try:
            self._said[worker] = self._clock(), self._decoder.decode(data)
        except msgspec.MsgspecError:
            self._said.pop(worker, None)

    def figures(self) -> Iterator[Metric]:
        """Sums over all workers; none where no model is asked."""
        now = self._clock()
        self._said = {
            name: (at, status)
            for name, (at, status) in self._said.items()
            if now - at <= FORGOTTEN_SECONDS
        }
        every = [status for _, status in self._said.values()]
        if not every:
            return
        conditions = GaugeMetricFamily(
            "ansim_reviewer_workers", "workers by how their model is", labels=["condition"]
        )
        for condition in Condition:
            count = sum(status.condition is condition for status in every)
            conditions.add_metric([condition.value], count)
        yield conditions
        yield GaugeMetricFamily(
            "ansim_reviewer_waiting",
            "conversations waiting for a second opinion",
            sum(status.waiting for status in every),
        )
        yield GaugeMetricFamily(
            "ansim_reviewer_seconds",
            "time of the model's latest answers, the slowest worker's middle",
            max(status.seconds for status in every),
        )
        for name, meaning, value in (
            ("asked", "questions to the model", sum(status.asked for status in every)),
            ("answered", "opinions that passed", sum(status.answered for status in every)),
        ):
            yield CounterMetricFamily(f"ansim_reviewer_{name}", meaning, value)
        declined = CounterMetricFamily(
            "ansim_reviewer_declined", "answers refused or not to be had, by why", labels=["code"]
        )
        sums: Counter[str] = Counter()
        for status in every:
            sums.update(status.declined)
        for code, count in sorted(sums.items()):
            declined.add_metric([code], count)
        yield declined
