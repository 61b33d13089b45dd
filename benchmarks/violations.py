"""A made-up past of a province: violations in any number, as skewed and correlated as real ones."""

import hashlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.compliance.rules import RULES
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.calendar import instant_text
from shared.domain.cloudevents import digest

COLUMNS = (
    *("id", "jurisdiction", "rule", "status", "exempt", "severity", "product", "area", "hospital"),
    *("manufacturer", "distributor", "order", "occurred_at", "cured_at", "detected_at"),
    *("recorded_at", "seq", "head", "accused_role", "accused", "supersedes", "body"),
)
WITH_HISTORY = 10
"""Every tenth violation has its history and facts: enough to ask for, and the load stays short."""

_BEGIN = datetime(2021, 11, 1, tzinfo=UTC)
_DAYS = 1_000
_ENDED = 0.1
_EXEMPT = 0.01
_AT_HOME = 0.9
_SEVERITIES = ("warning", "warning", "warning", "explain", "breach")
_QUOTE = (
    "中选企业应作为保障供应的第一责任人，按合同约定及时响应医疗机构采购订单，做到按需及时足量配送。"
    * 2
)
_FACT = b'{"jurisdiction":"cn-sx","order":"O","product":"P","hospital":"H","quantity":1200}'
_FACT_DIGEST = digest(_FACT).hex()
_BATCH = 20_000


class Row(NamedTuple):
    """One violation: the values of COLUMNS, and its body as text."""

    values: tuple[Any, ...]
    number: int


def violations(count: int, *, seed: int = 7) -> Iterator[Row]:
    """Make violations in the order of time, as they are found.

    The first rule, and the distributors of product cycles that have ended, occur in the oldest
    tenth only: what a list that is read from its newest end finds hardest.
    """
    rng = random.Random(seed)
    for number in range(count):
        yield _violation(number, number / count, rng)


def _violation(number: int, fraction: float, rng: random.Random) -> Row:
    ended = fraction < _ENDED
    rule = rng.choice(RULES if ended else RULES[1:])
    occurred_at = _BEGIN + timedelta(days=_DAYS * fraction + rng.random())
    status = rng.choices(("closed", "open", "withdrawn"), (80, 15, 5))[0]
    cured_at = occurred_at + timedelta(hours=30) if status == "closed" else None
    place = int(30 * rng.random() ** 2)
    product = int(2_000 * rng.random() ** 3)
    body = {
        "id": str(UUID(int=rng.getrandbits(128))),
        "rule": rule.name,
        "status": "open" if status == "withdrawn" else status,
        "exempt": rng.random() < _EXEMPT,
        "severity": rng.choice(_SEVERITIES),
        "jurisdiction": "cn-sx" if rng.random() < _AT_HOME else "cn-tj",
        "product": f"P{product:04}",
        "area": f"14{place:02}00",
        "hospital": f"H{place:02}{int(200 * rng.random() ** 2):03}",
        "manufacturer": f"M{product % 200:03}",
        "distributor": f"{'E' if ended else 'D'}{place:02}{int(10 * rng.random() ** 2)}",
        "order": f"O{number:08}",
        "subject": f"O{number:08}",
        "anchor": "response",
        "occurred_at": instant_text(occurred_at),
        "cured_at": None if cured_at is None else instant_text(cured_at),
        "observed": None,
        "limit": instant_text(occurred_at),
        "breach": None,
        "policy": "cn-sx-2021-22",
        "policy_version": "0" * 64,
        "draft": False,
        "clause": ["七"],
        "quote": _QUOTE,
        "basis": [{"name": "response_hours", "value": 24, "basis": "assumption", "source": "sx"}],
        "details": {"hours": 30},
        "message_zh": f"订单 O{number:08} 应于限期前响应，实际响应：至今未响应。",
        "message_en": f"Order O{number:08} was to be answered in time; answered: not so far.",
        "evidence": [_evidence(number, place, occurred_at) for place in range(2)],
    }
    return Row(_values(number, body, status, occurred_at, cured_at), number)


def _evidence(number: int, place: int, at: datetime) -> dict[str, Any]:
    instant = instant_text(at)
    return {
        "id": f"e-{number}-{place}",
        "source": "/hospitals/H00001",
        "type": "vbp.order.placed.v1",
        "time": instant,
        "claimed": instant,
        "told": instant,
        "topic": topics.ORDERS.name,
        "partition": number % 8,
        "offset": number * 2 + place,
        "digest": _FACT_DIGEST,
    }


def _values(
    number: int,
    body: dict[str, Any],
    status: str,
    occurred_at: datetime,
    cured_at: datetime | None,
) -> tuple[Any, ...]:
    seen = occurred_at + timedelta(seconds=2)
    lines = [] if number % WITH_HISTORY else _lines(body, status, seen)
    changed = {**body, "status": status}
    return (
        UUID(body["id"]),
        *(changed[name] for name in COLUMNS[1:12]),
        *(occurred_at, cured_at, seen, seen, len(lines), lines[-1][1] if lines else b""),
        *("manufacturer", body["manufacturer"], []),
        msgspec.json.encode(body).decode(),
    )


def _lines(body: dict[str, Any], status: str, at: datetime) -> list[tuple[bytes, bytes]]:
    """Give the lines of a history with their hashes."""
    told: list[tuple[str, Any]] = [("opened", {**body, "status": "open", "cured_at": None})]
    if status != "open":
        told.append((status, None if status == "withdrawn" else body))
    lines, last = [], b""
    for change, violation in told:
        line = msgspec.json.encode(
            {
                "at": instant_text(at),
                "actor": "machine",
                "change": change,
                "violation": violation,
                "causes": [],
                "supersedes": [],
            }
        )
        last = hashlib.sha256(last + line).digest()
        lines.append((line, last))
    return lines


def history_of(row: Row) -> list[tuple[Any, ...]]:
    """Give the history rows of a violation."""
    body, at = msgspec.json.decode(row.values[-1]), row.values[14]
    status = row.values[3]
    return [
        (row.values[0], seq, at, "machine", "opened" if seq == 1 else status, line, told)
        for seq, (line, told) in enumerate(_lines(body, status, at), 1)
    ]


def facts_of(row: Row) -> list[tuple[Any, ...]]:
    """Give the facts that a violation's evidence points at."""
    place, at = topics.INPUTS.index(topics.ORDERS), row.values[12]
    return [
        (
            *(place, row.number % 8, row.number * 2 + which, at, "vbp.order.placed.v1"),
            *("/hospitals/H00001", f"e-{row.number}-{which}", at, None, _FACT),
        )
        for which in range(2)
    ]


async def fill(connection: Connection, count: int) -> list[UUID]:
    """Fill the migrated tables by COPY; gives the violations that have a history."""
    asked: list[UUID] = []
    rows = violations(count)
    while batch := list(islice(rows, _BATCH)):
        await _copy(connection, "violation", COLUMNS, [row.values for row in batch])
        told = [row for row in batch if row.number % WITH_HISTORY == 0]
        lines = [line for row in told for line in history_of(row)]
        await _copy(connection, "history", None, lines)
        await _copy(connection, "fact", None, [fact for row in told for fact in facts_of(row)])
        asked += [row.values[0] for row in told]
    await connection.execute("VACUUM ANALYZE")
    return asked


async def _copy(
    connection: Connection,
    table: str,
    columns: tuple[str, ...] | None,
    records: list[tuple[Any, ...]],
) -> None:
    await connection.copy_records_to_table(
        table, schema_name="compliance", columns=columns, records=records
    )
