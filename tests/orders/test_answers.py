"""What the orders service answers, over HTTP from a real database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from services.orders.app import create_app
from services.orders.settings import Settings
from services.orders.worker import SUBJECT
from shared.adapters import postgres
from shared.adapters.kafka import create_topics
from shared.domain.principal import Party, Role
from shared.tally import places
from shared.tally.places import Look
from tests.support.builders import POLICIES
from tests.support.doors import reached
from tests.support.events import said
from tests.support.keys import a_key, bearer
from tests.support.tally.keeping import keeping, messages

pytestmark = pytest.mark.integration

EVENTS = [
    said("product.selected", "2021-12-01"),
    said("hospital.enrolled", "2021-12-01"),
    said("agreement.signed", "2021-12-02"),
    said("order.placed", "2022-03-31 09:00:00", quantity=600),
    said("order.accepted", "2022-03-31 10:00:00"),
    said("shipment.dispatched", "2022-03-31 18:00:00", quantity=600),
    said("delivery.received", "2022-04-01 08:00:00", quantity_accepted=500, quantity_rejected=100),
    said("goods.returned", "2022-05-02 08:00:00", quantity=50),
    said("payment.made", "2022-05-30 08:00:00", order="O1", amount="180.00"),
]


@pytest_asyncio.fixture
async def client(kafka: str, database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service, whose tables hold one order."""
    async with keeping(SUBJECT, database) as kept:
        await kept.take(messages(EVENTS, SUBJECT.topics))
    app = create_app(Settings(kafka=kafka, database=database), POLICIES.jurisdictions)
    async with reached(app) as reader:
        yield reader


