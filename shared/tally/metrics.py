"""Metrics of a worker that tallies; every series that can be known is born at 0."""

import math
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class TallyMetrics:
    """What one worker counts of its own work."""

    def __init__(self, registry: CollectorRegistry, service: str, topics: Iterable[str]) -> None:
        labels = {"service": service}
        self._service = service
        self._messages = Counter(
            "vbp_tally_messages",
            "Messages taken into the figures, by topic.",
            ["service", "topic"],
            registry=registry,
        )
        self._passed = Counter(
            "vbp_tally_passed_over",
            "Messages that no service takes; the compliance worker keeps them with the reason.",
            ["service"],
            registry=registry,
        )
        self._seconds = Histogram(
            "vbp_tally_batch_seconds",
            "From a batch being handed over by Faust to its commit.",
            ["service"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._lag = Gauge(
            "vbp_tally_lag_events",
            "Messages that wait to be read, as this worker knows.",
            ["service"],
            registry=registry,
        )
        self._conflicts = Counter(
            "vbp_tally_conflicts",
            "Batches taken in again because another worker was faster.",
            ["service"],
            registry=registry,
        )
        self._lost = Gauge(
            "vbp_tally_lost_messages",
            "Messages that the broker had lost before they were counted, since the figures began. "
            "It is no number before the first look.",
            ["service"],
            registry=registry,
        )
        self._waits = Gauge(
            "vbp_waits",
            "1 while a part of the worker waits for Kafka or PostgreSQL to answer again.",
            ["part"],
            registry=registry,
        )
        for topic in topics:
            self._messages.labels(service, topic)
        for metric in (self._passed, self._seconds, self._lag, self._conflicts):
            metric.labels(**labels)
        # A 0 before the first look would have every start of a worker look like a loss.
        self.lost(math.nan)

    def batch(self, counts: dict[str, int], passed: int, seconds: float) -> None:
        """Count a batch that was committed: messages by topic, and those passed over."""
        for topic, count in counts.items():
            self._messages.labels(self._service, topic).inc(count)
        self._passed.labels(self._service).inc(passed)
        self._seconds.labels(self._service).observe(seconds)

    def conflict(self) -> None:
        """Count a batch that another worker was faster with."""
        self._conflicts.labels(self._service).inc()

    def lag(self, events: int) -> None:
        """Note how many messages wait."""
        self._lag.labels(self._service).set(events)

    def lost(self, messages: float) -> None:
        """Note how many messages were lost before anybody counted them."""
        self._lost.labels(self._service).set(messages)

    def waits(self, part: str, *, waits: bool) -> None:
        """Note whether a part of the worker waits for what is outside."""
        self._waits.labels(part).set(waits)
