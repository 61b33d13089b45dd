"""What a party sees of deliveries and scorecards: its own; PostgreSQL alone sees to it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random

import msgspec
import pytest
import pytest_asyncio

from services.commands import promises
from services.delivery.answers import MIGRATIONS
from services.delivery.scorecards import CardsAsked, Group, Scorecard, scorecards
from services.delivery.shipments import ShipmentsAsked, shipments
from services.delivery.worker import subject
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.adapters.tenancy import Database, own_of
from shared.domain.principal import Principal
from shared.domain.records.order import Order
from tests.support.builders import POLICIES
from tests.support.histories import history
from tests.support.tally.keeping import keeping, messages
from tests.support.tenants import READABLE, a_party, a_regulator, asking, confine, documented

pytestmark = pytest.mark.integration

SUBJECT = subject(*promises.of(POLICIES))
LATER = datetime(2030, 1, 1, tzinfo=UTC)
GROUPS: tuple[Group, ...] = (
    "none",
    "distributor",
    "manufacturer",
    "product",
    "area",
    "month",
    "remote",
)
OVERSEER = a_regulator("cn-sx", "cn-tj")
PARTIES = """
SELECT DISTINCT kind, code
FROM line, LATERAL (VALUES ('hospital', hospital), ('distributor', distributor),
                           ('manufacturer', manufacturer)) AS of (kind, code)
WHERE code <> ''
"""
TOLD = """
SELECT count(*) FROM line
WHERE lines = 1 AND jurisdiction = 'cn-sx'
  AND ({0} = $1 OR '{0}' = 'manufacturer' AND distributor = $1)
"""
DELIVERED_BY = "SELECT count(*) FROM line WHERE distributor = $1"


async def _cards(
    reader: Database, who: Principal, group: Group = "none", place: str = "cn-sx", **of: str
) -> list[Scorecard]:
    with asking(who):
        asked = CardsAsked(place, 190_001, 202_912, group, **of, own=own_of(who))  # type: ignore[arg-type]
        return (await scorecards(reader, asked, LATER)).rows


async def test_a_partys_scorecards_are_those_that_overseers_see_of_it(database: str) -> None:
    async with keeping(SUBJECT, database) as kept, _reading(database) as reader:
        for seed in range(6):
            await kept.take(messages(history(Random(seed)), SUBJECT.topics))
        counted = {"hospital": 0, "distributor": 0, "manufacturer": 0}
        for kind, code in await kept.connection.fetch(PARTIES):
            who = a_party(kind, code)
            told = await kept.connection.fetchval(TOLD.format(kind), code)
            alone = await kept.connection.fetchval(DELIVERED_BY, code) == 0
            for group in GROUPS:
                mine = await _cards(reader, who, group)
                assert sum(row.lines for row in mine) == told, (kind, code, group)
                # Of a hospital none can ask; and some makers deliver, others' products too.
                if kind == "distributor" or (kind == "manufacturer" and alone):
                    assert mine == await _cards(reader, OVERSEER, group, **{kind: code})
            counted[kind] += told
    assert min(counted.values()) > 5


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    """Five thousand orders of fifty hospitals, as the owner of the tables sees them."""
    await postgres.migrate(database, MIGRATIONS, "delivery")
    connection = await postgres.connect(database, search_path="delivery")
    await connection.execute(LINES)
    await connection.execute(RECORDS, msgspec.msgpack.encode(Order()))
    await connection.execute(CARDS)
    await connection.execute("ANALYZE")
    yield connection
    await connection.close()


LINES = """
INSERT INTO line (jurisdiction, "order", hospital, distributor, manufacturer, product, area, month,
                  remote, hours, lines)
SELECT CASE WHEN n % 2 = 0 THEN 'cn-sx' ELSE 'cn-tj' END, 'O' || n, 'H' || n % 50, 'D' || n % 7,
       'M' || n % 5, 'P' || n % 20, '1401', 202206, 0, 3, 1
