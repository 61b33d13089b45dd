"""Makes records anew from the facts as they were heard, for a version that keeps more of them.

Facts never change; a record holds what some version made of them. All are made anew beside the old
ones, put in place in one transaction, and judged again by the worker that starts next: what each
contributes to others follows from that.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from services.compliance.judging import dossier as dossiers
from services.compliance.judging import engine
from services.compliance.judging.dossier import Judgement
from services.compliance.judging.kinds import KINDS, begun
from services.compliance.judging.subjects import Subject, by_subject
from services.compliance.policies.policy import Policies
from services.compliance.register import changes
from services.compliance.register.register import Register
from services.compliance.settings import Settings
from services.compliance.storage import facts, positions, quarantine
from services.compliance.storage import register as registers
from services.compliance.storage.positions import Hold
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.cloudevents import Event
from shared.domain.errors import SetupError
from shared.domain.records.telling import stored
from shared.domain.topics import Place

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))
OWNER = "vbp-rebuild"
RUNNING = "a worker is running: stop all of them, and rebuild then"


class Rebuilt(NamedTuple):
    """How many facts were read, and how many records were made of them.

    `refused` are the facts that this version does not take, with the reason.
    """

    facts: int
    records: int
    refused: tuple[str, ...] = ()


async def rebuild(
    settings: Settings, policies: Policies, seen: Callable[[int, int], object] = lambda *_: None
) -> Rebuilt:
    """Make all records anew; `seen` hears how many facts were read, of about how many.

    Nothing changes before the end. Raises SetupError while a worker runs.
    """
    connection = await positions.connect(settings.database, OWNER)
    try:
        holds = await _take(connection)
        await connection.execute(QUERIES["begin"])
        total = await positions.passed(connection)
        read, register, refused = 0, list[Event](), list[str]()
        async for events, not_taken in facts.read_back(connection):
            refused += not_taken
            register += (event for event in events if event.topic == topics.REGISTER.name)
            await _merge(connection, by_subject(events))
            read += len(events) + len(not_taken)
            seen(read, total)
        records = await _put(connection, holds, register, policies)
    finally:
        await connection.close()
    return Rebuilt(read, records, tuple(refused))


async def _take(connection: Connection) -> dict[Place, Hold]:
    """Shut workers out; one that runs all the same takes its place back, which is seen."""
    places = await positions.known(connection)
    if await positions.others(connection, places, OWNER):
        raise SetupError(RUNNING)
    return await positions.take(connection, places, OWNER, connection.get_server_pid())


async def _merge(connection: Connection, heard: Mapping[Subject, Iterable[Event]]) -> None:
    if not heard:
        return
    rows = await connection.fetch(QUERIES["anew"], *postgres.columns(heard))
    records = {Subject(*name): dossiers.decode_record(name[1], record) for *name, record in rows}
    for subject, events in heard.items():
        record = records.get(subject) or KINDS[subject.kind].record()
        records[subject] = record
        for event in events:
            engine.merge(record, stored(event), event)
    kept = ((*subject, dossiers.encode(record)) for subject, record in sorted(records.items()))
    await connection.execute(QUERIES["keep"], *postgres.columns(kept))


async def _put(
    connection: Connection, holds: dict[Place, Hold], told: list[Event], policies: Policies
) -> int:
    """Put records and register in place and have everything judged; gives how many records."""
    everywhere = sorted(policies.jurisdictions)
    async with connection.transaction():
        await positions.lock(connection, holds)
        if await positions.still_held(connection, holds) is None:
            raise SetupError(RUNNING)
        await registers.move_law(connection, everywhere)
        register = changes.merge(Register(), told)
        await registers.save_areas(connection, register)
        await registers.save(connection, register, begun(told))
        done = await connection.execute(QUERIES["swap"], dossiers.encode(Judgement()))
        await quarantine.made_anew(connection)
        await registers.touch(connection, ((where, None, None) for where in everywhere))
    return postgres.written(done)
