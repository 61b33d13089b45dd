"""Policies: clauses, days in force, rules carried, and values with their basis, read from TOML.

A policy that lacks something or holds a misspelt key raises SetupError with file and field.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from services.compliance.policies import calendar
from services.compliance.policies.calendar import Table
from services.compliance.records.evidence import Term
from shared.domain.errors import SetupError

Basis = Literal["clause", "reading", "assumption", "mission"]
Severity = Literal["breach", "explain", "warning"]
WEIGHTS: tuple[Severity, ...] = ("warning", "explain", "breach")
"""How much a finding can weigh, the least first."""
Force = Literal["duty", "principle", "authority", "mission"]
FOLDER = Path(__file__).parent
ALWAYS = date(1901, 1, 2)
"""The first day of a policy that names none: events before it are refused."""
SINCE = "_told_since"
"""How the values are called that say since when a feed is told: `orders_told_since`."""
NEVER = "never"


class Clause(Struct, frozen=True, forbid_unknown_fields=True):
    """A piece of the document: its text, and the rules that judge it or why none can."""

    title: str
    text: str
    rules: tuple[str, ...] = ()
    not_judged: str = ""


class Value(Struct, frozen=True, forbid_unknown_fields=True):
    """A number or choice of a policy, with where it comes from."""

    value: str | int | float | bool | list[str]
    basis: Basis
    clause: str = ""
    note: str = ""


class Carried(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule that the policy's text supports: its clauses, its words, and their force."""

    clauses: Annotated[tuple[str, ...], Meta(min_length=1)]
    quote: str
    force: Force
    note: str = ""


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """One document as data; `until` is exclusive, None is open; `digest` is of the file."""

    id: str
    jurisdiction: str
    title_zh: str
    title_en: str
    source: str
    note: str
    rules: dict[str, Carried]
    values: dict[str, Value]
    clauses: dict[str, Clause]
    in_force: date = ALWAYS
    until: date | None = None
    draft: bool = False
    scope: Literal["selected", "all"] = "selected"
    duty: Literal["cycle", "agreement"] = "cycle"
    bridge: Literal["none", "in_execution_at_notice", "all"] = "none"
    notice_day: date | None = None
    alignment_days: tuple[str, ...] = ()
    digest: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether the policy is in force on a day."""
        return self.in_force <= day and (self.until is None or day < self.until)

    def term(self, name: str) -> Term:
        """Give a value with its basis; raises SetupError where the policy lacks it."""
        value = self.values.get(name)
        if value is None:
            remedy = f"add [values.{name}] to policies/{self.id}.toml"
            raise SetupError(f"policy {self.id} sets no {name}; {remedy}")
        return Term(name, value.value, value.basis, self.id)

    def number(self, name: str) -> float:
        """Give a value that is a number."""
        value = self.term(name).value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        raise SetupError(f"policy {self.id}: {name} must be a number, found {value!r}")

    def since(self, name: str) -> date | None:
        """Give a value that is a day since when something holds; None where it says `never`."""
        value = self.term(name).value
        if value == NEVER:
            return None
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            remedy = f'write a day such as "{self.in_force}", or "{NEVER}"'
            raise SetupError(f"{self.id}.toml: {name} is {value!r}; {remedy}") from None

    def severity(self, rule: str, terms: Iterable[Term]) -> Severity:
        """Weigh a finding (rules.md, *Severity*): force of the words, basis of the limits."""
        force = self.rules[rule].force
        if force == "principle":
            return "explain"
        if force in {"authority", "mission"}:
            return "warning"
        if any(term.basis in {"assumption", "mission"} for term in terms):
            return "warning"
        return "explain" if self.draft else "breach"


def weaker(one: Severity, other: Severity) -> Severity:
    """Give the one that weighs less."""
    return min(one, other, key=WEIGHTS.index)


NOTHING = Policy("", "", "", "", "", "", rules={}, values={}, clauses={})
"""What is in force on a day of no policy: no rule is judged, no value set."""


class Policies:
    """The policies known, at most one in force in a jurisdiction on a day, and the working days."""

    def __init__(
        self,
        policies: Iterable[Policy],
        table: Table | None = None,
        everywhere: Policy | None = None,
    ) -> None:
        self.all = tuple(policies)
        self.table = table or Table()
        self._everywhere = everywhere
        self._by_jurisdiction: dict[str, list[Policy]] = {}
        for policy in self.all:
            self._by_jurisdiction.setdefault(policy.jurisdiction, []).append(policy)
        self._gathering = frozenset(
            where
            for where in self._by_jurisdiction
            if any(policy.scope == "selected" for policy in self.of(where))
        )
        # Every order asks, and most of them about the same days.
        self.on = lru_cache(maxsize=16_384)(self._on)

    @property
    def jurisdictions(self) -> frozenset[str]:
        """The jurisdictions whose events are taken."""
        return frozenset(self._by_jurisdiction)

    def gathers(self, jurisdiction: str) -> bool:
        """Whether any policy of a jurisdiction judges more than single orders."""
        return jurisdiction in self._gathering

    def _on(self, jurisdiction: str, day: date) -> Policy | None:
        """Give the policy in force on a day."""
        if self._everywhere is not None:
            return self._everywhere
        for policy in self._by_jurisdiction.get(jurisdiction, ()):
            if policy.holds_on(day):
                return policy
        return None

    def of(self, jurisdiction: str) -> tuple[Policy, ...]:
        """Give all policies of a jurisdiction, whatever their days."""
        if self._everywhere is not None:
            return (self._everywhere,)
        return tuple(self._by_jurisdiction.get(jurisdiction, ()))

    def digest(self, jurisdiction: str) -> str:
        """Give a text that differs when the policies of a jurisdiction do, or the working days."""
        held = "".join(policy.digest for policy in self.of(jurisdiction)) + self.table.digest
        return hashlib.sha256(held.encode()).hexdigest()

    def instead(self, policy_id: str) -> "Policies":
        """Put one policy in place of every jurisdiction's, on all days (`replay --policy`)."""
        for policy in self.all:
            if policy.id == policy_id:
                always = msgspec.structs.replace(policy, in_force=ALWAYS, until=None)
                return Policies(self.all, self.table, everywhere=always)
        known = ", ".join(policy.id for policy in self.all)
        raise SetupError(f"no policy {policy_id!r}; known are: {known}")


