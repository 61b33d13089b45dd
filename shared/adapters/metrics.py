"""What every process of ours tells Prometheus of itself: which version it is, and what it uses."""

import platform
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, disable_created_metrics


def begin(service: str) -> CollectorRegistry:
    """Begin the metrics of a process.

    No series tells when another was created: nobody asks, and they are a third of all series.
    """
    disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    build = Gauge(
        "vbp_build_info",
        "1; the labels say which service runs, and in which version.",
        ["service", "version", "python"],
        registry=registry,
    )
    build.labels(service, version("vbp-compliance"), platform.python_version()).set(1)
    return registry
