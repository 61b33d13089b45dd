"""The list of exemptions over HTTP: by rule and state, page by page, and who is shown it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from services.compliance.web.denominators import today
from shared.domain.principal import Party, Role
from tests.support.doors import reached
from tests.support.events import heard, said
from tests.support.kept import POLICIES, an_api, problem, read
from tests.support.keys import a_key, bearer
from tests.support.pages import page_of
from tests.support.two_months import told
from tests.support.workers.on_database import WorkerOnDatabase

pytestmark = pytest.mark.integration

HERE = "/v1/exemptions"
SX = {"jurisdiction": "cn-sx"}


def granted(exemption: str, begins: int, ends: int, **terms: Any) -> dict[str, Any]:
    """Grant one from so many days behind today until so many."""
    days = {
        name: (today() + timedelta(days=number)).isoformat()
        for name, number in (("start", begins), ("end", ends))
    }
    usual = {"product": None, "rule": "late-response", "area": "1401"}
    return said("exemption.granted", **(usual | {"exemption": exemption} | days | terms))


EXEMPTIONS = [
    granted("X-past", -3_000, 0),
    granted("X-now", -3_000, 90, area=None, distributor="D01", document="晋医保发〔2022〕9 号"),
    granted("X-soon", -30, 14, rule="late-delivery"),
    granted("X-later", 1, 200, rule="late-delivery", hospital="H2"),
    granted("X-elsewhere", -30, 200, jurisdiction="cn-tj"),
]


async def kept(desk: WorkerOnDatabase) -> None:
    """Have a worker hear of orders that nobody answers, and of exemptions."""
    await desk.handle(*map(heard, [*told(), *EXEMPTIONS]))
    await desk.sweep()


async def names(api: httpx.AsyncClient, **asked: str) -> list[str]:
    page = read(await api.get(HERE, params=SX | asked))
    return [one["exemption"] for one in page["items"]]


async def test_each_says_what_was_told_and_what_it_covers_and_is_listed_by_its_state(
    desk: WorkerOnDatabase, database: str
) -> None:
    await kept(desk)
    async with an_api(database, migrated=False) as api:
        page = read(await api.get(HERE, params=SX))
        now = next(one for one in page["items"] if one["exemption"] == "X-now")
        assert (now["reason"], now["authority"]) == ("灾害", "省医保局")
        assert (now["document"], now["parties"]) == ("晋医保发〔2022〕9 号", {"distributor": "D01"})
        assert now["names"] == {"distributor": "晋安医药"}
        assert (now["state"], now["expiring"], now["covers"]["count"]) == ("active", False, 6)
        listed = read(await api.get(now["violations"]))["items"]
        assert [one["exempt"] for one in listed] == [True] * now["covers"]["count"]
        assert page["standing"] == {"active": 2, "expiring": 1, "expired": 1, "future": 1}
        assert await names(api) == ["X-later", "X-now", "X-soon", "X-past"]
        assert await names(api, state="active") == ["X-now", "X-soon"]
        assert await names(api, state="expiring") == ["X-soon"]
        assert await names(api, state="expired") == ["X-past"]
        assert await names(api, state="future") == ["X-later"]
        assert await names(api, state="covering-nothing") == ["X-later", "X-soon"]
        assert await names(api, rule="late-response") == ["X-now", "X-past"]
        assert await names(api, jurisdiction="cn-tj") == ["X-elsewhere"]


async def test_pages_follow_each_other_in_every_state_and_take_no_other_token(
    desk: WorkerOnDatabase, database: str
) -> None:
    await kept(desk)
    async with an_api(database, migrated=False) as api:
        for state in ({}, {"state": "covering-nothing"}, {"state": "active"}):
            wanted, found, token = await names(api, **state), list[str](), None
            while token is not None or not found:
                asked = SX | state | {"page_size": "1"} | ({"page_token": token} if token else {})
                page = read(await api.get(HERE, params=asked))
                assert len(page["items"]) <= 1
                found += [one["exemption"] for one in page["items"]]
                token, before = page["next_page_token"], token
                if before:
                    other = SX | {"page_token": before, "rule": "late-response"}
                    problem(await api.get(HERE, params=other), 400)
            assert found == wanted
        problem(await api.get(HERE, params=SX | {"state": "never"}), 422)
        problem(await api.get(HERE, params=SX | {"rule": "no-such-rule"}), 422)
        problem(await api.get(HERE, params={"jurisdiction": "cn-xx"}), 404)
        problem(await api.get(HERE, params=SX | {"until": "2022"}), 400)


async def test_overseers_see_those_of_their_jurisdictions_and_parties_none(
    desk: WorkerOnDatabase, database: str
) -> None:
    await kept(desk)
    regulator = bearer(await a_key(database, Role.REGULATOR, holder="r", jurisdictions=["cn-tj"]))
    own = [Party("distributor", "D01")]
    party = bearer(await a_key(database, Role.PARTY, holder="p", parties=own))
    settings = Settings(database=database, identity="required")
    async with reached(create_app(settings, POLICIES)) as api:
        mine = await api.get(HERE, params={"jurisdiction": "cn-tj"}, headers=regulator)
        assert [one["reason"] for one in read(mine)["items"]] == ["灾害"]
        problem(await api.get(HERE, params=SX, headers=regulator), 404)
        problem(await api.get(HERE, params=SX, headers=party), 403)
        page = page_of(await api.get("/exemptions", params=SX, headers=regulator))
        assert "X-elsewhere" in page.text
        assert "X-now" not in page.text


async def test_the_page_shows_them_in_both_languages_and_says_where_there_are_none(
    desk: WorkerOnDatabase, database: str
) -> None:
    await kept(desk)
    async with an_api(database, migrated=False) as api:
        page = page_of(await api.get("/exemptions"))
        for text in ("晋安医药", "灾害", "省医保局", "晋医保发〔2022〕9 号", "14 日内到期"):
            assert text in page.text
        covered = next(link for link in page.links if link.startswith("/violations?rule="))
        assert "6 / 6" in page_of(await api.get(covered)).text
        english = page_of(await api.get("/exemptions?lang=en"))
        assert "ends within 14 days" in english.text
        await api.get("/exemptions?lang=zh")
        nothing = page_of(await api.get("/exemptions?state=future&rule=late-response"))
        assert "没有符合条件的豁免" in nothing.text
        wrong = await api.get("/exemptions?state=never")
        assert (wrong.status_code, "条件有误" in wrong.text) == (422, True)
        wrong = await api.get("/exemptions?page_token=x")
        assert (wrong.status_code, "条件有误" in wrong.text) == (400, True)
