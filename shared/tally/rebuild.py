"""Makes a tally anew: its tables are emptied, and its workers read the topics from the start."""

import asyncio
from collections.abc import Iterable, Mapping

from aiokafka.errors import KafkaError

from shared.adapters import broker as brokers
from shared.adapters import postgres
from shared.adapters.cluster import Bootstrap
from shared.domain.errors import SetupError, UnreachableError
from shared.domain.topics import Place
from shared.tally.tally import ALONE

ANSWER_WITHIN = 10.0

TABLES = """
SELECT string_agg(quote_ident(tablename), ', ')
FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'edition'
"""

AGAIN = "SELECT coalesce(sum(base), 0)::bigint FROM position"
"""How many messages were told to topics that have been made again since."""


async def rebuild(
    dsn: str, service: str, kafka: Bootstrap, topics: Iterable[str], *, cut: bool
) -> None:
    """Empty the tables of a service; workers that run end within seconds and begin anew.

    Raises SetupError where the topics no longer hold all that was told, unless `cut` says that what
    is gone may be missing from the figures from now on; UnreachableError if Kafka is away.
    """
    connection = await postgres.connect(dsn, search_path=service)
    try:
        gone = sum((await _begins(kafka, topics)).values()) + await connection.fetchval(AGAIN)
        if gone and not cut:
            raise SetupError(
                f"the topics lack {gone:,} messages that were told: what {service} made of them "
                "would be gone. Say --cut if that is meant, or count anew from what is kept"
            )
        async with connection.transaction():
            await connection.execute(ALONE)
            tables = await connection.fetchval(TABLES)
            await connection.execute(f"TRUNCATE {tables}")
    finally:
        await connection.close()


async def _begins(kafka: Bootstrap, names: Iterable[str]) -> Mapping[Place, int]:
    """Give where the partitions of topics begin: how many messages of each are gone."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN), brokers.asking(kafka) as broker:
            found = await broker.topics(names)
            places = [(topic, number) for topic, each in found.items() for number in each.leaders]
            return {
                place: bounds.begin
                for place, bounds in (await broker.bounds(found, places)).items()
            }
    except (KafkaError, TimeoutError) as error:
        raise UnreachableError(
            f"Kafka does not answer at {kafka}: see that it runs, and that VBP_KAFKA names it"
        ) from error
