"""Policies: clauses, days in force, rules carried, and values with their basis, read from TOML.

A policy that lacks something or holds a misspelt key raises SetupError with file and field. Where
values change on some days, a policy has editions, each with the values of its days; what happened
before a change keeps its judgement and the version of its edition.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from services.compliance.policies import calendar
from services.compliance.policies.calendar import Table
from services.compliance.policies.clauses import Carried, Clause, Force
from services.compliance.policies.values import Basis, Value, dated, in_force_on
from services.compliance.records.evidence import Term
from shared.domain.calendar import day_of
from shared.domain.errors import SetupError

__all__ = ["Basis", "Carried", "Clause", "Force", "Value"]
Severity = Literal["breach", "explain", "warning"]
WEIGHTS: tuple[Severity, ...] = ("warning", "explain", "breach")
"""How much a finding can weigh, the least first."""
FOLDER = Path(__file__).parent
ALWAYS = date(1901, 1, 2)
"""The first day of a policy that names none: events before it are refused."""
SINCE = "_told_since"
"""How the values are called that say since when a feed is told: `orders_told_since`."""
NEVER = "never"


class Policy(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One document as data; `until` is exclusive, None is open; `digest` is of all that it says.

    A policy of which some values change on a day has them in `changing` and not in `values`, and
    `editions`, one for each stretch of days on which all values stand still: a policy in which all
    are in `values`, from the day `begins`. Rules ask the edition of a day (`on`, `at`).
    """

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
    changing: dict[str, tuple[Value, ...]] = {}
    begins: date = ALWAYS
    editions: tuple["Policy", ...] = ()
    digest: str = ""

    def holds_on(self, day: date) -> bool:
        """Whether the policy is in force on a day."""
        return self.in_force <= day and (self.until is None or day < self.until)

    def on(self, day: date) -> "Policy":
        """Give the policy with the values of a day; those of its first day hold before it too."""
        if not self.editions:
            return self
        return next(edition for edition in reversed(self.editions) if edition.begins <= day)

    def at(self, instant: datetime) -> "Policy":
        """Give the policy with the values of an instant's day."""
        return self.on(day_of(instant)) if self.editions else self

    @property
    def told(self) -> dict[str, tuple[Value, ...]]:
        """Give all values by name: one, or those that follow each other."""
        return {name: (value,) for name, value in self.values.items()} | self.changing

    def term(self, name: str) -> Term:
        """Give a value with its basis; raises SetupError where the policy lacks it.

        A value that changes must be asked of the edition of a day: asking the whole policy for it
        is an error of ours.
        """
        value = self.values.get(name)
        if value is None and name in self.changing:
            raise LookupError(f"{self.id}: {name} changes; ask policy.on(day) for it")
        if value is None:
            remedy = f"add [values.{name}] to policies/{self.id}.toml"
            raise SetupError(f"policy {self.id} sets no {name}; {remedy}")
        return Term(name, value.value, value.basis, self.id)

    def number(self, name: str) -> float:
        """Give a value that is a number."""
        held = self.values.get(name)
        value = self.term(name).value if held is None else held.value
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
        self.everywhere = everywhere
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
        self.carried = lru_cache(maxsize=None)(self._carried)
        self.digest = lru_cache(maxsize=None)(self._digest)

    @property
    def jurisdictions(self) -> frozenset[str]:
        """The jurisdictions whose events are taken."""
        return frozenset(self._by_jurisdiction)

    def gathers(self, jurisdiction: str) -> bool:
        """Whether any policy of a jurisdiction judges more than single orders."""
        return jurisdiction in self._gathering

    def _on(self, jurisdiction: str, day: date) -> Policy | None:
        """Give the policy in force on a day, with the values of that day."""
        if self.everywhere is not None:
            return self.everywhere.on(day)
        for policy in self._by_jurisdiction.get(jurisdiction, ()):
            if policy.holds_on(day):
                return policy.on(day)
        return None

    def of(self, jurisdiction: str) -> tuple[Policy, ...]:
        """Give all policies of a jurisdiction, whatever their days."""
        if self.everywhere is not None:
            return (self.everywhere,)
        return tuple(self._by_jurisdiction.get(jurisdiction, ()))

    def _carried(self, jurisdiction: str) -> tuple[str, ...]:
        """Give the rules that any policy of a jurisdiction carries."""
        return tuple({rule: None for policy in self.of(jurisdiction) for rule in policy.rules})

    def _digest(self, jurisdiction: str) -> str:
        """Give a text that differs when the policies of a jurisdiction do, or the working days."""
        held = "".join(policy.digest for policy in self.of(jurisdiction)) + self.table.digest
        return hashlib.sha256(held.encode()).hexdigest()

    def instead(self, policy_id: str) -> "Policies":
        """Put one policy in place of every jurisdiction's, on all days (`replay --policy`)."""
        for policy in self.all:
            if policy.id == policy_id:
                return Policies(self.all, self.table, everywhere=_always(policy))
        known = ", ".join(policy.id for policy in self.all)
        raise SetupError(f"no policy {policy_id!r}; known are: {known}")


