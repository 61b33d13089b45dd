"""How soon a door says that it is healthy while it is attacked: `python -m tests.attacks [WORD…]`.

A process of its own asks /healthz twenty times a second. Prints for each attack the median and the
99th percentile of the answers, the 99th percentile of what the door worked between question and
answer, which tells the same on a busy machine, and by how much the door grew; ends with 1 where its
work or its growth is above the goal. Words choose the attacks whose names hold one of them.
"""

import asyncio
import gzip
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from statistics import quantiles

import httpx

from deploy.local.stack import LocalStack
from tests.attacks import asker
from tests.support.door_process import DoorProcess, door_process
from tests.support.doors import BATCH, LINES, ORDER, STRUCTURED, as_json, as_lines
from tests.support.events import an_example

GOAL_SECONDS = 0.1
GOAL_MIB = 50
PACKED = {"content-encoding": "gzip"}
SETTINGS = {"VBP_BODY_SECONDS": "6"}


async def posts(door: DoorProcess, times: int, body: bytes, headers: dict[str, str]) -> None:
    """Send as many requests at once, and wait for their answers."""
    every = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=300, limits=every, verify=False) as client:  # noqa: S501
        url = f"{door.url}/v1/events"
        sent = [client.post(url, content=body, headers=headers) for _ in range(times)]
        await asyncio.gather(*sent)


async def a_bomb_of_lines(door: DoorProcess) -> None:
    body = gzip.compress(b"0\n" * 10_000_000)
    for _ in range(5):
        await posts(door, 1, body, {**LINES, **PACKED})


async def a_hundred_bombs_of_lines(door: DoorProcess) -> None:
    await posts(door, 100, gzip.compress(b"0\n" * 10_000_000), {**LINES, **PACKED})


async def a_hundred_bombs_of_elements(door: DoorProcess) -> None:
    await posts(door, 100, gzip.compress(b"[" + b"0," * 49_000 + b"0]"), {**BATCH, **PACKED})


async def a_hundred_bombs_of_brackets(door: DoorProcess) -> None:
    await posts(door, 100, gzip.compress(b"[" * (1 << 20)), {**STRUCTURED, **PACKED})


async def bodies_without_an_end(door: DoorProcess) -> None:
    part = gzip.compress(as_lines(an_example(ORDER) for _ in range(3_000)))[:-200]
    head = b"POST /v1/events HTTP/1.1\r\nhost: door\r\ncontent-encoding: gzip\r\n"
    head += b"content-type: application/cloudevents-batch+json\r\ncontent-length: 9000000\r\n\r\n"
    await asyncio.gather(*[door.talk(head + part, patience=60) for _ in range(24)])


async def large_honest_batches(door: DoorProcess) -> None:
    batch = as_json([an_example(ORDER, data={"note": "x" * 200_000}) for _ in range(40)])
    await posts(door, 20, batch, BATCH)


async def batches_of_small_events(door: DoorProcess) -> None:
    await posts(door, 10, as_json([an_example(ORDER) for _ in range(12_000)]), BATCH)


async def clients_that_leave(door: DoorProcess) -> None:
    body = gzip.compress(as_lines([an_example(ORDER) for _ in range(9_000)]))
    head = b"POST /v1/events HTTP/1.1\r\nhost: door\r\ncontent-type: application/x-ndjson\r\n"
    head += b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(body)
    for _ in range(60):
        _, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(head + body)
        await writer.drain()
        writer.close()
    await asyncio.sleep(3)


async def a_flood_of_connections(door: DoorProcess) -> None:
    async def knock() -> None:
        for _ in range(20):
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", door.port)
                writer.write(b"GET /healthz HTTP/1.1\r\n")
                await asyncio.sleep(0.2)
                writer.close()

    await asyncio.gather(*[knock() for _ in range(300)])


ATTACKS: tuple[Callable[[DoorProcess], Awaitable[None]], ...] = (
    a_bomb_of_lines,
    a_hundred_bombs_of_lines,
    a_hundred_bombs_of_elements,
    a_hundred_bombs_of_brackets,
    bodies_without_an_end,
    large_honest_batches,
    batches_of_small_events,
    clients_that_leave,
    a_flood_of_connections,
)


def measured(door: DoorProcess, attack: Callable[[DoorProcess], Awaitable[None]]) -> bool:
    """Attack, and print what came of it; gives whether the goals were met."""
    context = get_context("spawn")
    end = context.Event()
    told: Queue[list[asker.Answered]] = context.Queue()
    asking = context.Process(target=asker.ask, args=(door.port, door.process.pid, end, told))
    asking.start()

    async def attacked() -> None:
        async with door.watched():
            await asyncio.sleep(1)
            await attack(door)

    asyncio.run(attacked())
    end.set()
    answers = told.get(timeout=60)
    asking.join()
    waited = quantiles([answer.waited for answer in answers], n=100)
    worked = quantiles([answer.worked for answer in answers], n=100)[98]
    row = f"{1000 * waited[49]:>9.1f}{1000 * waited[98]:>9.1f}{1000 * worked:>9.1f}"
    name = attack.__name__.replace("_", " ")
    sys.stdout.write(f"{name:<32}{len(answers):>8}{row}{door.peak:>8.0f}\n")
    sys.stdout.flush()
    return worked <= GOAL_SECONDS and door.peak <= GOAL_MIB


def main() -> int:
    """Attack a door of its own in every way; gives the exit code."""
    with tempfile.TemporaryDirectory() as data, LocalStack(Path(data)) as stack:
        log = Path(data) / "door.log"
        with door_process(stack.kafka, log, SETTINGS) as door:
            sys.stdout.write(f"{'attack':<32}{'answers':>8}{'p50 ms':>9}{'p99 ms':>9}")
            sys.stdout.write(f"{'work p99':>9}{'+MiB':>8}\n")
            words = sys.argv[1:] or [""]
            chosen = [one for one in ATTACKS if any(word in one.__name__ for word in words)]
            met = [measured(door, attack) for attack in chosen]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
