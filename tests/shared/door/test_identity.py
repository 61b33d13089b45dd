"""At the door a publisher tells in its own name, and hears of each event why not."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.orders.app import create_app
from services.orders.settings import Settings
from shared.adapters import kafka as bus
from shared.adapters import postgres
from shared.domain.principal import Party, Role
from tests.support.doors import BATCH, ORDER, STRUCTURED, as_json, reached
from tests.support.events import an_example
from tests.support.keys import a_key, bearer

pytestmark = pytest.mark.integration

OWN = {"source": "/hospitals/H1"}
FIRST = an_example(ORDER, **OWN, data={"hospital": "H1"})
ANOTHERS = an_example(ORDER, **OWN, data={"hospital": "H2"})
POSING = an_example(ORDER, source="/platforms/cn-sx", data={"hospital": "H1"})


@pytest_asyncio.fixture
async def door(kafka: str, database: str) -> AsyncIterator[httpx.AsyncClient]:
    await bus.create_topics(kafka)
    key = await a_key(
        database, Role.PUBLISHER, parties=[Party("hospital", "H1")], sources=["/hospitals/H1"]
    )
    settings = Settings(kafka=kafka, database=database, identity="required")
    async with reached(create_app(settings, frozenset({"cn-sx", "cn-tj"}))) as client:
        client.headers.update(bearer(key))
        yield client


async def test_a_batch_says_of_each_event_in_whose_name_it_may_not_be_told(
    door: httpx.AsyncClient,
) -> None:
    body = as_json([FIRST, ANOTHERS, POSING])
    answer = await door.post("/v1/events", content=body, headers=BATCH)
    assert answer.status_code == 207
    assert answer.json()["accepted"] == 1
    assert "data.hospital" in answer.text
    assert "Name one of: H1" in answer.text
    assert "Tell it as one of: /hospitals/H1" in answer.text


async def test_one_event_in_anothers_name_is_refused_with_field_value_and_remedy(
    door: httpx.AsyncClient,
) -> None:
    answer = await door.post("/v1/events", content=as_json(POSING), headers=STRUCTURED)
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "#/source"
    assert fault["detail"].startswith("is not one of your own (found '/platforms/cn-sx'). Tell it")


async def test_without_a_key_nothing_is_taken_and_no_role_is_another(
    door: httpx.AsyncClient, database: str
) -> None:
    auditor = await a_key(database, Role.AUDITOR, holder="auditor")
    for headers, status in ((bearer("vbp_none"), 401), (bearer(auditor), 403)):
        answer = await door.post("/v1/events", content=as_json(FIRST), headers=STRUCTURED | headers)
        assert answer.status_code == status


async def test_who_looks_is_kept_and_who_tells_is_not(
    door: httpx.AsyncClient, database: str
) -> None:
    told = await door.post("/v1/events", content=as_json(FIRST), headers=STRUCTURED)
    assert told.status_code in {202, 503}
    await door.get("/v1/progress", params={"month": "2022-05"})
    connection = await postgres.connect(database)
    try:
        for _ in range(200):
            rows = await connection.fetch("SELECT method, path, act, subject FROM identity.access")
            if rows:
                break
            await asyncio.sleep(0.05)
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [("GET", "/v1/progress", "looked", "key:somebody")]
