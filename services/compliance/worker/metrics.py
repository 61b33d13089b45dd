"""Metrics of the worker; every series that can be known is born at 0."""

from collections import Counter as Tally
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.compliance.findings.violation import ChangeKind
from services.compliance.judging.moment import Moment
from services.compliance.judging.round import Round
from services.compliance.storage.facts import Batch
from shared.domain import topics

BATCH_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
LATENCY_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600, 3_600)
"""From live (a quarter of a second) to an hour's backlog."""

_type = attrgetter("type")
_told = attrgetter("told")
_INPUTS = tuple(topic.name for topic in topics.INPUTS)


class WorkerMetrics:
    """What one worker counts of its own work."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter(
            "vbp_events", "Events taken and committed, by topic.", ["topic"], registry=registry
        )
        self._dead_letters = Counter(
            "vbp_dead_letters",
            "Messages that could not be taken, by topic; the table holds the reasons.",
            ["topic"],
            registry=registry,
        )
        self._changes = Counter(
            "vbp_changes", "Changes of violations, by kind.", ["change"], registry=registry
        )
        self._batches = Counter("vbp_batches", "Batches committed.", registry=registry)
        self._batch_seconds = Histogram(
            "vbp_batch_seconds",
            "From a batch being read to its commit.",
            buckets=BATCH_SECONDS,
            registry=registry,
        )
        self._told_to_committed = Histogram(
            "vbp_told_to_committed_seconds",
            "From the broker's timestamp of a batch's oldest event to its commit.",
            buckets=LATENCY_SECONDS,
            registry=registry,
        )
        self._heard_age = Gauge(
            "vbp_heard_age_seconds",
            "How long ago everything was last heard, as this worker knows.",
            registry=registry,
        )
        self._clock_ahead = Gauge(
            "vbp_clock_ahead_seconds",
            "How far this worker's clock is ahead of the broker's, at least.",
            registry=registry,
        )
        self._conflicts = Counter(
            "vbp_conflicts", "Batches and sweeps judged again after a conflict.", registry=registry
        )
        self._waits = Gauge(
            "vbp_waits",
            "1 while a part of the worker waits for Kafka or PostgreSQL to answer again.",
            ["part"],
            registry=registry,
        )
        self._swept = Counter(
            "vbp_swept", "Records judged because their time had come.", registry=registry
        )
        self._anchored = Gauge(
            "vbp_anchored_timestamp_seconds",
            "When the history was last anchored, in Unix time; 0 where this worker does not know.",
            registry=registry,
        )
        for topic in _INPUTS:
            self._events.labels(topic)
            self._dead_letters.labels(topic)
        for kind in get_args(ChangeKind):
            self._changes.labels(kind)

    def batch(self, batch: Batch, judged: Round, seconds: float) -> None:
        """Count a batch that was committed just now, `seconds` after it was read."""
        self._batches.inc()
        self._batch_seconds.observe(seconds)
        for kind, events in Tally(map(_type, batch.events)).items():
            self._events.labels(topics.TOPIC_OF[kind]).inc(events)
        for letter in batch.letters:
            self._dead_letters.labels(letter.topic).inc()
        self._changed(judged)
        if batch.events:
            oldest = min(map(_told, batch.events))
            self._told_to_committed.observe((datetime.now(UTC) - oldest).total_seconds())

    def clock_ahead(self, ahead: timedelta) -> None:
        """Note how far our clock is ahead of the broker's."""
        self._clock_ahead.set(ahead.total_seconds())

    def conflicts(self, count: int) -> None:
        """Count conflicts with other workers."""
        self._conflicts.inc(count)

    def waits(self, part: str, *, waits: bool) -> None:
        """Note whether a part of the worker waits for what is outside."""
        self._waits.labels(part).set(waits)

    def anchored(self, at: datetime) -> None:
        """Note when the history was last anchored, and told outside."""
        self._anchored.set(at.timestamp())

    def swept(self, judged: Round) -> None:
        """Count records that were judged because their time had come, and what changed."""
        self._swept.inc(len(judged.dossiers))
        self._changed(judged)

    def _changed(self, judged: Round) -> None:
        for change in judged.final_changes():
            self._changes.labels(change.kind).inc()

    def heard(self, moment: Moment) -> None:
        """Note until when everything has been heard."""
        self._heard_age.set((moment.now - moment.heard).total_seconds())
