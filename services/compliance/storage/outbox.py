"""What is still to be told on the bus: changes of violations, and dead letters."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import asyncpg

from shared.adapters import postgres
from shared.adapters.postgres import Connection

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


LETTER_AT_MOST = 7 << 20
"""Bytes of key, value and headers of a dead letter that fit on its topic beside the reasons."""

LETTER_BEGINNING = 1 << 10
"""Bytes that are sent of the key and the value of a larger one; the table has it whole."""

LETTERS_AT_ONCE = 16 << 20
"""Bytes of dead letters that are sent before it is noted."""


async def become_the_relay(connection: Connection) -> bool:
    """Ask to be the one relay while this connection lasts: one keeps all messages in order."""
    chosen: bool = await connection.fetchval(QUERIES["become_the_relay"])
    return chosen


async def claim(connection: Connection, at_most: int) -> list[asyncpg.Record]:
    """Claim changes to be told, oldest first: `id`, `violation` and `seq` of each."""
    return await connection.fetch(QUERIES["claim"], at_most)


async def outgoing(
    connection: Connection, claimed: Sequence[asyncpg.Record]
) -> list[Mapping[str, Any]]:
    """Give the violations that were claimed, in the order in which they changed."""
    wanted = [[row["violation"] for row in claimed], [row["seq"] for row in claimed]]
    return await connection.fetch(QUERIES["outgoing"], *wanted)


async def end(connection: Connection, claimed: Sequence[asyncpg.Record]) -> None:
    """Forget what was told."""
    await connection.execute(QUERIES["end"], [row["id"] for row in claimed])


async def unsent_letters(connection: Connection, at_most: int) -> list[asyncpg.Record]:
    """Give dead letters that are not yet on their topic, oldest first, some megabytes at most.

    Of one that is `large` only the beginning of key and value, no headers, and a `digest`.
    """
    bounds = (LETTERS_AT_ONCE, LETTER_AT_MOST, LETTER_BEGINNING)
    return await connection.fetch(QUERIES["unsent_letters"], at_most, *bounds)


async def note_sent(connection: Connection, letters: Sequence[asyncpg.Record]) -> None:
    """Note that dead letters are on their topic."""
    places = [[row[name] for row in letters] for name in ("topic", "partition", "offset")]
    await connection.execute(QUERIES["sent_letters"], *places)
