"""The bulletin of a month over HTTP, with figures asked of the services that keep them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.compliance.answers import bulletin
from services.compliance.answers.bulletin import Wanted
from services.compliance.answers.database import Database
from services.compliance.answers.figures import Figures
from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from shared.adapters.identity.invented import COOKIE
from shared.adapters.postgres import Connection
from shared.domain import calendar
from shared.domain.calendar import EPOCH
from tests.support.builders import POLICIES
from tests.support.doors import reached
from tests.support.events import said
from tests.support.kept import an_api, problem
from tests.support.pages import page_of
from tests.support.tally.figures import answering, count

pytestmark = pytest.mark.integration

EVENTS = [
    said("hospital.enrolled", "2021-12-01"),
    said("agreement.signed", "2021-12-02"),
    said("order.placed", "2022-04-28 09:00:00", order="O0", quantity=1),
    said("order.placed", "2022-05-03 09:00:00", quantity=600),
    said("delivery.received", "2022-05-04 08:00:00", quantity_accepted=500),
]
LATER = said("goods.returned", "2022-05-20 08:00:00", quantity=100)
MAY = {"jurisdiction": "cn-sx", "format": "json"}


async def hear(connection: Connection, until: datetime, waiting: int = 0) -> None:
    """Have the compliance worker heard all until an instant, with messages that wait."""
    await connection.execute("TRUNCATE compliance.position")
    await connection.execute(
        "INSERT INTO compliance.position (topic, partition, end_offset, heard_until) "
        "VALUES ('vbp.orders.v1', 0, $1, $2)",
        waiting,
        until,
    )


async def test_a_bulletin_stays_as_issued_and_what_has_changed_since_is_listed(
    kafka: str,
    database: str,
    connection: Connection,
) -> None:
    await connection.execute(
        "INSERT INTO compliance.name "
        "VALUES ('cn-sx', 'hospital', 'H1', '太原市第一医院', now(), '', '')"
    )
    await count(database, EVENTS)
    await hear(connection, datetime.now(UTC))
    async with answering(kafka, database) as (at_orders, at_delivery):
        settings = Settings(database=database, orders_url=at_orders, delivery_url=at_delivery)
        async with reached(create_app(settings, POLICIES)) as api:
            standing = (await api.get("/bulletins/2022-05", params=MAY)).json()
            assert (standing["issue"], standing["since"]) == (None, [])
            assert _hospitals(standing) == {"H1": 500}
            assert _names(standing) == {"hospitals": {"0": {"H1": "太原市第一医院"}}}
            await _refused_unless_all_was_heard(api, connection)
            assert await _issue(database, at_orders, at_delivery)
            assert not await _issue(database, at_orders, at_delivery)
            await count(database, [*EVENTS, LATER])
            issued = (await api.get("/bulletins/2022-05", params=MAY)).json()
            assert (issued["issue"]["by"], _hospitals(issued)) == ("A. Clerk", {"H1": 500})
            changed = {
                (one["row"], one["then"], one["now"])
                for one in issued["since"]
                if one["sheet"] == "hospitals" and "净验收量" in one["column"]
            }
            assert changed == {("H1", 500, 400)}
            await _issued_over_http(api)
            file = await api.get("/bulletins/2022-05", params=MAY | {"format": "html"})
            assert "<style>" in file.text
            await _on_pages(api)


async def _on_pages(api: httpx.AsyncClient) -> None:
    """See the months, and May with its bars and what has changed since, in both languages."""
    listed = page_of(await api.get("/bulletins"))
    assert "/bulletins/2022-05?jurisdiction=cn-sx" in listed.links
    assert "A. Clerk" in listed.text
    page = page_of(await api.get("/bulletins/2022-05", params={"jurisdiction": "cn-sx"}))
    assert "太原市第一医院（H1）" in page.text
    assert page.elements.count("rect") >= 1
    assert "净验收量500400" in page.text
    english = page_of(await api.get("/bulletins/2022-05?jurisdiction=cn-sx&lang=en"))
    assert "Completion by hospital" in english.text
    assert "完成情况" not in english.text


async def _refused_unless_all_was_heard(api: httpx.AsyncClient, connection: Connection) -> None:
    """Try to issue May while a service is behind, and a month of which nothing was told."""
    asked: dict[str, Any] = {"json": {"jurisdiction": "cn-sx"}, "headers": _by("wangxm")}
    path = "/v1/bulletins/2022-05/issue"
    now = datetime.now(UTC)
    ends = datetime(2022, 5, 31, 16, tzinfo=UTC)
    for until, waiting in (
        (EPOCH, 0),
        (ends + timedelta(seconds=9), 0),
        (now - timedelta(minutes=2), 3),
    ):
        await hear(connection, until, waiting)
        refused = problem(await api.post(path, **asked), 409)["detail"]
        assert f"compliance has heard all until {_in_china(until)}, {waiting} messages" in refused
        assert "2022-06-01 00:00:10" in refused
    draft = (await api.get("/bulletins/2022-05", params=MAY)).json()["bulletin"]
    (quality,) = [sheet for sheet in draft["sheets"] if sheet["name"] == "quality"]
    assert [row[1] for row in quality["rows"][4:6]] == [_in_china(until), 3]
    await hear(connection, now)
    for service in ("orders", "delivery"):
        behind = f"UPDATE {service}.position SET end_offset = next_offset + 7"  # noqa: S608
        await connection.execute(behind)
        refused = problem(await api.post(path, **asked), 409)["detail"]
        assert f"{service} has heard all until never, 7 messages wait" in refused
        await connection.execute(f"UPDATE {service}.position SET end_offset = next_offset")  # noqa: S608
    await connection.execute("INSERT INTO compliance.touch (jurisdiction, law) VALUES ('cn-sx', 1)")
    assert "1 messages wait" in problem(await api.post(path, **asked), 409)["detail"]
    await connection.execute("TRUNCATE compliance.touch")
    empty = problem(await api.post("/v1/bulletins/2021-11/issue", **asked), 409)["detail"]
    assert "nothing was told of 2021-11" in empty
    assert (await api.get("/v1/bulletins")).json()["items"] == []


def _in_china(instant: datetime) -> str:
    if instant == EPOCH:
        return "never"
    return instant.astimezone(calendar.ZONE).strftime("%Y-%m-%d %H:%M:%S")


async def _issued_over_http(api: httpx.AsyncClient) -> None:
    """Issue April's bulletin: only a reviewer may, once; both are listed, the latest first."""
    asked: dict[str, Any] = {"json": {"jurisdiction": "cn-sx"}}
    path = "/v1/bulletins/2022-04/issue"
    problem(await api.post(path, **asked, headers=_by("liwj")), 403)
    signed = (await api.post(path, **asked, headers=_by("wangxm"))).json()
    assert (signed["month"], signed["by"]) == ("2022-04", "person:wangxm")
    problem(await api.post(path, **asked, headers=_by("wangxm")), 409)
    problem(await api.post(path, headers=_by("wangxm")), 415)
    running = calendar.day_of(datetime.now(UTC)).strftime("%Y-%m")
    early = problem(
        await api.post(f"/v1/bulletins/{running}/issue", **asked, headers=_by("wangxm")), 400
    )
    assert f"{running} is not over" in early["detail"]
    problem(await api.post(path, json={"jurisdiction": "x"}, headers=_by("wangxm")), 404)
    listed = (await api.get("/v1/bulletins")).json()["items"]
    assert [(one["month"], one["by"]) for one in listed] == [
        ("2022-05", "A. Clerk"),
        ("2022-04", "person:wangxm"),
    ]
    shown = (await api.get("/bulletins/2022-04", params=MAY)).json()
    assert (shown["issue"]["by"], shown["since"]) == ("person:wangxm", [])


