"""`vbp demo`: a province with planted violations goes through the real parts, and is found out."""

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from rich.console import Console
from rich.progress import TaskID

from deploy.local.stack import LocalStack
from services.commands import demo_verdict, publish, setup
from services.commands.archives import Refusals
from services.commands.processes import Children, choose_ports
from services.commands.terminal import counted, counting, say, step
from services.compliance.answers import operation
from services.compliance.answers.database import Database
from services.compliance.settings import Settings
from services.compliance.storage import schema
from services.compliance.worker.service import SETTLE
from shared.adapters.addresses import PORTS, TALLY_PORTS
from shared.domain import calendar
from shared.domain.errors import InvalidArgumentError, SetupError
from shared.domain.permits import OPERATOR

WORKERS = {"worker": "compliance", **{f"{name}-worker": name for name in TALLY_PORTS}}
"""Which worker each process of this name is."""

WANTED = PORTS | {f"{name}-worker": port for name, port in TALLY_PORTS.items()}
EVENTS, TRUTH, MARK = "events.ndjson", "truth.ndjson", "vbp-demo"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.2
_COUNTED = """
SELECT bool_and(counted.next_offset >= judged.next_offset) AS counted,
       sum(counted.next_offset) AS at
FROM {service}.position counted JOIN compliance.position judged USING (topic, partition)
"""
STALLED = 300.0
"""Seconds in which nothing has moved once the demo gives up."""


class Wish(NamedTuple):
    """What the caller asked for; `leave` is to end after the table, `secure` to close the bus."""

    orders: int
    hospitals: int
    seed: int
    data: Path
    keep: bool
    leave: bool
    secure: bool = False


def run(wish: Wish) -> int:
    """Show the demo; gives the exit code: 1 if what was found is not what was planted."""
    began = time.monotonic()
    _prepare(wish)
    logs = wish.data / "logs"
    logs.mkdir(exist_ok=True)
    with _ended_by_signals(), Children(logs, {}) as makers, ExitStack() as running:
        if not wish.keep:
            _simulate(makers, wish)
        stack = running.enter_context(LocalStack(wish.data, say=say, secure=wish.secure))
        step(f"Kafka and PostgreSQL run, data in {wish.data}")
        ports = choose_ports(WANTED)
        settings = _settings(stack)
        addresses = {
            "VBP_KAFKA": stack.kafka,
            "VBP_KAFKA_SECURITY": settings.kafka_security,
            "VBP_KAFKA_SECRETS": str(stack.secrets or ""),
            "VBP_DATABASE": stack.database,
            "VBP_ORDERS_URL": f"http://127.0.0.1:{ports['orders']}",
            "VBP_DELIVERY_URL": f"http://127.0.0.1:{ports['delivery']}",
            # All of it listens to this machine alone, and is made up.
            "VBP_IDENTITY": "local",
            "VBP_HOST": "127.0.0.1",
        }
        children = running.enter_context(Children(logs, addresses))
        _start(children, settings, ports)
        if not wish.keep:
            _tell(makers, wish, settings)
        # What has just been told may be followed by late facts: silence counts only after that.
        until = datetime.now(UTC) + (timedelta() if wish.keep else SETTLE)
        asyncio.run(_judged(stack.database, children, until))
        for name, port in ports.items():
            children.wait_for_port(name, port)
        rows = demo_verdict.compare(
            demo_verdict.found(ports["compliance"]), demo_verdict.planted(wish.data / TRUTH)
        )
        _show(rows, ports, wish, time.monotonic() - began)
        if not wish.leave:
            _stay(children, wish.data)
    return 1 if rows[-1].missing or rows[-1].unexpected else 0


def _prepare(wish: Wish) -> None:
    """Clear away the last demo, and nothing else: a directory that is not a demo's is refused."""
    mark = wish.data / MARK
    if wish.data.exists() and any(wish.data.iterdir()) and not mark.exists():
        raise InvalidArgumentError(f"--data {wish.data} holds no demo: name a new directory")
    if LocalStack.find(wish.data) is not None:
        raise InvalidArgumentError(
            f"a demo runs on {wish.data} already: end it with Ctrl-C, or name another --data"
        )
    if wish.keep and not (wish.data / TRUTH).exists():
        raise InvalidArgumentError(f"--keep: no province is kept in {wish.data}; run without it")
    if wish.data.exists() and not wish.keep:
        say(f"Beginning afresh in {wish.data}; --keep would show the last province again")
        shutil.rmtree(wish.data)
    wish.data.mkdir(parents=True, exist_ok=True)
    mark.touch()


def _simulate(makers: Children, wish: Wish) -> None:
    """Let another process make the province while the servers start."""
    makers.start(
        "simulate",
        *("simulate", "--orders", str(wish.orders), "--hospitals", str(wish.hospitals)),
        *("--seed", str(wish.seed)),
        *("--out", str(wish.data / EVENTS), "--truth", str(wish.data / TRUTH)),
    )


def _start(children: Children, settings: Settings, ports: Mapping[str, int]) -> None:
    """Make the database and the topics, start services and workers."""
    asyncio.run(setup.migrate_all(settings))
    asyncio.run(schema.create_topics(settings))
    step("The database is migrated, the topics are there")
    for name, port in ports.items():
        if port != WANTED[name]:
            say(f"  port {WANTED[name]} is taken: {name} listens on {port}")
        if name in WORKERS:
            children.start(name, "worker", WORKERS[name], "--metrics-port", str(port))
        else:
            children.start(name, "serve", name, "--port", str(port))


