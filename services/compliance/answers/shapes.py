"""What answers are made of, and built as; the OpenAPI document follows from it."""

from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from services.compliance.answers.service_shapes import ServiceStatus
from services.compliance.findings.verification import Chain
from services.compliance.findings.violation import ServedViolation, Violation
from services.compliance.policies.policy import Basis, Force

Instant = Annotated[
    str, Meta(description="UTC, microseconds, Z", examples=["2022-03-01T01:30:00.000000Z"])
]


class Page(Struct):
    """Violations, newest first; `next_page_token` is null on the last page."""

    items: list[ServedViolation]
    next_page_token: str | None


class HistoryLine(Struct):
    """A change; `body` is the violation as told then, null if nothing is found any more.

    `hash` is the SHA-256, in hex, of the hash before (nothing for the first) and of the UTF-8
    bytes of `line`, so that whoever has the answer can check the chain without us.
    """

    seq: int
    at: Instant
    actor: str
    change: str
    body: Violation | None
    causes: list[dict[str, Any]]
    supersedes: list[str]
    line: str
    hash: str


class HeardEvent(Struct):
    """An event as it was heard; `data` are its own words, null if they were made unreadable.

    `recordedtime` stands where it is later than `time`: any other counts for nothing.
    """

    time: Instant
    recordedtime: Instant | None
    told: Instant
    data: dict[str, Any] | None


class FactShown(Struct):
    """What a piece of evidence points at; `event` is null where it is no longer kept.

    `verified` says whether the event is the one that the evidence names, in all that is shown of
    it; `problem` names what is not.
    """

    id: str
    source: str
    type: str
    topic: str
    partition: int
    offset: int
    verified: bool | None
    problem: str | None
    event: HeardEvent | None


class ViolationInFull(ServedViolation, frozen=True, kw_only=True):
    """A violation with its history, the facts it rests on, and whether the history holds."""

    history: list[HistoryLine]
    facts: list[FactShown]
    chain: Chain


class Support(Struct):
    """How a policy carries a rule: its clauses, its words, their force, and the values used."""

    policy: str
    jurisdiction: str
    draft: bool
    clauses: dict[str, "ClauseShown"]
    quote: str
    force: Force
    note: str
    values: dict[str, "PolicyValue"]


class RuleShown(Struct):
    """A rule: its titles, how its clause is read, and the policies that carry it."""

    name: str
    title_zh: str
    title_en: str
    explanation: str
    record: str
    policies: list[Support]


class PolicyValue(Struct):
    """A value of a policy and where it comes from."""

    value: str | int | float | bool | list[str]
    basis: Basis
    clause: str
    note: str


class CarriedShown(Struct):
    """A rule as its policy carries it."""

    clauses: tuple[str, ...]
    quote: str
    force: Force
    note: str


class ClauseShown(Struct):
    """A clause, the rules that judge it, and why no rule judges the rest of it."""

    title: str
    text: str
    rules: tuple[str, ...]
    not_judged: str


class PolicyShown(Struct):
    """A policy; `in_force` is its first day, `until` the first day after it, null is open."""

    id: str
    jurisdiction: str
    title_zh: str
    title_en: str
    source: str
    note: str
    in_force: date
    until: date | None
    draft: bool
    digest: str
    rules: dict[str, CarriedShown]
    values: dict[str, PolicyValue]
    clauses: dict[str, ClauseShown]


class Rules(Struct):
    """All rules."""

    items: list[RuleShown]


class PoliciesShown(Struct):
    """All policies."""

    items: list[PolicyShown]


ANSWERS: tuple[type[Struct], ...] = (
    Page,
    ViolationInFull,
    Rules,
    PoliciesShown,
    PolicyShown,
    ServiceStatus,
)
"""What the routes answer with; their parts follow from them."""

_REFERENCE = "#/components/schemas/{name}"


def schemas() -> dict[str, Any]:
    """Give the JSON schemas of all answers and their parts, by name."""
    _, components = msgspec.json.schema_components(ANSWERS, ref_template=_REFERENCE)
    return dict(components)


def ok(shape: type[Struct]) -> dict[int | str, dict[str, Any]]:
    """Declare the answer of a route: part of its `responses=`."""
    content = {"application/json": {"schema": {"$ref": _REFERENCE.format(name=shape.__name__)}}}
    return {200: {"description": (shape.__doc__ or "").split("\n", 1)[0], "content": content}}
