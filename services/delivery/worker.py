"""The delivery worker: Faust's agent over register, orders and deliveries."""

from services.delivery.answers import MIGRATIONS
from services.delivery.lines import Promised, book
from services.delivery.taken import ANSWERS, TAKEN
from shared.domain.records.order_told import MERGED
from shared.domain.topics import DELIVERIES, ORDERS, REGISTER
from shared.door.ingress import Wanted
from shared.door.ingress_app import ingress_of
from shared.tally import host
from shared.tally.settings import TallySettings
from shared.tally.tally import Subject


def subject(promised: Promised, edition: str) -> Subject:
    """Say what is tallied, under what was promised; `edition` names these promises."""
    return Subject(
        service="delivery",
        migrations=MIGRATIONS,
        topics=tuple(topic.name for topic in (REGISTER, ORDERS, DELIVERIES)),
        orders=MERGED,
        others=frozenset(),
        book=book(promised, edition),
    )


def run(
    settings: TallySettings, jurisdictions: frozenset[str], promised: Promised, edition: str
) -> int:
    """Run one worker until it is stopped; gives the exit code."""
    tallied = subject(promised, edition)
    # What it shares with the orders door, whoever tells it there takes.
    wanted = Wanted(TAKEN - ANSWERS, jurisdictions, first=False)
    return host.run(tallied, settings, jurisdictions, ingress_of(tallied.service, wanted, settings))
