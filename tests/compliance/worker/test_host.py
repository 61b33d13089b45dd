"""What hosts the work of a worker ends with it, however it ended."""

import asyncio

from typing_extensions import override

from services.compliance.worker.host import Task
from services.compliance.worker.reader import Reader
from shared.domain.errors import DefectError
from tests.support.workers.in_process import eventually


class Cancelled(Reader):
    """A reader out of whose await the cancellation of something else comes."""

    def __init__(self) -> None:
        """Read nothing."""

    @override
    def stop(self) -> None:
        """Has ended by then."""

    @override
    async def run(self) -> None:
        elsewhere = asyncio.get_running_loop().create_future()
        elsewhere.cancel()
        await elsewhere


async def test_work_that_nobody_cancelled_and_that_ended_so_ends_the_process() -> None:
    task = Task(Cancelled())
    await task.start()

    async def has_ended() -> bool:
        return task.crash_reason is not None

    await eventually(has_ended, within=10)
    assert isinstance(task.crash_reason, DefectError)
    assert "Cancelled was cancelled by nobody" in str(task.crash_reason)
    await task.stop()
