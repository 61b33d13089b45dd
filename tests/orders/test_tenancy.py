"""What a party sees of orders and purchases: its own; PostgreSQL alone sees to it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import date
from random import Random
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from services.orders import life
from services.orders.answers import MIGRATIONS
from services.orders.payments import Payment
from services.orders.progress import Bought, Group, Progress, ProgressAsked, progress
from services.orders.worker import SUBJECT
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.adapters.tenancy import Database, own_of
from shared.domain.principal import Principal
from shared.domain.records.order import Order
from shared.domain.records.order_told import MERGED
from shared.domain.topics import DATA_OF
from tests.support.histories import history
from tests.support.tally.keeping import keeping, messages
from tests.support.tally.reckoned import purchases
from tests.support.tenants import READABLE, a_party, a_regulator, asking, confine, documented

pytestmark = pytest.mark.integration

LATER = date(2031, 1, 1)
MAKERS = "SELECT code, manufacturer FROM entry WHERE jurisdiction = 'cn-sx' AND kind = 'product'"
GROUPS: tuple[Group, ...] = ("none", "area", "hospital", "product", "agreement", "month")


async def _progress(
    reader: Database,
    who: Principal,
    group: Group,
    month: int = 202_206,
    place: str = "cn-sx",
    **of: str,
) -> Progress:
    with asking(who):
        asked = ProgressAsked(place, month, group, **of, own=own_of(who))
        return await progress(reader, asked, LATER)


async def test_a_party_is_told_what_its_own_orders_come_to_as_if_there_were_no_others(
    database: str,
) -> None:
    shown = 0
    async with keeping(SUBJECT, database) as kept, _reading(database) as reader:
        for seed in range(4):
            await kept.empty()
            events = history(Random(seed))
            await kept.take(messages(events, SUBJECT.topics))
            makers = dict(await kept.connection.fetch(MAKERS))
            bought, _ = purchases([one for one in events if DATA_OF[one["type"]] in MERGED])
            for kind, code, own in _parties(bought, makers):
                summed: dict[str, list[Any]] = defaultdict(lambda: [0] * 8)
                for key, sums in bought.items():
                    if key[0] == "cn-sx" and own(key):
                        month = f"{key[1] // 100}-{key[1] % 100:02}"
                        summed[month] = [
                            sum(pair) for pair in zip(summed[month], sums, strict=True)
                        ]
                found = await _progress(reader, a_party(kind, code), "month")
                told = {row.code: row.bought for row in found.rows}
                assert told == {month: Bought(*sums) for month, sums in summed.items()}, (
                    kind,
                    code,
                )
                shown += len(told)
    assert shown > 15


def _parties(bought: Any, makers: dict[str, str | None]) -> list[tuple[str, str, Any]]:
    """Every party of some purchases, with what tells whether a purchase is one of its own."""
    made = sorted({maker for maker in makers.values() if maker})
    return [
        *(("hospital", code, _is(2, code)) for code in sorted({key[2] for key in bought})),
        *(("distributor", code, _is(5, code)) for code in sorted({key[5] for key in bought})),
        *(("manufacturer", code, _is(5, code, makers)) for code in made),
    ]


def _is(at: int, code: str, makers: dict[str, str | None] | None = None) -> Callable[[Any], bool]:
    """Say of a purchase whether its key has a code at a place, or its product is made by it."""
    return lambda key: key[at] == code or (makers is not None and makers.get(key[4]) == code)


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    """Five thousand orders of fifty hospitals, as the owner of the tables sees them."""
    await postgres.migrate(database, MIGRATIONS, "orders")
    connection = await postgres.connect(database, search_path="orders")
    await connection.execute(MANY, msgspec.msgpack.encode(Order()))
    for statement in OF_THESE:
        await connection.execute(statement)
    await connection.execute(PAID, msgspec.msgpack.encode(Payment()))
    await connection.execute("ANALYZE")
    yield connection
    await connection.close()


MANY = """
INSERT INTO kept (jurisdiction, "order", product, hospital, distributor, record, given)
SELECT CASE WHEN n % 2 = 0 THEN 'cn-sx' ELSE 'cn-tj' END, 'O' || n, 'P' || n % 20, 'H' || n % 50,
       'D' || n % 7, $1::bytea, '\\x90'
