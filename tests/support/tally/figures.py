"""The figures of orders and delivery, counted and answered as their services do."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from services.commands import promises
from services.delivery import app as delivery
from services.delivery import settings as of_delivery
from services.delivery.worker import subject
from services.orders import app as orders
from services.orders import settings as of_orders
from services.orders.worker import SUBJECT
from tests.support.builders import POLICIES
from tests.support.kept import listening
from tests.support.tally.keeping import keeping, messages


class Answering(NamedTuple):
    """Where the services of orders and of delivery answer."""

    orders: str
    delivery: str


async def count(database: str, events: Sequence[dict[str, Any]]) -> None:
    """Take events into the figures of both services, which have read all then."""
    for counted in (SUBJECT, subject(*promises.of(POLICIES))):
        async with keeping(counted, database) as kept:
            await kept.take(messages(events, counted.topics))
            await kept.connection.execute(
                "INSERT INTO position (topic, partition, next_offset, end_offset, looked_at) "
                "VALUES ('vbp.orders.v1', 0, 9, 9, now()) ON CONFLICT DO NOTHING"
            )


@asynccontextmanager
async def answering(kafka: str, database: str) -> AsyncIterator[Answering]:
    """Serve what both have counted in a database."""
    known = POLICIES.jurisdictions
    buying = orders.create_app(of_orders.Settings(kafka=kafka, database=database), known)
    supplying = delivery.create_app(of_delivery.Settings(kafka=kafka, database=database), known)
    async with (
        listening(lambda _: buying) as at_orders,
        listening(lambda _: supplying) as at_delivery,
    ):
        yield Answering(at_orders, at_delivery)
