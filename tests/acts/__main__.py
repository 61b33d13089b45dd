"""People act on violations that workers write, while the workers are killed: nothing is lost.

`python -m tests.acts DSN [ACTS] [KILLS]` does so on a database that is there to be spoilt: 1,000
acts
of eight people at once, and 20 workers that are killed (SIGKILL) in the midst of a batch. Then each
act that was answered has its line, each chain holds, and each count is what it counts.
"""

import asyncio
import random
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from services.compliance.answers import audit
from services.compliance.findings.accused import Accused
from services.compliance.findings.history import row_of
from services.compliance.findings.verification import Reckoning
from services.compliance.findings.violation import Change
from services.compliance.people.acts import Act, Given
from services.compliance.people.review import Facts, Who
from services.compliance.storage import reviews, violations
from services.compliance.storage.desk import Desk
from services.compliance.storage.reviews import Context, Doing, Written
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.errors import TransientError
from tests.support.kept import TOLD, a_violation

NUMBERS: Final = range(1, 61)
PEOPLE: Final = 8
ACTS: Final[tuple[Act, ...]] = ("acknowledge", "comment", "assign", "propose-dismiss", "dispute")
ACCUSED: Final = Accused("distributor", "D1")


class Outcome(NamedTuple):
    """How many acts were written, workers killed and lines told, and all that does not hold."""

    acts: int
    killed: int
    lines: int
    problems: list[str]


async def run(dsn: str, acts: int, kills: int, seed: int = 0) -> Outcome:
    """Let people act while workers write and are killed; look at all of it afterwards."""
    await postgres.migrate(dsn, MIGRATIONS, "compliance")
    connection = await postgres.connect(dsn)
    await violations.tell(connection, [told(number, 0) for number in NUMBERS])
    written: Counter[UUID] = Counter()
    over = asyncio.Event()
    killing = asyncio.create_task(_kill(dsn, kills, over))
    share = acts // PEOPLE
    async with Desk(dsn, size=PEOPLE) as desk:
        people = (_person(desk, seed * PEOPLE + n, share, written) for n in range(PEOPLE))
        await asyncio.gather(*people)
    over.set()
    killed = await killing
    problems = [*await _amiss(connection, written)]
    lines = await connection.fetchval("SELECT count(*) FROM compliance.history")
    await connection.close()
    return Outcome(sum(written.values()), killed, lines, problems)


def told(number: int, turn: int) -> Change:
    """Give what a worker tells of a violation in a turn; each tells something else."""
    violation = a_violation(number, observed=turn, severity="explain" if turn % 2 else "breach")
    kind: Any = "changed" if turn else "opened"
    return Change(kind, violation.id, TOLD, violation, (), accused=ACCUSED)


async def _person(desk: Desk, seed: int, acts: int, written: Counter[UUID]) -> None:
    dice, who = random.Random(seed), Who(f"person:{seed}", frozenset({"officer", "accused"}), "D1")

    def about(row: Any) -> Context:
        return Context(
            who, Facts(row["status"] == "withdrawn", row["draft"], row["severity"], "D1")
        )

    done = 0
    while done < acts:
        identity, act = a_violation(dice.choice(NUMBERS)).id, dice.choice(ACTS)
        reason = {"dispute": "data", "propose-dismiss": "wrong-data"}.get(act)
        doing = Doing(act, Given(datetime.now(UTC), 0, reason, "因为", "li"))
        try:
            async with desk.writing() as connection:
                found = await reviews.act(connection, identity, None, doing, about)
        except TransientError:
            continue
        done += 1
        written[identity] += isinstance(found, Written)


async def _kill(dsn: str, kills: int, over: asyncio.Event) -> int:
    """Let one worker after another write, and kill each; gives how many were."""
    killed = 0
    while killed < kills or not over.is_set():
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.acts.worker", dsn), stdout=asyncio.subprocess.PIPE
        )
        assert worker.stdout is not None
        await worker.stdout.readline()
        await asyncio.sleep(random.Random(killed).uniform(0.05, 0.4))
        worker.kill()
        await worker.wait()
        killed += 1
    return killed


async def _amiss(connection: Connection, written: Counter[UUID]) -> list[str]:
    found = []
    for number in NUMBERS:
        identity = a_violation(number).id
        async with connection.transaction(isolation="repeatable_read"):
            row = await connection.fetchrow(
                "SELECT * FROM compliance.violation WHERE id = $1", identity
            )
            lines = await connection.fetch(
                "SELECT h.*, r.text AS words, r.internal, r.erased_at IS NOT NULL AS erased "
                "FROM compliance.history h LEFT JOIN compliance.remark r USING (violation, seq) "
                "WHERE violation = $1 ORDER BY seq",
                identity,
            )
        assert row is not None
        reckoning = Reckoning(identity)
        found += [f"{identity}: {one}" for line in lines for one in reckoning.take(row_of(line))]
        body = msgspec.json.decode(row["body"])
        found += [f"{identity}: {one}" for one in reckoning.compare(row, body)]
        acts = sum(line["actor"] != "machine" for line in lines)
        if acts != written[identity]:
            found.append(f"{identity}: {written[identity]} acts were answered, and {acts} stand")
    counts: list[asyncpg.Record] = await connection.fetch(audit.QUERIES["review_counts"])
    return found + [f"review_count: {dict(row)}" for row in counts]


def main() -> None:
    """Act and kill, and say what was found; the exit code is 1 if anything was."""
    acts, kills = (int(one) for one in (*sys.argv[2:], "1000", "20")[:2])
    done = asyncio.run(run(sys.argv[1], acts, kills))
    said = f"{done.acts} acts written, {done.killed} workers killed, {done.lines} lines"
    sys.stdout.writelines(f"{line}\n" for line in (said, *done.problems))
    sys.exit(bool(done.problems))


if __name__ == "__main__":
    main()
