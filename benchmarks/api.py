"""How long the violations API takes at a million violations: `python -m benchmarks.api`.

Goals (design.md §10): a page of the list within 100 ms and a detail within 30 ms at p95, however
deep the page. The application answers in this process, so the network is not in the figures.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.filling import fill
from deploy.local.stack import LocalStack
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.storage.schema import MIGRATIONS
from services.compliance.web.app import create_app
from shared.adapters import postgres

LIST_GOAL, DETAIL_GOAL = 100.0, 30.0
"""Milliseconds."""

Asked = dict[str, Any]
LISTS: dict[str, Asked] = {
    "all": {},
    "all, pages of 1000": {"page_size": 1000},
    "rule": {"rule": "late-response"},
    "rule, in the oldest tenth only": {"rule": "distributor-cap"},
    "three rules": {"rule": ["distributor-cap", "late-response", "coverage-gap"]},
    "status open": {"status": "open"},
    "status withdrawn": {"status": "withdrawn"},
    "severity": {"severity": "breach"},
    "exempt": {"exempt": True},
    "jurisdiction": {"jurisdiction": "cn-tj"},
    "area": {"area": "142900"},
    "product": {"product": "P0000"},
    "product, rare": {"product": "P1990"},
    "hospital": {"hospital": "H00001"},
    "manufacturer": {"manufacturer": "M000"},
    "distributor": {"distributor": "D000"},
    "distributor, in the oldest tenth only": {"distributor": "E000"},
    "order": {"order": "O00000500"},
    "a month": {
        "occurred_from": "2022-02-01T00:00:00+08:00",
        "occurred_to": "2022-03-01T00:00:00+08:00",
    },
    "rule and status": {"rule": "distributor-cap", "status": "open"},
    "rule and product": {"rule": "late-response", "product": "P0000"},
    "product and hospital": {"product": "P0000", "hospital": "H00001"},
    "severity and status": {"severity": "breach", "status": "withdrawn"},
    "nothing: product": {"product": "none"},
    "nothing: jurisdiction": {"jurisdiction": "scms"},
    "nothing: rule that month": {
        "rule": "distributor-cap",
        "occurred_from": "2024-01-01T00:00:00+08:00",
    },
    "nothing: manufacturer of another product": {"manufacturer": "M000", "product": "P0001"},
    "nothing: distributor of another area": {"area": "140000", "distributor": "D100"},
}


async def main() -> None:
    """Fill a database of its own, measure, print a table, and drop the database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--violations", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    parser.add_argument("--database", help="a PostgreSQL to make the database in; else its own")
    parser.add_argument("--small", action="store_true", help="see once that it all runs")
    given = parser.parse_args()
    if given.small:
        given.violations, given.times = 2_000, 2
    with ExitStack() as held:
        server = given.database
        if server is None:
            data = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="vbp-bench-")))
            server = held.enter_context(LocalStack(data)).database
        async with _database(server) as dsn:
            await _measure(dsn, given.violations, given.times)


@asynccontextmanager
async def _database(server: str) -> AsyncIterator[str]:
    name = f"bench_{uuid4().hex}"
    connection = await postgres.connect(server)
    await connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.close()


async def _measure(dsn: str, count: int, times: int) -> None:
    await postgres.migrate(dsn, MIGRATIONS, "compliance")
    connection = await postgres.connect(dsn)
    began = time.perf_counter()
    known = await fill(connection, count)
    await connection.close()
    print(f"{count} violations written in {time.perf_counter() - began:.0f} s")
    app = create_app(Settings(database=dsn, identity="local"), policy.load())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as api,
    ):
        table = _table()
        for name, asked in LISTS.items():
            await _list(api, table, name, asked, times)
        await _details(api, table, known, times)
        await _scrapes(api, table, times)
    Console().print(table)


async def _list(api: httpx.AsyncClient, table: Table, name: str, asked: Asked, times: int) -> None:
    """Measure a list from its newest page on: `times` pages, each asked for twice."""
    first: list[float] = []
    deep: list[float] = []
    token: Asked = {}
    items = 0
    for page in range(times):
        taken, answer = await _ask(api, "/v1/violations", asked | token)
        again, _ = await _ask(api, "/v1/violations", asked | token)
        (first if page == 0 else deep).extend((taken, again))
        found = answer.json()
        items += len(found["items"])
        if found["next_page_token"] is None:
            break
        token = {"page_token": found["next_page_token"]}
    first += [(await _ask(api, "/v1/violations", asked))[0] for _ in range(times)]
    _row(table, name, first, LIST_GOAL, f"{items} read")
    if deep:
        _row(table, f"{name}: deeper", deep, LIST_GOAL)


async def _details(api: httpx.AsyncClient, table: Table, known: Sequence[UUID], times: int) -> None:
    chosen = random.Random(3).choices(known, k=times * 5)
    taken = [(await _ask(api, f"/v1/violations/{identity}", {}))[0] for identity in chosen]
    _row(table, "detail, anywhere", taken, DETAIL_GOAL)


async def _scrapes(api: httpx.AsyncClient, table: Table, times: int) -> None:
    taken = [(await _ask(api, "/v1/status", {}))[0] for _ in range(times)]
    _row(table, "status", taken, DETAIL_GOAL)


async def _ask(api: httpx.AsyncClient, path: str, asked: Asked) -> tuple[float, httpx.Response]:
    began = time.perf_counter()
    answer = await api.get(path, params=asked)
    taken = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    return taken, answer


def _table() -> Table:
    table = Table(title="Milliseconds from request to answer")
    table.add_column("asked for")
    for column in ("n", "p50", "p95", "max", "goal", "met", "note"):
        table.add_column(column, justify="right")
    return table


def _row(table: Table, name: str, taken: Sequence[float], goal: float, note: str = "") -> None:
    ordered = sorted(taken)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    figures = (statistics.median(ordered), p95, ordered[-1], goal)
    shown = [f"{figure:.1f}" for figure in figures]
    table.add_row(name, str(len(ordered)), *shown, "yes" if p95 <= goal else "NO", note)


if __name__ == "__main__":
    asyncio.run(main())
