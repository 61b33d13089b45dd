from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest

from services.compliance.judging.moment import Moment
from services.compliance.judging.needs import Needs
from services.compliance.judging.round import Round
from services.compliance.judging.subjects import Subject, by_subject
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies
from services.compliance.register import changes
from services.compliance.register.register import Register
from services.compliance.settings import Settings
from services.compliance.storage import dossiers, lawbook, register, schema
from services.compliance.storage.lawbook import Lawbook
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import calendar
from shared.domain.cloudevents import Event
from shared.domain.errors import ConflictError, SetupError
from tests.support.events import an_event, instant
from tests.support.kept import POLICIES, a_connection
from tests.support.lawbooks import (
    HOSPITALS,
    REGISTER,
    a_book,
    an_order,
    held,
    needs_of,
    queries_of,
    told,
)

pytestmark = pytest.mark.integration


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    await postgres.migrate(database, schema.MIGRATIONS, "compliance")
    await schema.prepare(Settings(database=database), POLICIES)
    async with a_connection(database) as connection:
        await told(connection, *REGISTER)
        yield connection


async def test_an_order_has_read_what_it_is_judged_by_and_no_more(connection: Connection) -> None:
    book = a_book()
    await book.open(connection, ["cn-sx"])
    assert held(book.law.register) == {
        "products": set(),
        "hospitals": set(),
        "agreements": set(),
        "exemptions": {"X1"},
    }
    await book.read(connection, needs_of([an_order(product="P1", hospital="H2")]))
    assert held(book.law.register) == {
        "products": {"P1"},
        "hospitals": {"H2"},
        "agreements": {"P1H2"},
        "exemptions": {"X1"},
    }


async def test_nobody_judges_under_other_policies_than_those_last_told(
    connection: Connection,
) -> None:
    newer = msgspec.structs.replace(POLICIES.of("cn-sx")[0], digest="of another version")
    book = Lawbook(Policies([newer]), timedelta(0))
    with pytest.raises(SetupError, match=r"the policies of cn-sx are not those last told: .*stop"):
        await book.open(connection, ["cn-sx"])


async def test_an_order_has_read_the_agreement_that_it_names(connection: Connection) -> None:
    book = a_book()
    await book.open(connection, ["cn-sx"])
    order = an_order(product="P1", hospital="H2", agreement="P3H3")
    await book.read(connection, needs_of([order]))
    assert held(book.law.register)["agreements"] == {"P1H2", "P3H3"}


async def test_appointments_have_read_all_agreements_of_their_product_and_their_hospitals(
    connection: Connection,
) -> None:
    book = a_book()
    (appointments,) = await dossiers.load(connection, [Subject("cn-sx", "appointments", "P2")])
    await book.open(connection, ["cn-sx"])
    await book.read(connection, needs_of([appointments]))
    assert held(book.law.register) == {
        "products": {"P2"},
        "hospitals": set(HOSPITALS),
        "agreements": {"P2H1", "P2H2", "P2H3"},
        "exemptions": {"X1"},
    }


async def test_what_was_read_is_what_was_told(connection: Connection) -> None:
    book = a_book()
    await book.open(connection, ["cn-sx"])
    await book.read(connection, needs_of([an_order()]))
    whole = Law(POLICIES, Register())
    for event in REGISTER:
        whole.register.merge(event)
    read = book.law.register
    key = ("cn-sx", "P1")
    assert read.products[key] == whole.register.products[key]
    assert read.hospitals["cn-sx", "H1"] == whole.register.hospitals["cn-sx", "H1"]
    assert read.agreements["cn-sx", "P1H1"] == whole.register.agreements["cn-sx", "P1H1"]
    assert read.exemptions == whole.register.exemptions


async def test_what_is_known_is_not_read_again_nor_what_is_known_to_be_missing(
    connection: Connection,
) -> None:
    book = a_book()
    needs = needs_of([an_order(), an_order(product="P9", hospital="H9", agreement="A9")])
    async with queries_of(connection) as asked:
        await book.open(connection, ["cn-sx"])
        await book.read(connection, needs)
    of_agreements = ("agreements_named", "agreements_between")
    names = ("law_versions", "exemptions", "references", *of_agreements, "appointments_of")
    assert asked == [lawbook.QUERIES[name] for name in names]

    async with queries_of(connection) as asked:
        await book.open(connection, ["cn-sx"])
        await book.read(connection, needs)
    assert asked == [lawbook.QUERIES["law_versions"]]


async def test_everything_is_forgotten_when_the_law_moves(connection: Connection) -> None:
    book = a_book()
    needs = needs_of([an_order()])
    await book.open(connection, ["cn-sx"])
    await book.read(connection, needs)
    before = dict(book.versions)

    moved = await told(
        connection,
        an_event("agreement.signed", "2022-02-01 00:00:00", agreement="P1H1", hospital="H3"),
        an_event("exemption.granted", exemption="X2", rule="late-response", hospital="H2"),
    )
    with pytest.raises(ConflictError, match="register moved"):
        await register.hold_law(connection, book.versions)
    await book.open(connection, ["cn-sx"])

    assert book.versions == moved == {"cn-sx": before["cn-sx"] + 1}
    assert held(book.law.register) == {
        "products": set(),
        "hospitals": set(),
        "agreements": set(),
        "exemptions": {"X1", "X2"},
    }
    await book.read(connection, needs)
    assert list(book.law.register.between("cn-sx", "H1", "P1")) == []
    await register.hold_law(connection, book.versions)


