"""`vbp rebuild`: makes anew what a service made of what it was told.

The compliance service's records are made of the facts that it kept; the figures of orders and
delivery of the topics.
"""

import asyncio

from rich.progress import TaskID

from services.commands.on_database import on_database
from services.commands.setup import MIGRATIONS
from services.commands.terminal import counted, counting, say
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.storage import schema
from services.compliance.storage.rebuild import rebuild
from shared.adapters import postgres
from shared.domain.permits import OPERATOR
from shared.domain.texts import plain
from shared.domain.topics import DELIVERIES, FUNDS, ORDERS, REGISTER
from shared.tally.rebuild import rebuild as rebuild_tally

SHOWN = 10

HEARD = {
    "orders": (REGISTER, ORDERS, DELIVERIES, FUNDS),
    "delivery": (REGISTER, ORDERS, DELIVERIES),
}
"""What the workers that tally read."""


def run_tally(settings: Settings, service: str, *, cut: bool) -> None:
    """Have a service's figures made anew from the topics, and say what comes next."""
    on_database(
        settings,
        lambda connection: postgres.check_migrated(connection, MIGRATIONS[service], service),
    )
    topics = [topic.name for topic in HEARD[service]]
    asyncio.run(
        rebuild_tally(settings.database, service, settings.cluster(OPERATOR), topics, cut=cut)
    )
    say(
        f"The tables of {service} are empty. A worker that runs ends within seconds, and reads the "
        f"topics from their beginning once it is started again: vbp worker {service}. A demo that "
        "runs on this database ends with it: vbp demo begins afresh, vbp demo --keep goes on"
    )


def run(settings: Settings) -> None:
    """Rebuild, and say what comes next."""
    on_database(settings, schema.check)
    with counting(None, "Reading facts") as progress:
        done = asyncio.run(
            rebuild(
                settings,
                policy.load(calendars=settings.calendars),
                lambda read, total: progress.update(TaskID(0), completed=read, total=total),
            )
        )
    for refused in done.refused[:SHOWN]:
        say(f"An earlier version took what this one does not: {plain(refused)}")
    if len(done.refused) > SHOWN:
        say(f"and {counted(len(done.refused) - SHOWN, 'fact')} more like it")
    say(
        f"{counted(done.records, 'record')} made anew from {counted(done.facts, 'fact')}. "
        "Start the worker: it judges them again"
    )
    if done.aside:
        say(
            f"{counted(done.aside, 'record')} set aside still: this version fails on them too. "
            "/v1/status names them, with the error; report it"
        )
