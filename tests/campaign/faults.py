"""Faults, each with a moment and a length; what it hits is drawn from the seed of its run."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import RecordsToDelete
from aiokafka.structs import TopicPartition
from typing_extensions import override

from shared.adapters import kafka
from shared.domain import topics
from tests.campaign.administration import (
    ADMIN_WITHIN,
    GONE,
    RETRY,
    administer,
    grow,
    how_many,
    partitions,
)
from tests.campaign.crew import Crew, Hand
from tests.campaign.load import Load, told
from tests.campaign.servers import Servers

MOST_WORKERS = 3
MOST_PARTITIONS = 60
DUTY_ON, DUTY_OFF = 0.01, 0.19
"""Seconds that a starved worker may run, and those that it may not: a twentieth."""

WRONG_FOR = 6.0
"""Seconds that a worker with a wrong clock stays beyond the length of its fault: it must begin."""

FED = tuple(topic.name for topic in (topics.ORDERS, topics.DELIVERIES, topics.SUPPLY, topics.FUNDS))


@dataclass(frozen=True)
class Fault:
    """What happens, after how many seconds, and for how long."""

    kind: str
    at: float
    lasts: float

    @override
    def __str__(self) -> str:
        return f"{self.kind} for {self.lasts:.1f} s"


@dataclass
class Stage:
    """All that a fault may touch, and what it leaves for the end of the run."""

    servers: Servers
    crew: Crew
    load: Load
    database: str
    lost: set[str]
    """Topics of which something may have been lost, to be published again."""

    @property
    def bootstrap(self) -> str:
        return self.servers.bootstrap


Happening = Callable[[Stage, Fault, Random], Awaitable[None]]


async def kill_a_worker(stage: Stage, fault: Fault, chance: Random) -> None:
    if (hand := stage.crew.draw(chance)) is not None:
        hand.end(signal.SIGKILL)
    await asyncio.sleep(fault.lasts)
    stage.crew.hire()


async def freeze_a_worker(stage: Stage, fault: Fault, chance: Random) -> None:
    if (hand := stage.crew.draw(chance)) is not None:
        hand.send(signal.SIGSTOP)
        await asyncio.sleep(fault.lasts)
        hand.send(signal.SIGCONT)


async def starve_a_worker(stage: Stage, fault: Fault, chance: Random) -> None:
    hand = stage.crew.draw(chance)
    if hand is None:
        return
    until = asyncio.get_running_loop().time() + fault.lasts
    try:
        while asyncio.get_running_loop().time() < until:
            hand.send(signal.SIGSTOP)
            await asyncio.sleep(DUTY_OFF)
            hand.send(signal.SIGCONT)
            await asyncio.sleep(DUTY_ON)
    finally:
        hand.send(signal.SIGCONT)


async def join(stage: Stage, _fault: Fault, chance: Random) -> None:
    """Have one more, in the place of another where they are many."""
    hand = stage.crew.draw(chance)
    if hand is not None and len(stage.crew.living) >= MOST_WORKERS:
        hand.end(signal.SIGTERM)
    stage.crew.hire()


async def leave(stage: Stage, fault: Fault, chance: Random) -> None:
    if (hand := stage.crew.draw(chance)) is not None:
        hand.end(signal.SIGTERM)
    await asyncio.sleep(fault.lasts)
    if not stage.crew.living:
        stage.crew.hire()


async def stop_the_broker(stage: Stage, fault: Fault, chance: Random) -> None:
    await stage.servers.kafka.stop(chance.choice((signal.SIGTERM, signal.SIGKILL)))
    await asyncio.sleep(fault.lasts)
    await stage.servers.kafka.start()


async def restart_the_postmaster(stage: Stage, fault: Fault, chance: Random) -> None:
    await stage.servers.postgres.stop(chance.choice((signal.SIGINT, signal.SIGQUIT)))
    await asyncio.sleep(fault.lasts)
    await stage.servers.postgres.start()


async def end_a_backend(stage: Stage, _fault: Fault, chance: Random) -> None:
    with suppress(*GONE, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(stage.servers.dsn(stage.database))
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity "
            "WHERE application_name LIKE 'vbp-%' AND datname = current_database() ORDER BY pid"
        )
        if rows:
            await connection.execute("SELECT pg_terminate_backend($1)", chance.choice(rows)["pid"])
        await connection.close()


async def cut_a_worker_off(stage: Stage, fault: Fault, chance: Random) -> None:
    """Let the connections that a worker has hang; those that it makes anew work."""
    hand: Hand | None = stage.crew.draw(chance)
    if hand is None:
        return
    proxies = [stage.servers.kafka_proxy, stage.servers.database_proxy]
    chosen = chance.choice([proxies, proxies[:1], proxies[1:]])
    ports = hand.ports()
    held = [(proxy, proxy.hold(ports)) for proxy in chosen]
    await asyncio.sleep(fault.lasts)
    for proxy, hold in held:
        proxy.release(hold)


async def cut_all_off(stage: Stage, fault: Fault, chance: Random) -> None:
    """Let everything to one of the servers hang, new connections too."""
    proxy = chance.choice([stage.servers.kafka_proxy, stage.servers.database_proxy])
    hold = proxy.hold()
    await asyncio.sleep(fault.lasts)
    proxy.release(hold)


async def fill_the_disk(stage: Stage, fault: Fault, _chance: Random) -> None:
    await asyncio.to_thread(stage.servers.fill_disk)
    await asyncio.sleep(fault.lasts)
    stage.servers.empty_disk()
    # Without room for its log PostgreSQL ends; whoever supervises it starts it again.
    await stage.servers.postgres.start()


async def hire_with_a_wrong_clock(stage: Stage, fault: Fault, chance: Random) -> None:
    """Have one more whose clock is wrong, long enough for it to take its share."""
    hand = stage.crew.hire(clock=chance.choice((3600, 90, 20, -30, -3600, 86_400 * 400)))
    await asyncio.sleep(WRONG_FOR + fault.lasts)
    hand.end(signal.SIGTERM)


async def add_partitions(stage: Stage, _fault: Fault, chance: Random) -> None:
    name = chance.choice(FED)
    count = await how_many(stage.bootstrap, name)
    if count < MOST_PARTITIONS:
        await grow(stage.bootstrap, name, count + chance.randint(1, 2))


async def lose_a_topic(stage: Stage, fault: Fault, chance: Random) -> None:
    """Delete a topic, and make it again with as many partitions."""
    name = chance.choice(FED)
    count = await how_many(stage.bootstrap, name)
    stage.lost.add(name)
    await administer(stage.bootstrap, lambda admin: admin.delete_topics([name]))
    await asyncio.sleep(min(fault.lasts, 5))
    while (await partitions(stage.bootstrap)).get(name, 0) < topics.ORDERS.partitions:
        with suppress(*GONE):
            await kafka.create_topics(stage.bootstrap)
        await asyncio.sleep(RETRY)
    await grow(stage.bootstrap, name, count)


async def remove_unread(stage: Stage, fault: Fault, chance: Random) -> None:
    """Let retention take what nobody has read, while all workers sleep."""
    name = chance.choice(FED)
    asleep = stage.crew.living
    for hand in asleep:
        hand.send(signal.SIGSTOP)
    await asyncio.sleep(min(fault.lasts, 5))
    stage.lost.add(name)
    count = await how_many(stage.bootstrap, name)
    numbers = chance.sample(range(count), count // 2)
    to_the_end = {TopicPartition(name, number): RecordsToDelete(-1) for number in numbers}
    with suppress(TimeoutError):
        async with asyncio.timeout(ADMIN_WITHIN):
            await administer(stage.bootstrap, lambda admin: admin.delete_records(to_the_end))
    for hand in asleep:
        hand.send(signal.SIGCONT)


async def leave_a_transaction_open(stage: Stage, fault: Fault, chance: Random) -> None:
    """Tell again, in a transaction that hangs, what was told; then commit or abort it."""
    again = stage.load.told_so_far(chance.choice(FED))[-20:]
    sender = AIOKafkaProducer(
        bootstrap_servers=stage.bootstrap,
        transactional_id=f"{stage.database}-{chance.random()}",
        transaction_timeout_ms=30_000,
    )
    try:
        async with asyncio.timeout(fault.lasts + 30):
            await sender.start()
            await sender.begin_transaction()
            for one in again:
                await sender.send(one.topic, key=one.key, value=one.value, headers=one.headers)
            await sender.flush()
            await asyncio.sleep(fault.lasts)
            if chance.random() < 0.5:
                await sender.commit_transaction()
            else:
                await sender.abort_transaction()
    except GONE:
        # The broker was stopped meanwhile; it aborts what hangs. All of it was told before.
        pass
    finally:
        with suppress(Exception):
            await asyncio.wait_for(sender.stop(), 10)


async def publish_again(stage: Stage) -> None:
    """Tell everything again of topics that lost something."""
    for name in sorted(stage.lost):
        await told(stage.bootstrap, stage.load.told_so_far(name))


KINDS: dict[str, Happening] = {
    "worker killed": kill_a_worker,
    "worker frozen": freeze_a_worker,
    "worker starved": starve_a_worker,
    "worker joins": join,
    "worker leaves": leave,
    "broker stopped": stop_the_broker,
    "postmaster restarted": restart_the_postmaster,
    "backend ended": end_a_backend,
    "worker half-open": cut_a_worker_off,
    "server half-open": cut_all_off,
    "disk full": fill_the_disk,
    "clock wrong": hire_with_a_wrong_clock,
    "partitions added": add_partitions,
    "topic made again": lose_a_topic,
    "unread removed": remove_unread,
    "transaction open": leave_a_transaction_open,
}
LOSE = frozenset({"topic made again", "unread removed"})
TAKE_OFFSETS = frozenset({"transaction open"})
LENGTHS = {"worker frozen": 40.0, "worker starved": 20.0}
USUAL_LENGTH = 12.0
