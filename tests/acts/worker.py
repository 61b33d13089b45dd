"""A worker that writes all violations again and again, until it is killed."""

import asyncio
import sys
from itertools import count

from services.compliance.storage import violations
from shared.adapters import postgres
from tests.acts.__main__ import NUMBERS, told


async def work(dsn: str) -> None:
    """Write batches without an end, as workers do: no commit waits for the disk."""
    connection = await postgres.connect(dsn)
    for turn in count(1):
        async with connection.transaction():
            await postgres.write_lazily(connection)
            some = [number for number in NUMBERS if number % 4 == turn % 4]
            await violations.tell(connection, [told(number, turn) for number in some])
        if turn == 1:
            sys.stdout.write("begun\n")
            sys.stdout.flush()
        await asyncio.sleep(0.002)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
