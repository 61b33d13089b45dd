"""A made-up past of a province: violations in any number, as skewed and correlated as real ones.

Each has all lines of its history, the machine's and people's, hashed as the service hashes them,
and what is counted is counted of the rows: every page shows what it would show of a real province.
"""

import hashlib
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from services.compliance.findings.history import HistoryRow
from services.compliance.people.acts import CHANGES, Act, Given, Review
from services.compliance.people.lines import MACHINE, Beside, line_of
from services.compliance.people.review import changed
from services.compliance.rules import RULES
from shared.domain import topics
from shared.domain.calendar import instant_text
from shared.domain.cloudevents import digest

COLUMNS: Final = (
    *("id", "jurisdiction", "rule", "status", "exempt", "severity", "product", "area", "hospital"),
    *("manufacturer", "distributor", "order", "occurred_at", "cured_at", "detected_at"),
    *("recorded_at", "seq", "head", "accused_role", "accused", "supersedes", "review", "stale"),
    *("seen_seq", "reviewed_at", "assignee", "acknowledged_by", "acknowledged_at"),
    *("disputed_by", "body"),
)
WITH_FACTS = 10
"""Every tenth violation has its facts: enough to ask for, and the load stays short."""

_DAYS = 1_000
BEGIN: Final = datetime.combine(datetime.now(UTC).date(), time(), UTC) - timedelta(days=_DAYS)
"""When the past begins, which ends now: pages show the last months of it."""

_ENDED = 0.1
_SOON, _LATE = timedelta(hours=30), timedelta(days=60)
_SEEN, _DAY = timedelta(seconds=2), timedelta(days=1)
_EXEMPT = 0.01
_AT_HOME = 0.9
_SEVERITIES = ("warning", "warning", "warning", "explain", "breach")
_ACCUSED = ("distributor", "distributor", "manufacturer", "hospital")
_OFFICERS = tuple(f"person:o{number:02}" for number in range(12))
_REVIEWS: Final[Mapping[str, tuple[Act, ...]]] = {
    "new": (),
    "acknowledged": ("acknowledge", "assign"),
    "disputed": ("acknowledge", "dispute"),
    "upheld": ("acknowledge", "uphold"),
    "dismissed": ("acknowledge", "dismiss"),
}
_REVIEWED = (60, 20, 3, 12, 5)
_QUOTE = (
    "中选企业应作为保障供应的第一责任人，按合同约定及时响应医疗机构采购订单，做到按需及时足量配送。"
    * 2
)
_FACT = b'{"jurisdiction":"cn-sx","order":"O","product":"P","hospital":"H","quantity":1200}'
_FACT_DIGEST = digest(_FACT).hex()
PAST: Final = (
    *("id", "seq", "known_from", "known_until", "jurisdiction", "rule", "status", "exempt"),
    *("severity", "product", "area", "hospital", "manufacturer", "distributor", "order"),
    *("occurred_at", "detected_at", "supersedes", "accused_role", "accused"),
)


class Row(NamedTuple):
    """One violation: the values of COLUMNS, its lines, and those of PAST where it has changed."""

    values: tuple[Any, ...]
    number: int
    lines: list[HistoryRow]
    past: tuple[Any, ...] | None

    @property
    def id(self) -> UUID:
        """Which it is."""
        name: UUID = self.values[0]
        return name


def violations(count: int, *, seed: int = 7) -> Iterator[Row]:
    """Make violations in the order of time, as they are found.

    The first rule, and the distributors of product cycles that have ended, occur in the oldest
    tenth only: what a list that is read from its newest end finds hardest.
    """
    rng = random.Random(seed)
    for number in range(count):
        yield _violation(number, number / count, rng)


def _violation(number: int, fraction: float, rng: random.Random) -> Row:
    ended = fraction < _ENDED
    rules = RULES if ended else RULES[1:]
    rule = rules[int(len(rules) * rng.random() ** 2)]
    occurred_at = BEGIN + timedelta(days=_DAYS * fraction + rng.random())
    status = rng.choices(("closed", "open", "withdrawn"), (80, 15, 5))[0]
    cured_at = None
    if status == "closed":
        cured_at = occurred_at + (_SOON if rng.random() < _AT_HOME else _LATE)
    place = int(30 * rng.random() ** 2)
    product = int(2_000 * rng.random() ** 3)
    body = {
        "id": str(UUID(int=rng.getrandbits(128))),
        "rule": rule.name,
        "status": "open" if status == "withdrawn" else status,
        "exempt": rng.random() < _EXEMPT,
        "severity": rng.choice(_SEVERITIES),
        "jurisdiction": "cn-sx" if rng.random() < _AT_HOME else "cn-tj",
        "product": f"P{product:04}",
        "area": f"14{place:02}00",
        "hospital": f"H{place:02}{int(200 * rng.random() ** 2):03}",
        "manufacturer": f"M{product % 200:03}",
        "distributor": f"{'E' if ended else 'D'}{place:02}{int(10 * rng.random() ** 2)}",
        "order": f"O{number:08}",
        "subject": f"O{number:08}",
        "anchor": "response",
        "occurred_at": instant_text(occurred_at),
        "cured_at": None if cured_at is None else instant_text(cured_at),
        "observed": None,
        "limit": instant_text(occurred_at),
        "breach": None,
        "policy": "cn-sx-2021-22",
        "policy_version": "0" * 64,
        "draft": False,
        "clause": ["七"],
        "quote": _QUOTE,
        "basis": [{"name": "response_hours", "value": 24, "basis": "assumption", "source": "sx"}],
        "details": {"hours": 30},
        "message_zh": f"订单 O{number:08} 应于限期前响应，实际响应：至今未响应。",
        "message_en": f"Order O{number:08} was to be answered in time; answered: not so far.",
        "evidence": [_evidence(number, place, occurred_at) for place in range(2)],
    }
    review = rng.choices(list(_REVIEWS), _REVIEWED)[0]
    story = _Story(body, _ACCUSED[RULES.index(rule) % len(_ACCUSED)], occurred_at + _SEEN)
    story.tell(status, cured_at or occurred_at + 10 * _DAY, review, rng.choice(_OFFICERS))
    return story.row(number, status, occurred_at, cured_at)


