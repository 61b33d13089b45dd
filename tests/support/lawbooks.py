"""What a worker remembers of the register, and what it asked to know it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from services.compliance.judging.dossier import Dossier
from services.compliance.judging.engine import hear
from services.compliance.judging.kinds import KINDS, begun
from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import subject_of
from services.compliance.register import changes
from services.compliance.register.register import Register
from services.compliance.storage import register
from services.compliance.storage.lawbook import Lawbook
from shared.adapters.postgres import Connection
from shared.domain.cloudevents import Event
from tests.support.events import an_event
from tests.support.kept import POLICIES

PRODUCTS = ("P1", "P2", "P3")
HOSPITALS = ("H1", "H2", "H3")
REGISTER = [
    *(an_event("product.selected", product=product) for product in PRODUCTS),
    *(an_event("hospital.enrolled", hospital=hospital) for hospital in HOSPITALS),
    *(
        an_event(
            "agreement.signed", agreement=f"{product}{hospital}", product=product, hospital=hospital
        )
        for product in PRODUCTS
        for hospital in HOSPITALS
    ),
    an_event("exemption.granted", rule="late-response", hospital="H1"),
]


def needs_of(held: Iterable[Dossier]) -> Needs:
    """Give what judging some dossiers asks of the register."""
    asked = Needs()
    for dossier in held:
        KINDS[dossier.subject.kind].needs(asked, dossier.subject, dossier.record)
    return asked


async def told(connection: Connection, *events: Event) -> dict[str, int]:
    """Have another worker keep what the register was told; gives the versions of the law."""
    other = a_book()
    needs = Needs().told(events)
    await other.open(connection, ["cn-sx", "cn-tj"])
    await other.read(connection, needs)
    done = changes.merge(other.law.register, events)
    async with connection.transaction():
        moved = await register.move_law(connection, done.jurisdictions)
        await register.save(connection, done, begun(events))
    return moved


def a_book() -> Lawbook:
    return Lawbook(POLICIES, timedelta(0))


@asynccontextmanager
async def queries_of(connection: Connection) -> AsyncIterator[list[str]]:
    """Note what is asked of the database."""
    asked: list[str] = []

    def note(record: Any) -> None:
        asked.append(record.query)

    with connection.query_logger(note):
        yield asked
        await asyncio.sleep(0)  # asyncpg calls its loggers when the loop comes round


def an_order(**placed: Any) -> Dossier:
    """The dossier of an order that was placed."""
    event = an_event("order.placed", "2022-03-01 09:00:00", **placed)
    subject = subject_of(event)
    assert subject is not None
    dossier = Dossier(subject)
    hear(dossier, event)
    return dossier


def held(register: Register) -> dict[str, set[str]]:
    """The codes of what a register knows in Shanxi, by kind."""
    kinds: dict[str, Iterable[tuple[str, str]]] = {
        "products": register.products,
        "hospitals": register.hospitals,
        "agreements": register.agreements,
        "exemptions": register.exemptions,
    }
    return {
        kind: {code for where, code in known if where == "cn-sx"} for kind, known in kinds.items()
    }