FROM generate_series(0, 4999) AS n
"""
RECORDS = """
INSERT INTO kept (jurisdiction, "order", record, given)
SELECT jurisdiction, "order", $1::bytea, '\\x90' FROM line
"""
CARDS = """
INSERT INTO card_of_distributor
SELECT jurisdiction, month, distributor, area, remote, count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM line GROUP BY jurisdiction, month, distributor, area, remote
"""


async def test_five_thousand_foreign_lines_leak_nothing(connection: Connection) -> None:
    """Without any condition of the API's own: what PostgreSQL keeps back, it keeps back alone."""
    lines = await connection.fetch('SELECT "order", hospital, distributor, manufacturer FROM line')
    everybody = {(kind, one[kind]) for one in lines for kind in ("hospital", "distributor")}
    everybody |= {("manufacturer", one["manufacturer"]) for one in lines}
    assert len(everybody) == 62
    for kind, code in sorted(everybody):
        await confine(connection, "*", f'{{"{kind}:{code}"}}')
        own = {one["order"] for one in lines if one[kind] == code}
        foreign = [one["order"] for one in lines if one["order"] not in own]
        # What is kept of an order asks for its line anew.
        for table in ("line", "kept") if code in {"H0", "D0", "M0"} else ("line",):
            seen = await connection.fetch(f'SELECT "order" FROM {table}')  # noqa: S608  # ours
            assert {one["order"] for one in seen} == own
            leaked = f'SELECT count(*) FROM {table} WHERE "order" = ANY ($1)'  # noqa: S608  # ours
            assert await connection.fetchval(leaked, foreign) == 0
        assert await connection.fetchval("SELECT count(*) FROM card_of_distributor") == 0


async def test_an_answer_that_asks_for_everybodys_is_given_ones_own(
    connection: Connection, database: str
) -> None:
    assert not connection.is_closed()
    who = a_party("hospital", "H7")
    async with _reading(database) as reader:
        own = await _shipped(reader, who)
        assert own == {f"O{n}" for n in range(7, 5_000, 50)}
        with asking(who):
            page = await shipments(reader, ShipmentsAsked("cn-tj"))
            assert {one.order for one in page.orders} == own
            for order in ("O8", "O9", "O57 "):
                assert (await shipments(reader, ShipmentsAsked("cn-tj", order))).orders == []
            asked = CardsAsked("cn-tj", 202_206, 202_206, "distributor")
            assert (await scorecards(reader, asked, LATER)).rows == []
            lines = asked._replace(group_by="product", area="1401", distributor="D1")
            assert sum(row.lines for row in (await scorecards(reader, lines, LATER)).rows) == 15


async def _shipped(reader: Database, who: Principal) -> set[str]:
    with asking(who):
        page = await shipments(reader, ShipmentsAsked("cn-tj"), own_of(who))
    return {one.order for one in page.orders}


async def test_what_a_party_asks_for_of_its_own_is_its_part_of_the_whole(
    connection: Connection, database: str
) -> None:
    assert not connection.is_closed()
    parts: tuple[Group, ...] = ("product", "area", "distributor", "manufacturer")
    async with _reading(database) as reader:
        for who in (a_party("hospital", "H7"), a_party("distributor", "D1")):
            for group in parts:
                whole = await _cards(reader, who, group, "cn-tj")
                assert whole
                for row in whole:
                    (part,) = await _cards(reader, who, "none", "cn-tj", **{group: row.code})
                    assert msgspec.structs.replace(part, code=row.code) == row


async def test_who_may_see_one_jurisdiction_sees_nothing_of_the_other(
    connection: Connection, database: str
) -> None:
    assert not connection.is_closed()
    async with _reading(database) as reader:
        for who, told in (
            (a_party("distributor", "D3", ["cn-tj"]), 357),
            (a_regulator("cn-tj"), 2_500),
        ):
            assert await _cards(reader, who, "distributor") == []
            here = await _cards(reader, who, "distributor", "cn-tj")
            assert sum(row.lines for row in here) == told


async def test_what_may_be_read_says_who_sees_it_and_nobody_sees_anything_unasked(
    connection: Connection,
) -> None:
    tables = dict(await connection.fetch(READABLE, "delivery"))
    assert {name for name, kept in tables.items() if not kept} == {"position"}
    assert tables.keys() == documented("delivery")
    for places, parties in (("", ""), ("*", ""), ("", "*"), ("{}", "{}"), ("*", "{hospital:}")):
        await confine(connection, places, parties)
        for table in tables.keys() - {"position"}:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608


def _reading(database: str) -> Database:
    return Database(database, "delivery", MIGRATIONS)
