"""How products, hospitals and parties are called, by the last telling; no judgement rests on it."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import events as say
from shared.domain.cloudevents import Event

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


class Named(NamedTuple):
    """A name as an event gives it; `kind` is what the code is one of."""

    jurisdiction: str
    kind: str
    code: str
    name: str
    said_at: datetime
    source: str
    id: str

    @property
    def order_key(self) -> tuple[datetime, str, str, str]:
        """What decides between two names of one code."""
        return (self.said_at, self.source, self.id, self.name)


async def save(connection: Connection, told: Iterable[Event]) -> None:
    """Keep the names that events give, where no later telling gave another."""
    last: dict[tuple[str, str, str], Named] = {}
    for named in filter(None, map(named_by, told)):
        held = last.get(named[:3])
        if held is None or held.order_key < named.order_key:
            last[named[:3]] = named
    if last:
        # In one order, so that two workers never wait for each other.
        rows = [last[key] for key in sorted(last)]
        await connection.execute(QUERIES["save"], *postgres.columns(rows))


def named_by(event: Event) -> Named | None:
    """Give the name that an event tells, None for one that names nobody."""
    match event.data:
        case say.ProductSelected() | say.ProductListed():
            kind, code = "product", event.data.product
        case say.HospitalEnrolled():
            kind, code = "hospital", event.data.hospital
        case say.PartyRegistered():
            kind, code = event.data.kind, event.data.party
        case _:
            return None
    where, name = event.data.jurisdiction, event.data.name
    return Named(where, kind, code, name, event.time, event.source, event.id)