def _always(policy: Policy) -> Policy:
    """Let a policy hold on all days; its values change when they do."""
    editions = tuple(_always(edition) for edition in policy.editions)
    return msgspec.structs.replace(policy, in_force=ALWAYS, until=None, editions=editions)


def load(folder: Path = FOLDER, calendars: Path | None = None) -> Policies:
    """Read every policy file of a folder, and the calendars: shipped ones and the operator's."""
    policies = [_read(path) for path in sorted(folder.glob("*.toml"))]
    for one, other in combinations(policies, 2):
        _check_days(one, other)
    return Policies(policies, calendar.load(calendars))


def _read(path: Path) -> Policy:
    try:
        raw = msgspec.toml.decode(path.read_bytes())
        values = raw.get("values")
        listed = values if isinstance(values, dict) else {}
        changing = {name: told for name, told in listed.items() if isinstance(told, list)}
        if changing:
            raw["values"] = {name: told for name, told in listed.items() if name not in changing}
        policy = msgspec.convert(_own(raw), Policy, builtin_types=(date, datetime))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise SetupError(f"{path.name}: {error}") from error
    _check(path, policy)
    told = policy.told | {
        name: dated(path.name, name, values, policy.in_force, policy.until)
        for name, values in changing.items()
    }
    return with_editions(policy, told)


def _own(raw: dict[str, Any]) -> dict[str, Any]:
    """Refuse what a policy has and its file does not."""
    for name in ("changing", "begins", "editions", "digest"):
        if name in raw:
            raise ValueError(f"{name} is none of a policy's fields; drop it")
    return raw


def with_editions(policy: Policy, told: Mapping[str, tuple[Value, ...]]) -> Policy:
    """Give a policy its values, its editions if some change, and the digests of both."""
    days = sorted({it.since for values in told.values() for it in values if it.since is not None})
    constant = {name: values[0] for name, values in told.items() if len(values) == 1}
    changing = {name: values for name, values in told.items() if len(values) > 1}
    editions = tuple(
        _digested(policy, {name: in_force_on(held, day) for name, held in told.items()}, day)
        for day in (ALWAYS, *days)
    )
    if not changing:
        return editions[0]
    digest = hashlib.sha256("".join(edition.digest for edition in editions).encode()).hexdigest()
    return msgspec.structs.replace(
        policy, values=constant, changing=changing, editions=editions, digest=digest
    )


def _digested(policy: Policy, values: dict[str, Value], begins: date) -> Policy:
    """Give an edition. Its version tells apart what it says, whatever is said of other days."""
    plain = msgspec.structs.replace(
        policy, values=values, changing={}, begins=begins, editions=(), digest=""
    )
    said = msgspec.json.encode(plain, order="deterministic")
    return msgspec.structs.replace(plain, digest=hashlib.sha256(said).hexdigest())


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
