"""From an event over HTTP to a webhook, through the real Prometheus and Alertmanager."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from deploy.monitoring.beside import ALERTMANAGER, PROMETHEUS, Monitoring, Ports
from services.commands.setup import migrate_all
from tests.support import time_lapse
from tests.support.breaches import day, now, ordered, register
from tests.support.deployment import expressions
from tests.support.events import said
from tests.support.outside import Way, Webhook, way_to, webhook
from tests.support.workers.in_process import eventually, free_port, live

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not (shutil.which(PROMETHEUS[0]) and any(map(shutil.which, ALERTMANAGER))),
        reason="Prometheus and Alertmanager are not installed",
    ),
]

BREACH, FINDING = "VbpBreachOpened", "VbpFindingOpened"
DATABASE, BROKER = "VbpDatabaseDown", "VbpBrokerDown"

MINUTE, TWO_MINUTES = 60, 120
"""Seconds from an event to a webhook, and from an outage to one."""

WITHIN = MINUTE - time_lapse.lost(BREACH, again=True)
AWAKE = TWO_MINUTES - time_lapse.lost(DATABASE)
"""What is left of them where every interval is shorter."""


@dataclass
class Site:
    """Everything that runs, and how it is spoken to."""

    doors: dict[str, str]
    operators: Webhook
    officers: Webhook
    database: Way
    prometheus: str

    async def tell(self, *events: dict[str, Any], door: str = "orders") -> None:
        """Send events over HTTP."""
        async with httpx.AsyncClient(timeout=30) as client:
            for event in events:
                answer = await client.post(
                    f"{self.doors[door]}/v1/events",
                    json=event,
                    headers={"content-type": "application/cloudevents+json"},
                )
                assert answer.status_code < 300, answer.text


@contextmanager
def running(log: Path, *arguments: str, **environment: str) -> Iterator[None]:
    """Run a command of vbp until the block ends."""
    vbp = Path(sys.executable).with_name("vbp")
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603  # our own arguments
            [vbp, *arguments], env={**os.environ, **environment}, stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield
        finally:
            process.kill()


@pytest_asyncio.fixture
async def site(kafka: str, database: str, tmp_path: Path) -> AsyncIterator[Site]:
    """Doors, API and workers with the two beside them; only the API's ways out can be cut."""
    ports = {name: free_port() for name in ("orders", "delivery", "compliance")}
    working = {f"{name}-worker": free_port() for name in ports}
    doors = {name: f"http://127.0.0.1:{port}" for name, port in (ports | working).items()}
    targets = {name: f"127.0.0.1:{port}" for name, port in (ports | working).items()}
    async with live(kafka, database) as held, way_to(database) as (over, to_database):
        await migrate_all(held.settings)
        with ExitStack() as stack:
            addresses = {"VBP_KAFKA": kafka, "VBP_DATABASE": database}
            for name in ("orders", "delivery"):
                log = tmp_path / f"{name}.log"
                stack.enter_context(
                    running(log, "serve", name, "--port", str(ports[name]), **addresses)
                )
                work = ("worker", name, "--metrics-port", str(working[f"{name}-worker"]))
                log = tmp_path / f"{name}-worker.log"
                group = {"VBP_GROUP": held.settings.group}
                stack.enter_context(running(log, *work, **addresses, **group))
            api = ("serve", "compliance", "--port", str(ports["compliance"]))
            stack.enter_context(
                running(tmp_path / "api.log", *api, **addresses | {"VBP_DATABASE": over})
            )
            stack.enter_context(
                held.worker(
                    VBP_METRICS_PORT=str(working["compliance-worker"]), VBP_HOST="127.0.0.1"
                )
            )
            officers, operators = (stack.enter_context(webhook()) for _ in range(2))
            receivers = pytest.MonkeyPatch()
            receivers.setenv("VBP_OFFICERS_WEBHOOK", officers.url)
            receivers.setenv("VBP_OPERATORS_WEBHOOK", operators.url)
            stack.callback(receivers.undo)
            await eventually(_all_answer(doors), within=60)
            texts = time_lapse.lapsed(tmp_path / "texts")
            ways = Ports(free_port(), free_port())
            beside = Monitoring(tmp_path / "beside", targets, ways, texts)
            stack.enter_context(beside)
            await eventually(_born(beside.prometheus), within=60)
            yield Site(doors, operators, officers, to_database, beside.prometheus)


def _all_answer(doors: dict[str, str]) -> Any:
    async def answer() -> bool:
        async with httpx.AsyncClient() as client:
            try:
                found = [await client.get(f"{door}/metrics") for door in doors.values()]
            except httpx.HTTPError:
                return False
        return all(one.status_code == 200 for one in found)

    return answer


def _born(prometheus: str) -> Any:
    """Whether what is born at 0 was scraped and recorded: only what rises from it is news."""

    async def known() -> bool:
        asked = {"query": "vbp:violations_opened:total"}
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{prometheus}/api/v1/query", params=asked)
        return bool(answer.json()["data"]["result"])

    return known


