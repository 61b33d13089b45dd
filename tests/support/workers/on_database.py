"""A compliance service on a database of its own, told events without a bus."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import msgspec

from services.compliance.judging.moment import Moment
from services.compliance.judging.round import Round
from services.compliance.storage import positions
from services.compliance.storage.facts import Batch
from services.compliance.storage.positions import Span
from services.compliance.worker.service import Compliance, Done
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.cloudevents import Event
from tests.support.builders import POLICIES
from tests.support.events import instant
from tests.support.workers.in_process import STANDING

NOW = instant("2022-06-01 00:00:00")
HEARD = Moment(NOW + timedelta(minutes=1), NOW + timedelta(minutes=1))


class WorkerOnDatabase:
    """A service with a database of its own; events are numbered as they are handed in."""

    def __init__(self, connection: Connection, epoch: dict[topics.Place, positions.Hold]) -> None:
        self.connection = connection
        self.service = Compliance(connection, POLICIES)
        self.holds = epoch

    def batch(self, *events: Event) -> Batch:
        placed = []
        for event in events:
            place = (event.topic, 0)
            hold = self.holds[place]
            placed.append(msgspec.structs.replace(event, partition=0, offset=hold.next, told=NOW))
            self.holds[place] = hold._replace(next=hold.next + 1)
        spans = [
            Span(topic, 0, hold.epoch, hold.next - sum(e.topic == topic for e in placed), hold.next)
            for (topic, _), hold in self.holds.items()
        ]
        return Batch([span for span in spans if span.next > span.first], placed, [])

    async def handle(self, *events: Event) -> Done[Round]:
        return await self.service.handle(self.batch(*events), HEARD)

    async def sweep(self, moment: Moment = HEARD) -> None:
        while (await self.service.expand_touches()).result or (
            await self.service.sweep(moment)
        ).result:
            pass

    async def rules(self) -> set[str]:
        rows = await self.connection.fetch(STANDING)
        return {msgspec.json.decode(row["body"])["rule"] for row in rows}


@asynccontextmanager
async def at_work(database: str) -> AsyncIterator[WorkerOnDatabase]:
    """A service that owns the first partition of every topic until its connection ends."""
    connection = await asyncpg.connect(database, server_settings={"application_name": "desk"})
    places = [(topic.name, 0) for topic in topics.INPUTS]
    held = await positions.take(connection, places, "desk", connection.get_server_pid())
    yield WorkerOnDatabase(connection, held)
    await connection.close()
