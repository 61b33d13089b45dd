"""`vbp serve` and `vbp worker`: one process of one service."""

from typing import Literal

from services.commands import promises
from services.commands.settings import settings
from services.compliance.policies import policy as policies
from services.compliance.settings import Settings
from services.delivery.settings import Settings as DeliverySettings
from services.delivery.settings import WorkerSettings as DeliveryWorkerSettings
from services.orders.settings import Settings as OrdersSettings
from services.orders.settings import WorkerSettings as OrdersWorkerSettings
from shared.adapters import logs
from shared.domain.errors import InvalidArgumentError
from shared.tally.settings import TallySettings

# ruff: noqa: PLC0415  # a process loads one service only: the three together cost it a second

Name = Literal["orders", "delivery", "compliance"]


def serve(service: Name, host: str | None, port: int | None) -> None:
    """Serve the HTTP side of a service until it is told to stop."""
    known = policies.load()
    if service == "orders":
        from services.orders import app as orders

        orders.serve(settings(OrdersSettings, host=host, port=port), known.jurisdictions)
    elif service == "delivery":
        from services.delivery import app as delivery

        delivery.serve(settings(DeliverySettings, host=host, port=port), known.jurisdictions)
    else:
        from services.compliance.web import app as compliance

        compliance.serve(settings(Settings, host=host, port=port))


def work(service: Name, metrics_port: int | None, accept_dead_letters: int | None) -> int:
    """Run a worker until it is told to stop; gives its exit code."""
    if service != "compliance":
        return _tally(service, metrics_port, accept_dead_letters)
    from services.compliance.worker import host as worker

    chosen = settings(Settings, metrics_port=metrics_port, accept_dead_letters=accept_dead_letters)
    logs.configure(chosen.log_level)
    return worker.run(chosen, policies.load(calendars=chosen.calendars))


def _tally(service: str, metrics_port: int | None, accept_dead_letters: int | None) -> int:
    """Run the worker of orders or delivery."""
    if accept_dead_letters is not None:
        raise InvalidArgumentError(
            f"--accept-dead-letters: the {service} worker passes over what cannot be taken by "
            "itself; the compliance worker keeps it. Leave the option out"
        )
    known = policies.load()
    if service == "orders":
        from services.orders import worker as orders

        chosen: TallySettings = settings(OrdersWorkerSettings, metrics_port=metrics_port)
        logs.configure(chosen.log_level)
        return orders.run(chosen, known.jurisdictions)
    from services.delivery import worker as delivery

    chosen = settings(DeliveryWorkerSettings, metrics_port=metrics_port)
    logs.configure(chosen.log_level)
    return delivery.run(chosen, known.jurisdictions, *promises.of(known))
