"""A publisher learns what became of its own events, and of nobody else's."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
import pytest_asyncio

from services.compliance.settings import Settings
from services.compliance.storage import facts
from services.compliance.storage.facts import Batch, Letter
from services.compliance.web.app import create_app
from shared.domain.cloudevents import headers_of
from shared.domain.principal import Party, Role
from tests.support.events import an_event
from tests.support.kept import POLICIES, TOLD
from tests.support.keys import a_key, bearer
from tests.support.workers.on_database import WorkerOnDatabase

pytestmark = pytest.mark.integration

ORDER = an_event("order.placed", "2022-03-01 09:00:00")
REFUSED = an_event("order.rejected", "2022-03-01 10:00:00", reason="price")
VOID = an_event("order.voided", "2022-03-02 09:00:00", event=REFUSED.id)
REGISTER = (an_event("product.selected"), an_event("hospital.enrolled"))
AWKWARD = "/a b/%2F?#/..//é"


@pytest_asyncio.fixture
async def api(database: str, desk: WorkerOnDatabase) -> AsyncIterator[httpx.AsyncClient]:
    await desk.handle(*REGISTER, ORDER, REFUSED)
    app = create_app(Settings(database=database, identity="required"), POLICIES)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
    async with app.router.lifespan_context(app), client:
        yield client


def path_of(source: str, identity: str) -> str:
    return f"/v1/events/{quote(source, safe='')}/{quote(identity, safe='')}"


async def a_publisher(database: str, *sources: str, holder: str = "me") -> dict[str, str]:
    return bearer(await a_key(database, Role.PUBLISHER, sources=sources, holder=holder))


async def receipt_of(api: httpx.AsyncClient, key: dict[str, str], source: str, id_: str) -> Any:
    answer = await api.get(path_of(source, id_), headers=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def a_letter(source: str, identity: str, *, structured: bool = False, offset: int = 7) -> Letter:
    event = msgspec.structs.replace(ORDER, source=source, id=identity)
    value, headers = b'{"quantity": -1}', headers_of(event)
    if structured:
        value, headers = msgspec.json.encode({"source": source, "id": identity, "data": 1}), []
    place = ("vbp.orders.v1", 1, offset, TOLD)
    return Letter(
        *place, "data.quantity", "is below 1", None, value, msgspec.msgpack.encode(headers)
    )


async def test_a_judged_event_says_its_record_and_what_it_led_to(
    api: httpx.AsyncClient, database: str, desk: WorkerOnDatabase
) -> None:
    me = await a_publisher(database, REFUSED.source)
    told = await receipt_of(api, me, REFUSED.source, REFUSED.id)
    assert told["state"] == "judged"
    assert [one["type"] for one in told["heard"]] == ["vbp.order.rejected.v1"]
    assert told["record"]["kind"] == "order"
    assert [one["rule"] for one in told["led_to"]] == ["supply-refusal"]
    assert (told["voided_by"], told["refused"]) == (None, [])
    await desk.handle(VOID)
    told = await receipt_of(api, me, REFUSED.source, REFUSED.id)
    assert told["voided_by"] == {"source": VOID.source, "id": VOID.id}
    assert [one["status"] for one in told["led_to"]] == ["withdrawn"]


async def test_what_belongs_to_the_register_has_no_record(
    api: httpx.AsyncClient, database: str
) -> None:
    product = REGISTER[0]
    key = bearer(await a_key(database, Role.AUDITOR))
    told = await receipt_of(api, key, product.source, product.id)
    assert (told["state"], told["record"], told["led_to"]) == ("judged", None, [])


@pytest.mark.parametrize("structured", [False, True], ids=["binary", "structured"])
@pytest.mark.parametrize("identity", ["e1", "a/b", "50%", "é 1", "?x=#y", "%2F"])
async def test_what_was_refused_says_why_however_it_is_named(
    api: httpx.AsyncClient,
    database: str,
    desk: WorkerOnDatabase,
    identity: str,
    *,
    structured: bool,
) -> None:
    letter = a_letter(AWKWARD, identity, structured=structured)
    await facts.save(desk.connection, Batch([], [], [letter]))
    me = await a_publisher(database, AWKWARD)
    told = await receipt_of(api, me, AWKWARD, identity)
    assert (told["state"], told["heard"]) == ("refused", [])
    (refused,) = told["refused"]
    assert (refused["field"], refused["reason"]) == ("data.quantity", "is below 1")


async def test_an_event_that_was_refused_first_and_judged_then_says_both(
    api: httpx.AsyncClient, database: str, desk: WorkerOnDatabase
) -> None:
    await facts.save(desk.connection, Batch([], [], [a_letter(ORDER.source, ORDER.id)]))
    me = await a_publisher(database, ORDER.source)
    told = await receipt_of(api, me, ORDER.source, ORDER.id)
    assert (told["state"], len(told["heard"]), len(told["refused"])) == ("judged", 1, 1)


async def test_anothers_and_unknown_ones_are_not_told_apart(
    api: httpx.AsyncClient, database: str, desk: WorkerOnDatabase
) -> None:
    await facts.save(desk.connection, Batch([], [], [a_letter("/other", "e1")]))
    strangers = [
        await a_publisher(database, "/mine"),
        bearer(await a_key(database, Role.REGULATOR, holder="tj", jurisdictions=["cn-tj"])),
    ]
    foreign = [(ORDER.source, ORDER.id), (REFUSED.source, REFUSED.id), ("/other", "e1")]
    for key in strangers:
        answers = [await api.get(path_of(*one), headers=key) for one in foreign]
        unknown = await api.get(path_of("/nobody", "e1"), headers=key)
        assert {one.status_code for one in (*answers, unknown)} == {404}
        assert {one.json()["type"] for one in answers} == {unknown.json()["type"]}
    sees = bearer(await a_key(database, Role.REGULATOR, holder="sx", jurisdictions=["cn-sx"]))
    assert await receipt_of(api, sees, ORDER.source, ORDER.id)
    party = await a_key(database, Role.PARTY, holder="p", parties=[Party("hospital", "H1")])
    assert (await api.get(path_of(*foreign[0]), headers=bearer(party))).status_code == 403


async def test_an_address_that_a_proxy_has_decoded_is_still_read(
    api: httpx.AsyncClient, database: str
) -> None:
    me = await a_publisher(database, ORDER.source)
    answer = await api.get(f"/v1/events/{ORDER.source}/{ORDER.id}", headers=me)
    assert answer.status_code == 200, answer.text
    assert (await api.get("/v1/events/%ff/%fe", headers=me)).status_code == 400
