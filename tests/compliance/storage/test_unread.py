"""What is stored and cannot be read is set aside, kept as it is, and comes back."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from services.compliance.judging import dossier as dossiers
from services.compliance.judging.judgement import Judgement
from services.compliance.judging.subjects import Columns, Subject
from services.compliance.settings import Settings
from services.compliance.storage import schema
from services.compliance.storage.rebuild import rebuild
from shared.domain.cloudevents import Event
from shared.domain.records.product import Product
from tests.support.builders import POLICIES
from tests.support.events import an_event
from tests.support.workers.in_process import STANDING, compared
from tests.support.workers.on_database import WorkerOnDatabase, at_work

pytestmark = pytest.mark.integration

REGISTER = [
    an_event("product.selected"),
    an_event("product.selected", product="P2"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed"),
]
BROKEN = b"\xc1 no longer what it was"


def placed(order: str, **terms: Any) -> list[Event]:
    """An order that is refused for a reason that is none, far too late."""
    return [
        an_event("order.placed", "2022-03-01 09:00:00", order=order, **terms),
        an_event("order.rejected", "2022-03-09 10:00:00", order=order, reason="price"),
    ]


CANCELLED = an_event("order.cancelled", "2022-03-01 09:30:00", order="BAD")


async def standing(desk: WorkerOnDatabase) -> set[tuple[Any, ...]]:
    return compared(
        msgspec.json.decode(row["body"]) for row in await desk.connection.fetch(STANDING)
    )


async def refused(desk: WorkerOnDatabase) -> set[str]:
    """The orders whose refusal was found."""
    return {row[1] for row in await standing(desk) if row[0] == "supply-refusal"}


async def aside(desk: WorkerOnDatabase) -> list[tuple[str, str, str]]:
    rows = await desk.connection.fetch(
        "SELECT kind, key, remedy FROM compliance.quarantine ORDER BY kind, key"
    )
    return [(row["kind"], row["key"], row["remedy"]) for row in rows]


async def stored(desk: WorkerOnDatabase, column: str, key: str = "BAD") -> bytes:
    query = f"SELECT {column} FROM compliance.dossier WHERE kind = 'order' AND key = $1"  # noqa: S608
    found: bytes = await desk.connection.fetchval(query, key)
    return found


async def break_(desk: WorkerOnDatabase, column: str, to: bytes = BROKEN) -> None:
    await desk.connection.execute(
        f"UPDATE compliance.dossier SET {column} = $1, version = version + 1 "  # noqa: S608
        "WHERE kind = 'order' AND key = 'BAD'",
        to,
    )


async def look_at_all(desk: WorkerOnDatabase, database: str) -> None:
    """Have every record judged again, as after a change of the policies."""
    await desk.connection.execute("UPDATE compliance.law SET policies = 'others'")
    await schema.prepare(Settings(database=database), POLICIES)
    await desk.sweep()


async def test_a_record_that_cannot_be_read_is_kept_as_it_is_and_its_neighbours_are_judged(
    desk: WorkerOnDatabase, database: str
) -> None:
    await desk.handle(*REGISTER, *placed("BAD"), *placed("GOOD"))
    found, record = await standing(desk), await stored(desk, "record")
    await break_(desk, "record")

    await look_at_all(desk, database)
    assert await aside(desk) == [("order", "BAD", "judge")]
    assert await stored(desk, "record") == BROKEN
    assert await standing(desk) == found

    await break_(desk, "record", record)  # as a version that can read it would find it
    await schema.prepare(Settings(database=database), POLICIES)
    await desk.sweep()
    assert await aside(desk) == []
    assert await standing(desk) == found


async def test_a_record_that_could_take_no_event_is_made_anew_with_it(
    desk: WorkerOnDatabase, database: str
) -> None:
    await desk.handle(*REGISTER, *placed("BAD"), *placed("GOOD"))
    before = await standing(desk)
    record = await stored(desk, "record")
    await break_(desk, "record")
    await desk.handle(CANCELLED, *placed("NEW"))
    assert await aside(desk) == [("order", "BAD", "rebuild")]
    assert await standing(desk) > before

    # A version that can read it again must not judge it: it lacks an event.
    await break_(desk, "record", record)
    await schema.prepare(Settings(database=database), POLICIES)
    await look_at_all(desk, database)
    assert await aside(desk) == [("order", "BAD", "rebuild")]

    await break_(desk, "record")
    await desk.connection.close()
    await rebuild(Settings(database=database), POLICIES)
    async with at_work(database) as again:
        await again.sweep()
        assert await aside(again) == []
        cancelled = {row for row in await standing(again) if row[1] == "BAD"}
        assert not {row[0] for row in cancelled} & {"late-response"}
        assert {row for row in await standing(again) if row[1] != "BAD"} >= {
            row for row in before if row[1] == "GOOD"
        }


async def test_what_was_said_and_cannot_be_read_stands_until_a_version_reads_it(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.handle(*REGISTER, *placed("BAD"), *placed("GOOD"))
    found, said = await standing(desk), await stored(desk, "judgement")
    lines = await desk.connection.fetchval("SELECT count(*) FROM compliance.history")
    await break_(desk, "judgement")
    await look_at_all(desk, database)
    await desk.handle(an_event("order.accepted", "2022-03-01 09:10:00", order="BAD"))
    assert await aside(desk) == [("order", "BAD", "judge")]
    assert await standing(desk) == found

    await desk.connection.close()
    await rebuild(Settings(database=database), POLICIES)
    does = dossiers.decode_judgement

    def reads(judgement: bytes) -> Judgement:
        return does(said if judgement == BROKEN else judgement)

    async with at_work(database) as again:
        await again.sweep()
        assert await aside(again) == [("order", "BAD", "judge")]
        assert await standing(again) == found
        assert await again.connection.fetchval("SELECT count(*) FROM compliance.history") == lines

        monkeypatch.setattr(dossiers, "decode_judgement", reads)
        await schema.prepare(Settings(database=database), POLICIES)
        await again.sweep()
        assert await aside(again) == []
        assert not {row[0] for row in await standing(again) if row[1] == "BAD"} & {"late-response"}
        counted = await again.connection.fetchval("SELECT sum(count) FROM compliance.open_count")
        query = "SELECT count(*) FROM compliance.violation WHERE status = 'open'"
        assert (counted or 0) == await again.connection.fetchval(query)


async def test_a_telling_of_the_register_on_which_we_fail_stops_nobody_else(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    does = Product.merge

    def merge(self: Product, event: Event) -> None:
        if getattr(event.data, "product", "") == "P2":
            raise ZeroDivisionError
        does(self, event)

    signed = an_event("agreement.signed", agreement="A2", product="P2")
    with monkeypatch.context() as defect:
        defect.setattr(Product, "merge", merge)
        await desk.handle(*REGISTER, signed)
        await desk.handle(*placed("O1"), *placed("O2", product="P2", agreement="A2"))
        await desk.handle(an_event("product.selected", "2021-01-03 00:00:00", product="P2"))
        await desk.sweep()
        assert await aside(desk) == [("register", "product/P2", "rebuild")]
        assert await refused(desk) == {"O1"}
        unjudged = await desk.connection.fetchval(
            "SELECT count(*) FROM compliance.unjudged_count WHERE count > 0"
        )
        assert unjudged, "what rests on it is unjudged, and visible"
        await desk.connection.close()

        done = await rebuild(Settings(database=database), POLICIES)
        assert done.aside == 1
        async with at_work(database) as again:
            await again.sweep()
            assert await aside(again) == [("register", "product/P2", "rebuild")]
            assert await refused(again) == {"O1"}

    await rebuild(Settings(database=database), POLICIES)
    async with at_work(database) as again:
        await again.sweep()
        assert await aside(again) == []
        assert await refused(again) == {"O1", "O2"}


@pytest.mark.parametrize(
    ("table", "entry"), [("reference", "product/P1"), ("agreement", "agreement/A1")]
)
async def test_an_entry_of_the_register_that_cannot_be_read_stops_nobody_and_loses_nothing(
    desk: WorkerOnDatabase, database: str, table: str, entry: str
) -> None:
    kind, code = entry.split("/")
    named = {"reference": "code = $1 AND kind = 'product'", "agreement": "agreement = $1"}[table]
    await desk.handle(*REGISTER)
    code = await desk.connection.fetchval(
        {"reference": "SELECT 'P1'", "agreement": "SELECT agreement FROM compliance.agreement"}[
            table
        ]
    )
    await desk.connection.execute(
        f"UPDATE compliance.{table} SET body = $2 WHERE {named}",  # noqa: S608
        code,
        BROKEN,
    )
    await desk.connection.execute("UPDATE compliance.law SET version = version + 1")
    await desk.handle(*placed("O1"))
    await desk.handle(an_event("product.selected", "2021-01-03 00:00:00"))
    await desk.sweep()
    assert await aside(desk) == [("register", f"{kind}/{code}", "rebuild")]
    body = await desk.connection.fetchval(
        f"SELECT body FROM compliance.{table} WHERE {named}",  # noqa: S608
        code,
    )
    assert body == BROKEN
    await desk.connection.close()

    await rebuild(Settings(database=database), POLICIES)
    async with at_work(database) as again:
        await again.sweep()
        assert await aside(again) == []
        assert "supply-refusal" in await again.rules()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=some.binary(max_size=40), judgement=some.binary(max_size=40))
def test_whatever_stands_in_a_row_reading_it_and_writing_it_back_loses_nothing(
    record: bytes, judgement: bytes
) -> None:
    subject = Subject("cn-sx", "order", "O1")
    held = dossiers.decode(subject, record, judgement, 1, Columns())
    if held.unread is None:
        return
    held.set_aside("judge")
    again = dossiers.decode(subject, *held.encoded(), 2, Columns())
    assert again.unread is not None
    assert again.unread[1:] == held.unread[1:]
    assert again.judgement.aside == "judge"
