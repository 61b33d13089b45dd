"""What the broker lost before it was read, told by where we stood and where it begins and ends."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.compliance.storage import losses, positions, schema
from services.compliance.storage.positions import Hold, Look
from shared.adapters import postgres
from shared.adapters.broker import Bounds
from shared.adapters.lost import Loss, lost
from shared.adapters.postgres import Connection
from shared.domain.errors import FencedError, InvalidArgumentError
from tests.support.kept import a_connection

FIRST, SECOND = UUID(int=1), UUID(int=2)
PLACE = ("vbp.orders.v1", 0)
NOON = datetime(2022, 3, 1, 4, tzinfo=UTC)
LATER = datetime(2022, 3, 1, 5, tzinfo=UTC)

offsets = some.integers(0, 1_000)


@some.composite
def bounds(draw: some.DrawFn) -> Bounds:
    begin, stable, end = sorted(draw(some.tuples(offsets, offsets, offsets)))
    return Bounds(begin, stable, end)


@some.composite
def holds(draw: some.DrawFn) -> Hold:
    base, read, unread = draw(some.tuples(offsets, offsets, offsets))
    known = draw(some.sampled_from([None, FIRST]))
    return Hold(1, base + read, base, known, base + read + unread)


@given(holds(), bounds(), some.sampled_from([FIRST, SECOND]))
def test_behind_a_loss_a_partition_stands_within_what_the_broker_holds(
    hold: Hold, found: Bounds, topic_id: UUID
) -> None:
    loss = lost(hold, topic_id, found)
    base, following = (hold.base, hold.next) if loss is None else (loss.base, loss.following)
    assert base + found.begin <= following <= base + found.end


@given(holds(), bounds(), some.sampled_from([FIRST, SECOND]))
def test_no_offset_of_ours_is_ever_given_twice(hold: Hold, found: Bounds, topic_id: UUID) -> None:
    loss = lost(hold, topic_id, found)
    if loss is not None:
        assert loss.following >= hold.next
        assert loss.first <= loss.next


@given(holds(), bounds())
def test_what_was_lost_is_said_once(hold: Hold, found: Bounds) -> None:
    loss = lost(hold, SECOND, found)
    if loss is not None:
        end = loss.base + found.end
        after = Hold(hold.epoch, loss.following, loss.base, SECOND, end)
        assert lost(after, SECOND, found) is None


def test_a_partition_read_within_its_bounds_has_lost_nothing() -> None:
    assert lost(Hold(1, 7, 0, FIRST, 9), FIRST, Bounds(0, 12, 12)) is None
    assert lost(Hold(1, 0, 0, None, 0), FIRST, Bounds(0, 12, 12)) is None


def test_what_retention_removed_unread_is_lost() -> None:
    loss = lost(Hold(1, 7, 0, FIRST, 20), FIRST, Bounds(12, 20, 20))
    assert loss == Loss("removed", 7, 12, FIRST, base=0, following=12)


def test_a_topic_made_again_has_lost_what_was_unread_and_is_read_from_its_beginning() -> None:
    loss = lost(Hold(1, 7, 0, FIRST, 20), SECOND, Bounds(0, 3, 3))
    assert loss == Loss("made_again", 7, 20, FIRST, base=20, following=20)


def test_a_topic_made_again_longer_than_before_is_told_by_its_id() -> None:
    loss = lost(Hold(1, 7, 0, FIRST, 7), SECOND, Bounds(0, 500, 500))
    assert loss == Loss("made_again", 7, 7, FIRST, base=7, following=7)


def test_a_log_that_ends_before_where_we_are_was_cut_off() -> None:
    loss = lost(Hold(1, 7, 0, FIRST, 7), FIRST, Bounds(0, 4, 4))
    assert loss == Loss("cut_off", 4, 7, FIRST, base=3, following=7)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    await postgres.migrate(database, schema.MIGRATIONS, "compliance")
    async with a_connection(database) as connection:
        await positions.create(connection)
        yield connection


async def held(connection: Connection) -> Hold:
    (hold,) = (await positions.take(connection, [PLACE], "us", 1)).values()
    return hold


async def heard_until(connection: Connection) -> datetime:
    query = "SELECT heard_until FROM compliance.position WHERE topic = $1 AND partition = $2"
    until: datetime = await connection.fetchval(query, *PLACE)
    return until


@pytest.mark.integration
async def test_the_clock_of_a_partition_stands_until_its_loss_is_acknowledged(
    connection: Connection,
) -> None:
    hold = await held(connection)
    loss = lost(hold, FIRST, Bounds(5, 8, 8))
    assert loss is not None
    await losses.note(connection, {PLACE: hold}, {PLACE: (loss, FIRST)}, NOON)
    after = await positions.still_held(connection, {PLACE: hold})
    assert after == {PLACE: Hold(hold.epoch, 5, 0, FIRST, 0)}

    read_to_the_end = [positions.Span(*PLACE, hold.epoch, 5, 8)]
    await positions.advance(connection, read_to_the_end, NOON)
    before = await heard_until(connection)
    await positions.hear(connection, after, {PLACE: Look(FIRST, 8, 8)}, NOON)
    assert await heard_until(connection) == before

    number = await connection.fetchval("SELECT id FROM compliance.loss")
    await losses.acknowledge(connection, [number], "Li Wei", "told again from the archive", LATER)
    await positions.hear(connection, after, {PLACE: Look(FIRST, 8, 8)}, LATER)
    assert await heard_until(connection) == LATER


@pytest.mark.integration
async def test_a_loss_is_noted_only_by_the_owner_from_where_it_stood(
    connection: Connection,
) -> None:
    hold = await held(connection)
    loss = lost(hold, FIRST, Bounds(5, 8, 8))
    assert loss is not None
    stale = {PLACE: hold._replace(epoch=hold.epoch - 1)}, {PLACE: hold._replace(next=3)}
    for believed in stale:
        with pytest.raises(FencedError):
            await losses.note(connection, believed, {PLACE: (loss, FIRST)}, NOON)
    assert await connection.fetchval("SELECT count(*) FROM compliance.loss") == 0


@pytest.mark.integration
async def test_a_loss_is_acknowledged_once_and_never_removed(connection: Connection) -> None:
    hold = await held(connection)
    loss = lost(hold, FIRST, Bounds(5, 8, 8))
    assert loss is not None
    await losses.note(connection, {PLACE: hold}, {PLACE: (loss, FIRST)}, NOON)
    number = await connection.fetchval("SELECT id FROM compliance.loss")
    await losses.acknowledge(connection, [number], "Li Wei", "told again", LATER)
    with pytest.raises(InvalidArgumentError, match="vbp losses list"):
        await losses.acknowledge(connection, [number], "Wang Fang", "again", LATER)
    with pytest.raises(InvalidArgumentError, match="99"):
        await losses.acknowledge(connection, [99], "Wang Fang", "no such loss", LATER)
    for change in ("DELETE FROM", "UPDATE", "TRUNCATE"):
        rest = " SET reason = 'other'" if change == "UPDATE" else ""
        with pytest.raises(asyncpg.RaiseError):
            await connection.execute(f"{change} compliance.loss{rest}")
