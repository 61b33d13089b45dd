"""`vbp migrate` and `vbp topics`: what must stand before services and workers start."""

import asyncio
import sys

from services.commands.terminal import say
from services.compliance.settings import Settings
from services.compliance.storage import schema
from services.delivery.answers import MIGRATIONS as DELIVERY
from services.orders.answers import MIGRATIONS as ORDERS
from shared.adapters import postgres
from shared.adapters.identity.keys import MIGRATIONS as IDENTITY

MIGRATIONS = {"identity": IDENTITY, "orders": ORDERS, "delivery": DELIVERY}
"""The folders of migrations beside that of the compliance service, by schema."""


def migrate(settings: Settings) -> None:
    """Bring the schema to this version; print the files applied."""
    _print(asyncio.run(migrate_all(settings)), "The schemas are at this version already")


async def migrate_all(settings: Settings) -> list[str]:
    """Bring the schemas of all services to this version; gives the files applied."""
    applied = await schema.migrate(settings)
    for service, folder in MIGRATIONS.items():
        applied += await postgres.migrate(settings.database, folder, service)
    return applied


def create_topics(settings: Settings, replication: int) -> None:
    """Create what is missing of the rows of partitions and the topics; print the topics."""
    created = asyncio.run(schema.create_topics(settings, replication=replication))
    _print(created, "All topics are there already")


def _print(names: list[str], nothing: str) -> None:
    if not names:
        say(nothing)
    sys.stdout.writelines(f"{name}\n" for name in names)
    sys.stdout.flush()
