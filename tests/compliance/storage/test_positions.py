import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from services.compliance.settings import Settings
from services.compliance.storage import positions, schema
from services.compliance.storage.positions import Hold, Span
from shared.adapters.postgres import Connection
from shared.domain.errors import FencedError

pytestmark = pytest.mark.integration

PLACE = ("vbp.orders.v1", 3)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def connect(database: str, owner: str) -> Connection:
    return await asyncpg.connect(database, server_settings={"application_name": owner})


@pytest.fixture
async def prepared(database: str, kafka: str) -> str:
    settings = Settings(database=database, kafka=kafka)
    await schema.migrate(settings)
    await schema.create_topics(settings)
    return database


async def taken(connection: Connection, owner: str) -> Hold:
    pid = connection.get_server_pid()
    return (await positions.take(connection, [PLACE], owner, pid))[PLACE]


async def test_whoever_takes_a_partition_over_shuts_out_its_last_owner(prepared: str) -> None:
    one, other = await connect(prepared, "one"), await connect(prepared, "other")
    old, new = await taken(one, "one"), await taken(other, "other")

    async with other.transaction():
        await positions.advance(other, [Span(*PLACE, new.epoch, 0, 7)], NOW)
    with pytest.raises(FencedError):
        await positions.advance(one, [Span(*PLACE, old.epoch, 7, 9)], NOW)

    assert await positions.still_held(one, {PLACE: old}) is None
    assert await positions.still_held(other, {PLACE: new}) == {PLACE: Hold(new.epoch, 7)}
    await one.close()
    await other.close()


async def test_an_owner_reads_on_only_from_where_it_stands(prepared: str) -> None:
    one = await connect(prepared, "one")
    hold = await taken(one, "one")

    await positions.advance(one, [Span(*PLACE, hold.epoch, 0, 5)], NOW)
    with pytest.raises(FencedError):
        await positions.advance(one, [Span(*PLACE, hold.epoch, 0, 5)], NOW)
    await one.close()


async def test_an_owner_frozen_inside_a_statement_does_not_hold_a_partition_up(
    prepared: str,
) -> None:
    frozen, other = await connect(prepared, "frozen"), await connect(prepared, "other")
    hold = await taken(frozen, "frozen")
    asleep = asyncio.Event()

    async def never_ends() -> AsyncIterator[bytes]:
        asleep.set()
        await asyncio.Event().wait()
        yield b""

    async def commit() -> None:
        async with frozen.transaction():
            await positions.advance(frozen, [Span(*PLACE, hold.epoch, 0, 5)], NOW)
            await frozen.copy_to_table("touch", schema_name="compliance", source=never_ends())

    batch = asyncio.create_task(commit())
    await asleep.wait()
    taken_over = await taken(other, "other")

    assert taken_over == Hold(hold.epoch + 1, 0)
    alive = await other.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'frozen'"
    )
    assert alive == 0
    batch.cancel()
    await asyncio.gather(batch, return_exceptions=True)
    await other.close()
