"""Who rewrites the history whole, with every hash and count in step, is found by the anchors."""

import os
import random
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.compliance.answers import anchors, audit
from services.compliance.answers.anchors import Outside
from services.compliance.findings import anchor
from services.compliance.findings.anchor import SignedAnchor
from services.compliance.people.case import PartyCase
from services.compliance.people.procedure import CaseAct, CaseStep
from services.compliance.storage import anchors as kept
from services.compliance.storage.cases import CaseDoing, CaseWritten, Seal, take_step
from services.compliance.worker.anchorer import append, last_in
from shared.adapters.postgres import Connection
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidArgumentError
from tests.support.events import an_event
from tests.support.workers.on_database import NOW, WorkerOnDatabase

pytestmark = pytest.mark.integration

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUSTED = {anchor.fingerprint(KEY.public_key()): KEY.public_key()}
TRIALS = int(os.environ.get("VBP_TEST_TRIALS", "100"))
"""How often somebody tampers; docs/security.md says what came of a thousand."""


def orders() -> list[Event]:
    """Twelve orders that were answered late, and of which nothing was delivered."""
    told = [
        an_event("product.selected"),
        an_event("hospital.enrolled"),
        an_event("agreement.signed"),
        an_event("distributor.appointed", end="2022-03-01"),
    ]
    for number in range(12):
        order = {"order": f"O{number}"}
        told.append(an_event("order.placed", "2022-02-01 09:00:00", **order))
        told.append(an_event("order.accepted", "2022-02-05 09:00:00", **order))
    return told


async def anchored(connection: Connection) -> dict[int, SignedAnchor]:
    """Anchor what has grown; gives all anchors, as a file outside holds them."""
    await kept.take(connection, KEY, NOW, await kept.last(connection))
    return {signed.anchor.number: signed for signed in await kept.since(connection, 0)}


async def problems(connection: Connection, told: dict[int, SignedAnchor]) -> list[str]:
    """What does not fit."""
    async with connection.transaction():
        return (await anchors.check(connection, Outside(TRUSTED, told)))[1]


@pytest.fixture
async def told(desk: WorkerOnDatabase) -> dict[int, SignedAnchor]:
    """Anchors of a history that grew twice; whoever touches it is a superuser."""
    events = orders()
    await desk.handle(*events[:16])
    await anchored(desk.connection)
    await desk.handle(*events[16:])
    await desk.sweep()
    await desk.connection.execute("SET session_replication_role = replica")
    return await anchored(desk.connection)


class Forger:
    """A superuser who knows how chains are made, and leaves each of them whole."""

    def __init__(self, connection: Connection, seed: int) -> None:
        self._connection = connection
        self._dice = random.Random(seed)

    async def tamper(self) -> str:
        """Do one of five things to some violation; gives which."""
        rows = await self._connection.fetch("SELECT id FROM compliance.violation ORDER BY id")
        some, other = (row["id"] for row in self._dice.sample(rows, 2))
        kind = self._dice.choice(["edit", "delete", "insert", "swap", "cut"])
        lines = await self._lines(some)
        if kind == "edit":
            at = self._dice.randrange(len(lines))
            lines[at] = lines[at].replace(b'"machine"', b'"nobody!"')
            await self._write(some, lines)
        elif kind == "delete":
            await self._write(some, [])
            await self._connection.execute("DELETE FROM compliance.violation WHERE id = $1", some)
        elif kind == "insert":
            at = self._dice.randrange(len(lines))
            put_in = lines[at].replace(b'"machine"', b'"nobody!"')
            await self._write(some, [*lines[:at], put_in, *lines[at:]])
        elif kind == "swap":
            others = await self._lines(other)
            await self._write(some, [others[0], *lines[1:]])
            await self._write(other, [lines[0], *others[1:]])
        else:
            await self._write(some, lines[:-1])
        return kind

    async def _lines(self, violation: UUID) -> list[bytes]:
        rows = await self._connection.fetch(
            "SELECT line FROM compliance.history WHERE violation = $1 ORDER BY seq", violation
        )
        return [row["line"] for row in rows]

    async def _write(self, violation: UUID, lines: list[bytes]) -> None:
        await self._connection.execute(
            "DELETE FROM compliance.history WHERE violation = $1", violation
        )
        head = b""
        for seq, line in enumerate(lines, 1):
            head = sha256(head + line).digest()
            await self._connection.execute(
                "INSERT INTO compliance.history (violation, seq, at, actor, change, line, hash) "
                "VALUES ($1, $2, now(), 'machine', 'changed', $3, $4)",
                violation,
                seq,
                line,
                head,
            )
        await self._connection.execute(
            "UPDATE compliance.violation SET seq = $2, head = $3 WHERE id = $1",
            violation,
            len(lines),
            head,
        )


async def test_whatever_is_rewritten_is_found_each_time(
    desk: WorkerOnDatabase, told: dict[int, SignedAnchor]
) -> None:
    assert await problems(desk.connection, told) == []
    missed, kinds = [], set()
    for trial in range(TRIALS):
        transaction = desk.connection.transaction()
        await transaction.start()
        kind = await Forger(desk.connection, trial).tamper()
        kinds.add(kind)
        if not await problems(desk.connection, told):
            missed.append((trial, kind))
        await transaction.rollback()
    assert missed == []
    assert len(kinds) == 5


