"""What must stand before a worker reads: the schema, the rows of partitions, the law."""

import asyncpg

from services.compliance.policies.policy import Policies
from services.compliance.settings import Settings
from services.compliance.storage.storage import MIGRATIONS, QUERIES
from shared.adapters import kafka, postgres
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.errors import SetupError


async def migrate(settings: Settings) -> list[str]:
    """Bring the schema to this version; gives the files applied."""
    return await postgres.migrate(settings.database, MIGRATIONS, "compliance")


async def create_topics(settings: Settings, *, replication: int = 1) -> list[str]:
    """Create the rows of all partitions first, then the topics that are missing."""
    connection = await postgres.connect(settings.database)
    try:
        await _create_positions(connection)
    except asyncpg.UndefinedTableError as error:
        raise SetupError(postgres.NO_SCHEMA) from error
    finally:
        await connection.close()
    return await kafka.create_topics(settings.kafka, replication=replication)


async def _create_positions(connection: Connection) -> None:
    await connection.execute(QUERIES["create_positions"], *postgres.columns(topics.PLACES))


async def prepare(settings: Settings, policies: Policies) -> None:
    """Have everything judged again whose policies differ from those last told."""
    connection = await postgres.connect(settings.database)
    try:
        for jurisdiction in sorted(policies.jurisdictions):
            digest = policies.digest(jurisdiction)
            if await connection.fetchval(QUERIES["policies_known"], jurisdiction) == digest:
                continue
            async with connection.transaction():
                moved = await connection.fetchval(QUERIES["policies_told"], jurisdiction, digest)
                if moved is not None and moved > 1:
                    await connection.execute(QUERIES["touch"], [jurisdiction], [None], [None])
    except asyncpg.UndefinedTableError as error:
        raise SetupError(postgres.NO_SCHEMA) from error
    finally:
        await connection.close()
