"""One run: a database of its own, workers, a load, faults; then peace, and the checks."""

import asyncio
import time
import traceback
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import asyncpg

from services.compliance.storage import losses
from services.sources import province
from tests.campaign import checks, kept
from tests.campaign.crew import Crew
from tests.campaign.faults import KINDS, LOSE, Fault, Stage, publish_again
from tests.campaign.load import Load
from tests.campaign.plan import Plan
from tests.campaign.servers import Servers
from tests.support.workers.in_process import WorkerProcess, eventually, live

FAULTS_WITHIN = 1_800.0
SETTLED_WITHIN = 1_800.0
READY_WITHIN = 600.0
"""Seconds beyond which something hangs; a busy machine takes as long as it takes."""

MEMORY = 300 << 20

NOT_LOOKED_AT = """
SELECT count(*) FROM compliance.position WHERE asked_at IS NULL OR asked_at < $1
"""
WITHOUT_ID = "SELECT count(*) FROM compliance.position WHERE topic_id IS NULL"


Told = Callable[[Fault], object]


@dataclass
class Verdict:
    """What came of a run; `problems` is empty where all held."""

    plan: Plan
    problems: list[str] = field(default_factory=list)
    messages: int = 0
    violations: int = 0
    withdrawn: int = 0
    peak: int = 0
    settling: float = 0
    seconds: float = 0


async def run(plan: Plan, servers: Servers, told: Told) -> Verdict:
    """Run a plan on servers that are well, and leave them well; `told` hears of each fault."""
    verdict = Verdict(plan)
    began = time.monotonic()
    try:
        async with _database(servers) as name:
            await _run(verdict, servers, name, told)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is this run's, not the others'
        verdict.problems.append("".join(traceback.format_exception(error)))
    verdict.seconds = time.monotonic() - began
    return verdict


async def _run(verdict: Verdict, servers: Servers, name: str, told: Told) -> None:
    plan = verdict.plan
    chance = Random(f"{plan.seed}/load")
    lines = await asyncio.to_thread(_lines, plan)
    load = Load(lines, chance)
    verdict.messages = len(load.messages)
    async with live(servers.bootstrap, servers.dsn(name)) as bus:
        crew = Crew(
            {
                "VBP_DATABASE": servers.dsn(name, proxied=True),
                "VBP_KAFKA": servers.bootstrap,
                "VBP_GROUP": bus.settings.group,
            },
            _fresh(servers, plan.seed),
        )
        watching = asyncio.create_task(crew.watch())
        stage = Stage(servers, crew, load, name, set())
        try:
            for _ in range(plan.workers):
                crew.hire()
            await eventually(lambda: _all_seen(bus), within=READY_WITHIN)
            await _happen(plan, stage, told)
            bus.connection = await _again(servers, name)
            peace = time.monotonic()
            try:
                await _settle(bus, stage)
            except AssertionError as error:
                verdict.problems.append(str(error))
            verdict.settling = time.monotonic() - peace
            await _check(bus, stage, verdict)
        finally:
            verdict.peak = crew.peak
            verdict.problems += crew.deaths()
            watching.cancel()
            crew.kill()
            if verdict.problems:
                await kept.keep(crew.logs, load, servers.dsn(name))


def _lines(plan: Plan) -> list[bytes]:
    drawn = province.Plan(
        until=datetime.now(UTC),
        orders=plan.orders,
        hospitals=plan.hospitals,
        days=60,
        seed=plan.seed + 1,
    )
    return list(province.simulate(drawn).events)