class _Story:
    """What was told of a violation, line after line."""

    def __init__(self, body: dict[str, Any], role: str, found: datetime) -> None:
        self._body = body
        self._role = role
        self._party = body[role]
        self._found = self._changed = found
        self._lines: list[HistoryRow] = []
        self._head = b""
        self._review = Review()
        self._before_change = 0

    def tell(self, status: str, until: datetime, review: str, who: str) -> None:
        """Tell all of it: what was decided of one that still stands open grows stale after that."""
        self._machine("opened", self._found, {**self._body, "status": "open", "cured_at": None})
        decided = review in ("upheld", "dismissed")
        if status != "open":
            told = None if status == "withdrawn" else self._body
            self._before_change = 1
            self._machine(status, until, told)
        for day, act in enumerate(_REVIEWS[review], 1):
            self._person(act, self._changed + day * _DAY, who)
        if status == "open" and decided:
            self._body = {**self._body, "observed": self._body["occurred_at"]}
            self._before_change = len(self._lines)
            self._machine("changed", self._changed + 10 * _DAY, self._body)
            self._review = msgspec.structs.replace(self._review, stale=True)

    def row(
        self, number: int, status: str, occurred_at: datetime, cured_at: datetime | None
    ) -> Row:
        """Give the rows that it comes to."""
        review, identity = self._review, UUID(self._body["id"])
        fixed = {**self._body, "status": status}
        values = (
            identity,
            *(fixed[name] for name in COLUMNS[1:12]),
            *(occurred_at, cured_at, self._found, self._changed, len(self._lines), self._head),
            *(
                self._role,
                self._party,
                [],
                review.state,
                review.stale,
                review.seen_seq,
                review.reviewed_at,
            ),
            *(review.assignee, review.acknowledged_by, review.acknowledged_at, review.disputed_by),
            msgspec.json.encode(self._body).decode(),
        )
        past = None
        if self._before_change:
            of = {**fixed, "status": "open"}
            past = (
                *(identity, self._before_change, self._found, self._changed),
                *(of[name] for name in PAST[4:15]),
                *(occurred_at, self._found, [], self._role, self._party),
            )
        return Row(values, number, self._lines, past)

    def _machine(self, change: str, at: datetime, violation: dict[str, Any] | None) -> None:
        said: dict[str, Any] = {
            "at": instant_text(at),
            "actor": MACHINE,
            "change": change,
            "violation": violation,
            "causes": [],
            "supersedes": [],
        }
        if violation is not None:
            said["accused"] = {"role": self._role, "party": self._party}
        self._changed = at
        self._add(instant_text(at), MACHINE, change, msgspec.json.encode(said))

    def _person(self, act: Act, at: datetime, who: str) -> None:
        party = self._party if act == "dispute" else None
        given = Given(at, len(self._lines), assignee=who, by=who, party=party)
        before = self._review
        self._review = changed(before, act, given)
        line = line_of(act, given, before, self._review, Beside())
        self._add(instant_text(at), who, CHANGES[act], line)

    def _add(self, at: str, actor: str, change: str, line: bytes) -> None:
        self._head = hashlib.sha256(self._head + line).digest()
        self._lines.append(HistoryRow(len(self._lines) + 1, at, actor, change, line, self._head))


def _evidence(number: int, place: int, at: datetime) -> dict[str, Any]:
    instant = instant_text(at)
    return {
        "id": f"e-{number}-{place}",
        "source": "/hospitals/H00001",
        "type": "vbp.order.placed.v1",
        "time": instant,
        "claimed": instant,
        "told": instant,
        "topic": topics.ORDERS.name,
        "partition": number % 8,
        "offset": number * 2 + place,
        "digest": _FACT_DIGEST,
    }


def facts_of(row: Row) -> list[tuple[Any, ...]]:
    """Give the facts that a violation's evidence points at."""
    place, at = topics.INPUTS.index(topics.ORDERS), row.values[12]
    return [
        (
            *(place, row.number % 8, row.number * 2 + which, at, "vbp.order.placed.v1"),
            *("/hospitals/H00001", f"e-{row.number}-{which}", at, None, _FACT),
        )
        for which in range(2)
    ]