async def test_a_law_that_moves_elsewhere_is_not_forgotten_here(connection: Connection) -> None:
    book = a_book()
    await book.open(connection, ["cn-sx"])
    await book.read(connection, needs_of([an_order()]))
    law = book.law
    await told(connection, an_event("product.selected", jurisdiction="cn-tj"))
    await book.open(connection, ["cn-sx", "cn-tj"])
    assert book.law is law
    assert held(book.law.register)["agreements"] == {"P1H1"}


async def test_a_move_of_our_own_that_is_noted_forgets_nothing(connection: Connection) -> None:
    book = a_book()
    await book.open(connection, ["cn-sx"])
    await book.read(connection, needs_of([an_order()]))
    law = book.law
    book.versions.update(await register.move_law(connection, ["cn-sx"]))
    await book.open(connection, ["cn-sx"])
    assert book.law is law


async def test_a_book_that_has_grown_too_large_is_begun_anew(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = a_book()
    orders = [an_order(hospital=hospital) for hospital in HOSPITALS]
    await book.open(connection, ["cn-sx"])
    await book.read(connection, needs_of(orders[:2]))
    monkeypatch.setattr(lawbook, "REMEMBERED", book.size)
    await book.open(connection, ["cn-sx"])
    assert held(book.law.register)["agreements"] == {"P1H1", "P1H2"}

    await book.read(connection, needs_of(orders))
    await book.open(connection, ["cn-sx"])
    assert held(book.law.register)["agreements"] == set()
    assert held(book.law.register)["exemptions"] == {"X1"}

    await book.read(connection, needs_of(orders[2:]))
    assert held(book.law.register)["agreements"] == {"P1H3"}


async def test_what_is_known_to_be_missing_counts_as_remembered_too(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = a_book()
    await book.open(connection, ["cn-sx"])
    monkeypatch.setattr(lawbook, "REMEMBERED", 100)
    for number in range(60):
        await book.open(connection, ["cn-sx"])
        await book.read(connection, needs_of([an_order(product=f"unknown-{number}")]))
        assert book.size <= 110


async def test_what_register_events_change_is_read_before_they_are_merged(
    connection: Connection,
) -> None:
    book = a_book()
    await book.open(connection, ["cn-sx"])
    events = [
        an_event("product.deselected", product="P1", on="2022-06-01"),
        an_event("hospital.withdrawn", hospital="H2", withdrawn_on="2022-06-01"),
        an_event("agreement.signed", agreement="P3H3", product="P2"),
    ]
    await book.read(connection, Needs().told(events))
    assert held(book.law.register) == {
        "products": {"P1"},
        "hospitals": {"H2"},
        "agreements": {"P3H3"},
        "exemptions": {"X1"},
    }
    assert changes.merge(book.law.register, events).agreements == {("cn-sx", "P3H3")}


async def kept(connection: Connection, *events: Event) -> Lawbook:
    """Have another worker keep the records of announcements; gives a book that knows nothing."""
    book = a_book()
    await book.open(connection, ["cn-sx"])
    judging = Round(book.law, Moment(calendar.LATEST, calendar.EPOCH))
    judging.hear(by_subject(events))
    while judging.next_level():
        judging.open(await dossiers.load(connection, judging.unloaded()))
        judging.judge()
    async with connection.transaction():
        await dossiers.save(connection, judging, book.versions)
    return book


async def test_an_order_has_read_the_appointments_for_its_product(connection: Connection) -> None:
    appointments = [
        an_event("distributor.appointed", appointment=f"for {product}", product=product)
        for product in ("P1", "P2")
    ]
    report = an_event("shortage.reported", start="2022-03-01")
    book = await kept(connection, *appointments, report)
    await book.read(connection, needs_of([an_order(product="P1")]))
    (found,) = book.law.register.appointed("cn-sx", "P1")
    assert found.appointment == "for P1"
    assert set(book.law.register.appointments) == {("cn-sx", "for P1")}


async def test_a_release_is_merged_into_the_appointment_that_was_kept(
    connection: Connection,
) -> None:
    appointed = an_event("distributor.appointed", "2022-01-01 00:00:00")
    released = an_event("distributor.released", "2022-02-01 00:00:00", end="2022-05-01")
    book = await kept(connection, appointed)
    after, told = await book.changed_by(connection, [released])
    # What is read while the batch is judged must not undo what it tells.
    await after.read(connection, needs_of([an_order(product="P1")]))
    (found,) = after.law.register.appointed("cn-sx", "P1")
    assert found.end == instant("2022-05-01 00:00:00")
    assert told.touches == {("cn-sx", "P1", None)}
    assert book.law.register.appointed("cn-sx", "P1")[0].end == calendar.LATEST
