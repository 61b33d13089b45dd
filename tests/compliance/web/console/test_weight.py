"""Pages stay light: full ones of a province whose hospitals and companies have long names."""

import httpx
import pytest

from services.sources.province import Plan, simulate
from tests.support.kept import an_api
from tests.support.pages import Page
from tests.support.workers.in_process import read
from tests.support.workers.on_database import NOW, WorkerOnDatabase

pytestmark = pytest.mark.integration

HEAVIEST = 60_000
"""Bytes that a page has at most."""

IN_A_LIST = 50
LONG = {"hospital": "医疗集团", "distributor": "（集团）", "manufacturer": "（集团）"}
"""What is added to names, which are as long as those in use without."""

LISTS = (
    "/violations",
    "/violations?severity=breach",
    "/violations?severity=warning&status=open&status=closed&exempt=false&jurisdiction=cn-sx",
    "/violations?as_of=2026-11-28T09:00:00%2B08:00&severity=breach",
    "/violations?assignee=person:liwj",
)
OTHERS = (
    "/",
    "/?show=year",
    "/cases",
    "/parties",
    "/coverage?area=1401",
    "/quality",
    "/bulletins",
    "/exemptions",
)
BEHIND_LISTS = ("/violations/", "/cases/", "/parties/", "/rules/", "/policies/")


async def test_no_page_is_heavier_than_60_kilobytes_in_either_language(
    desk: WorkerOnDatabase, database: str
) -> None:
    told = read(simulate(Plan(until=NOW, orders=100, hospitals=14, days=60)).events)
    await desk.handle(*told)
    await desk.sweep()
    for kind, more in LONG.items():
        query = "UPDATE compliance.name SET name = name || $2 WHERE kind = $1"
        assert await desk.connection.execute(query, kind, more) > "UPDATE 1"
    await desk.connection.execute("UPDATE compliance.violation SET assignee = 'person:liwj'")
    async with an_api(database, migrated=False) as api:
        weights = {}
        for language in ("zh", "en"):
            api.headers["accept-language"] = language
            for at in (*LISTS, *OTHERS, *await links(api)):
                answer = await api.get(at)
                assert answer.status_code == 200, at
                assert at not in LISTS or answer.text.count('class="what"') == IN_A_LIST, at
                weights[language, at] = len(answer.content)
    assert {where: weight for where, weight in weights.items() if weight > HEAVIEST} == {}


async def links(api: httpx.AsyncClient) -> list[str]:
    """The first page of each kind behind a list."""
    lists = [Page(await api.get(at)) for at in ("/violations", "/cases", "/parties", "/rules")]
    found = [link for page in lists for link in page.links]
    return [next(one for one in found if one.startswith(kind)) for kind in BEHIND_LISTS]
