"""`vbp serve` and `vbp worker`: one process of one service."""

from typing import Literal

from services.commands.settings import settings
from services.compliance.policies import policy as policies
from services.compliance.settings import Settings
from services.delivery.settings import Settings as DeliverySettings
from services.orders.settings import Settings as OrdersSettings
from shared.adapters import logs
from shared.domain.errors import InvalidArgumentError

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
    """Run a worker until it is told to stop; gives its exit code.

    Raises InvalidArgumentError for a service that has none.
    """
    if service != "compliance":
        raise InvalidArgumentError(
            f"{service} has no worker yet: it publishes what it is told and keeps nothing. "
            "The one worker is: vbp worker compliance"
        )
    from services.compliance.worker import host as worker

    chosen = settings(Settings, metrics_port=metrics_port, accept_dead_letters=accept_dead_letters)
    logs.configure(chosen.log_level)
    return worker.run(chosen, policies.load(calendars=chosen.calendars))
