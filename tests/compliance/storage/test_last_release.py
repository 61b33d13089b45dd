"""A database of the release with the first eight rules, brought to this version by its commands."""

import lzma
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from deploy.local.postgres import PROGRAMS
from services.compliance.answers import bulletin
from services.compliance.judging.moment import Moment
from services.compliance.rules import RULES
from services.compliance.settings import Settings
from services.compliance.storage import facts, losses, positions, schema
from shared.adapters.lost import Loss
from shared.adapters.postgres import Connection
from tests.support.kept import a_connection
from tests.support.oracle import FIRST_EIGHT
from tests.support.stored import FOLDER
from tests.support.workers.in_process import POLICIES, STANDING, compared, replayed
from tests.support.workers.on_database import at_work

pytestmark = pytest.mark.integration

ASKED = datetime(2026, 12, 1, tzinfo=UTC)
"""After the release was stopped: its worker read the clock of its day."""

LOST = ("vbp.orders.v1", 1)
BULLETIN = bulletin.Bulletin("cn-sx", "2022-05", ASKED, [])
KEPT = {
    "facts": 'TABLE compliance.fact ORDER BY topic, partition, "offset"',
    "bulletins": "TABLE compliance.bulletin",
    "losses": "TABLE compliance.loss",
    "names, which the migration takes from the facts": "TABLE compliance.name ORDER BY kind, code",
}
LINES = "SELECT violation, seq, at, actor, change, line, hash FROM compliance.history"
RULES_OF_LINES = """
SELECT DISTINCT rule FROM compliance.history JOIN compliance.violation ON violation = id
"""


def vbp(database: str, *command: str) -> str:
    """Run a command on a database; gives what it said."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "services.cli", *command],
        env={**os.environ, "VBP_DATABASE": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def restore(database: str) -> None:
    """Have PostgreSQL's own program read the dump."""
    dump = lzma.decompress((FOLDER / "eight-rules.sql.xz").read_bytes())
    psql = [str(PROGRAMS / "psql"), "--quiet", "-v", "ON_ERROR_STOP=1", "-d", database]
    subprocess.run(psql, input=dump, stdout=subprocess.DEVNULL, check=True)  # noqa: S603


async def people_work(database: str, connection: Connection) -> None:
    """Somebody issues a bulletin, and takes a loss for final."""
    assert await bulletin.issue(database, BULLETIN, "李伟")
    held = await positions.take(connection, [LOST], "us", 1)
    topic = UUID(int=1)
    loss = Loss("removed", held[LOST].next, held[LOST].next + 2, topic, 0, held[LOST].next + 2)
    await losses.note(connection, held, {LOST: (loss, topic)}, ASKED)
    (noted,) = await losses.listed(connection, all_of_them=True, at_most=2)
    await losses.acknowledge(connection, [noted.id], "李伟", "told again", ASKED)


async def rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.fetch(query)]


async def test_a_database_of_the_release_with_eight_rules_gains_the_rest(
    bare_database: str,
) -> None:
    restore(bare_database)
    async with a_connection(bare_database) as connection:
        lines = set(await rows(connection, LINES))
        assert {rule for (rule,) in await rows(connection, RULES_OF_LINES)} == FIRST_EIGHT
    vbp(bare_database, "migrate")
    async with a_connection(bare_database) as connection:
        await people_work(bare_database, connection)
        kept = {name: await rows(connection, query) for name, query in KEPT.items()}
        told = [event async for read in facts.read_back(connection) for event in read.events]
    assert f"made anew from {len(told)} facts" in vbp(bare_database, "rebuild")
    # As a worker does when it starts: other policies were told to the release.
    await schema.prepare(Settings(database=bare_database), POLICIES)

    async with at_work(bare_database) as desk:
        await desk.sweep(Moment(ASKED, ASKED))
        standing = [msgspec.json.decode(body) for (body,) in await rows(desk.connection, STANDING)]
        assert {violation["rule"] for violation in standing} == {rule.name for rule in RULES}
        assert compared(standing) == compared(replayed(told, ASKED))
        assert {name: await rows(desk.connection, query) for name, query in KEPT.items()} == kept
        assert all(kept.values())
        assert set(await rows(desk.connection, LINES)) > lines
    vbp(bare_database, "audit", "verify", "--processes", "1")
