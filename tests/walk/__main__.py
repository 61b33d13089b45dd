"""Walks every operation of the three services with what its schema lets pass, and what not.

`python -m tests.walk DSN KAFKA [PER_OPERATION]` does so on a database and a broker that are there
to be spoilt: each request that schemathesis makes, and each deed made by hand, is sent by nobody,
by a forged key, and by every role.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any, NamedTuple, cast

import httpx
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.errors import SerializationNotPossible
from schemathesis.generation import GenerationMode

from services.compliance.settings import Settings
from services.compliance.storage.schema import MIGRATIONS
from services.compliance.web import app as compliance
from services.delivery import app as delivery
from services.delivery.answers import MIGRATIONS as OF_DELIVERY
from services.delivery.settings import Settings as DeliverySettings
from services.orders import app as orders
from services.orders.answers import MIGRATIONS as OF_ORDERS
from services.orders.settings import Settings as OrdersSettings
from shared.adapters import kafka as bus
from shared.adapters import postgres
from shared.adapters.identity.roles import Declared, declared
from shared.domain.principal import Party, Role
from tests.support.kept import POLICIES, a_connection, tell
from tests.support.keys import a_key, bearer
from tests.walk.deeds import HOSPITAL, KNOWN, SEEN, SOURCE, deeds

OWN: dict[Role, dict[str, Any]] = {
    Role.PUBLISHER: {"sources": [SOURCE]},
    Role.PARTY: {"parties": [Party("hospital", HOSPITAL)]},
}
FORGED = f"vbp_{'0' * 16}_{'A' * 43}"
ENDLESS = "/v1/stream"


class Walked(NamedTuple):
    """How many requests were answered how, of which methods, and what was wrong.

    `done` counts those that were taken, by method and path.
    """

    statuses: Counter[int]
    methods: Counter[str]
    done: Counter[tuple[str, str]]
    faults: list[str]


async def walk(database: str, kafka: str, per_operation: int, number: int = 0) -> Walked:
    """Ask everything of the services on a database; the same number asks the same again."""
    await _furnish(database, kafka)
    keys: dict[str, str] = {
        role.value: await a_key(database, role, holder=role, **OWN.get(role, {})) for role in Role
    }
    shown: dict[str, str | None] = {"nobody": None, "forged": FORGED, **keys}
    walked = Walked(Counter(), Counter(), Counter(), [])
    apps = _services(database, kafka)
    async with AsyncExitStack() as stack:
        for name, app in apps.items():
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://api", timeout=60)
            await stack.enter_async_context(client)
            routes = {(one.method, one.path.replace(":path", "")): one for one in declared(app)}
            by_hand = (
                (routes[deed.method, deed.path], deed.request)
                for deed in deeds()
                if deed.service == name
            )
            for route, request in (*by_hand, *requests(app, per_operation, number)):
                for who, key in shown.items():
                    await _ask(client, route, request | _showing(request, key), who, walked)
    return walked


async def _furnish(database: str, kafka: str) -> None:
    """Make the schemas and the topics, and keep one violation."""
    for service, migrations in (
        ("compliance", MIGRATIONS),
        ("orders", OF_ORDERS),
        ("delivery", OF_DELIVERY),
    ):
        await postgres.migrate(database, migrations, service)
    await bus.create_topics(kafka)
    async with a_connection(database) as connection:
        await tell(connection, "opened", [SEEN])


def _services(database: str, kafka: str) -> dict[str, FastAPI]:
    told: dict[str, Any] = {
        "database": database,
        "kafka": kafka,
        "identity": "required",
        "requests_per_second": 100_000,
    }
    places = POLICIES.jurisdictions
    return {
        "orders": orders.create_app(OrdersSettings(**told), places),
        "delivery": delivery.create_app(DeliverySettings(**told), places),
        "compliance": compliance.create_app(Settings(**told), POLICIES),
    }


async def _ask(
    client: httpx.AsyncClient, route: Declared, request: dict[str, Any], who: str, walked: Walked
) -> None:
    try:
        answer = await client.request(**request)
    except (httpx.InvalidURL, httpx.LocalProtocolError, ValueError):
        return  # No client can send this.
    walked.statuses[answer.status_code] += 1
    walked.methods[route.method] += 1
    if answer.status_code < 300:
        walked.done[route.method, route.path] += 1
    known, welcome = who in set(Role), who in route.roles
    refused = answer.status_code == 403 and "This takes one of the roles" in answer.text
    fault = None
    if answer.status_code == 500:
        fault = "fails"
    elif not known and answer.status_code != 401:
        fault = "answers nobody"
    elif known and answer.status_code == 401:
        fault = "knows no key"
    elif known and answer.status_code < 400 and not welcome:
        fault = "ignores the role"
    elif known and refused and welcome:
        fault = "refuses a role"
    if fault is not None:
        shown = f"{route.method} {route.path}: {request.get('url')} {request.get('params')}"
        walked.faults.append(f"{who} {fault} ({answer.status_code}): {shown} {answer.text[:300]}")


def _showing(request: dict[str, Any], key: str | None) -> dict[str, Any]:
    given_too = {
        name: value
        for name, value in dict(request.get("headers") or {}).items()
        if name.lower() not in {"authorization", "cookie"}
    }
    return {"headers": given_too | ({} if key is None else bearer(key))}


def requests(
    app: FastAPI, per_operation: int, number: int
) -> Iterator[tuple[Declared, dict[str, Any]]]:
    """Give requests that schemathesis makes of the document, good and bad ones."""
    schema = schemathesis.openapi.from_dict(app.openapi())
    routes = {(one.method, one.path.replace(":path", "")): one for one in declared(app)}
    for result in schema.get_all_operations():
        operation: Any = cast(Any, result).ok()
        route = routes[operation.method.upper(), operation.path]
        if not route.roles or route.path == ENDLESS:
            continue
        for mode in GenerationMode:
            yield from ((route, one) for one in _made(operation, mode, per_operation, number))


def _made(
    operation: Any, mode: GenerationMode, per_operation: int, number: int
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []

    @seed(number)
    @settings(
        max_examples=per_operation,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        if len(made) % 2:  # Every other one names what is there.
            there = case.path_parameters.keys() & KNOWN.keys()
            case.path_parameters.update({name: KNOWN[name] for name in there})
        try:
            told = case.as_transport_kwargs(base_url="http://api")
        except SerializationNotPossible:
            return  # A form that is no JSON: deeds have it.
        told.pop("cookies", None)
        if not isinstance(told.get("data"), dict | None):
            told["content"] = told.pop("data")
        made.append(told)

    try:
        collect()
    except Exception as error:  # some operations have nothing that can be wrong
        if "negat" not in str(error).lower() and "Unsatisfi" not in type(error).__name__:
            raise
    return made


def main() -> None:
    """Walk, and say what was found; the exit code is 1 if anything was."""
    per_operation = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    walked = asyncio.run(walk(sys.argv[1], sys.argv[2], per_operation))
    posted = {" ".join(one): n for one, n in sorted(walked.done.items()) if one[0] != "GET"}
    lines = [
        f"{sum(walked.statuses.values())} requests: {dict(sorted(walked.statuses.items()))}",
        f"by method: {dict(walked.methods.most_common())}",
        f"taken, of what changes something: {posted}",
    ]
    sys.stdout.writelines(f"{line}\n" for line in (*lines, *walked.faults))
    sys.exit(bool(walked.faults))


if __name__ == "__main__":
    main()