def _settings(stack: LocalStack) -> Settings:
    return Settings(
        kafka=stack.kafka,
        database=stack.database,
        kafka_security="plaintext" if stack.secrets is None else "sasl_ssl",
        kafka_secrets=stack.secrets,
    )


def _tell(makers: Children, wish: Wish, settings: Settings) -> None:
    """Publish the province once it is made."""
    makers.wait("simulate")
    step(f"A province is simulated: {wish.data / EVENTS}")
    refusals = Refusals()
    publish.run([str(wish.data / EVENTS)], settings.cluster(OPERATOR), refusals)
    if refusals.count:
        raise SetupError("the simulated province holds invalid events, see above: this is a bug")


async def _judged(dsn: str, children: Children, until: datetime) -> None:
    """Wait until everything told before an instant was heard, and nothing waits to be judged."""
    patience = _Patience(children)
    async with Database(dsn) as database:
        with counting(None, "Judging") as progress:
            while left := await _unjudged(database, until, progress.update):
                await patience.wait(left)
        letters = await operation.letter_counts(database)
        step("Everything is heard and judged")
        while left := await _uncounted(database):
            await patience.wait(left)
    step("Progress and scorecards are counted")
    for topic, count in letters.items():
        say(f"  {counted(count, 'dead letter')} of {topic}")


class _Patience:
    """Waits for as long as the workers get on."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._left: Sequence[object] = ()
        self._since = time.monotonic()

    async def wait(self, left: Sequence[object]) -> None:
        """Wait a little; raises SetupError where nothing of what is left has moved for long."""
        self._children.check()
        if left != self._left:
            self._left, self._since = left, time.monotonic()
        if time.monotonic() - self._since > STALLED:
            minutes, log = f"{STALLED / 60:.0f} minutes", self._children.log("worker")
            raise SetupError(f"nothing was judged or counted for {minutes}, see {log} and others")
        await asyncio.sleep(POLL_SECONDS)


async def _unjudged(
    database: Database, until: datetime, update: Callable[..., None]
) -> Sequence[object]:
    """Say how far the judging is; nothing once all is heard and judged."""
    heard = (await operation.hearing(database)).until
    partitions = await operation.partitions(database)
    read = sum(partition.next_offset for partition in partitions)
    total = max(read, sum(partition.end_offset for partition in partitions))
    update(TaskID(0), completed=read, total=total or None)
    waiting = await operation.waiting(database)
    counts = (waiting.touches, waiting.due.by_clock, waiting.due.by_hearing)
    waits = [one.count for one in counts]
    all_heard = heard is not None and heard >= until
    return () if all_heard and not any(waits) else (read, heard, *waits)


async def _uncounted(database: Database) -> Sequence[object]:
    """Say how far orders and delivery are; nothing once they have taken in all that was judged."""
    rows = [(await database.fetch(_COUNTED.format(service=name)))[0] for name in TALLY_PORTS]
    return () if all(row["counted"] is True for row in rows) else [row["at"] for row in rows]


def _show(
    rows: list[demo_verdict.Row], ports: Mapping[str, int], wish: Wish, seconds: float
) -> None:
    """Print the table, and where to look next."""
    out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    out.print(demo_verdict.shown(rows))
    exact = not rows[-1].missing and not rows[-1].unexpected
    say(
        f"{'Exactly what was planted' if exact else 'NOT what was planted'}, "
        f"{seconds:.0f} s after the start"
    )
    if wish.leave:
        return
    at = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    api = at["compliance"]
    lines = (
        ("Open first", f"{api}/"),
        ("Violations", f"{api}/v1/violations?severity=breach&exempt=false"),
        ("of one rule", f"{api}/v1/violations?rule=coverage-gap"),
        ("Progress", f"{at['orders']}/v1/progress?month={_month()}&group_by=area"),
        ("Scorecards", f"{at['delivery']}/v1/scorecards?month={_month()}&group_by=distributor"),
        ("Bulletin", f"{api}/bulletins/{_month()}"),
        ("Status", f"{api}/v1/status"),
        ("API docs", f"{api}/docs  {at['orders']}/docs  {at['delivery']}/docs"),
        ("Metrics", "  ".join(f"{address}/metrics" for address in at.values())),
        ("Logs", str(wish.data / "logs")),
        ("Replay", f"vbp replay {wish.data / EVENTS} --as-of {_now()} --format table"),
    )
    for name, where in lines:
        out.print(f"{name:<12}{where}", markup=False)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _month() -> str:
    return calendar.day_of(datetime.now(UTC)).strftime("%Y-%m")


def _stay(children: Children, data: Path) -> None:
    """Stay up until Ctrl-C; raises SetupError if something ends by itself."""
    say("Ctrl-C ends everything")
    try:
        while LocalStack.find(data) is not None:
            children.check()
            time.sleep(1)
    except KeyboardInterrupt:
        say("Stopping")
        return
    raise SetupError(f"Kafka or PostgreSQL has ended, see {data / 'logs'}")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Take every request to end for a Ctrl-C, which a shell in the background would mute."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {one: signal.signal(one, interrupt) for one in ENDINGS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