async def reached(hook: Webhook, name: str, count: int = 1, **labels: str) -> dict[str, Any]:
    """Wait until so many alerts came; gives the last."""

    async def come() -> bool:
        return len(hook.alerts(name, **labels)) >= count

    await eventually(come, within=WITHIN)
    return hook.alerts(name, **labels)[-1]


def test_the_real_intervals_leave_time_for_the_work_within_a_minute_and_two() -> None:
    work = 15
    assert time_lapse.longest_way(BREACH, again=True) + work < MINUTE
    assert time_lapse.longest_way(FINDING, again=True) + work < MINUTE
    assert time_lapse.longest_way(DATABASE) + work < TWO_MINUTES
    assert time_lapse.longest_way(BROKER) + work < TWO_MINUTES


async def test_each_violation_reaches_a_webhook_within_a_minute_and_every_panel_shows_data(
    site: Site,
) -> None:
    await site.tell(*register())
    refused = [
        *ordered("REFUSED", -0.2),
        said("order.rejected", now(-0.1), order="REFUSED", reason="price"),
    ]
    dear = ordered("DEAR", -0.1, unit_price="0.40")
    appointed = [
        said(
            "distributor.appointed",
            now(-1),
            appointment=f"AP-{number}",
            distributor=f"D{number}",
            start=day(-1),
        )
        for number in range(6)
    ]
    await site.tell(*refused[:1], *dear, *ordered("LATE-1", -5))
    await site.tell(*refused[1:], *appointed, door="delivery")
    firsts = ("supply-refusal", "selected-price", "distributor-cap", "late-delivery")
    for rule in firsts:
        told = await _told_of(site.officers, rule)
        _is_understood(told, rule)

    before = len(_of(site.officers, "late-delivery"))
    await site.tell(*ordered("LATE-2", -5))

    async def second() -> bool:
        return len(_of(site.officers, "late-delivery")) > before

    await eventually(second, within=WITHIN)
    again = _of(site.officers, "late-delivery")[-1]
    assert int(again["labels"]["number"]) == 2

    async with httpx.AsyncClient() as client:
        listed = await client.get(again["annotations"]["link"])
        assert {item["order"] for item in listed.json()["items"]} == {"LATE-1", "LATE-2"}
        page = await client.get(again["annotations"]["runbook_url"])
        assert f'id="{again["annotations"]["runbook_url"].partition("#")[2]}"' in page.text
    empty: list[Any] = []

    async def every_panel_shows_data() -> bool:
        # A scrape of a busy machine may come late, and its series are stale for so long.
        empty[:] = await empty_panels(site.prometheus)
        return not empty

    with suppress(AssertionError):
        await eventually(every_panel_shows_data, within=WITHIN)
    assert empty == []


async def empty_panels(prometheus: str) -> list[tuple[str, str]]:
    """The panels whose query gives nothing."""
    empty = []
    async with httpx.AsyncClient() as client:
        for where, expression in expressions():
            if ".json: " not in where:
                continue
            query = re.sub(r"\$(?!__)\w+", ".*", expression).replace("$__rate_interval", "1m")
            asked = {"query": query}
            answer = await client.get(f"{prometheus}/api/v1/query", params=asked)
            if not answer.json()["data"]["result"]:
                empty.append((where, query))
    return empty


async def test_an_outage_wakes_somebody_and_mends_nothing(site: Site) -> None:
    await site.tell(*register(), *ordered("LATE-1", -5))
    await _told_of(site.officers, "late-delivery")
    began = time.monotonic()
    site.database.cut()

    async def awake() -> bool:
        return bool(site.operators.alerts(DATABASE))

    await eventually(awake, within=AWAKE)
    assert time.monotonic() - began < AWAKE
    assert [alert["labels"]["alertname"] for _, alert in site.operators.told] == [DATABASE]

    site.database.mend()

    async def mended() -> bool:
        return bool(site.operators.alerts(DATABASE, status="resolved"))

    await eventually(mended, within=AWAKE)
    resolved = [alert for _, alert in site.officers.told if alert["status"] == "resolved"]
    assert resolved == []


def _of(hook: Webhook, rule: str) -> list[dict[str, Any]]:
    return [alert for name in (BREACH, FINDING) for alert in hook.alerts(name, rule=rule)]


async def _told_of(hook: Webhook, rule: str) -> dict[str, Any]:
    async def come() -> bool:
        return bool(_of(hook, rule))

    await eventually(come, within=WITHIN)
    return _of(hook, rule)[0]


def _is_understood(alert: dict[str, Any], rule: str) -> None:
    zh, en = (alert["annotations"][name] for name in ("description_zh", "description"))
    assert f"（{rule}）" in zh
    assert "起" in zh
    assert "cn-sx" in zh
    assert rule in en
    assert "cn-sx" in en
    assert {"api", "runbook"}.isdisjoint(alert["labels"])