FROM generate_series(0, 4999) AS n
"""
OF_THESE = (
    """INSERT INTO entry (jurisdiction, kind, code, body, manufacturer)
    SELECT j, 'product', 'P' || n, '', 'M' || n % 5
    FROM generate_series(0, 19) AS n, (VALUES ('cn-sx'), ('cn-tj')) AS of (j)""",
    """INSERT INTO purchase
    SELECT jurisdiction, 202206, hospital, '1401', product, distributor, count(*),
           1, 0, 1, 0, 1, 1, 0
    FROM kept GROUP BY jurisdiction, hospital, product, distributor""",
    """INSERT INTO purchase_of_hospital
    SELECT jurisdiction, month, hospital, area, sum(orders), 1, 0, 1, 0, 1, 1, 0
    FROM purchase GROUP BY jurisdiction, month, hospital, area""",
    """INSERT INTO agreement
    SELECT DISTINCT jurisdiction, hospital || product, product, hospital, 100, date '2022-01-01',
           date '2023-01-01', NULL::numeric, ''::bytea, '1401', 1 FROM kept""",
    """INSERT INTO completion_to_date
    SELECT jurisdiction, 202206, agreement, 1, 0, 1, 0 FROM agreement""",
)
PAID = """INSERT INTO payment SELECT jurisdiction, 'Y' || "order", "order", $1::bytea FROM kept"""
WHOSE = {
    "kept": "hospital, distributor, product",
    "purchase": "hospital, distributor, product",
    "agreement": "hospital, '' AS distributor, product",
}


async def test_five_thousand_foreign_orders_leak_nothing(connection: Connection) -> None:
    """Without any condition of the API's own: what PostgreSQL keeps back, it keeps back alone."""
    orders = await connection.fetch('SELECT "order", hospital, distributor, product FROM kept')
    made = {f"P{n}": f"M{n % 5}" for n in range(20)}
    everybody = [("hospital", f"H{n}") for n in range(50)]
    everybody += [("distributor", f"D{n}") for n in range(7)]
    everybody += [("manufacturer", f"M{n}") for n in range(5)]
    for kind, code in everybody:
        await confine(connection, "*", f'{{"{kind}:{code}"}}')
        own = {
            one["order"]
            for one in orders
            if {"manufacturer": made[one["product"]]}.get(kind, one.get(kind)) == code
        }
        assert own
        foreign = [one["order"] for one in orders if one["order"] not in own]
        # A payment asks for its order anew, as completion does for its agreement.
        anew = code in {"H0", "D0", "M0"}
        for table in ("kept", "payment") if anew else ("kept",):
            seen = await connection.fetch(f'SELECT "order" FROM {table}')  # noqa: S608  # ours
            assert {one["order"] for one in seen} == own
            leaked = f'SELECT count(*) FROM {table} WHERE "order" = ANY ($1)'  # noqa: S608  # ours
            assert await connection.fetchval(leaked, foreign) == 0
        for table, columns in WHOSE.items():
            rows = await connection.fetch(f"SELECT DISTINCT {columns} FROM {table}")  # noqa: S608
            assert bool(rows) == (table != "agreement" or kind != "distributor")
            whose = {made[row["product"]] if kind == "manufacturer" else row[kind] for row in rows}
            assert whose <= {code}
        agreements = await connection.fetch("SELECT agreement FROM agreement")
        if anew:
            completed = await connection.fetch("SELECT agreement FROM completion_to_date")
            assert {one[0] for one in completed} == {one[0] for one in agreements}
        assert await connection.fetchval("SELECT count(*) FROM purchase_of_hospital") == 0


async def test_an_answer_that_asks_for_everybodys_is_given_ones_own(
    connection: Connection, database: str
) -> None:
    assert not connection.is_closed()
    async with _reading(database) as reader:
        for who, sees in ((a_party("hospital", "H7"), True), (a_party("distributor", "D3"), False)):
            with asking(who):
                for group in GROUPS:
                    asked = ProgressAsked("cn-tj", 202_206, group)
                    answer = await progress(reader, asked, LATER)
                    # Sums over several parties are nobody's own; agreements are a hospital's.
                    assert all(row.bought is None for row in answer.rows)
                    assert sees or all(row.completed is None for row in answer.rows)
                    assert group != "hospital" or {row.code for row in answer.rows} <= {"H7"}
                assert await life.life(reader, "O8", None) is None
                assert (await life.life(reader, "O7", None) is not None) == sees


async def test_what_a_party_asks_for_of_its_own_is_its_part_of_the_whole(
    connection: Connection, database: str
) -> None:
    assert not connection.is_closed()
    parts: tuple[Group, ...] = ("product", "area", "hospital")
    async with _reading(database) as reader:
        for who in (a_party("hospital", "H7"), a_party("manufacturer", "M2")):
            for group in parts:
                whole = (await _progress(reader, who, group, place="cn-tj")).rows
                assert whole
                for row in whole:
                    of: dict[str, Any] = {group: row.code}
                    (part,) = (await _progress(reader, who, "none", place="cn-tj", **of)).rows
                    assert (part.bought, part.completed) == (row.bought, row.completed)


async def test_who_may_see_one_jurisdiction_sees_nothing_of_the_other(
    connection: Connection, database: str
) -> None:
    assert not connection.is_closed()
    async with _reading(database) as reader:
        here = a_party("distributor", "D3", ["cn-tj"])
        counted = {
            place: await _progress(reader, here, "none", place=place)
            for place in ("cn-sx", "cn-tj")
        }
        assert [bool(answer.rows) for answer in counted.values()] == [False, True]
        for place, told in (("cn-sx", 0), ("cn-tj", 2_500)):
            answer = await _progress(reader, a_regulator("cn-tj"), "hospital", place=place)
            bought = sum(row.bought.orders for row in answer.rows if row.bought is not None)
            assert bought == told


async def test_what_may_be_read_says_who_sees_it_and_nobody_sees_anything_unasked(
    connection: Connection,
) -> None:
    tables = dict(await connection.fetch(READABLE, "orders"))
    assert {name for name, kept in tables.items() if not kept} == {"position"}
    assert tables.keys() == documented("orders")
    for places, parties in (("", ""), ("*", ""), ("", "*"), ("{}", "{}"), ("*", "{hospital:}")):
        await confine(connection, places, parties)
        for table in tables.keys() - {"position"}:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608


def _reading(database: str) -> Database:
    return Database(database, "orders", MIGRATIONS)
