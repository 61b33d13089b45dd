"""The three services of the walk as they run together, on a database with something of each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from fastapi import FastAPI

from services.commands.pack import make_key
from services.commands.setup import migrate_all
from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change
from services.compliance.register.exemption import CONSOLE
from services.compliance.settings import Settings
from services.compliance.storage import violations as storage
from services.compliance.web import app as compliance
from services.delivery import app as delivery
from services.delivery.settings import Settings as DeliverySettings
from services.orders import app as orders
from services.orders.settings import Settings as OrdersSettings
from shared.adapters import kafka as bus
from shared.domain.principal import Role
from tests.support import issuer
from tests.support.kept import POLICIES, TOLD, a_connection, a_violation, busy, keep_fact, listening
from tests.support.keys import a_key, bearer
from tests.support.workers.in_process import eventually
from tests.walk.askers import PARTIES

HERE = "https://vbp.example"
"""Where a browser finds the services."""

_FOUND = range(2, 42)
VIOLATIONS = tuple(a_violation(number, severity="breach") for number in _FOUND)
"""What is found; all of it accuses the last of the parties, and each rests on a fact."""


@asynccontextmanager
async def services(database: str, kafka: str) -> AsyncIterator[dict[str, FastAPI]]:
    """Run them on a database and a broker that are there to be spoilt."""
    await _furnish(database, kafka)
    told: dict[str, Any] = {
        "database": database,
        "kafka": kafka,
        "identity": "required",
        "requests_per_second": 100_000,
    }
    places = POLICIES.jurisdictions
    doors = {
        "orders": orders.create_app(OrdersSettings(**told), places),
        "delivery": delivery.create_app(DeliverySettings(**told), places),
    }
    rights: dict[str, Any] = {"holder": "compliance", "sources": [CONSOLE]}
    auditor = await a_key(database, Role.AUDITOR, Role.PUBLISHER, **rights)
    with TemporaryDirectory() as folder, issuer.served(issuer.with_people()) as keys:
        key, pack_key = Path(folder) / "key", Path(folder) / "pack.pem"
        key.write_text(auditor)
        make_key(pack_key)
        # On ports of this machine as well: the bulletin asks them there.
        async with (
            listening(lambda _: doors["orders"]) as at_orders,
            listening(lambda _: doors["delivery"]) as at_delivery,
        ):
            settings = Settings(
                **told,
                **_people(keys),
                orders_url=at_orders,
                delivery_url=at_delivery,
                key_file=key,
                pack_key=pack_key,
            )
            app = compliance.create_app(settings, POLICIES)
            async with app.router.lifespan_context(app):
                await _follows(app, auditor)
                yield {**doors, "compliance": app}


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """Give what asks a service, in this process."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=HERE, timeout=60)


def _people(keys: str) -> dict[str, Any]:
    """Give the settings by which people sign in at the issuer whose keys are found there."""
    return {
        "token_issuer": issuer.ISSUER,
        "token_audience": issuer.AUDIENCE,
        "token_keys": keys,
        "sign_in_url": HERE,
        "sign_in_client": issuer.CONSOLE,
        "sign_in_discovery": keys.replace("/keys", "/openid"),
    }


async def _furnish(database: str, kafka: str) -> None:
    """Make the schemas and the topics, and something of everything that there is to see."""
    await migrate_all(Settings(database=database))
    await bus.create_topics(kafka)
    accused = Accused("distributor", PARTIES[-1].code)
    async with a_connection(database) as connection:
        await busy(connection)
        await storage.tell(
            connection,
            [Change("opened", one.id, TOLD, one, (), accused=accused) for one in VIOLATIONS],
        )
        for number in _FOUND:
            await keep_fact(connection, number)


async def _follows(app: FastAPI, key: str) -> None:
    """Wait until it has read the changes of before: until then it says that it cannot tell any."""
    async with client_of(app) as client:

        async def follows() -> bool:
            answer = await client.get("/v1/changes", headers=bearer(key))
            return answer.status_code == httpx.codes.OK

        await eventually(follows, within=60)
