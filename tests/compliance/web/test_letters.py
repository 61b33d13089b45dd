"""Dead letters over HTTP: page by page, for who sees the service as a whole."""

from datetime import timedelta

import msgspec
import pytest

from services.compliance.storage import facts
from services.compliance.storage.facts import Batch, Letter
from shared.domain.principal import Role
from tests.support.kept import TOLD, a_connection, an_api, read
from tests.support.keys import a_key, bearer

pytestmark = pytest.mark.integration


def a_letter(number: int, topic: str = "vbp.orders.v1") -> Letter:
    # Three of each instant: the place decides between them.
    told = TOLD + timedelta(seconds=number // 3)
    headers = msgspec.msgpack.encode([("ce_source", b"/p"), ("ce_id", f"e{number}".encode())])
    return Letter(
        topic, number % 2, number, told, "event", f"no {number}", None, b"x" * number, headers
    )


async def test_all_are_listed_once_the_last_first_page_by_page(database: str) -> None:
    letters = [a_letter(n, topic) for n in range(10) for topic in ("vbp.orders.v1", "vbp.funds.v1")]
    async with a_connection(database) as connection:
        await facts.save(connection, Batch([], [], letters))
    async with an_api(database) as api:
        found, asked = [], {"page_size": "3"}
        while True:
            page = read(await api.get("/v1/dead-letters", params=asked))
            found += page["items"]
            if page["next_page_token"] is None:
                break
            asked["page_token"] = page["next_page_token"]
        assert len(found) == len({(one["topic"], one["offset"]) for one in found}) == 20
        assert [one["told"] for one in found] == sorted(
            (one["told"] for one in found), reverse=True
        )
        assert found[0]["source"] == "/p"
        assert found[0]["bytes"] == found[0]["offset"]
        one = read(await api.get("/v1/dead-letters", params={"topic": "vbp.funds.v1"}))["items"]
        assert {letter["topic"] for letter in one} == {"vbp.funds.v1"}
        assert read(await api.get("/v1/dead-letters", params={"source": "/q"}))["items"] == []
        foreign = {"page_token": asked["page_token"], "topic": "vbp.funds.v1"}
        assert (await api.get("/v1/dead-letters", params=foreign)).status_code == 400
        assert "/v1/dead-letters" in (await api.get("/quality")).text


async def test_who_sees_a_part_of_the_service_sees_none(database: str) -> None:
    async with an_api(database, identity="required") as api:
        part = bearer(await a_key(database, Role.REGULATOR, jurisdictions=["cn-sx"]))
        assert (await api.get("/v1/dead-letters", headers=part)).status_code == 403
        party = bearer(await a_key(database, Role.PUBLISHER, holder="p", sources=["/p"]))
        assert (await api.get("/v1/dead-letters", headers=party)).status_code == 403
        whole = bearer(await a_key(database, Role.OPERATOR, holder="o"))
        assert (await api.get("/v1/dead-letters", headers=whole)).status_code == 200
