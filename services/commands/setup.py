"""`vbp migrate` and `vbp topics`: what must stand before services and workers start."""

import asyncio
import sys

from services.commands.terminal import say
from services.compliance.settings import Settings
from services.compliance.storage import schema


def migrate(settings: Settings) -> None:
    """Bring the schema to this version; print the files applied."""
    _print(asyncio.run(schema.migrate(settings)), "The schema is at this version already")


def create_topics(settings: Settings, replication: int) -> None:
    """Create what is missing of the rows of partitions and the topics; print the topics."""
    created = asyncio.run(schema.create_topics(settings, replication=replication))
    _print(created, "All topics are there already")


def _print(names: list[str], nothing: str) -> None:
    if not names:
        say(nothing)
    sys.stdout.writelines(f"{name}\n" for name in names)
    sys.stdout.flush()
