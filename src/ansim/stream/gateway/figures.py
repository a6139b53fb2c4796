"""Figures for Prometheus: counts and times, no names but those of sources, no words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ansim.stream.gateway.health import SourceHealth, State

if TYPE_CHECKING:
    from ansim.stream.gateway.process import Gateway

LABELS = ("source", "connector")

_OF_A_SOURCE: tuple[
    tuple[
        type[CounterMetricFamily | GaugeMetricFamily],
        str,
        str,
        Callable[[SourceHealth], float | None],
    ],
    ...,
] = (
    (
        CounterMetricFamily,
        "ansim_source_messages",
        "messages taken in, repeats not counted",
        lambda each: each.received,
    ),
    (
        GaugeMetricFamily,
        "ansim_source_last_message_timestamp_seconds",
        "when the newest message was said",
        lambda each: each.last_message_at,
    ),
    (
        GaugeMetricFamily,
        "ansim_source_lag_seconds",
        "from the newest message's saying to its coming in",
        lambda each: each.lag_seconds,
    ),
    (
        GaugeMetricFamily,
        "ansim_source_backlog",
        "messages known to wait at the platform",
        lambda each: each.waiting,
    ),
    (
        CounterMetricFamily,
        "ansim_source_errors",
        "times something failed",
        lambda each: each.errors,
    ),
    (
        GaugeMetricFamily,
        "ansim_source_up",
        "1 while messages can come in",
        lambda each: each.state is State.LISTENING,
    ),
    (
        CounterMetricFamily,
        "ansim_source_gaps",
        "times of which the words were never heard",
        lambda each: each.gaps,
    ),
)


class GatewayFigures(Collector):
    """Reads the figures when they are asked for."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def collect(self) -> Iterable[Metric]:
        yield from self._intake()
        yield from self._sources()
        yield from self._gateway.link.reviewers.figures()

    def _intake(self) -> Iterator[Metric]:
        gateway, counts = self._gateway, self._gateway.counts
        messages = CounterMetricFamily(
            "ansim_intake_messages",
            "messages of requests, by what became of them",
            None,
            ["outcome"],
        )
        messages.add_metric(["accepted"], counts.accepted)
        messages.add_metric(["duplicate"], counts.duplicates)
        messages.add_metric(["rejected"], counts.rejected)
        messages.add_metric(["not_stored"], counts.not_stored)
        yield messages
        yield CounterMetricFamily("ansim_intake_refusals", "requests turned away", counts.refused)
        for name, meaning, value in (
            ("intake_bytes_in_flight", "request bodies not yet durable", gateway.in_flight.bytes),
            ("backlog_messages", "messages no worker has read yet", gateway.link.backlog),
            ("outbox_waiting_requests", "platforms waiting for words", gateway.long_polls),
            ("nats_up", "1 while NATS answers", int(gateway.link.up)),
        ):
            yield GaugeMetricFamily(f"ansim_{name}", meaning, value)

    def _sources(self) -> Iterator[Metric]:
        sources = self._gateway.watch.sources
        for kind, name, meaning, read in _OF_A_SOURCE:
            family = kind(name, meaning, labels=LABELS)
            for source in sources:
                value = read(source)
                if value is not None:
                    family.add_metric([source.source, source.connector], float(value))
            yield family


def registry_of(gateway: Gateway) -> CollectorRegistry:
    """A registry of this gateway alone."""
    registry = CollectorRegistry()
    registry.register(GatewayFigures(gateway))
    return registry