def load(folder: Path = FOLDER, calendars: Path | None = None) -> Policies:
    """Read every policy file of a folder, and the calendars: shipped ones and the operator's."""
    policies = [_read(path) for path in sorted(folder.glob("*.toml"))]
    for one, other in combinations(policies, 2):
        _check_days(one, other)
    return Policies(policies, calendar.load(calendars))


def _read(path: Path) -> Policy:
    raw = path.read_bytes()
    try:
        policy = msgspec.toml.decode(raw, type=Policy)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise SetupError(f"{path.name}: {error}") from error
    _check(path, policy)
    return msgspec.structs.replace(policy, digest=hashlib.sha256(raw).hexdigest())


def _check(path: Path, policy: Policy) -> None:
    if path.stem != policy.id:
        raise SetupError(f"{path.name}: id is {policy.id!r}; name the file {policy.id}.toml")
    if policy.until is not None and policy.until <= policy.in_force:
        problem = f"until = {policy.until} is not after in_force = {policy.in_force}"
        raise SetupError(f"{path.name}: {problem}; name the first day out of force")
    for name in policy.values:
        if name.endswith(SINCE):
            policy.since(name)
    for rule, carried in policy.rules.items():
        _check_clauses(path, rule, carried, policy.clauses)


def _check_days(one: Policy, other: Policy) -> None:
    earlier, later = sorted((one, other), key=lambda policy: policy.in_force)
    if earlier.jurisdiction == later.jurisdiction and earlier.holds_on(later.in_force):
        problem = f"in force from {later.in_force}, while {earlier.id} still is"
        raise SetupError(f"{later.id}.toml: {problem}; give {earlier.id}.toml an `until`")


def _check_clauses(path: Path, rule: str, carried: Carried, clauses: Mapping[str, Clause]) -> None:
    for clause in carried.clauses:
        if clause not in clauses or rule not in clauses[clause].rules:
            problem = f"rule {rule} names clause {clause}, which does not name it back"
            raise SetupError(f"{path.name}: {problem}; add it to [clauses.{clause!r}]")
