"""What every process of ours tells Prometheus of itself: which version it is, and what it uses."""

import platform
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from shared.adapters.series import Families


class Registry(CollectorRegistry):
    """The metrics of a process, and beside them families that are written at once."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[Families] = []


def latest(registry: CollectorRegistry) -> bytes:
    """Give all metrics in the text format of Prometheus."""
    beside = registry.written if isinstance(registry, Registry) else []
    return generate_latest(registry) + "".join(one.text for one in beside).encode()


def begin(service: str) -> Registry:
    """Begin the metrics of a process.

    No series tells when another was created: nobody asks, and they are a third of all series.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
    registry = Registry()
    ProcessCollector(registry=registry)
    build = Gauge(
        "vbp_build_info",
        "1; the labels say which service runs, and in which version.",
        ["service", "version", "python"],
        registry=registry,
    )
    build.labels(service, version("vbp-compliance"), platform.python_version()).set(1)
    return registry
