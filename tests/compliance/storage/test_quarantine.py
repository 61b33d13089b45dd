from collections.abc import Callable
from typing import Any

import pytest

from services.compliance.judging import engine
from services.compliance.judging.dossier import decode_record
from services.compliance.records.commitment import Commitment
from services.compliance.settings import Settings
from services.compliance.storage import schema
from services.compliance.storage.rebuild import rebuild
from shared.domain.cloudevents import Event
from tests.support.builders import POLICIES
from tests.support.events import an_event
from tests.support.workers.on_database import WorkerOnDatabase, at_work

pytestmark = pytest.mark.integration

REGISTER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed"),
]


def refused(order: str) -> list[Event]:
    """An order, and its refusal for a reason that is none."""
    return [
        an_event("order.placed", "2022-03-01 09:00:00", order=order),
        an_event("order.rejected", "2022-03-01 10:00:00", order=order, reason="price"),
    ]


def failing(
    monkeypatch: pytest.MonkeyPatch, step: str, fails: Callable[..., bool]
) -> pytest.MonkeyPatch:
    """Have a step of the engine fail where it is told so."""
    does = getattr(engine, step)

    def failed(*given: Any, **how: Any) -> Any:
        if fails(*given):
            raise ZeroDivisionError("a defect\0 of ours \ud800")
        return does(*given, **how)

    monkeypatch.setattr(engine, step, failed)
    return monkeypatch


async def orders(desk: WorkerOnDatabase) -> set[str]:
    """The orders whose refusal was found."""
    rows = await desk.connection.fetch(
        """SELECT "order" FROM compliance.violation WHERE rule = 'supply-refusal'"""
    )
    return {row["order"] for row in rows}


async def aside(desk: WorkerOnDatabase) -> list[tuple[Any, ...]]:
    rows = await desk.connection.fetch(
        "SELECT kind, key, remedy, since FROM compliance.quarantine ORDER BY kind, key"
    )
    return [tuple(row) for row in rows]


async def facts(desk: WorkerOnDatabase) -> int:
    count: int = await desk.connection.fetchval("SELECT count(*) FROM compliance.fact")
    return count


async def test_a_record_that_cannot_be_judged_is_set_aside_and_its_neighbours_are_judged(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mended = failing(monkeypatch, "judge", lambda dossier, *_: dossier.subject.key == "BAD")
    await desk.handle(*REGISTER, *refused("BAD"), *refused("GOOD"))
    await desk.sweep()

    assert await orders(desk) == {"GOOD"}
    assert await facts(desk) == 8
    (first,) = await aside(desk)
    assert first[:3] == ("order", "BAD", "judge")
    kept = await desk.connection.fetchrow("SELECT error, traceback FROM compliance.quarantine")
    assert kept is not None
    assert kept["error"] == "ZeroDivisionError: a defect� of ours ?"
    assert "test_quarantine.py" in kept["traceback"]

    await desk.handle(an_event("order.accepted", "2022-03-01 11:00:00", order="BAD"))
    assert await aside(desk) == [first]

    await schema.prepare(Settings(database=database), POLICIES)
    await desk.sweep()
    assert await aside(desk) == [first], "the defect is still there"

    mended.undo()
    await schema.prepare(Settings(database=database), POLICIES)
    await desk.sweep()
    assert await orders(desk) == {"GOOD", "BAD"}
    assert await aside(desk) == []


async def test_what_was_said_of_a_record_stands_while_it_is_set_aside(
    desk: WorkerOnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.handle(*REGISTER, *refused("BAD"))
    assert await orders(desk) == {"BAD"}
    failing(monkeypatch, "judge", lambda dossier, *_: dossier.subject.key == "BAD")

    await desk.handle(an_event("order.cancelled", "2022-03-01 11:00:00", order="BAD"))

    assert len(await aside(desk)) == 1
    history = await desk.connection.fetch("SELECT change FROM compliance.history")
    assert "withdrawn" not in {row["change"] for row in history}


@pytest.mark.parametrize("step", ["merge", "receive"])
async def test_what_could_not_be_put_into_a_record_is_there_after_a_rebuild(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    fails: dict[str, Callable[..., bool]] = {
        "merge": lambda _record, _telling, event: getattr(event.data, "order", "") == "BAD",
        "receive": lambda dossier, _transfer: dossier.subject.kind == "commitment",
    }
    mended = failing(monkeypatch, step, fails[step])
    story = [*REGISTER, *refused("BAD"), *refused("GOOD")]
    await desk.handle(*story)
    await desk.sweep()
    (set_aside,) = await aside(desk)
    assert set_aside[2] == "rebuild"
    await desk.handle(an_event("order.accepted", "2022-03-01 11:00:00", order="GOOD"))
    assert [row[2] for row in await aside(desk)] == ["rebuild"]

    mended.undo()
    await schema.prepare(Settings(database=database), POLICIES)
    await desk.sweep()
    assert [row[2] for row in await aside(desk)] == ["rebuild"], "a rebuild is needed"

    await desk.connection.close()
    await rebuild(Settings(database=database), POLICIES)
    async with at_work(database) as again:
        await again.sweep()
        assert await orders(again) == {"GOOD", "BAD"}
        assert await aside(again) == []
        record = await again.connection.fetchval(
            "SELECT record FROM compliance.dossier WHERE kind = 'commitment'"
        )
        held = decode_record("commitment", record)
        assert isinstance(held, Commitment)
        assert held.dealings.keys() == {"GOOD", "BAD"}
