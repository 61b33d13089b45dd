"""Walks every operation of the compliance API with what its schema lets pass, and what it does not.

`python -m tests.walk DSN [PER_OPERATION]` does so on a database that is there to be spoilt: each
request that schemathesis makes is sent by nobody, by a forged key, and by every role.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

import httpx
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.generation import GenerationMode

from services.compliance.settings import Settings
from services.compliance.storage.schema import MIGRATIONS
from services.compliance.web.app import create_app
from shared.adapters import postgres
from shared.adapters.identity.roles import Declared, declared
from shared.domain.principal import Party, Role
from tests.support.kept import POLICIES
from tests.support.keys import a_key, bearer

OWN: dict[Role, dict[str, Any]] = {
    Role.PUBLISHER: {"sources": ["/hospitals/H1"]},
    Role.PARTY: {"parties": [Party("hospital", "H1")]},
}
FORGED = f"vbp_{'0' * 16}_{'A' * 43}"
ENDLESS = "/v1/stream"


class Walked(NamedTuple):
    """How many requests were answered how, and what was wrong."""

    statuses: Counter[int]
    faults: list[str]


async def walk(database: str, per_operation: int, number: int = 0) -> Walked:
    """Ask everything of an API on a database; the same number asks the same again."""
    await postgres.migrate(database, MIGRATIONS, "compliance")
    keys: dict[str, str] = {
        role.value: await a_key(database, role, holder=role, **OWN.get(role, {})) for role in Role
    }
    plenty = 100_000
    app = create_app(
        Settings(database=database, identity="required", requests_per_second=plenty), POLICIES
    )
    walked = Walked(Counter(), [])
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://api"
    )
    shown: dict[str, str | None] = {"nobody": None, "forged": FORGED, **keys}
    async with app.router.lifespan_context(app), client:
        for route, request in requests(app, per_operation, number):
            for who, key in shown.items():
                await _ask(client, route, request | _showing(request, key), who, walked)
    return walked


async def _ask(
    client: httpx.AsyncClient, route: Declared, request: dict[str, Any], who: str, walked: Walked
) -> None:
    try:
        answer = await client.request(**request)
    except (httpx.InvalidURL, httpx.LocalProtocolError, ValueError):
        return  # No client can send this.
    walked.statuses[answer.status_code] += 1
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
        told = case.as_transport_kwargs(base_url="http://api")
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
    per_operation = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    walked = asyncio.run(walk(sys.argv[1], per_operation))
    lines = [f"{sum(walked.statuses.values())} requests: {dict(sorted(walked.statuses.items()))}"]
    sys.stdout.writelines(f"{line}\n" for line in (*lines, *walked.faults))
    sys.exit(bool(walked.faults))


if __name__ == "__main__":
    main()
