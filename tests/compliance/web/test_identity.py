"""The table of roles holds on the wire: each role asks each route of compliance by a real key."""

from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from services.compliance.settings import Settings
from services.compliance.storage.schema import MIGRATIONS
from services.compliance.web.app import create_app
from shared.adapters import postgres
from shared.adapters.identity import access
from shared.adapters.identity.roles import Declared, declared
from shared.domain.principal import Party, Role
from tests.support.kept import POLICIES
from tests.support.keys import a_key, bearer

HOSPITAL = Party("hospital", "H1")
OWN: dict[Role, dict[str, object]] = {
    Role.PUBLISHER: {"sources": ["/hospitals/H1"]},
    Role.PARTY: {"parties": [HOSPITAL]},
}
FILLED = {
    "{violation}": str(UUID(int=7)),
    "{case}": "cn-sx.late-delivery.2022-05.distributor.D1",
    "{n}": "1",
    "{role}": "hospital",
    "{code:path}": "H1",
    "{code}": "H1",
    "{rule}": "late-delivery",
    "{policy}": "cn-sx-2021-22",
    "{month}": "2022-05",
    "{source:path}": "%2Fplatforms%2Fcn-sx",
    "{id}": "e1",
    "{sha256}": "a" * 64,
    "{webhook}": str(UUID(int=8)),
    "{delivery}": "1",
}


def path_of(route: Declared) -> str:
    path = route.path
    for name, value in FILLED.items():
        path = path.replace(name, value)
    assert "{" not in path, path
    return path


@pytest.mark.integration
async def test_every_route_admits_the_roles_of_the_table_and_nobody_else(database: str) -> None:
    await postgres.migrate(database, MIGRATIONS, "compliance")
    keys = {role: await a_key(database, role, holder=role, **OWN.get(role, {})) for role in Role}  # type: ignore[arg-type]
    app = create_app(Settings(database=database, identity="required"), POLICIES)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
    async with app.router.lifespan_context(app), client:
        for route in declared(app):
            nobody = await client.request(route.method, path_of(route))
            assert (nobody.status_code == 401) == bool(route.roles), route
            for role, key in keys.items():
                answer = await client.request(route.method, path_of(route), headers=bearer(key))
                admitted = not route.roles or role in route.roles
                # A form that no page of ours has sent is a 403 of another kind.
                refused = answer.status_code == 403 and "This takes one of the roles" in answer.text
                assert refused != admitted, (route, role, answer.text)
                assert answer.status_code not in {401, 500}, (route, role, answer.text)


@pytest.mark.integration
async def test_who_asks_too_often_waits_and_who_asked_what_is_kept(database: str) -> None:
    await postgres.migrate(database, MIGRATIONS, "compliance")
    mine, other = [await a_key(database, Role.AUDITOR, holder=name) for name in ("me", "other")]
    settings = Settings(database=database, identity="required", requests_per_second=1)
    app = create_app(settings, POLICIES)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
    async with app.router.lifespan_context(app), client:
        answers = [await client.get("/v1/rules?x=1", headers=bearer(mine)) for _ in range(12)]
        assert {one.status_code for one in answers[:10]} == {400}
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await client.get("/v1/rules", headers=bearer(other))).status_code == 200
        assert (await client.get("/v1/violations.csv", headers=bearer(other))).status_code == 200
        assert (await client.get("/healthz", headers=bearer(mine))).status_code == 200
    connection = await postgres.connect(database)
    lines = await access.last(connection, "key:other", None, datetime(2000, 1, 1, tzinfo=UTC), 9)
    await connection.close()
    assert [(one.act, one.path) for one in lines] == [
        ("exported", "/v1/violations.csv"),
        ("looked", "/v1/rules"),
    ]
