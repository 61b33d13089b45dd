from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from services.delivery.app import create_app
from services.delivery.settings import Settings
from shared.adapters import kafka as bus
from shared.domain import topics
from tests.support.doors import BATCH, STRUCTURED, as_json, listening, reached
from tests.support.events import an_example

pytestmark = pytest.mark.integration

TAKEN = [*topics.DELIVERIES.events, *topics.SUPPLY.events]
ANSWERS = ["vbp.order.accepted.v1", "vbp.order.rejected.v1", "vbp.order.voided.v1"]


@pytest_asyncio.fixture
async def door(kafka: str) -> AsyncIterator[httpx.AsyncClient]:
    await bus.create_topics(kafka)
    app = create_app(Settings(kafka=kafka), frozenset({"cn-sx"}))
    async with reached(app) as client:
        yield client


async def test_the_supply_side_tells_deliveries_supply_and_answers_to_orders(
    door: httpx.AsyncClient, kafka: str
) -> None:
    events = [an_example(kind) for kind in TAKEN + ANSWERS]
    where = {event["id"]: topics.TOPIC_OF[event["type"]] for event in events}
    async with listening(kafka, *sorted(set(where.values()))) as heard:
        answer = await door.post("/v1/events", content=as_json(events), headers=BATCH)
        assert answer.status_code == 202
        assert answer.json()["accepted"] == len(events)
        assert {event.id: event.topic for event in await heard.events()} == where


@pytest.mark.parametrize("kind", sorted(topics.DATA_OF.keys() - {*TAKEN, *ANSWERS}))
async def test_what_the_purchasing_side_tells_is_shown_the_way_to_its_door(
    door: httpx.AsyncClient, kind: str
) -> None:
    answer = await door.post("/v1/events", content=as_json(an_example(kind)), headers=STRUCTURED)
    assert answer.status_code == 422
    assert "orders service" in answer.json()["detail"]


async def test_an_unknown_jurisdiction_is_told_the_known_ones(door: httpx.AsyncClient) -> None:
    told = an_example("vbp.stock.reported.v1", data={"jurisdiction": "cn-tj"})
    answer = await door.post("/v1/events", content=as_json(told), headers=STRUCTURED)
    assert answer.status_code == 422
    assert "Send one of: cn-sx" in answer.json()["detail"]


def test_the_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VBP_KAFKA", "broker:9092")
    monkeypatch.setenv("VBP_SOMETHING_ELSE", "1")
    settings = Settings()
    assert (settings.kafka, settings.host, settings.port) == ("broker:9092", "127.0.0.1", 8002)
