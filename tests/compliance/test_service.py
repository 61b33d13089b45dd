from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest

from services.compliance import fence
from services.compliance.contributions import Moment
from services.compliance.intake import Batch, Span
from services.compliance.service import Compliance
from services.compliance.settings import Settings
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.cloudevents import Event
from shared.domain.errors import FencedError
from tests.support.builders import POLICIES, an_event, instant
from tests.support.live import STANDING, prepared

pytestmark = pytest.mark.integration

NOW = instant("2022-06-01 00:00:00")
HEARD = Moment(NOW + timedelta(minutes=1), NOW + timedelta(minutes=1))
REGISTER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
]
APPOINTED = an_event("distributor.appointed")
ORDER = an_event("order.placed", "2022-03-01 09:00:00")
REFUSED = an_event("order.rejected", "2022-03-01 10:00:00", reason="price")


class Desk:
    """A service with a database of its own; events are numbered as they are handed in."""

    def __init__(self, connection: Connection, epoch: dict[fence.Place, fence.Hold]) -> None:
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

    async def handle(self, *events: Event) -> None:
        await self.service.handle(self.batch(*events), HEARD)

    async def sweep(self, moment: Moment = HEARD) -> None:
        while await self.service.expand_touches() or await self.service.sweep(moment):
            pass

    async def rules(self) -> set[str]:
        rows = await self.connection.fetch(STANDING)
        return {msgspec.json.decode(row["body"])["rule"] for row in rows}


@pytest.fixture
async def desk(kafka: str, database: str) -> AsyncIterator[Desk]:
    await prepared(Settings(database=database, kafka=kafka))
    connection = await asyncpg.connect(database, server_settings={"application_name": "desk"})
    places = [(topic.name, 0) for topic in topics.INPUTS]
    yield Desk(
        connection, await fence.take(connection, places, "desk", connection.get_server_pid())
    )
    await connection.close()


async def test_an_agreement_and_an_appointment_in_one_batch_begin_one_record(desk: Desk) -> None:
    await desk.handle(*REGISTER, APPOINTED)
    await desk.sweep()
    assert await desk.rules() == set()

    released = an_event("distributor.released", "2022-05-01 00:00:00", end="2022-05-02")
    await desk.handle(released)
    assert await desk.rules() == {"coverage-gap"}
    assert desk.service.conflicts == 0


async def test_nothing_of_a_batch_is_kept_when_its_partition_was_lost(desk: Desk) -> None:
    stale = desk.batch(*REGISTER, APPOINTED, ORDER, REFUSED)
    pid = desk.connection.get_server_pid()
    await fence.take(desk.connection, [("vbp.supply.v1", 0)], "other", pid)

    with pytest.raises(FencedError):
        await desk.service.handle(stale, HEARD)

    for table in ("fact", "dossier", "agreement", "reference", "violation", "touch", "outbox"):
        assert await desk.connection.fetchval(f"SELECT count(*) FROM compliance.{table}") == 0  # noqa: S608


async def test_a_record_written_by_another_meanwhile_is_judged_again(
    desk: Desk, database: str
) -> None:
    await desk.handle(*REGISTER, APPOINTED, ORDER)
    other = await asyncpg.connect(database)
    load = desk.service._load  # noqa: SLF001

    async def overtaken(*arguments: object, **options: object) -> None:
        await load(*arguments, **options)  # type: ignore[arg-type]
        if not desk.service.conflicts:
            await other.execute("UPDATE compliance.dossier SET version = version + 1")

    desk.service._load = overtaken  # type: ignore[method-assign]  # noqa: SLF001
    await desk.handle(REFUSED)

    assert desk.service.conflicts == 1
    assert await desk.rules() == {"supply-refusal"}
    await other.close()


async def test_what_rests_on_silence_waits_until_all_was_heard(desk: Desk) -> None:
    await desk.handle(*REGISTER, APPOINTED)
    deaf = Moment(HEARD.now, datetime.fromtimestamp(0, NOW.tzinfo))
    await desk.service.handle(desk.batch(ORDER), deaf)
    await desk.sweep(deaf)
    assert await desk.rules() == set()

    await desk.sweep()
    assert {"late-response", "late-delivery"} <= await desk.rules()


async def test_the_gauges_keep_step_with_the_rows(desk: Desk) -> None:
    await desk.handle(ORDER, REFUSED)
    assert await counted(desk, "unjudged_count") == 6
    await desk.handle(*REGISTER, APPOINTED)
    await desk.sweep()
    assert await counted(desk, "unjudged_count") == 0
    released = an_event("distributor.released", "2022-05-01 00:00:00", end="2022-05-02")
    await desk.handle(released)
    assert await counted(desk, "open_count") == 1


async def counted(desk: Desk, table: str) -> int:
    total: int = await desk.connection.fetchval(f"SELECT sum(count) FROM compliance.{table}")  # noqa: S608
    return total
