"""How long the violations API takes at a million violations: `python -m benchmarks.api`.

Goals (design.md §10): a page of the list within 100 ms and a detail within 30 ms at p95, however
deep the page, as JSON and as a page of the console, which weighs 60 KB at most. The application
answers in this process, so the network is not in the figures. What a request takes of the
processors, of the API and of PostgreSQL together, is what the goals are held against: it is the
same on a machine that others use. The time on the wall stands beside it.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.asked import COMMON, LISTS, OF_ALL, OFFICER, PAGES, WHO, Asked, Who
from benchmarks.filling import fill
from deploy.local.stack import LocalStack
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.storage.schema import MIGRATIONS
from services.compliance.web.app import create_app
from shared.adapters import postgres
from shared.adapters.identity import keys
from shared.adapters.identity.keys import Wanted
from shared.adapters.postgres import Connection
from shared.adapters.serving import look_at_what_is_new

LIST_GOAL, DETAIL_GOAL = 100.0, 30.0
"""Milliseconds."""

PAGE_GOAL = 60_000
"""Bytes of a page of the console."""

_ENDLESS = 100_000


class Taken(NamedTuple):
    """What a request took, in milliseconds: of the processors, and on the wall; and its answer."""

    cpu: float
    wall: float
    answer: httpx.Response


async def main() -> None:
    """Fill a database of its own, measure, print a table, and drop the database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--violations", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    parser.add_argument("--pages", type=int, default=20, help="how deep a list is read")
    parser.add_argument("--database", help="a PostgreSQL to make the database in; else its own")
    parser.add_argument("--filled", help="a database that was filled before; it is kept")
    parser.add_argument("--small", action="store_true", help="see once that it all runs")
    given = parser.parse_args()
    if given.small:
        given.violations, given.times, given.pages = 500, 1, 1
    with ExitStack() as held:
        if given.filled is not None:
            await _measure(given.filled, given.times, given.pages)
            return
        server = given.database
        if server is None:
            data = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="vbp-bench-")))
            server = held.enter_context(LocalStack(data)).database
        async with _database(server) as dsn:
            await _fill(dsn, given.violations)
            await _measure(dsn, given.times, given.pages)


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


async def _fill(dsn: str, count: int) -> None:
    await postgres.migrate(dsn, MIGRATIONS, "compliance")
    connection = await postgres.connect(dsn)
    began = time.perf_counter()
    await fill(connection, count)
    await connection.close()
    print(f"{count} violations written in {time.perf_counter() - began:.0f} s", flush=True)


async def _measure(dsn: str, times: int, pages: int) -> None:
    await postgres.migrate(dsn, keys.MIGRATIONS, "identity")
    connection = await postgres.connect(dsn)
    shown = {who: await _key(connection, who) for who in WHO}
    # What workers of a query take besides would be counted nowhere.
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(f"ALTER DATABASE {database} SET max_parallel_workers_per_gather = 0")
    settings = Settings(
        database=dsn, identity="required", requests_per_second=_ENDLESS, kafka="127.0.0.1:9"
    )
    app = create_app(settings, policy.load())
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as api,
    ):
        # As the process does that serves.
        look_at_what_is_new()
        bench = _Bench(api, connection, times, pages)
        for who, key in shown.items():
            api.headers["authorization"] = f"Bearer {key}"
            await bench.all_of(who)
    await connection.close()
    Console(width=120).print(bench.table)


async def _key(connection: Connection, who: Who) -> str:
    now = datetime.now(UTC)
    roles, parties = frozenset(who.roles), frozenset(who.parties)
    holder = f"bench-{uuid4().hex[:12]}"
    until = now + timedelta(days=1)
    wanted = Wanted(holder, roles, who.jurisdictions, parties, frozenset(), until)
    return await keys.create(connection, wanted, now)


