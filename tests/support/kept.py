"""Violations kept in PostgreSQL as the worker keeps them, and the API that answers from there."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import httpx
import msgspec
import uvicorn
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from services.compliance.findings.violation import Change, ChangeKind, Violation
from services.compliance.policies import policy
from services.compliance.records.evidence import Evidence
from services.compliance.settings import Settings
from services.compliance.storage import violations as kept
from services.compliance.storage.schema import MIGRATIONS
from services.compliance.web.app import create_app
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.calendar import instant_text
from shared.domain.cloudevents import digest

POLICIES = policy.load()
TOLD = datetime(2022, 5, 1, tzinfo=UTC)
ORDER_PLACED = b'{"jurisdiction":"cn-sx","order":"O1","product":"P1","quantity":1200}'
_NAMES = UUID(int=1)

NOBODY = "postgresql://vbp@127.0.0.1:9/vbp"
"""A server that is away."""


def a_violation(number: int = 1, **changes: Any) -> Violation:
    """Make a violation that occurred `number` minutes into 2022; its evidence is one event."""
    occurred_at = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    filled: dict[str, Any] = {
        "id": uuid5(_NAMES, str(number)),
        "rule": "late-response",
        "status": "open",
        "exempt": False,
        "severity": "warning",
        "jurisdiction": "cn-sx",
        "product": "P1",
        "area": "140100",
        "hospital": "H1",
        "manufacturer": "M1",
        "distributor": "D1",
        "order": f"O{number}",
        "subject": f"O{number}",
        "anchor": "response",
        "occurred_at": instant_text(occurred_at),
        "cured_at": None,
        "observed": None,
        "limit": instant_text(occurred_at),
        "breach": None,
        "policy": "cn-sx-2021-22",
        "policy_version": "0" * 64,
        "draft": False,
        "clause": ["七"],
        "quote": "按合同约定及时响应医疗机构采购订单",
        "basis": [{"name": "response_hours", "value": 24.0, "basis": "assumption", "source": "sx"}],
        "details": {},
        "message_zh": "未响应",
        "message_en": "not answered",
        "evidence": [an_evidence(number)],
    }
    return Violation(**(filled | changes))


def an_evidence(offset: int, *, held: str | None = None) -> dict[str, Any]:
    """Point at an event on the topic of orders; `held` is its digest if not the true one."""
    at = instant_text(TOLD)
    return {
        "id": f"e{offset}",
        "source": "/hospitals/H1",
        "type": "vbp.order.placed.v1",
        "time": at,
        "claimed": at,
        "told": at,
        "topic": topics.ORDERS.name,
        "partition": 3,
        "offset": offset,
        "digest": digest(ORDER_PLACED).hex() if held is None else held,
    }


async def tell(
    connection: Connection,
    kind: ChangeKind,
    violations: Sequence[Violation],
    *,
    at: datetime = TOLD,
    causes: tuple[Evidence, ...] = (),
) -> None:
    """Keep changes of violations, by the queries of the worker."""
    gone = kind == "withdrawn"
    changes = [
        Change(kind, violation.id, at, None if gone else violation, causes)
        for violation in violations
    ]
    await kept.tell(connection, changes)


async def keep_fact(connection: Connection, offset: int, data: bytes = ORDER_PLACED) -> None:
    """Keep the event that `an_evidence(offset)` points at."""
    await connection.execute(
        "INSERT INTO compliance.fact VALUES ($1, 3, $2, $3, $4, $5, $6, $3, NULL, $7)",
        topics.INPUTS.index(topics.ORDERS),
        offset,
        TOLD,
        "vbp.order.placed.v1",
        "/hospitals/H1",
        f"e{offset}",
        data,
    )


@asynccontextmanager
async def an_api(
    database: str, *, migrated: bool = True, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the API from a database, in this process."""
    if migrated:
        await postgres.migrate(database, MIGRATIONS, "compliance")
    app = create_app(Settings(database=database, **settings), POLICIES)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api") as client,
    ):
        yield client


@asynccontextmanager
async def served(
    database: str, settings_at: Callable[[str], Settings] | None = None, **settings: Any
) -> AsyncIterator[str]:
    """Serve the API from a database on a port of this machine; gives its address.

    `settings_at` gives all settings of one at an address, where they depend on it.
    """
    await postgres.migrate(database, MIGRATIONS, "compliance")

    def made(address: str) -> FastAPI:
        usual = Settings(database=database, **settings)
        return create_app(settings_at(address) if settings_at else usual, POLICIES)

    async with listening(made) as address:
        yield address


@asynccontextmanager
async def listening(made: Callable[[str], FastAPI]) -> AsyncIterator[str]:
    """Serve what is made for its address on a port of this machine; gives the address."""
    # Whoever connects before it serves waits in the queue of the socket.
    with socket.create_server(("127.0.0.1", 0)) as listens:
        address = f"http://127.0.0.1:{listens.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(made(address), log_config=None))
        serving = asyncio.create_task(server.serve([listens]))
        try:
            yield address
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def a_connection(database: str) -> AsyncIterator[Connection]:
    """Connect beside the API, to put rows there."""
    connection = await postgres.connect(database)
    try:
        yield connection
    finally:
        await connection.close()


def read(answer: httpx.Response) -> Any:
    """Read an answer that must be there."""
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content)


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Read a problem that must have a status."""
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), answer.text
    found: dict[str, Any] = msgspec.json.decode(answer.content)
    assert found["status"] == status
    return found


async def busy(connection: Connection) -> None:
    """Leave something of everything: behind, unjudged, undeliverable, due and untold."""
    heard = datetime.now(UTC) - timedelta(hours=1)
    await connection.execute(
        "INSERT INTO compliance.position "
        "(topic, partition, next_offset, end_offset, heard_until, owner) VALUES "
        "('vbp.orders.v1', 0, 10, 17, $1, 'w1'), ('vbp.orders.v1', 1, 9, 7, now(), NULL)",
        heard,
    )
    await connection.execute("INSERT INTO compliance.enrolled_area VALUES ('cn-sx', '140100')")
    await connection.execute(
        "INSERT INTO compliance.open_count VALUES "
        "('cn-sx', 'late-response', 'warning', '140100', false, 4)"
    )
    await connection.execute(
        "INSERT INTO compliance.found_count VALUES "
        "('cn-sx', 'late-response', 'warning', '140100', 9)"
    )
    await connection.execute(
        "INSERT INTO compliance.unjudged_count VALUES "
        "('cn-sx', 'late-response', 'cycle', 3), ('cn-sx', 'late-delivery', 'cycle', 0)"
    )
    await connection.execute(
        "INSERT INTO compliance.dead_letter "
        '(topic, partition, "offset", told, field, reason, headers) '
        "SELECT 'vbp.orders.v1', 0, n, $1::timestamptz + n * interval '1 minute', 'data', 'why', ''"
        " FROM generate_series(1, 12) AS n",
        TOLD,
    )
    await connection.execute("INSERT INTO compliance.touch (jurisdiction, law) VALUES ('cn-sx', 2)")
    await connection.execute(
        "INSERT INTO compliance.look_again VALUES "
        "('cn-sx', 'order', 'O1', now() - interval '90 seconds', NULL), "
        "('cn-sx', 'order', 'O2', 'epoch', NULL), ('cn-sx', 'order', 'O3', NULL, $1), "
        "('cn-sx', 'order', 'O4', now() + interval '1 day', now())",
        heard,
    )
    await tell(connection, "opened", [a_violation()])


async def samples(api: httpx.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read the metrics, by name and labels."""
    text = (await api.get("/metrics")).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def labelled(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())
