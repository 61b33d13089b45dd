"""People and workers write the same violations: no line is lost, each chain and count holds."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, count
from typing import Any, TypeVar, get_args
from uuid import UUID

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from services.compliance.answers import audit
from services.compliance.findings.accused import Accused
from services.compliance.findings.history import row_of
from services.compliance.findings.verification import Reckoning
from services.compliance.findings.violation import Change
from services.compliance.people.acts import Act, Given, Refusal
from services.compliance.people.review import Facts, Who
from services.compliance.storage import reviews, schema, violations
from services.compliance.storage.reviews import Changed, Context, Doing, Written
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from tests.support.kept import TOLD, a_connection, a_violation

pytestmark = pytest.mark.integration

T = TypeVar("T")
NUMBERS = count(1)
D1, D2 = Accused("distributor", "D1"), Accused("distributor", "D2")
LI = Who("person:li", frozenset({"officer"}))
WANG = Who("person:wang", frozenset({"officer", "reviewer"}))
ZHAO = Who("person:zhao", frozenset({"accused"}), "D1")
REASONS = {"dispute": "data", "propose-dismiss": "wrong-data"}


def doing(act: Act) -> Doing:
    words = "" if act == "assign" else "因为"
    assignee = "li" if act == "assign" else None
    given = Given(datetime.now(UTC), 0, REASONS.get(act), words, assignee)
    return Doing(act, given, internal=act != "dispute")


def by(who: Who) -> Callable[[Mapping[str, Any]], Context]:
    """Look at rows for somebody, once the time to be heard is over."""

    def about(row: Mapping[str, Any]) -> Context:
        withdrawn, severity = row["status"] == "withdrawn", row["severity"]
        facts = Facts(withdrawn, row["draft"], severity, row["accused"], hearing_over=True)
        return Context(who, facts)

    return about


async def act(
    connection: Connection, number: int, seq: int | None, what: Act, who: Who
) -> Written | Refusal | Changed | None:
    identity = a_violation(number).id
    return await reviews.act(connection, identity, seq, doing(what), by(who))


def machine(number: int, told: dict[str, Any] | None, accused: Accused = D1) -> Change:
    """What a worker tells of a violation; None takes it back."""
    violation = a_violation(number, **{"severity": "breach", **(told or {})})
    if told is None:
        return Change("withdrawn", violation.id, TOLD, None, ())
    return Change("changed", violation.id, TOLD, violation, (), accused=accused)


async def differences(connection: Connection, identity: UUID) -> list[str]:
    """All that the audit finds of one violation, and how many lines it has."""
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
    reckoning = Reckoning(identity)
    found = [str(one) for line in lines for one in reckoning.take(row_of(line))]
    assert row is not None
    return found + [str(one) for one in reckoning.compare(row, msgspec.json.decode(row["body"]))]


async def review(connection: Connection, number: int) -> tuple[Any, ...]:
    row = await connection.fetchrow(
        "SELECT review, stale, seen_seq, seq FROM compliance.violation WHERE id = $1",
        a_violation(number).id,
    )
    assert row is not None
    return tuple(row)


async def upheld(connection: Connection, number: int) -> int:
    """Have a violation upheld; gives the number of its last line."""
    await violations.tell(connection, [machine(number, {})])
    steps: tuple[tuple[Act, Who], ...] = (("acknowledge", LI), ("uphold", WANG))
    for seq, (what, who) in enumerate(steps, start=1):
        assert isinstance(await act(connection, number, seq, what, who), Written)
    return 3


async def test_machine_person_machine_are_one_chain_and_a_changed_actor_is_named(
    connection: Connection,
) -> None:
    await upheld(connection, 1)
    await violations.tell(connection, [machine(1, {"cured_at": "2022-03-01T00:00:00.000000Z"})])
    identity = a_violation(1).id
    assert await differences(connection, identity) == []
    assert await review(connection, 1) == ("upheld", False, 2, 4)
    assert (await audit.check_violations(connection, identity.bytes[0])).problems[1:] == ()

    await connection.execute("ALTER TABLE compliance.history DISABLE TRIGGER ALL")
    await connection.execute("UPDATE compliance.history SET actor = 'person:sun' WHERE seq = 3")
    (found,) = await differences(connection, identity)
    assert found == "line 3, actor is 'person:sun', and should be 'person:wang'"


async def test_words_that_were_changed_are_found_and_words_that_were_erased_are_not_missed(
    connection: Connection,
) -> None:
    await upheld(connection, 1)
    identity = a_violation(1).id
    await connection.execute("UPDATE compliance.remark SET text = 'x' WHERE seq = 3")
    assert [one.split(" is ")[0] for one in await differences(connection, identity)] == [
        "line 3, words"
    ]
    await connection.execute("UPDATE compliance.remark SET text = '', erased_at = now()")
    assert await differences(connection, identity) == []
    await connection.execute("DELETE FROM compliance.remark")
    assert len(await differences(connection, identity)) == 2


async def test_whoever_had_not_seen_the_last_line_writes_nothing_and_is_told_what_came(
    connection: Connection,
) -> None:
    await violations.tell(connection, [machine(1, {})])
    await violations.tell(connection, [machine(1, {"observed": 3})])
    found = await act(connection, 1, 1, "acknowledge", LI)
    assert isinstance(found, Changed)
    assert found.seq == 2
    assert [(line["seq"], line["actor"], line["change"]) for line in found.lines] == [
        (2, "machine", "changed")
    ]
    assert await review(connection, 1) == ("new", False, None, 2)
    # Words about it are welcome all the same.
    assert isinstance(await act(connection, 1, None, "comment", LI), Written)
    assert await act(connection, 999, 1, "acknowledge", LI) is None


@pytest.mark.parametrize(
    ("later", "accused", "stale"),
    [
        ({"occurred_at": "2022-01-01T00:09:00.000000Z"}, D1, True),
        ({"observed": "2022-01-02T00:00:00.000000Z"}, D1, True),
        ({"limit": 7}, D1, True),
        ({"severity": "explain"}, D1, True),
        ({"clause": ["七", "五"]}, D1, True),
        ({}, D2, True),
        ({"cured_at": "2022-01-09T00:00:00.000000Z", "status": "closed"}, D1, False),
        ({"evidence": [], "exempt": True}, D1, False),
    ],
)
async def test_a_decision_is_stale_once_what_it_rests_on_has_moved_and_stands(
    later: dict[str, Any], accused: Accused, *, stale: bool, connection: Connection
) -> None:
    await upheld(connection, 1)
    await violations.tell(connection, [machine(1, later, accused)])
    assert await review(connection, 1) == ("upheld", stale, 2, 4)
    assert await differences(connection, a_violation(1).id) == []


async def test_what_is_found_again_after_it_was_withdrawn_comes_back_stale(
    connection: Connection,
) -> None:
    await upheld(connection, 1)
    await violations.tell(connection, [machine(1, None)])
    assert await review(connection, 1) == ("upheld", False, 2, 4)
    assert await counted(connection) == Counter()
    await violations.tell(connection, [machine(1, {})])
    assert await review(connection, 1) == ("upheld", True, 2, 5)
    assert isinstance(await act(connection, 1, 5, "reaffirm", LI), Refusal)
    assert isinstance(await act(connection, 1, 5, "reaffirm", WANG), Written)
    assert await review(connection, 1) == ("upheld", False, 5, 6)
    assert await differences(connection, a_violation(1).id) == []


def replacing(number: int, *old: int) -> Change:
    """What a worker tells of an interval that takes the place of others."""
    names = tuple(a_violation(one).id for one in old)
    return Change("opened", a_violation(number).id, TOLD, a_violation(number), (), names)


async def test_what_people_hold_goes_over_to_what_replaces_a_violation_and_is_stale(
    connection: Connection,
) -> None:
    await upheld(connection, 1)
    await violations.tell(connection, [machine(2, {}), machine(3, {}), machine(4, {})])
    await act(connection, 2, 1, "acknowledge", LI)
    await act(connection, 3, 1, "assign", WANG)
    told = [machine(number, None) for number in (1, 2, 3, 4)]
    told += [replacing(11, 2, 1), replacing(13, 3), replacing(14, 4)]
    await violations.tell(connection, told)
    found = {number: await review(connection, number) for number in (11, 13, 14)}
    # Of two the one that was decided last; what nobody had touched leaves nothing.
    last = ("acknowledged", False) if found[11][0] == "acknowledged" else ("upheld", True)
    assert found == {
        11: (*last, None, 2),
        13: ("new", False, None, 2),
        14: ("new", False, None, 1),
    }
    assert last == ("acknowledged", False)
    assignee = "SELECT assignee FROM compliance.violation WHERE id = $1"
    assert await connection.fetchval(assignee, a_violation(13).id) == "li"
    for number in (1, 2, 3, 4, 11, 13, 14):
        assert await differences(connection, a_violation(number).id) == []
    assert await connection.fetch(audit.QUERIES["review_counts"]) == []
    # What is told of it later finds it held, and leaves it.
    later = replacing(11, 1)
    await violations.tell(connection, [later])
    assert (await review(connection, 11))[0] == "acknowledged"
    decided = a_violation(21).id
    await upheld(connection, 21)
    await violations.tell(connection, [machine(21, None), replacing(22, 21)])
    assert await review(connection, 22) == ("upheld", True, None, 2)
    assert (await review(connection, 21))[0] == "upheld"
    assert await differences(connection, decided) == []
    assert isinstance(await act(connection, 22, 2, "reaffirm", LI), Refusal)


async def counted(connection: Connection) -> Counter[tuple[Any, ...]]:
    rows = await connection.fetch("SELECT * FROM compliance.review_count WHERE count <> 0")
    return Counter({tuple(key): number for *key, number in rows})


async def test_only_what_moves_a_review_is_told_on_the_bus(connection: Connection) -> None:
    await violations.tell(connection, [machine(1, {})])
    await act(connection, 1, 1, "comment", LI)
    await act(connection, 1, 2, "assign", LI)
    await act(connection, 1, 3, "acknowledge", LI)
    rows = await connection.fetch("SELECT seq FROM compliance.outbox ORDER BY id")
    assert [row["seq"] for row in rows] == [1, 4]


async def test_of_many_each_gets_its_line_and_who_is_left_out_is_named(
    database: str, connection: Connection
) -> None:
    numbers = range(1, 1_204)
    await violations.tell(connection, [machine(number, {}) for number in numbers])
    await act(connection, 7, 1, "acknowledge", LI)
    names = [a_violation(number).id for number in numbers]
    async with a_connection(database) as worker:
        held = worker.transaction()
        await held.start()
        await violations.tell(worker, [machine(9, {"observed": 1})])
        stranger = UUID(int=5)
        done = await reviews.act_of_many(
            connection, [*names, stranger], doing("acknowledge"), by(WANG)
        )
        await held.commit()
    assert done.done == 1_201
    assert {(one.id, one.why) for one in done.skipped} == {
        (a_violation(7).id, "transition-refused"),
        (a_violation(9).id, "busy"),
        (stranger, "not-found"),
    }
    lines = await connection.fetchval(
        "SELECT count(*) FROM compliance.history WHERE actor = 'person:wang'"
    )
    assert lines == 1_201
    assert await connection.fetch(audit.QUERIES["review_counts"]) == []


async def test_workers_and_people_at_once_lose_no_line(
    database: str, connection: Connection
) -> None:
    numbers = range(1, 41)
    await violations.tell(connection, [machine(number, {}) for number in numbers])
    written = Counter(dict.fromkeys(numbers, 1))

    async def work(turns: int) -> None:
        async with a_connection(database) as own:
            for turn in range(turns):
                order = numbers if turn % 2 else reversed(numbers)
                changes = [machine(n, {"observed": turn}) for n in order if n % 3 == turn % 3]
                async with own.transaction():
                    await postgres.write_lazily(own)
                    await violations.tell(own, changes)
                written.update(n for n in numbers if n % 3 == turn % 3)

    async def decide(first: int) -> None:
        async with a_connection(database) as own:
            for number in chain(numbers[first:], numbers[:first]):
                _, _, _, seq = await review(own, number)
                if isinstance(await act(own, number, seq, "acknowledge", LI), Written):
                    written[number] += 1
                if isinstance(await act(own, number, None, "comment", LI), Written):
                    written[number] += 1

    async def comment_on_all() -> None:
        async with a_connection(database) as own:
            names = {a_violation(number).id: number for number in numbers}
            for _ in range(6):
                done = await reviews.act_of_many(own, names, doing("comment"), by(WANG))
                written.update(set(names.values()) - {names[one.id] for one in done.skipped})

    people = (decide(0), decide(13), decide(29), comment_on_all())
    await asyncio.wait_for(asyncio.gather(work(24), *people), 60)
    for number in numbers:
        assert await differences(connection, a_violation(number).id) == []
        assert (await review(connection, number))[3] == written[number]
    assert await connection.fetch(audit.QUERIES["review_counts"]) == []


class PeopleAndMachine(RuleBasedStateMachine):
    """A worker's batch that lasts, and people who act before, within and after it."""

    dsn = ""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._ours = [next(NUMBERS) for _ in range(4)]
        self._lines = Counter(dict.fromkeys(self._ours, 1))
        self._batch: tuple[Any, Sequence[int]] | None = None
        self._heir: tuple[int, int] | None = None

    def _run(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self._runner.run(done())

    @initialize()
    def both_are_connected(self) -> None:
        self._worker = self._run(postgres.connect(self.dsn))
        self._person = self._run(postgres.connect(self.dsn, lock_timeout="30ms"))
        changes = [machine(number, {}) for number in self._ours]
        self._run(violations.tell(self._worker, changes))

    @precondition(lambda self: self._batch is None)
    @rule(
        told=st.dictionaries(
            st.integers(0, 3),
            st.none()
            | st.fixed_dictionaries(
                {
                    "status": st.sampled_from(["open", "closed"]),
                    "exempt": st.booleans(),
                    "observed": st.sampled_from([None, 1, "2022-01-01T00:00:00.000000Z"]),
                    "severity": st.sampled_from(["breach", "explain"]),
                }
            ),
            min_size=1,
        ),
        accused=st.sampled_from([D1, D2]),
    )
    def a_batch_begins(self, told: dict[int, dict[str, Any] | None], accused: Accused) -> None:
        batch = self._worker.transaction()
        self._run(batch.start())
        numbers = {self._ours[place]: what for place, what in told.items()}
        changes = [machine(number, what, accused) for number, what in numbers.items()]
        self._run(violations.tell(self._worker, changes))
        self._batch = (batch, list(numbers))

    @precondition(lambda self: self._batch is None)
    @rule(place=st.integers(0, 3))
    def a_batch_replaces_one(self, place: int) -> None:
        batch = self._worker.transaction()
        self._run(batch.start())
        old, heir = self._ours[place], next(NUMBERS)
        self._run(violations.tell(self._worker, [machine(old, None), replacing(heir, old)]))
        held = self._run(
            self._worker.fetchval(
                "SELECT review <> 'new' OR assignee IS NOT NULL FROM compliance.violation "
                "WHERE id = $1",
                a_violation(old).id,
            )
        )
        carried = [heir] if held else []
        self._batch = (batch, [old, heir, *carried])
        self._heir = (place, heir)

    @precondition(lambda self: self._batch is not None)
    @rule()
    def the_batch_is_committed(self) -> None:
        assert self._batch is not None
        batch, numbers = self._batch
        self._run(batch.commit())
        self._lines.update(numbers)
        if self._heir is not None:
            self._ours[self._heir[0]] = self._heir[1]
        self._batch = self._heir = None

    @precondition(lambda self: self._batch is not None)
    @rule()
    def the_worker_dies(self) -> None:
        assert self._batch is not None
        self._run(self._batch[0].rollback())
        self._batch = self._heir = None

    @rule(
        place=st.integers(0, 3),
        what=st.sampled_from(get_args(Act)),
        who=st.sampled_from([LI, WANG, ZHAO]),
        behind=st.sampled_from([0, 0, 0, 1]),
    )
    def somebody_acts(self, place: int, what: Act, who: Who, behind: int) -> None:
        number = self._ours[place]
        seq = self._lines[number] - behind
        try:
            found = self._run(act(self._person, number, seq, what, who))
        except asyncpg.LockNotAvailableError:
            # The batch holds the violation, or a count that it moved.
            assert self._batch is not None
            return
        assert found is not None
        assert isinstance(found, Changed) == bool(behind)
        if isinstance(found, Written):
            self._lines[number] += 1

    @rule(what=st.sampled_from(["acknowledge", "comment", "assign"]))
    def somebody_acts_on_all(self, what: Act) -> None:
        names = {a_violation(number).id: number for number in self._ours}
        try:
            done = self._run(reviews.act_of_many(self._person, names, doing(what), by(LI)))
        except asyncpg.LockNotAvailableError:
            assert self._batch is not None
            return
        left_out = {names[one.id]: one.why for one in done.skipped}
        busy = set(self._batch[1]) & set(self._ours) if self._batch is not None else set()
        assert {number for number, why in left_out.items() if why == "busy"} == busy
        self._lines.update(set(self._ours) - set(left_out))

    @invariant()
    def every_line_is_there_and_every_chain_and_count_holds(self) -> None:
        if not hasattr(self, "_person"):
            return
        for number in self._ours:
            assert self._run(differences(self._person, a_violation(number).id)) == []
            assert self._run(review(self._person, number))[3] == self._lines[number]
        wrong = self._person.fetch(audit.QUERIES["review_counts"])
        assert self._run(wrong) == []

    @override
    def teardown(self) -> None:
        for one in ("_worker", "_person"):
            if hasattr(self, one):
                getattr(self, one).terminate()
        self._runner.close()


def test_whatever_people_and_machine_do_in_whatever_order_no_line_is_lost(database: str) -> None:
    with asyncio.Runner() as runner:
        runner.run(postgres.migrate(database, schema.MIGRATIONS, "compliance"))
    ours = type("Machine", (PeopleAndMachine,), {"dsn": database})
    run_state_machine_as_test(
        ours,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