REWRITTEN = {
    "an anchor taken away": ("DELETE FROM compliance.anchor WHERE number = 2", "anchor 2: is gone"),
    "all of them taken away": (
        "DELETE FROM compliance.anchor; DELETE FROM compliance.anchored",
        "anchor 1: is gone, though it was told",
    ),
    "what one took up": (
        "DELETE FROM compliance.anchored WHERE seq = 1 AND anchor = 1",
        "chains with the root",
    ),
    "an anchor in place of another": (
        "UPDATE compliance.anchor SET line = (SELECT line FROM compliance.anchor WHERE number = 1)",
        "anchor 2: is another than the one that was told",
    ),
}


@pytest.mark.parametrize("what", REWRITTEN)
async def test_anchors_that_were_rewritten_are_found(
    desk: WorkerOnDatabase, told: dict[int, SignedAnchor], what: str
) -> None:
    statement, said = REWRITTEN[what]
    await desk.connection.execute(statement)
    found = await problems(desk.connection, told)
    assert any(said in problem for problem in found), found


async def test_anchors_signed_with_another_key_are_found(desk: WorkerOnDatabase) -> None:
    await desk.handle(*orders())
    await kept.take(desk.connection, Ed25519PrivateKey.generate(), NOW, None)
    found = await problems(desk.connection, {1: await _only(desk.connection)})
    assert any("not among those that are trusted" in problem for problem in found), found


async def _only(connection: Connection) -> SignedAnchor:
    signed = await kept.last(connection)
    assert signed is not None
    return signed


async def test_a_violation_that_nothing_kept_was_judged_to_be_is_found(
    desk: WorkerOnDatabase, told: dict[int, SignedAnchor]
) -> None:
    assert await problems(desk.connection, told) == []
    await desk.connection.execute(
        "CREATE TEMP TABLE made AS SELECT * FROM compliance.violation LIMIT 1;"
        "UPDATE made SET id = 'ffffffff-0000-0000-0000-000000000000';"
        "INSERT INTO compliance.violation SELECT * FROM made"
    )
    async with desk.connection.transaction():
        shares = [await audit.check_violations(desk.connection, share) for share in (0, 255)]
        assert sum(part.standing for part in shares) > 0
        (problem,) = await audit.added(desk.connection)
    assert problem.startswith("violation ffffffff-0000-0000-0000-000000000000: stands, though")


async def test_only_what_has_grown_is_taken_up(
    desk: WorkerOnDatabase, told: dict[int, SignedAnchor]
) -> None:
    first, second = (told[number].anchor.leaves for number in (1, 2))
    assert first > 0
    assert second > 0
    assert (await anchored(desk.connection))[3].anchor.leaves == 0
    assert await problems(desk.connection, told) == []


CASE = PartyCase("cn-sx", "late-response", "2022-02", "distributor", "D1")


async def stepped(connection: Connection, act: CaseAct, by: str) -> None:
    text = "" if act == "take" else "电话确认"
    step = CaseStep(act, datetime.now(UTC), by, frozenset({"officer"}), text=text)
    done = await take_step(connection, CASE, None, CaseDoing(step), lambda _: Seal(b""))
    assert isinstance(done, CaseWritten)


async def test_the_chains_of_cases_are_anchored_too_and_rewriting_them_is_found(
    desk: WorkerOnDatabase, told: dict[int, SignedAnchor]
) -> None:
    connection = desk.connection
    leaves = told[2].anchor.leaves
    await stepped(connection, "take", "person:li")
    await stepped(connection, "remark", "person:li")
    told = await anchored(connection)
    assert (told[3].anchor.leaves, told[2].anchor.leaves) == (1, leaves)
    await stepped(connection, "remark", "person:wang")
    told = await anchored(connection)
    assert told[4].anchor.leaves == 1
    assert (await anchored(connection))[5].anchor.leaves == 0
    assert await problems(connection, told) == []
    for statement, said in (
        ("DELETE FROM compliance.case_history WHERE seq = 3", "line 3 of its history is gone"),
        ("DELETE FROM compliance.case_history; DELETE FROM compliance.case_work", "line 2 of"),
        ("UPDATE compliance.case_history SET hash = sha256(line)", "line 2 of its history was"),
        ("DELETE FROM compliance.anchored_case WHERE seq = 2", "chains with the root"),
        ("UPDATE compliance.anchored_case SET case_id = 'x'", "chains with the root"),
    ):
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(statement)
        found = await problems(connection, told)
        await transaction.rollback()
        assert any(said in problem for problem in found), (statement, found)


def test_a_line_that_a_crash_broke_off_is_passed_over(
    tmp_path: Path,
) -> None:
    path = tmp_path / "anchors"
    first = anchor.sign(anchor.Anchor(1, "2026-11-27T07:00:00.000000Z", anchor.FIRST, "00", 0), KEY)
    then = anchor.sign(
        anchor.Anchor(2, "2026-11-27T08:00:00.000000Z", first.anchor.digest, "00", 0), KEY
    )
    append(path, [first])
    with path.open("ab") as file:
        file.write(then.line[:100])
    assert last_in(path) == first
    append(path, [then])
    assert last_in(path) == then
    assert anchors.read_file(path) == {1: first, 2: then}


def test_a_file_that_two_databases_wrote_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "anchors"
    for root in ("00", "11"):
        told = anchor.Anchor(1, "2026-11-27T07:00:00.000000Z", anchor.FIRST, root, 0)
        append(path, [anchor.sign(told, KEY)])
    with pytest.raises(InvalidArgumentError, match=r"line 2: is another anchor 1"):
        anchors.read_file(path)
