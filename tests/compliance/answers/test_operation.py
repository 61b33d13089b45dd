"""How far the service is, as the API answers it."""

import httpx
import msgspec
import pytest

from services.compliance.answers import service_shapes
from shared.adapters.postgres import Connection
from tests.support.kept import busy, read

pytestmark = pytest.mark.integration


async def test_status_says_how_far_the_service_is_and_what_waits(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await busy(connection)

    status = msgspec.convert(read(await api.get("/v1/status")), service_shapes.ServiceStatus)

    assert status.heard_until == status.partitions[0].heard_until
    assert (status.lag, [one.lag for one in status.partitions]) == (7, [7, 0])
    assert [one.owner for one in status.partitions] == ["w1", None]
    assert [(one.rule, one.missing, one.count) for one in status.unjudged] == [
        ("late-response", "cycle", 3)
    ]
    assert (status.dead_letters.count, status.dead_letters.at_least) == (12, False)
    assert [letter.offset for letter in status.dead_letters.last] == list(range(12, 2, -1))
    assert status.touches_waiting.count == 1
    assert (status.due.by_clock.count, status.due.by_hearing.count) == (2, 1)
    assert status.untold.count == 1


async def test_the_status_of_a_service_that_never_heard_anything_is_empty(
    api: httpx.AsyncClient,
) -> None:
    status = read(await api.get("/v1/status"))
    assert (status["heard_until"], status["lag"], status["partitions"]) == (None, 0, [])
