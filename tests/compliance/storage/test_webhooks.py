"""What is kept of webhooks: told once, tried for a day, ended and renewed by their own subject."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from services.compliance.storage import webhooks
from services.compliance.storage.webhooks import BACK_OFF, QUERIES, Tried
from shared.adapters import postgres
from shared.adapters.postgres import Connection

pytestmark = pytest.mark.integration

NOW = datetime(2022, 5, 1, tzinfo=UTC)
MINE, ANOTHERS = "key:mine", "key:anothers"
SECRET, LATER = b"x" * 32, b"y" * 32


async def subscribed(connection: Connection, *messages: str) -> UUID:
    """A subscription for which changes wait."""
    hook = uuid4()
    address = "https://example.com/"
    assert await webhooks.create(connection, hook, MINE, address, {}, SECRET, NOW)
    told = [(hook, message, b"{}") for message in messages]
    await webhooks.queue(connection, told, {0: len(told)}, NOW)
    return hook


async def test_a_change_that_is_read_again_is_not_told_again(database: str) -> None:
    connection = await postgres.connect(database, search_path="compliance")
    hook = await subscribed(connection, "a", "b")
    await webhooks.queue(connection, [(hook, "a", b"{}")], {1: 7}, NOW)
    assert [one.message for one in await webhooks.due(connection, NOW, 20)] == ["a", "b"]
    assert await webhooks.places(connection) == {0: 2, 1: 7}
    await connection.close()


async def test_what_fails_is_tried_for_a_day_then_given_up_and_begun_anew_when_asked(
    database: str,
) -> None:
    connection = await postgres.connect(database, search_path="compliance")
    hook = await subscribed(connection, "a")
    at, tries = NOW, 0
    while tries <= len(BACK_OFF) and (due := await webhooks.due(connection, at, 20)):
        await webhooks.note(connection, [Tried(due[0], None, "away")], at)
        tries += 1
        if tries <= len(BACK_OFF):
            assert await webhooks.due(connection, at + BACK_OFF[tries - 1] * 0.9, 20) == []
            at += BACK_OFF[tries - 1]
    assert tries == len(BACK_OFF) + 1
    assert at - NOW == sum(BACK_OFF, timedelta())
    assert await webhooks.due(connection, at + timedelta(days=9), 20) == []
    (row,) = await connection.fetch(QUERIES["log"], hook, MINE, 2**63 - 1, 20)
    assert (row["attempts"], row["problem"], row["due_at"]) == (tries, "away", None)
    assert await connection.fetchval(QUERIES["again"], hook, ANOTHERS, row["id"], at) is None
    assert await connection.fetchval(QUERIES["again"], hook, MINE, row["id"], at) == row["id"]
    (due_again,) = await webhooks.due(connection, at, 20)
    assert due_again.attempts == 0
    await connection.close()


async def test_nobody_else_renews_or_ends_it_and_for_a_day_both_secrets_sign(
    database: str,
) -> None:
    connection = await postgres.connect(database, search_path="compliance")
    hook = await subscribed(connection, "a")
    until = NOW + timedelta(days=1)
    assert await connection.fetchval(QUERIES["renew"], hook, ANOTHERS, LATER, until) is None
    assert await connection.fetchval(QUERIES["renew"], hook, MINE, LATER, until) == hook
    (both,) = await webhooks.due(connection, NOW, 20)
    (one,) = await webhooks.due(connection, until, 20)
    assert (both.secrets, one.secrets) == ((LATER, SECRET), (LATER,))
    assert await connection.fetchval(QUERIES["end_one"], hook, ANOTHERS, NOW) is None
    assert await connection.fetchval(QUERIES["end_one"], hook, MINE, NOW) == hook
    assert await webhooks.due(connection, until, 20) == []
    assert await webhooks.live(connection) == []
    await webhooks.sweep(connection, NOW + webhooks.KEPT_FOR + timedelta(seconds=1))
    assert await connection.fetchval("SELECT count(*) FROM webhook_delivery") == 0
    await connection.close()


async def test_one_has_so_many_and_no_more(database: str) -> None:
    connection = await postgres.connect(database, search_path="compliance")
    for _ in range(webhooks.MOST_OF_ONE):
        await subscribed(connection)
    address = "https://example.com/"
    made = await webhooks.create(connection, uuid4(), MINE, address, {}, SECRET, NOW)
    assert not made
    assert await webhooks.create(connection, uuid4(), ANOTHERS, address, {}, SECRET, NOW)
    await connection.close()
