import pytest

from tests.support.events import an_event
from tests.support.workers.on_database import WorkerOnDatabase

pytestmark = pytest.mark.integration

REGISTER = [an_event("product.selected"), an_event("hospital.enrolled")]
FIRST = an_event("order.placed", "2022-03-01 09:00:00", quantity=5)
ORDER = an_event("order.placed", "2022-03-01 10:00:00", quantity=10)
AGAIN = an_event("order.placed", "2022-03-01 11:00:00", quantity=20)
ELSEWHERE = an_event("delivery.received", "2022-03-02 09:00:00", product="P2")
ROWS = 'SELECT "order", kind, thing, id, holds_id FROM compliance.contradiction ORDER BY number'
COUNTS = "SELECT kind, count FROM compliance.contradiction_count ORDER BY kind"


async def rows(desk: WorkerOnDatabase) -> list[tuple[str, ...]]:
    return [tuple(row) for row in await desk.connection.fetch(ROWS)]


async def counts(desk: WorkerOnDatabase) -> dict[str, int]:
    return dict(map(tuple, await desk.connection.fetch(COUNTS)))


async def test_contradictions_are_listed_and_counted_and_follow_what_holds(
    desk: WorkerOnDatabase,
) -> None:
    await desk.handle(*REGISTER, ORDER)
    assert await rows(desk) == []

    await desk.handle(AGAIN, ELSEWHERE)
    await desk.handle(AGAIN)
    assert await rows(desk) == [
        ("O1", "told-otherwise", "vbp.order.placed.v1", AGAIN.id, ORDER.id),
        ("O1", "other-product", "vbp.delivery.received.v1 R1", ELSEWHERE.id, ORDER.id),
    ]
    assert await counts(desk) == {"other-product": 1, "told-otherwise": 1}

    await desk.handle(FIRST)
    assert sorted(await rows(desk)) == [
        ("O1", "other-product", "vbp.delivery.received.v1 R1", ELSEWHERE.id, FIRST.id),
        ("O1", "told-otherwise", "vbp.order.placed.v1", ORDER.id, FIRST.id),
        ("O1", "told-otherwise", "vbp.order.placed.v1", AGAIN.id, FIRST.id),
    ]
    assert await counts(desk) == {"other-product": 1, "told-otherwise": 2}