async def _happen(plan: Plan, stage: Stage, told: Told) -> None:
    """Publish while the faults happen; then mend what they have left."""

    async def happen(number: int) -> None:
        fault = plan.faults[number]
        await asyncio.sleep(fault.at)
        told(fault)
        await KINDS[fault.kind](stage, fault, Random(f"{plan.seed}/{number}"))

    tasks = [asyncio.create_task(happen(n), name=str(f)) for n, f in enumerate(plan.faults)]
    load = stage.load.publish(stage.bootstrap, plan.seconds)
    tasks.append(asyncio.create_task(load, name="the load"))
    late: set[asyncio.Task[None]] = set(tasks)
    try:
        _, late = await asyncio.wait(tasks, timeout=plan.seconds + FAULTS_WITHIN)
    finally:
        for task in late:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    if late:
        names = ", ".join(task.get_name() for task in late)
        raise TimeoutError(f"not over {FAULTS_WITHIN} s after the last fault: {names}")
    for result in results:
        if result is not None:
            raise result
    await stage.servers.heal()
    await stage.crew.right_hands_only()


async def _settle(bus: WorkerProcess, stage: Stage) -> None:
    """Tell again what was lost, acknowledge that it was, and wait until all is judged."""
    if stage.lost:
        asked = datetime.now(UTC)

        async def all_looked_at() -> bool:
            return not await bus.connection.fetchval(NOT_LOOKED_AT, asked)

        # A log that was cut off is noted after ten seconds; silence is not judged until then.
        await eventually(all_looked_at, within=SETTLED_WITHIN)
        await asyncio.sleep(15)
        await publish_again(stage)
        await _acknowledge(bus)
    counted = 0 if stage.lost else stage.load.published
    await bus.settled(counted, silence=True, within=SETTLED_WITHIN)


async def _acknowledge(bus: WorkerProcess) -> None:
    noted = await losses.listed(bus.connection, all_of_them=False, at_most=1_000)
    if noted:
        now = datetime.now(UTC)
        ids = [one.id for one in noted]
        await losses.acknowledge(bus.connection, ids, "campaign", "told again", now)


async def _check(bus: WorkerProcess, stage: Stage, verdict: Verdict) -> None:
    events = stage.load.events
    problems = await checks.same_as_replay(bus.connection, events)
    if {fault.kind for fault in verdict.plan.faults} & LOSE:
        problems += await checks.all_counted(bus.connection, bus.began, events)
    else:
        problems += await checks.all_taken(bus.connection, stage.bootstrap, bus.began, events)
    verdict.withdrawn, unexplained = await checks.accusations_explained(bus.connection)
    problems += unexplained
    problems += await checks.nothing_tampered(stage.servers.dsn(stage.database))
    problems += await checks.none_set_aside(bus.connection)
    verdict.violations = len(await bus.violations())
    if stage.crew.peak > MEMORY:
        problems.append(f"a worker took {stage.crew.peak >> 20} MiB")
    if problems:
        problems += await checks.where_it_stands(bus.connection)
    verdict.problems += problems


async def _all_seen(bus: WorkerProcess) -> bool:
    """Whether every partition was looked at by a worker: what is lost before shows nowhere."""
    return not await bus.connection.fetchval(WITHOUT_ID)


async def _again(servers: Servers, name: str) -> asyncpg.Connection:
    async def answers() -> bool:
        with suppress(OSError, asyncpg.PostgresError):
            found.append(await asyncpg.connect(servers.dsn(name)))
        return bool(found)

    found: list[asyncpg.Connection] = []
    await eventually(answers, within=READY_WITHIN)
    return found[0]


def _fresh(servers: Servers, seed: int) -> Path:
    logs = servers.logs / f"seed-{seed}"
    logs.mkdir(exist_ok=True)
    return logs


@asynccontextmanager
async def _database(servers: Servers) -> AsyncIterator[str]:
    name = f"campaign_{uuid.uuid4().hex}"
    await servers.execute(f'CREATE DATABASE "{name}"')
    is_stopped = False
    try:
        yield name
    except asyncio.CancelledError:
        is_stopped = True
        raise
    finally:
        # Where all is stopped, the servers end too, and whatever they hold.
        if not is_stopped:
            await servers.heal()
            await servers.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            # What was written for it may go from the log: the disk is small.
            await servers.execute("CHECKPOINT")
