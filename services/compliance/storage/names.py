"""Keeps how products, hospitals and parties are called."""

from collections.abc import Iterable
from pathlib import Path

from services.compliance.register.names import Names
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.cloudevents import Event

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


async def save(connection: Connection, told: Iterable[Event]) -> None:
    """Keep the names that events give, where no later telling gave another."""
    names = Names()
    for event in told:
        names.take(event)
    if names.last:
        # In one order, so that two workers never wait for each other.
        rows = [names.last[key] for key in sorted(names.last)]
        await connection.execute(QUERIES["save"], *postgres.columns(rows))
