"""Pages stay light: full ones of a province whose hospitals and companies have long names."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.compliance.answers.denominators import months_until
from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change
from services.compliance.people.case import PartyCase
from services.compliance.rules import RULES
from services.compliance.storage import violations
from services.sources.province import Plan, simulate
from shared.adapters.identity.invented import COOKIE
from shared.adapters.postgres import Connection
from shared.domain.calendar import day_of
from tests.support.kept import TOLD, a_violation, an_api
from tests.support.kept import read as kept
from tests.support.pages import Page
from tests.support.tally.figures import answering, count
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


async def filled(desk: WorkerOnDatabase) -> list[bytes]:
    """Tell of a province with long names, and have it judged; gives what was told."""
    told = list(simulate(Plan(until=NOW, orders=100, hospitals=14, days=60)).events)
    await desk.handle(*read(told))
    await desk.sweep()
    for kind, more in LONG.items():
        query = "UPDATE compliance.name SET name = name || $2 WHERE kind = $1"
        assert await desk.connection.execute(query, kind, more) > "UPDATE 1"
    await desk.connection.execute("UPDATE compliance.violation SET assignee = 'person:liwj'")
    return told


async def weighed(api: httpx.AsyncClient, addresses: Sequence[str]) -> dict[tuple[str, str], int]:
    """The bytes of pages in each language."""
    weights = {}
    for language in ("zh", "en"):
        api.headers["accept-language"] = language
        for at in addresses:
            answer = await api.get(at)
            assert answer.status_code == 200, at
            assert at not in LISTS or answer.text.count('class="what"') == IN_A_LIST, at
            weights[language, at] = len(answer.content)
    return weights


def too_heavy(weights: Mapping[tuple[str, str], int]) -> Mapping[tuple[str, str], int]:
    return {where: weight for where, weight in weights.items() if weight > HEAVIEST}


async def test_no_page_is_heavier_than_60_kilobytes_in_either_language(
    desk: WorkerOnDatabase, database: str
) -> None:
    await filled(desk)
    async with an_api(database, migrated=False) as api:
        assert too_heavy(await weighed(api, (*LISTS, *OTHERS, *await links(api)))) == {}
        api.cookies[COOKIE] = "person:sunlei"
        assert too_heavy(await weighed(api, (*LISTS, *OTHERS, *await links(api)))) == {}


async def test_a_bulletin_is_no_heavier(desk: WorkerOnDatabase, kafka: str, database: str) -> None:
    told = await filled(desk)
    await count(database, [json.loads(line) for line in told])
    async with (
        answering(kafka, database) as figures,
        an_api(
            database, migrated=False, orders_url=figures.orders, delivery_url=figures.delivery
        ) as api,
    ):
        months = [f"/bulletins/{NOW - timedelta(days=days):%Y-%m}" for days in (10, 40)]
        assert too_heavy(await weighed(api, months)) == {}


LATE = (
    "订单 {0}（产品 P0001，订购 1200，至期限 2022-01-03 09:00:00+08:00 到货 128）应于该时点前"
    "全部送达（配送时限（小时）：48，假设值，条款未写明，cn-sx-2021-22）：迟至 2022-01-09 送达。"
)
"""A sentence as long as those of findings are."""


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_letter_of_fifty_violations_is_no_heavier(
    api: httpx.AsyncClient, connection: Connection, language: str
) -> None:
    listed = [
        a_violation(n, severity="breach", message_zh=LATE.format(f"O{n}"), message_en=LATE)
        for n in range(1, IN_A_LIST + 1)
    ]
    who = Accused("distributor", "D1")
    changes = [Change("opened", one.id, TOLD, one, (), accused=who) for one in listed]
    await violations.tell(connection, changes)
    at = f"/v1/cases/{PartyCase('cn-sx', 'late-response', '2022-01', *who).name}"

    async def done(who: str, path: str, seen: int, **body: Any) -> None:
        headers = {"cookie": f"{COOKIE}=person:{who}", "if-match": f'"{seen}"'}
        kept(await api.post(path, json=body, headers=headers))

    await done("liwj", "/v1/reviews", 0, act="acknowledge", ids=[str(one.id) for one in listed])
    await done("liwj", f"{at}/acts", 0, act="take")
    words = "…" * 1_000
    await done("liwj", f"{at}/letters", 1, kind="notice", text=words, language=language)
    await done("wangxm", f"{at}/letters/1/issue", 1, number="1")
    letter = await api.get(f"{at}/letters/1")
    assert letter.text.count(" #") >= IN_A_LIST
    assert len(letter.content) <= HEAVIEST


@pytest.mark.parametrize("role", ["manufacturer", "hospital", "distributor"])
async def test_a_party_of_which_all_rules_found_much_in_each_month_has_a_page_as_light(
    api: httpx.AsyncClient, connection: Connection, role: str
) -> None:
    rules = [rule.name for rule in RULES if role in rule.accused]
    months = months_until(day_of(datetime.now(UTC)))
    await connection.execute(
        "INSERT INTO compliance.accused_count (jurisdiction, role, party, month, area, rule, "
        "severity, status, exempt, count) SELECT 'cn-sx', $1, '91140000MA0', month, '140100', "
        "rule, 'explain', 'open', false, 10400 "
        "FROM unnest($2::text[]) AS rule, unnest($3::text[]) AS month",
        role,
        rules,
        months,
    )
    await connection.execute(
        "INSERT INTO compliance.judged_count "
        "(jurisdiction, role, party, month, area, rules, judged, count) "
        "SELECT 'cn-sx', $1, '91140000MA0', month, '140100', rule, judged, 410400 "
        "FROM unnest($2::text[]) AS rule, unnest($3::text[]) AS month, "
        "unnest('{true,false}'::boolean[]) AS judged",
        role,
        rules,
        months,
    )
    assert too_heavy(await weighed(api, [f"/parties/{role}/91140000MA0"])) == {}


async def links(api: httpx.AsyncClient) -> list[str]:
    """The first page of each kind behind a list."""
    lists = [Page(await api.get(at)) for at in ("/violations", "/cases", "/parties", "/rules")]
    found = [link for page in lists for link in page.links]
    return [next(one for one in found if one.startswith(kind)) for kind in BEHIND_LISTS]
