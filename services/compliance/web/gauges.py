"""What a scrape of the API shows of the service; every series that can be known is born at 0."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client import Gauge, Histogram

from services.compliance.answers import operation
from services.compliance.answers.database import Database
from services.compliance.answers.operation import (
    AGES,
    COUNTED_AT_MOST,
    PARTIES_SHOWN,
    OpenCount,
)
from services.compliance.answers.service_shapes import Partition
from services.compliance.policies.policy import Policies
from services.compliance.rules import RULES
from services.compliance.web import waiting
from services.compliance.web.broker import BrokerWatch
from services.compliance.web.waiting import WaitingGauges
from shared.adapters.metrics import Registry
from shared.adapters.series import Families, Family
from shared.domain import topics
from shared.domain.calendar import day_of
from shared.domain.errors import SetupError, TransientError
from shared.domain.topics import Place

ANSWER_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)

FRESH_SECONDS = 1.0
"""Several scrapers within this time share one look at the database."""
_INPUTS = tuple(topic.name for topic in topics.INPUTS)


class ApiMetrics:
    """What the API shows of the whole service, read from PostgreSQL when it is scraped."""

    def __init__(self, registry: Registry, policies: Policies, broker: BrokerWatch) -> None:
        self._broker = broker
        self._waiting = WaitingGauges(policies)
        self._born = list(_open_series(policies))
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
        self.answer_seconds = Histogram(
            "vbp_api_answer_seconds",
            "From a request's arrival to the end of its answer, by route.",
            ["route"],
            buckets=ANSWER_SECONDS,
            registry=registry,
        )
        self._database_up = Gauge(
            "vbp_database_up",
            "1 if the database answered this scrape; if 0, the gauges read from it are absent.",
            registry=registry,
        )
        Gauge(
            "vbp_broker_up",
            "1 if the broker answered within the last seconds.",
            registry=registry,
        ).set_function(lambda: broker.up)
        titles = Gauge(
            "vbp_rule_info",
            "1 for every rule; the labels give its titles, for the words of alerts and panels.",
            ["rule", "title_zh", "title_en"],
            registry=registry,
        )
        for rule in RULES:
            titles.labels(rule.name, rule.title_zh, rule.title_en).set(1)
        Gauge(
            "vbp_calendar_horizon_days",
            "Days until the last day of the last year whose working days are known.",
            registry=registry,
        ).set_function(lambda: policies.table.days_left(day_of(datetime.now(UTC))))
        told = {name: Family(*one) for name, one in {**_GAUGES, **waiting.GAUGES}.items()}
        self._written = Families(told | {FOUND: _FOUND})
        registry.written.append(self._written)

    async def refresh(self, database: Database) -> None:
        """Read the gauges again, unless that was done just now."""
        async with self._reading:
            if time.monotonic() - self._read_at < FRESH_SECONDS:
                return
            try:
                shown: dict[str, _Series] = {
                    **await _read(database, self._born, self._broker.ends),
                    **await self._waiting.read(database, self._born),
                }
                shown[FOUND] = await _found(database, self._born)
            except (TransientError, SetupError):
                shown = {}
            self._database_up.set(bool(shown))
            self._written.write(shown)
            self._read_at = time.monotonic()


FOUND = "vbp_violations_opened_total"
_FOUND = Family(
    # PostgreSQL keeps it: neither a restart nor a second worker moves it.
    "Violations newly found, acts that were over at once among them; none that are exempt.",
    ("rule", "severity", "jurisdiction", "area"),
    "counter",
)

_GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "vbp_open_violations": (
        "Open violations.",
        ("rule", "severity", "jurisdiction", "area", "exempt"),
    ),
    "vbp_open_violations_by_age": (
        "Open violations by the days since they occurred; none that are exempt.",
        ("rule", "severity", "jurisdiction", "days"),
    ),
    "vbp_open_violations_of_party": (
        f"Open violations that name a party; the {PARTIES_SHOWN} of each role with most of them.",
        ("jurisdiction", "role", "party"),
    ),
    "vbp_unjudged_records": (
        "Records that a rule cannot judge, by what the register lacks.",
        ("rule", "jurisdiction", "missing"),
    ),
    "vbp_contradictions": (
        "Events that contradict others: a thing told with other contents, another product.",
        ("kind", "jurisdiction"),
    ),
    "vbp_heard_until_age_seconds": ("How long ago everything was last heard, by all workers.", ()),
    "vbp_losses": ("What the broker lost unread and nobody has acknowledged.", ()),
    "vbp_partitions_unread": ("Partitions that no worker asks the broker about.", ()),
    "vbp_partitions_waiting": ("Partitions whose rest lies behind an open transaction.", ()),
    "vbp_lag_events": ("Messages on a topic that are still to be judged.", ("topic",)),
    "vbp_dead_letters_kept": (
        f"Messages that could not be taken, by topic; {COUNTED_AT_MOST} at most are counted.",
        ("topic",),
    ),
    "vbp_quarantined_records": (
        f"Records set aside for a defect of the program; {COUNTED_AT_MOST} at most are counted.",
        (),
    ),
    "vbp_touches_waiting": ("Changes of the register that are still to be expanded.", ()),
    "vbp_due_records": (
        f"Records whose time to be judged again has come; {COUNTED_AT_MOST} at most are counted.",
        ("waits_for",),
    ),
    "vbp_oldest_due_seconds": ("For how long the record that is due longest has been due.", ()),
    "vbp_untold_changes": (
        f"Changes still to be told on the bus; {COUNTED_AT_MOST} at most are counted.",
        (),
    ),
    "vbp_oldest_untold_seconds": ("How old the oldest change is that was not yet told.", ()),
}

_Series = Mapping[tuple[str, ...], float]
_Shown = Mapping[str, _Series]


async def _read(
    database: Database, born: list[tuple[str, ...]], ends: Mapping[Place, int]
) -> _Shown:
    """Read every gauge, each from one small query; gives values by labels, by name."""
    waits = await operation.waiting(database)
    unheard = await operation.unheard(database)
    age = (await operation.hearing(database)).age
    return {
        "vbp_open_violations": {
            **dict.fromkeys(born, 0.0),
            **{_open_labels(row): row.count for row in await operation.open_counts(database)},
        },
        "vbp_open_violations_by_age": {
            **{(*labels[:3], days): 0.0 for labels in born for days in AGES},
            **{
                (row.rule, row.severity, row.jurisdiction, row.days): row.count
                for row in await operation.age_counts(database)
            },
        },
        "vbp_open_violations_of_party": {
            (row.jurisdiction, row.role, row.party): row.count
            for row in await operation.parties(database)
        },
        "vbp_unjudged_records": {
            **{(rule, jurisdiction, ""): 0.0 for rule, _, jurisdiction, _, _ in born},
            **{
                (row.rule, row.jurisdiction, row.missing): row.count
                for row in await operation.unjudged(database)
            },
        },
        "vbp_contradictions": {
            (row.kind, row.jurisdiction): row.count
            for row in await operation.contradiction_counts(database)
        },
        "vbp_heard_until_age_seconds": {} if age is None else {(): age},
        "vbp_losses": {(): unheard.losses},
        "vbp_partitions_unread": {(): unheard.unread},
        "vbp_partitions_waiting": {(): unheard.waiting},
        "vbp_lag_events": _by_topic(_lag(await operation.partitions(database), ends)),
        "vbp_dead_letters_kept": _by_topic(await operation.letter_counts(database)),
        "vbp_quarantined_records": {(): (await operation.quarantined(database)).count},
        "vbp_touches_waiting": {(): waits.touches.count},
        "vbp_due_records": {
            ("clock",): waits.due.by_clock.count,
            ("hearing",): waits.due.by_hearing.count,
        },
        "vbp_oldest_due_seconds": {(): waits.oldest_due},
        "vbp_untold_changes": {(): waits.untold.count},
        "vbp_oldest_untold_seconds": {(): waits.oldest_untold},
    }


async def _found(database: Database, born: list[tuple[str, ...]]) -> _Series:
    return {
        **{labels[:4]: 0.0 for labels in born},
        **{
            (row.rule, row.severity, row.jurisdiction, row.area): row.count
            for row in await operation.found_counts(database)
        },
    }


def _lag(partitions: Iterable[Partition], ends: Mapping[Place, int]) -> Mapping[str, int]:
    """Add up by topic what is still to be read, by the word of the worker or of the broker."""
    lag = Counter[str]()
    for one in partitions:
        told = one.base + ends.get((one.topic, one.partition), 0) - one.next_offset
        lag[one.topic] += max(one.lag, told)
    return lag


def _by_topic(counts: Mapping[str, int]) -> _Series:
    return {(topic,): counts.get(topic, 0) for topic in _INPUTS}


def _open_labels(row: OpenCount) -> tuple[str, ...]:
    exempt = "true" if row.exempt else "false"
    return (row.rule, row.severity, row.jurisdiction, row.area, exempt)


def _open_series(policies: Policies) -> Iterator[tuple[str, ...]]:
    """Give the labels of open violations that can occur, with no area: where is not yet known."""
    for policy in policies.all:
        for rule in RULES:
            for severity in rule.severities(policy) if rule.name in policy.rules else ():
                for exempt in ("false", "true"):
                    yield (rule.name, severity, policy.jurisdiction, "", exempt)
