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
from services.compliance.judging.defect import Defect, defect_of, defects_of
from services.compliance.judging.judgement import Judgement
from services.compliance.judging.kinds import KINDS, begun
from services.compliance.judging.subjects import Subject, by_subject
from services.compliance.policies.policy import Policies
from services.compliance.register import changes
from services.compliance.register.register import Register
from services.compliance.settings import Settings
from services.compliance.storage import facts, names, positions, quarantine
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

    `refused` are the facts that this version does not take, with the reason; `aside` how many
    records and entries of the register it fails on, and which stay set aside.
    """

    facts: int
    records: int
    refused: tuple[str, ...] = ()
    aside: int = 0


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
        defects: dict[Subject, Defect] = {}
        async for events, not_taken in facts.read_back(connection):
            refused += not_taken
            register += (event for event in events if event.topic == topics.REGISTER.name)
            defects |= await _merge(connection, by_subject(events))
            read += len(events) + len(not_taken)
            seen(read, total)
        records = await _put(connection, holds, register, policies, defects)
    finally:
        await connection.close()
    return Rebuilt(read, records, tuple(refused), len(defects))


async def _take(connection: Connection) -> dict[Place, Hold]:
    """Shut workers out; one that runs all the same takes its place back, which is seen."""
    places = await positions.known(connection)
    if await positions.others(connection, places, OWNER):
        raise SetupError(RUNNING)
    return await positions.take(connection, places, OWNER, connection.get_server_pid())


async def _merge(
    connection: Connection, heard: Mapping[Subject, Iterable[Event]]
) -> dict[Subject, Defect]:
    """Merge facts into the records made anew; gives those into which one cannot be merged."""
    defects: dict[Subject, Defect] = {}
    if not heard:
        return defects
    rows = await connection.fetch(QUERIES["anew"], *postgres.columns(heard))
    records = {Subject(*name): dossiers.decode_record(name[1], record) for *name, record in rows}
    for subject, events in heard.items():
        record = records.get(subject) or KINDS[subject.kind].record()
        records[subject] = record
        try:
            for event in events:
                engine.merge(record, stored(event), event)
        except Exception as error:  # noqa: BLE001  # one record's fault must not be all records'
            defects[subject] = defect_of(error, "rebuild")
    kept = ((*subject, dossiers.encode(record)) for subject, record in sorted(records.items()))
    await connection.execute(QUERIES["keep"], *postgres.columns(kept))
    return defects


async def _put(
    connection: Connection,
    holds: dict[Place, Hold],
    told: list[Event],
    policies: Policies,
    defects: dict[Subject, Defect],
) -> int:
    """Put records and register in place and have everything judged; gives how many records.

    Adds to `defects` the entries of the register into which something cannot be merged.
    """
    everywhere = sorted(policies.jurisdictions)
    async with connection.transaction():
        await positions.lock(connection, holds)
        if await positions.still_held(connection, holds) is None:
            raise SetupError(RUNNING)
        await registers.move_law(connection, everywhere)
        register = changes.merge(Register(), told)
        defects |= defects_of(register.failed)
        await registers.save_areas(connection, register)
        await names.save(connection, told)
        await registers.save(connection, register, begun(told))
        for kind in sorted(quarantine.TOLD_AND_GIVEN):
            void = dossiers.encode(KINDS[kind].record())
            await connection.execute(QUERIES["empty"], kind, void)
        done = await connection.execute(QUERIES["swap"], dossiers.encode(Judgement()))
        await quarantine.made_anew(connection)
        await quarantine.keep_aside(connection, defects)
        await registers.touch(connection, ((where, None, None) for where in everywhere))
    return postgres.written(done)
