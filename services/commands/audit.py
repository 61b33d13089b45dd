"""`vbp audit verify`: checks everything that is kept with all processors, as of one moment."""

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from multiprocessing import connection
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from rich.progress import TaskID

from services.commands.terminal import counted, counting, say
from services.compliance.answers import anchors, audit, audit_attachments, audit_cases
from services.compliance.answers.anchors import Outside
from services.compliance.answers.audit import BLOCKS_AT_ONCE, SHARES, Part
from services.compliance.findings.anchor import fingerprint
from services.compliance.judging.upshot import UnjudgedKey
from services.compliance.judging.weighing import WeighedKey
from services.compliance.settings import Settings
from shared.adapters import postgres, signing
from shared.adapters.postgres import Connection
from shared.domain.errors import TransientError, VbpError

Check = Callable[[Connection, int], Coroutine[Any, Any, Part]]
Task = tuple[Check, int]
"""A part of the audit: what to check, and where that begins."""


def verify(
    settings: Settings, processes: int | None, file: Path | None, keys: Sequence[Path]
) -> bool:
    """Print a line for each thing that is not as it was written; gives whether all is.

    `file` holds the anchors that were told, `keys` the public keys that are trusted to sign them.
    Raises SetupError or InvalidArgumentError for files that hold something else.
    """
    trusted = {fingerprint(key): key for key in signing.public_keys(keys)}
    outside = Outside(trusted, None if file is None else anchors.read_file(file))
    try:
        return asyncio.run(_verify(settings.database, processes or os.cpu_count() or 1, outside))
    except postgres.FAILURES as error:
        remedy = "see that PostgreSQL runs, and begin again"
        raise TransientError(f"the audit was broken off: {error!r}; {remedy}") from error


async def _verify(dsn: str, processes: int, outside: Outside) -> bool:
    began = time.monotonic()
    async with audit.reading(dsn) as reader:
        snapshot, sizes = await audit.export(reader)
        tasks: list[Task] = [
            *((audit.check_violations, share) for share in range(SHARES)),
            *((audit.check_records, block) for block in range(0, sizes.blocks, BLOCKS_AT_ONCE)),
        ]
        # The connection keeps the snapshot while other processes read by it.
        done = await asyncio.to_thread(_all_done, tasks, processes, dsn, snapshot)
        problems = await audit.check_counts(reader, done.unjudged, done.weighed)
        if done.standing != done.found:
            problems += await audit.added(reader)
        cases, amiss = await audit_cases.check_cases(reader)
        files, altered = await audit_attachments.check_attachments(reader)
        anchored, unfitting = await anchors.check(reader, outside)
        problems += [*amiss, *altered, *unfitting]
    _print(problems)
    count = done.problems + len(problems)
    seconds = time.monotonic() - began
    say(
        f"{counted(done.violations, 'violation')} with {counted(done.lines, 'line')} of history, "
        f"{counted(done.facts, 'fact')}, {counted(done.records, 'record')}, "
        f"{counted(cases, 'case')}, {counted(files, 'attachment')} and "
        f"{counted(anchored, 'anchor')} checked in "
        f"{seconds:.1f} s: "
        + (f"{counted(count, 'problem')} found" if count else "all is as it was written")
    )
    if anchored and not (outside.keys and outside.told is not None):
        say(
            "The anchors were checked against nothing outside the database: give --anchors FILE, "
            "as VBP_ANCHOR_FILE was written, and --key with the public key"
        )
    return not count


class _Sum:
    """What all parts found together."""

    def __init__(self) -> None:
        self.violations = self.lines = self.facts = self.records = self.problems = 0
        self.standing = self.found = 0
        self.unjudged: Counter[UnjudgedKey] = Counter()
        self.weighed: Counter[WeighedKey] = Counter()

    def add(self, part: Part) -> None:
        """Take what one part found."""
        self.violations += part.violations
        self.lines += part.lines
        self.facts += part.facts
        self.records += part.records
        self.standing += part.standing
        self.found += part.found
        self.problems += len(part.problems)
        self.unjudged.update(part.unjudged)
        self.weighed.update(part.weighed)


def _all_done(tasks: list[Task], processes: int, dsn: str, snapshot: str) -> _Sum:
    """Have processes do all tasks; what each part found is printed at once."""
    done = _Sum()
    shares = [tasks[number::processes] for number in range(processes)]
    begun = [_begun(share, dsn, snapshot) for share in shares if share]
    try:
        with counting(len(tasks), "Checking") as progress:
            for part in _parts([answer for _, answer in begun], len(tasks)):
                _print(part.problems)
                done.add(part)
                progress.advance(TaskID(0))
    finally:
        for process, answer in begun:
            process.terminate()
            process.join()
            answer.close()
    return done


def _begun(tasks: list[Task], dsn: str, snapshot: str) -> tuple[SpawnProcess, Pipe]:
    # A fork would take over the event loop and the connection of this process.
    spawning = multiprocessing.get_context("spawn")
    answer, sender = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_work, args=(sender, tasks, dsn, snapshot), daemon=True)
    process.start()
    # Only the process may hold this end, so that its death is heard at the other.
    sender.close()
    return process, answer


def _parts(answers: list[Pipe], count: int) -> Iterator[Part]:
    """Give what processes send, in whatever order, until so many parts have come."""
    open_ones: list[Pipe] = list(answers)
    while count:
        for answer in connection.wait(open_ones):
            assert isinstance(answer, Pipe)  # noqa: S101  # what was waited for
            try:
                part = answer.recv()
            except EOFError:
                open_ones.remove(answer)
                continue
            if isinstance(part, str):
                raise TransientError(f"{part}. Begin again")
            yield part
            count -= 1
        if count and not open_ones:
            raise TransientError("a process of the audit ended before it was done. Begin again")


def _work(sender: Pipe, tasks: list[Task], dsn: str, snapshot: str) -> None:
    """Do tasks in a process of its own, over one connection; sends a part for each."""
    # Ctrl-C reaches every process; the first one says what there is to say.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        asyncio.run(_checked(sender, tasks, dsn, snapshot))
    except (VbpError, *postgres.FAILURES) as error:
        sender.send(f"the audit was broken off: {error}")
    sender.close()


async def _checked(sender: Pipe, tasks: list[Task], dsn: str, snapshot: str) -> None:
    async with audit.reading(dsn, snapshot) as reader:
        for check, first in tasks:
            sender.send(await check(reader, first))


def _print(problems: Sequence[str]) -> None:
    if problems:
        sys.stdout.write("".join(f"{problem}\n" for problem in problems))
        sys.stdout.flush()
