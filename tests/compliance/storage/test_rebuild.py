import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.compliance.judging import dossier
from services.compliance.people.acts import Given
from services.compliance.people.review import Facts, Who
from services.compliance.records.paid_order import PaidOrder
from services.compliance.settings import Settings
from services.compliance.storage import reviews, views
from services.compliance.storage.rebuild import Rebuilt, rebuild
from services.compliance.storage.reviews import Context, Doing
from shared.adapters.postgres import Connection
from shared.domain.errors import SetupError
from shared.domain.records.order import Order
from tests.support.builders import POLICIES
from tests.support.events import an_event
from tests.support.workers.in_process import STANDING
from tests.support.workers.on_database import NOW, WorkerOnDatabase, at_work

pytestmark = pytest.mark.integration

STORY = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed", response_hours=1),
    an_event("distributor.appointed"),
    an_event("order.placed", "2022-03-01 09:00:00"),
    an_event("order.rejected", "2022-03-01 11:00:00", reason="price"),
]


OFFICER = Who("person:li", frozenset({"officer"}))


async def kept(connection: Connection) -> list[list[tuple[object, ...]]]:
    """Records, register and standing violations."""
    tables = (
        "SELECT jurisdiction, kind, key, product, hospital, record FROM compliance.dossier",
        "SELECT * FROM compliance.reference",
        "SELECT * FROM compliance.agreement",
        STANDING,
    )
    return [sorted(tuple(row) for row in await connection.fetch(table)) for table in tables]


async def test_what_an_earlier_version_did_not_keep_is_there_after_a_rebuild(
    desk: WorkerOnDatabase, database: str
) -> None:
    await desk.handle(*STORY)
    await desk.sweep()
    expected = await kept(desk.connection)
    assert await desk.rules() == {"late-response", "supply-refusal"}

    poor = dossier.encode(Order())
    await desk.connection.execute(
        "UPDATE compliance.dossier SET record = $1 WHERE kind = 'order'", poor
    )
    await desk.connection.execute("DELETE FROM compliance.dossier WHERE kind = 'announcement'")
    await desk.connection.execute("DELETE FROM compliance.agreement")
    await desk.connection.close()
    assert await rebuild(Settings(database=database), POLICIES) == Rebuilt(len(STORY), 2)

    async with at_work(database) as again:
        await again.sweep()
        assert await kept(again.connection) == expected
        changes = "SELECT count(*) FROM compliance.history"
        assert await again.connection.fetchval(changes) == 2


PEOPLE = (
    (
        "SELECT id, seq, head, review, stale, seen_seq, reviewed_at, assignee, acknowledged_by, "
        "acknowledged_at, proposal, proposed_by, disputed_by FROM compliance.violation ORDER BY id"
    ),
    "SELECT * FROM compliance.remark ORDER BY violation, seq",
    "SELECT * FROM compliance.history ORDER BY violation, seq",
    "SELECT * FROM compliance.review_count WHERE count <> 0 ORDER BY rule, review",
    "SELECT * FROM compliance.saved_view",
)


async def test_what_people_did_is_left_alone(desk: WorkerOnDatabase, database: str) -> None:
    await desk.handle(*STORY)
    await desk.sweep()
    names = await desk.connection.fetch("SELECT id FROM compliance.violation")
    acknowledged = Doing("acknowledge", Given(NOW, 0, text="已阅"))
    done = await reviews.act_of_many(
        desk.connection,
        [row["id"] for row in names],
        acknowledged,
        lambda _: Context(OFFICER, Facts()),
    )
    assert done.done == len(names) == 2
    assert await views.save(desk.connection, "person:li", "逾期", "/cases?overdue=true")
    expected = [await desk.connection.fetch(table) for table in PEOPLE]
    await desk.connection.close()
    await rebuild(Settings(database=database), POLICIES)

    async with at_work(database) as again:
        await again.sweep()
        assert [await again.connection.fetch(table) for table in PEOPLE] == expected


async def test_a_fact_that_this_version_does_not_take_hinders_no_other(
    desk: WorkerOnDatabase, database: str
) -> None:
    await desk.handle(*STORY)
    await desk.sweep()
    await desk.connection.execute(
        """
        UPDATE compliance.fact SET data = convert_to(replace(convert_from(data, 'UTF8'),
            '"price"', '"of an older version"'), 'UTF8')
        WHERE type = 'vbp.order.rejected.v1'
        """
    )
    await desk.connection.close()
    done = await rebuild(Settings(database=database), POLICIES)
    assert (done.facts, done.records) == (len(STORY), 2)
    (refused,) = done.refused
    assert "vbp.order.rejected.v1: data.reason" in refused


async def test_nothing_is_rebuilt_while_a_worker_runs(
    desk: WorkerOnDatabase, database: str
) -> None:
    await desk.handle(*STORY)
    with pytest.raises(SetupError, match="a worker is running: stop all of them"):
        await rebuild(Settings(database=database), POLICIES)


async def test_a_worker_that_begins_meanwhile_is_not_overwritten(
    desk: WorkerOnDatabase, database: str
) -> None:
    await desk.handle(*STORY)
    before = await kept(desk.connection)
    await desk.connection.close()

    def begins(*_: int) -> None:
        with ThreadPoolExecutor() as elsewhere:
            elsewhere.submit(asyncio.run, taken_over(database)).result()

    with pytest.raises(SetupError, match="a worker is running"):
        await rebuild(Settings(database=database), POLICIES, begins)
    async with at_work(database) as later:
        assert await kept(later.connection) == before


async def taken_over(database: str) -> None:
    """A worker takes the partitions, and is stopped."""
    async with at_work(database):
        pass


async def test_what_payments_contributed_to_orders_is_contributed_again(
    desk: WorkerOnDatabase, database: str
) -> None:
    paid = [
        an_event("payment.made", "2022-04-02 09:00:00", payment="F1", order="O1"),
        an_event("payment.made", "2022-04-02 09:00:00", payment="F2", order="told by nobody"),
    ]
    await desk.handle(*STORY, *paid)
    await desk.sweep()
    expected = await kept(desk.connection)
    orders = "SELECT record FROM compliance.dossier WHERE kind = 'order' ORDER BY key"
    for row in await desk.connection.fetch(orders):
        held = dossier.decode_record("order", row["record"])
        assert isinstance(held, PaidOrder)
        assert len(held.paid) == 1
    await desk.connection.close()
    await rebuild(Settings(database=database), POLICIES)

    async with at_work(database) as again:
        await again.sweep()
        assert await kept(again.connection) == expected