class _Bench:
    """Asks, and keeps what was taken, row by row of a table."""

    def __init__(
        self, api: httpx.AsyncClient, connection: Connection, times: int, pages: int
    ) -> None:
        self._api = api
        self._pages = pages
        self._connection = connection
        self._times = times
        self.table = Table(title="Milliseconds of processor a request (and on the wall)")
        self.table.add_column("who asks for what")
        for column in ("n", "p50", "p95", "max", "wall p95", "KB", "goal", "met"):
            self.table.add_column(column, justify="right")

    async def all_of(self, who: Who) -> None:
        """Measure what somebody asks."""
        for name, asked in (LISTS if who is OFFICER else COMMON).items():
            await self._list(f"{who.name}: {name}", asked)
        await self._details(who)
        pages = PAGES | (OF_ALL if who is OFFICER else {})
        for name, path in pages.items():
            page = path.format(jurisdiction=who.jurisdiction)
            taken = [await self._ask(page) for _ in range(self._times)]
            self._row(f"{who.name}: {name}", taken, LIST_GOAL)
        print(f"{who.name}: asked", flush=True)

    async def _list(self, name: str, asked: Asked) -> None:
        """Measure a list from its newest page on, as JSON and as a page, and both further on."""
        for path in ("/v1/violations", "/violations"):
            deep: list[Taken] = []
            token: Asked = {}
            for _ in range(self._pages - 1):
                found = await self._ask("/v1/violations", asked | token)
                following = found.answer.json()["next_page_token"]
                if following is None:
                    break
                token = {"page_token": following}
                deep += [await self._ask(path, asked | token) for _ in range(2)]
            first = [await self._ask(path, asked) for _ in range(self._times)]
            form = "JSON" if path.startswith("/v1") else "page"
            self._row(f"{name}, {form}", first, LIST_GOAL)
            if deep:
                self._row(f"{name}, {form}, deeper", deep, LIST_GOAL)

    async def _details(self, who: Who) -> None:
        found = await self._ask("/v1/violations", {"page_size": 1000})
        known = [UUID(one["id"]) for one in found.answer.json()["items"]]
        chosen = random.Random(3).choices(known, k=self._times * 2) if known else []
        for form, path in (("JSON", "/v1/violations"), ("page", "/violations")):
            if taken := [await self._ask(f"{path}/{identity}") for identity in chosen]:
                self._row(f"{who.name}: detail, {form}", taken, DETAIL_GOAL)

    async def _ask(self, path: str, asked: Asked | None = None) -> Taken:
        served = _spent(await self._servers())
        began, own = time.perf_counter(), time.process_time()
        answer = await self._api.get(path, params=asked)
        wall, own = time.perf_counter() - began, time.process_time() - own
        served = _spent(await self._servers()) - served
        answer.raise_for_status()
        return Taken((own + served) * 1000, wall * 1000, answer)

    async def _servers(self) -> Sequence[int]:
        """Give the processes of PostgreSQL that answer here."""
        rows = await self._connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
        return [row["pid"] for row in rows]

    def _row(self, name: str, taken: Sequence[Taken], goal: float) -> None:
        cpu, wall = (sorted(column) for column in ([t.cpu for t in taken], [t.wall for t in taken]))
        p95 = cpu[min(len(cpu) - 1, int(0.95 * len(cpu)))]
        weight = max(len(one.answer.content) for one in taken)
        page = taken[0].answer.headers["content-type"].startswith("text/html")
        light = weight <= PAGE_GOAL or not page
        figures = (statistics.median(cpu), p95, cpu[-1], wall[int(0.95 * (len(wall) - 1))])
        said = [f"{figure:.1f}" for figure in figures]
        met = "yes" if p95 <= goal and light else "NO" if light else "NO: heavy"
        self.table.add_row(name, str(len(taken)), *said, f"{weight / 1000:.0f}", f"{goal:.0f}", met)


def _spent(servers: Sequence[int]) -> float:
    """Give the seconds of processor that some processes have taken."""
    spent = 0.0
    for server in servers:
        try:
            told = Path(f"/proc/{server}/schedstat").read_text(encoding="ascii")
        except OSError:
            # It has ended, or PostgreSQL runs elsewhere.
            continue
        spent += int(told.split()[0]) / 1e9
    return spent


if __name__ == "__main__":
    asyncio.run(main())
