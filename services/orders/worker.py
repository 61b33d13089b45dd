"""The orders worker: Faust's agent over register, orders, deliveries and payments."""

from services.orders import payments
from services.orders.answers import MIGRATIONS
from services.orders.purchases import BOOK
from services.orders.taken import TAKEN
from shared.domain.records.order_told import MERGED
from shared.domain.topics import DELIVERIES, FUNDS, ORDERS, REGISTER
from shared.door.ingress import Wanted
from shared.door.ingress_app import ingress_of
from shared.tally import host, register
from shared.tally.settings import TallySettings
from shared.tally.tally import Subject

HEARD_OF_ORDERS = MERGED | register.HEARD
"""What purchase progress rests on."""

SUBJECT = Subject(
    service="orders",
    migrations=MIGRATIONS,
    topics=tuple(topic.name for topic in (REGISTER, ORDERS, DELIVERIES, FUNDS)),
    orders=MERGED,
    others=payments.HEARD,
    book=BOOK,
    also=payments.take,
)


def run(settings: TallySettings, jurisdictions: frozenset[str]) -> int:
    """Run one worker until it is stopped; gives the exit code."""
    wanted = Wanted(TAKEN, jurisdictions, first=True)
    return host.run(SUBJECT, settings, jurisdictions, ingress_of(SUBJECT.service, wanted, settings))