def _by(name: str) -> dict[str, str]:
    return {"cookie": f"{COOKIE}=person:{name}"}


def _hospitals(shown: dict[str, Any]) -> dict[str, Any]:
    (sheet,) = [one for one in shown["bulletin"]["sheets"] if one["name"] == "hospitals"]
    return {row[0]: row[3] for row in sheet["rows"]}


def _names(shown: dict[str, Any]) -> dict[str, Any]:
    sheets = {one["name"]: one["names"] for one in shown["bulletin"]["sheets"]}
    return {name: names for name, names in sheets.items() if any(names.values())}


async def _issue(database: str, at_orders: str, at_delivery: str) -> bool:
    async with Database(database) as reader:
        figures = Figures(at_orders, at_delivery)
        made = await bulletin.compose(reader, figures, Wanted("cn-sx", "2022-05"))
    return await bulletin.issue(database, made, "A. Clerk")


async def test_what_is_no_month_has_no_bulletin(
    database: str,
    connection: Connection,  # noqa: ARG001 - it migrates the database
    subtests: pytest.Subtests,
) -> None:
    async with an_api(database, migrated=False) as api:
        for month in ("2022-13", "2022-00", "2022", "202205", "may"):
            with subtests.test(month=month):
                problem(await api.get(f"/bulletins/{month}"), 422)


async def test_a_bulletin_whose_figures_cannot_be_had_says_who_does_not_answer(
    database: str,
    connection: Connection,  # noqa: ARG001 - it migrates the database
) -> None:
    nowhere = "http://127.0.0.1:9"
    settings = Settings(database=database, orders_url=nowhere, delivery_url=nowhere)
    async with reached(create_app(settings, POLICIES)) as api:
        problem(await api.get("/bulletins/2022-05", params={"format": "json"}), 503)
        page = page_of(await api.get("/bulletins/2022-05"), 503)
        assert "VBP_ORDERS_URL" in page.text


async def test_a_jurisdiction_without_a_policy_has_no_bulletin_and_those_that_have_are_named(
    database: str,
    connection: Connection,  # noqa: ARG001 - it migrates the database
) -> None:
    async with an_api(database, migrated=False) as api:
        asked = {"jurisdiction": "cn-sxx"}
        found = problem(await api.get("/bulletins/2022-05", params=asked), 404)
    assert "'cn-sxx'" in found["detail"]
    assert "cn-sx, " in found["detail"]
