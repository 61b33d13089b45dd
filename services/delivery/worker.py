"""The delivery worker: Faust's agent over register, orders and deliveries."""

from services.delivery.answers import MIGRATIONS
from services.delivery.lines import Promised, book
from shared.domain.records.order_told import MERGED
from shared.domain.topics import DELIVERIES, ORDERS, REGISTER
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
    return host.run(subject(promised, edition), settings, jurisdictions)
