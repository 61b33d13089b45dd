"""What a door counts; every series that can exist is born at 0."""

from collections.abc import Collection

from prometheus_client import CollectorRegistry, Counter, Histogram

from shared.domain.errors import InvalidEventError

REASONS = (
    "unreadable",
    "size",
    "envelope",
    "type",
    "time",
    "jurisdiction",
    "data",
    "source",
    "broker",
)
"""Why an event was not accepted: what of it was at fault, or that the broker did not take it."""

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class DoorMetrics:
    """The metrics of one door that takes events of `types`."""

    def __init__(self, registry: CollectorRegistry, types: Collection[str]) -> None:
        self._accepted = Counter(
            "vbp_events_accepted",
            "Events that the broker has taken, by type.",
            ["type"],
            registry=registry,
        )
        self._refused = Counter(
            "vbp_events_refused",
            "Events that were not accepted, by what of them was at fault.",
            ["reason"],
            registry=registry,
        )
        self.publishing = Histogram(
            "vbp_publish_duration_seconds",
            "From handing events (one, or a chunk of a batch or stream) to the broker's answer.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._of_type = {kind: self._accepted.labels(kind) for kind in types}
        self._of_reason = {reason: self._refused.labels(reason) for reason in REASONS}

    def accepted(self, kind: str) -> None:
        """Count an event of this type."""
        self._of_type[kind].inc()

    def refused(self, reason: str) -> None:
        """Count an event that was not accepted for one of REASONS."""
        self._of_reason[reason].inc()


def reason_of(error: InvalidEventError) -> str:
    """Give the one of REASONS for an invalid event."""
    top = error.field.partition(".")[0]
    if error.problem.startswith("is larger than"):
        return "size"
    if error.problem.startswith(("is not JSON", "is nested", "holds the character")):
        return "unreadable"
    if error.field == "data.jurisdiction":
        return "jurisdiction"
    return {"data": "data", "type": "type", "time": "time", "body": "unreadable"}.get(
        top, "envelope"
    )
