"""The form by which an officer grants an exemption: looked at, told once, refused in words."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.compliance.register.exemption import CONSOLE
from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from services.orders import app as orders
from services.orders.settings import Settings as OrdersSettings
from shared.adapters import kafka as bus
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.calendar import instant_text
from shared.domain.principal import Role
from tests.support.doors import Heard, reached
from tests.support.doors import listening as hearing
from tests.support.kept import POLICIES, a_violation, listening, problem, tell
from tests.support.keys import a_key, bearer
from tests.support.pages import Page, page_of

pytestmark = pytest.mark.integration

NEW = "/exemptions/new"
SAID = {
    "jurisdiction": "cn-sx",
    "rule": "late-response",
    "hospital": "H1",
    "start": "2022-01-01",
    "end": "2022-02-01",
    "reason": "医院停电\n全院停诊",
    "authority": "山西省医疗保障局",
    "document": "晋医保函〔2022〕9 号",
}
UPHOLD = "UPDATE compliance.violation SET review = 'upheld' WHERE \"order\" = ANY ($1::text[])"


class Officer:
    """An officer at the form, with a key of her own."""

    def __init__(self, api: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.api = api
        self.headers = headers

    async def opens(self, **query: str) -> httpx.Response:
        return await self.api.get(NEW, params=query, headers=self.headers)

    async def sends(self, step: str, fields: Mapping[str, str], **more: str) -> httpx.Response:
        if "vbp-form" not in self.api.cookies:
            await self.opens()
        told = {"token": self.api.cookies["vbp-form"], "step": step, **fields, **more}
        return await self.api.post(NEW, data=told, headers=self.headers)

    async def confirms(self, looked: httpx.Response) -> httpx.Response:
        return await self.sends("grant", hidden(looked))


def hidden(page: httpx.Response) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}


def counted(page: Page) -> list[int]:
    """What the page says that is covered, and of that upheld."""
    found = re.search(r"涉及已发现的事项\s*([\d,]+)\+?\s*项，其中已认定\s*([\d,]+)", page.text)
    assert found, page.text
    return [int(number) for number in found.groups()]


@asynccontextmanager
async def working(kafka: str, database: str, folder: Path, **rights: Any) -> AsyncIterator[Officer]:
    """An officer of cn-sx at a console whose key has some rights at a door on a real bus."""
    await bus.create_topics(kafka)
    told: dict[str, Any] = {"kafka": kafka, "database": database, "identity": "required"}
    door = orders.create_app(OrdersSettings(**told), POLICIES.jurisdictions)
    usual = {"roles": (Role.AUDITOR, Role.PUBLISHER), "sources": [CONSOLE]} | rights
    key = folder / "key"
    key.write_text(await a_key(database, *usual.pop("roles"), holder="console", **usual))
    own = await a_key(database, Role.OFFICER, holder="liwj", jurisdictions=["cn-sx"])
    async with listening(lambda _: door) as at_orders:
        settings = Settings(**told, orders_url=at_orders, key_file=key)
        async with reached(create_app(settings, POLICIES)) as api:
            yield Officer(api, bearer(own))


async def granted(heard: Heard) -> list[dict[str, Any]]:
    """What was told of exemptions."""
    events = await heard.events()
    return [
        {"id": one.id, "source": one.source, "data": one.data}
        for one in events
        if one.type == "vbp.exemption.granted.v1"
    ]


async def test_what_it_covers_is_shown_first_and_told_once_in_the_officers_name(
    kafka: str, database: str, connection: Connection, tmp_path: Path
) -> None:
    await tell(connection, "opened", [a_violation(number) for number in range(14)])
    await tell(connection, "opened", [a_violation(20, hospital="H2"), a_violation(21, rule="x")])
    await connection.execute(UPHOLD, ["O1", "O2", "O3", "O20"])
    async with (
        working(kafka, database, tmp_path) as officer,
        hearing(kafka, topics.REGISTER.name) as heard,
    ):
        looked = await officer.sends("look", SAID)
        page = page_of(looked)
        assert counted(page) == [14, 3]
        link = next(one for one in page.links if one.startswith("/violations?rule"))
        listed = await officer.api.get(f"/v1{link}", headers=officer.headers)
        assert len(listed.json()["items"]) == 14
        assert await granted(heard) == []
        answer = await officer.confirms(looked)
        again = await officer.confirms(looked)
        assert answer.status_code == again.status_code == 303
        assert answer.headers["location"] == again.headers["location"]
        first, second = await granted(heard)
        assert first == second
        assert first["source"] == CONSOLE
        assert first["data"].officer == "key:liwj"
        assert first["data"].reason == SAID["reason"]
        assert first["data"].document == SAID["document"]
        assert answer.headers["location"].endswith(f"told={first['data'].exemption}")
        listing = await officer.api.get(answer.headers["location"], headers=officer.headers)
        assert first["data"].exemption in page_of(listing).text
        # Whoever types the same anew grants the same exemption, and no second one.
        await officer.confirms(await officer.sends("look", SAID))
        assert {one["data"].exemption for one in await granted(heard)} == {first["data"].exemption}


async def test_what_cannot_be_granted_is_named_and_what_was_typed_is_kept(
    kafka: str, database: str, tmp_path: Path
) -> None:
    async with working(kafka, database, tmp_path) as officer:
        for wrong, named in (
            ({"hospital": ""}, "请至少写明一项"),
            ({"rule": ""}, "规则：须填写"),
            ({"rule": "no-such"}, "规则「no-such」：没有此规则"),
            ({"start": "1 March"}, "开始日期「1 March」：不是日期"),
            ({"end": "2022-01-01"}, "「2022-01-01」：须晚于开始日期"),
            ({"end": ""}, "须填写"),
            ({"reason": " "}, "理由：须填写"),
            ({"document": ""}, "批准文号：须填写"),
            ({"jurisdiction": "cn-tj"}, "不是您的地区"),
            ({"hospital": "H" * 257}, "过长"),
        ):
            answer = await officer.sends("look", SAID | wrong)
            page = page_of(answer, 422)
            assert named in page.text, wrong
            assert "确认报送" not in page.text
            assert f'value="{SAID["authority"]}"' in answer.text
        mended = await officer.sends("mend", SAID)
        for name in ("hospital", "start", "end", "authority", "document"):
            assert f'name="{name}"' in mended.text
            assert f'value="{SAID[name]}"' in mended.text
        gone = await officer.sends("look", SAID, exemption="E-unknown")
        assert "登记中没有此编号" in page_of(gone, 422).text
        for where in ("cn-sx", "cn-tj"):
            unknown = page_of(await officer.opens(jurisdiction=where, exemption="E-1"), 404)
            assert "没有此豁免：E-1" in unknown.text


async def test_no_other_page_grants_and_nobody_confirms_what_was_counted_long_ago(
    kafka: str, database: str, tmp_path: Path
) -> None:
    async with (
        working(kafka, database, tmp_path) as officer,
        hearing(kafka, topics.REGISTER.name) as heard,
    ):
        looked = hidden(await officer.sends("look", SAID))
        now = datetime.now(UTC)
        for at in (now - timedelta(hours=2), now + timedelta(hours=2)):
            stale = await officer.sends("grant", looked | {"at": instant_text(at)})
            assert "请按现在的数目再确认" in page_of(stale, 409).text
        assert "确认报送" in page_of(await officer.sends("grant", SAID), 409).text
        forged = await officer.sends("grant", looked | {"token": "another"})
        assert "不是由本系统的页面提交的" in page_of(forged, 403).text
        assert "表单有误" in page_of(await officer.sends("vanish", SAID), 400).text
        for role in (Role.REVIEWER, Role.AUDITOR):
            other = bearer(await a_key(database, role, holder=role.value))
            problem(await officer.api.get(NEW, headers=other), 403)
        assert await granted(heard) == []


@pytest.mark.parametrize(
    ("rights", "says"),
    [
        ({"roles": (Role.AUDITOR,), "sources": []}, "publisher"),
        ({"sources": ["/platforms/cn-sx"]}, "--source /console"),
        ({"jurisdictions": ["cn-tj"]}, "data.jurisdiction"),
    ],
)
async def test_the_door_that_refuses_has_its_reason_shown_beside_what_was_typed(
    kafka: str, database: str, tmp_path: Path, rights: dict[str, Any], says: str
) -> None:
    async with working(kafka, database, tmp_path, **rights) as officer:
        refused = await officer.confirms(await officer.sends("look", SAID))
        assert refused.status_code in {422, 503}
        page = page_of(refused, refused.status_code)
        assert says in page.text
        assert SAID["document"] in page.text
        assert hidden(refused)["hospital"] == "H1"


async def test_a_door_that_is_away_is_told_so_and_all_is_kept(
    kafka: str, database: str, tmp_path: Path
) -> None:
    await bus.create_topics(kafka)
    key = await a_key(database, Role.OFFICER, holder="liwj")
    for settings, says in (
        ({"orders_url": "http://127.0.0.1:9"}, "VBP_ORDERS_URL"),
        ({"key_file": tmp_path / "none"}, "VBP_KEY_FILE"),
    ):
        told: dict[str, Any] = {"database": database, "identity": "required", **settings}
        async with reached(create_app(Settings(**told), POLICIES)) as api:
            officer = Officer(api, bearer(key))
            refused = await officer.confirms(await officer.sends("look", SAID))
            assert says in page_of(refused, 503).text
            assert hidden(refused)["hospital"] == "H1"
