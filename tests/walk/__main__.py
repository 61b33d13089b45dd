"""Walks every route of the three services with what it lets pass, and what not.

`python -m tests.walk DSN KAFKA [OF_EACH]` does so on a database and a broker that are there to be
spoilt. Of each route schemathesis makes so many requests (16), of the pages and forms of the
console too, half of them bad ones; each of these, and each deed made by hand, is sent by nobody, by
a forged key, and by one of each role, so that the three of a role take turns. The exit code is 1 if
something fails, or is shown to whom it should not be, or was asked by somebody not once.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx
from fastapi import FastAPI

from shared.adapters.identity.roles import declared
from tests.support.keys import bearer
from tests.walk.askers import OF_EACH, Asker, askers
from tests.walk.console import BROWSER, with_console
from tests.walk.deeds import Deed, deeds
from tests.walk.made import Operation, operations
from tests.walk.services import client_of, services
from tests.walk.tally import Route, Tally, may_ask

_TOLD_AFTER = 1_000
"""After how many requests it is said how far the walk is."""

_UNKNOWN = "00000000-0000-0000-0000-000000000000"


async def walk(database: str, kafka: str, of_each: int, number: int = 0) -> tuple[Tally, list[str]]:
    """Ask everything of the services on a database; the same number asks the same again.

    Gives what was counted, and who has not asked which route.
    """
    circles, tally, routes = await askers(database), Tally(), list[Route]()
    async with services(database, kafka) as apps:
        for name, app in apps.items():
            here = list(routes_of(name, app))
            routes += here
            async with client_of(app) as client:
                walker = Walker(client, here, circles, tally)
                await walker.do(deed for deed in deeds() if deed.service == name)
                document = app.openapi()
                whole = with_console(document) if name == "compliance" else document
                await walker.ask(operations(whole, of_each, number))
    return tally, tally.missed(routes, circles)


def routes_of(service: str, app: FastAPI) -> Iterator[Route]:
    """Give the routes of a service that are declared."""
    for one in declared(app):
        yield Route(service, one.method, one.path.replace(":path", ""), one.roles)


class Walker:
    """Asks a service, one of each role after the other."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        routes: Iterable[Route],
        circles: Sequence[Sequence[Asker]],
        tally: Tally,
    ) -> None:
        self._client = client
        self._routes = {(route.method, route.path): route for route in routes}
        self._circles = circles
        self._tally = tally
        self._kept: dict[str, str] = {}

    async def do(self, wanted: Iterable[Deed]) -> None:
        """Have each deed done by the circle whose it is."""
        for deed in wanted:
            for asker in self._circles[deed.who]:
                await self._do(self._routes[deed.method, deed.path], deed, asker)

    async def ask(self, wanted: Iterable[Operation]) -> None:
        """Have the requests of each operation asked by each circle in turn."""
        for method, path, made in wanted:
            for turn, request in enumerate(made):
                for asker in self._circles[turn % OF_EACH]:
                    await self._ask(self._routes[method, path], request, asker)

    async def _do(self, route: Route, deed: Deed, asker: Asker) -> None:
        shown = _showing({}, asker.key)
        request = {"url": route.path, "method": deed.method} | deed.request
        request["url"] = request["url"].replace("{it}", self._kept.get(asker.name, _UNKNOWN))
        if deed.sees is not None:
            seen = await self._client.get(deed.sees, headers=shown)
            etag = seen.headers.get("etag", '"0"')
            request["headers"] = request.get("headers", {}) | {"if-match": etag}
            if "data" in request:
                request["data"] = {"seq": etag.strip('"')} | request["data"]
        answer = await self._ask(route, request, asker)
        if deed.keeps is not None and answer is not None and answer.status_code == httpx.codes.OK:
            self._kept[asker.name] = answer.json()[deed.keeps]

    async def _ask(
        self, route: Route, request: dict[str, Any], asker: Asker
    ) -> httpx.Response | None:
        """Ask, and count the answer; None where there is none to be waited for."""
        if not may_ask(route, asker):
            return None
        try:
            answer = await self._client.request(
                **request | {"headers": _showing(request, asker.key)}
            )
        except (httpx.InvalidURL, httpx.LocalProtocolError, ValueError):
            return None  # No client can send this.
        self._tally.note(route, asker, answer)
        if self._tally.requests % _TOLD_AFTER == 0:
            faults = len(self._tally.errors) + len(self._tally.ignored)
            told = f"{self._tally.requests} requests, {faults} faults, at {route.service} {route}"
            sys.stderr.write(f"{told}\n")
        return answer


def _showing(request: dict[str, Any], key: str | None) -> dict[str, Any]:
    """Give the headers of a request with a key, and none that says otherwise who asks."""
    told = {
        name: value
        for name, value in dict(request.get("headers") or {}).items()
        if name.lower() not in {"authorization", "cookie"}
    }
    return told | {"cookie": BROWSER["cookie"]} | ({} if key is None else bearer(key))


def main() -> None:
    """Walk, and say what was found."""
    of_each = int(sys.argv[3]) if len(sys.argv) > 3 else 16
    tally, missed = asyncio.run(walk(sys.argv[1], sys.argv[2], of_each))
    sys.stdout.writelines(f"{line}\n" for line in (*missed, *tally.lines()))
    sys.exit(bool(missed or tally.errors or tally.ignored))


if __name__ == "__main__":
    main()