async def test_an_order_is_told_step_by_step_with_its_events(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/v1/orders/O1")).json()
    steps = [(step["step"], step["event"]["id"]) for step in answer["steps"]]
    assert steps == [
        (name, event["id"])
        for name, event in zip(
            ("placed", "accepted", "shipped", "received", "returned", "paid"),
            EVENTS[3:],
            strict=True,
        )
    ]
    assert (answer["status"], answer["accepted"], answer["returned"]) == ("paid", 500, 50)


async def test_an_order_that_nobody_told_of_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/orders/O2")
    assert (answer.status_code, "O2" in answer.json()["detail"]) == (404, True)


async def test_a_party_sees_orders_of_its_own_and_no_others(
    client: httpx.AsyncClient, kafka: str, database: str
) -> None:
    order = (await client.get("/v1/orders/O1")).json()
    settings = Settings(kafka=kafka, database=database, identity="required")
    keys = {
        (kind, code): bearer(
            await a_key(database, Role.PARTY, parties=[Party(kind, code)], holder=f"{kind}{code}")
        )
        for kind, code in (
            ("hospital", order["hospital"]),
            ("distributor", order["distributor"]),
            ("manufacturer", order["distributor"]),
            ("hospital", order["distributor"]),
            ("distributor", order["hospital"]),
            ("manufacturer", "M1"),
            ("agency", order["hospital"]),
            ("hospital", order["hospital"] + " "),
        )
    }
    elsewhere = Party("hospital", order["hospital"])
    keys["hospital", "elsewhere"] = bearer(
        await a_key(database, Role.PARTY, parties=[elsewhere], jurisdictions=["cn-tj"], holder="tj")
    )
    async with reached(create_app(settings, POLICIES.jurisdictions)) as reader:
        found = [
            (await reader.get("/v1/orders/O1", headers=key)).status_code for key in keys.values()
        ]
        unknown = await reader.get("/v1/orders/O2", headers=keys["hospital", order["hospital"]])
        bought = {}
        for who, key in keys.items():
            answer = await reader.get("/v1/progress?month=2022-03", headers=key)
            bought[who] = [row["bought"]["ordered"] for row in answer.json().get("rows", ())]
        seen = set()
        for group in ("none", "area", "hospital", "product", "agreement", "month"):
            asked = {"month": "2022-03", "group_by": group}
            of = [
                (await reader.get("/v1/progress", params=asked, headers=headers)).json()["rows"]
                for headers in (keys["hospital", order["hospital"]], keys["manufacturer", "M1"])
            ]
            assert of[0] == of[1]
            seen |= {row["code"] for row in of[0]}
    assert found == [200, 200, 200, 404, 404, 200, 404, 404, 404]
    assert [len(rows) for rows in bought.values()] == [1, 1, 1, 0, 0, 1, 0, 0, 0]
    assert seen == {"", "1401", "H1", "P1", "A1", "2022-03", "2022-04", "2022-05"}
    assert unknown.status_code == 404


async def test_an_order_of_several_jurisdictions_is_told_of_the_one_that_is_named(
    kafka: str, database: str
) -> None:
    there = said("order.placed", "2022-03-31 09:00:00")
    there = {**there, "id": "tj", "data": {**there["data"], "jurisdiction": "cn-tj"}}
    async with keeping(SUBJECT, database) as kept:
        await kept.take(messages([*EVENTS, there], SUBJECT.topics))
    app = create_app(Settings(kafka=kafka, database=database), POLICIES.jurisdictions)
    async with reached(app) as reader:
        both = await reader.get("/v1/orders/O1")
        assert (both.status_code, "cn-sx, cn-tj" in both.json()["detail"]) == (400, True)
        one = await reader.get("/v1/orders/O1", params={"jurisdiction": "cn-tj"})
        assert one.json()["jurisdiction"] == "cn-tj"


@pytest.mark.parametrize("group", ["none", "area", "hospital", "product"])
async def test_progress_counts_orders_by_placing_goods_by_acceptance(
    client: httpx.AsyncClient, group: str
) -> None:
    seen = {}
    for month in ("2022-03", "2022-04", "2022-05"):
        answer = await client.get("/v1/progress", params={"month": month, "group_by": group})
        (row,) = answer.json()["rows"]
        bought, done = row["bought"], row["completed"]
        seen[month] = (
            *(bought[name] for name in ("ordered", "accepted", "returned")),
            done["accepted"] - done["returned"],
            done["completion"],
            done["time_progress"],
        )
    assert seen == {
        "2022-03": (600, 0, 0, 0, 0.0, round(90 / 365, 6)),
        "2022-04": (0, 500, 0, 500, 0.5, round(120 / 365, 6)),
        "2022-05": (0, 0, 50, 450, 0.45, round(151 / 365, 6)),
    }


async def test_the_agreed_amount_is_priced_as_selected(client: httpx.AsyncClient) -> None:
    asked = {"month": "2022-04", "group_by": "agreement"}
    (row,) = (await client.get("/v1/progress", params=asked)).json()["rows"]
    assert (row["code"], row["rank"], row["completed"]["agreed_amount"]) == ("A1", 1, "360.00")
    assert row["completed"]["amount"] == "180.00"


async def test_all_months_are_told_one_by_one(client: httpx.AsyncClient) -> None:
    rows = (await client.get("/v1/progress", params={"group_by": "month"})).json()["rows"]
    assert [row["code"] for row in rows] == ["2022-03", "2022-04", "2022-05"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"month": "2022-13"}, 422), ({"months": "2022-01"}, 400), ({"group_by": "day"}, 422)],
)
async def test_what_cannot_be_asked_is_refused_with_a_reason(
    client: httpx.AsyncClient, asked: dict[str, str], status: int
) -> None:
    answer = await client.get("/v1/progress", params=asked)
    assert (answer.status_code, bool(answer.json()["detail"])) == (status, True)


async def test_events_are_taken_while_the_database_is_away(kafka: str) -> None:
    away = Settings(kafka=kafka, database="postgresql://vbp@127.0.0.1:9/vbp")
    await create_topics(kafka)
    async with reached(create_app(away, POLICIES.jurisdictions)) as reader:
        assert (await reader.get("/v1/progress")).status_code == 503
        body = EVENTS[3]
        assert (await reader.post("/v1/events", json=body)).status_code == 202


async def test_progress_says_until_when_all_was_read_and_what_waits(
    client: httpx.AsyncClient, database: str
) -> None:
    async def read() -> tuple[str | None, int]:
        answer = (await client.get("/v1/progress", params={"month": "2022-04"})).json()
        return answer["read_until"], answer["lag"]

    topic, first = uuid4(), datetime(2022, 6, 1, tzinfo=UTC)
    place = ("vbp.orders.v1", 0)
    assert await read() == (None, 0)
    connection = await postgres.connect(database, search_path="orders")
    try:
        for minutes, end, reaches, told in (
            (0, 5, 0, (None, 5)),
            (1, 9, 5, ("2022-06-01T00:00:00Z", 4)),
            (2, 9, 9, ("2022-06-01T00:02:00Z", 0)),
        ):
            holds = await places.find(connection, [place])
            await places.advance(connection, [(*place, 0, reaches)])
            asked = first + timedelta(minutes=minutes)
            await places.note(connection, holds, {place: Look(topic, end)}, {}, asked)
            assert await read() == told
    finally:
        await connection.close()
