"""What must stand before a worker reads: the schema, the rows of partitions, the law."""

from pathlib import Path

import asyncpg

from services.compliance.policies.policy import Policies
from services.compliance.settings import Settings
from services.compliance.storage import positions, quarantine, register
from shared.adapters import kafka, postgres
from shared.adapters.postgres import Connection
from shared.domain.errors import SetupError
from shared.domain.permits import OPERATOR

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))
MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(settings: Settings) -> list[str]:
    """Bring the schema to this version; gives the files applied.

    Workers that run are shut out first: they know nothing of what the new schema keeps in step.
    """
    first = QUERIES["shut_out"]
    return await postgres.migrate(settings.database, MIGRATIONS, "compliance", first=first)


async def check(connection: Connection) -> None:
    """Raise SetupError unless the schema is the one of this version."""
    await postgres.check_migrated(connection, MIGRATIONS, "compliance")


async def create_topics(settings: Settings, *, replication: int = 1) -> list[str]:
    """Create the rows of all partitions first, then the topics that are missing."""
    connection = await postgres.connect(settings.database)
    try:
        await positions.create(connection)
        known = await positions.known(connection)
    except asyncpg.UndefinedTableError as error:
        raise SetupError(postgres.NO_SCHEMA) from error
    finally:
        await connection.close()
    return await kafka.create_topics(
        settings.cluster(OPERATOR), replication=replication, known=known
    )


async def prepare(settings: Settings, policies: Policies) -> None:
    """Have everything judged again whose policies differ from those last told.

    And what was set aside: this version may be without the defect. Raises SetupError where the
    schema is not the one of this version.
    """
    connection = await postgres.connect(settings.database)
    try:
        await check(connection)
        await quarantine.judge_again(connection)
        for jurisdiction in sorted(policies.jurisdictions):
            digest = policies.digest(jurisdiction)
            if await connection.fetchval(QUERIES["policies_known"], jurisdiction) == digest:
                continue
            async with connection.transaction():
                moved = await connection.fetchval(QUERIES["policies_told"], jurisdiction, digest)
                if moved is not None and moved > 1:
                    await register.begin_all(connection, jurisdiction)
                    await register.touch(connection, [(jurisdiction, None, None)])
    except asyncpg.UndefinedTableError as error:
        raise SetupError(postgres.NO_SCHEMA) from error
    finally:
        await connection.close()
