"""Law as of the day: which policy, cycle and agreement hold for what is judged.

Terms are those in force on the business day of the fact judged, never today's.
"""

from collections.abc import Callable, Hashable
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple, Unpack, cast

from services.compliance.findings.finding import Finding, Missing
from services.compliance.law.intervals import Interval
from services.compliance.law.supply_period import Stretch, stretches
from services.compliance.law.working_days import Calendar, calendar_of
from services.compliance.policies.policy import Policies, Policy
from services.compliance.records.appointments import Appointment
from services.compliance.records.evidence import Term
from services.compliance.register.exemption import Exemption
from services.compliance.register.pricing import Standard
from services.compliance.register.register import Register
from shared.domain import calendar
from shared.domain.records.agreement import Agreement, in_force
from shared.domain.records.product import Product

T = TypeVar("T")
Of = TypeVarTuple("Of")

UNKNOWN = object()
"""Stands for what was not derived yet; what was may be None."""

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Law:
    """Policies and register, asked together; `settle` is how long facts take to arrive."""

    def __init__(
        self, policies: Policies, register: Register, settle: timedelta = timedelta(0)
    ) -> None:
        self.policies = policies
        self.register = register
        self.settle = settle
        self._spans: dict[tuple[str, date, str], tuple[Term, timedelta]] = {}
        self._version = register.version
        self._exemptions: dict[tuple[str, str], list[Exemption]] | None = None
        self._stretches: dict[tuple[str, str, str], list[Stretch]] = {}
        self._appointments: dict[tuple[str, str], dict[str, list[Appointment]]] = {}
        self._derived: dict[tuple[Hashable, ...], Any] = {}

    @property
    def calendar(self) -> Calendar:
        """Give the working days."""
        return calendar_of(self.policies.table)

    def heard_by(self, deadline: datetime, told: datetime) -> datetime:
        """Give the instant until which all must be heard (rules.md, *Silence*)."""
        return max(deadline, told + self.settle)

    def hours(self, policy: Policy, name: str) -> tuple[Term, timedelta]:
        """Give a number of hours with its basis; remembered as long as this law."""
        return self._spans.get((policy.id, policy.begins, name)) or self._span(policy, name, HOUR)

    def days(self, policy: Policy, name: str) -> tuple[Term, timedelta]:
        """Give a number of days with its basis; remembered as long as this law."""
        return self._spans.get((policy.id, policy.begins, name)) or self._span(policy, name, DAY)

    def _span(self, policy: Policy, name: str, unit: timedelta) -> tuple[Term, timedelta]:
        found = policy.term(name), policy.number(name) * unit
        self._spans[policy.id, policy.begins, name] = found
        return found

    def stretches(self, jurisdiction: str, product: str, policy: Policy) -> list[Stretch]:
        """Give the supply period of a product; remembered until the register changes."""
        if self._version != self.register.version:
            self._forget()
        key = (jurisdiction, product, policy.id)
        found = self._stretches.get(key)
        if found is None:
            known = self.register.products.get((jurisdiction, product))
            found = stretches(known, policy) if known else []
            self._stretches[key] = found
        return found

    def product(self, jurisdiction: str, code: str) -> Product | None:
        """Give a product, None if nobody selected or listed it."""
        found = self.register.products.get((jurisdiction, code))
        return found if found is not None and (found.cycles or found.listed) else None

    def standards(self, jurisdiction: str, product: str) -> list[Standard]:
        """Give the payment standards of a product, as last told of each day."""
        held = self.register.standards.get((jurisdiction, product))
        return [] if held is None else list(held.of_day.values())

    def appointments(self, jurisdiction: str, product: str) -> dict[str, list[Appointment]]:
        """Give the appointments for a product by distributor; remembered like stretches."""
        if self._version != self.register.version:
            self._forget()
        found = self._appointments.get((jurisdiction, product))
        if found is None:
            found = self._appointments[jurisdiction, product] = {}
            for held in self.register.appointed(jurisdiction, product):
                found.setdefault(held.distributor, []).append(held)
        return found

    def derived(self, derive: Callable[["Law", Unpack[Of]], T], *of: *Of) -> T:
        """Give what is derived from the register; remembered until that changes."""
        if self._version != self.register.version:
            self._forget()
        key = (derive, *of)
        found: T | object = self._derived.get(key, UNKNOWN)
        if found is UNKNOWN:
            found = self._derived[key] = derive(self, *of)
        return cast(T, found)

    def _forget(self) -> None:
        """Forget what was derived from the register as it was before it changed."""
        self._version = self.register.version
        self._stretches.clear()
        self._appointments.clear()
        self._derived.clear()
        self._exemptions = None

    def exemption(self, jurisdiction: str, rule: str, finding: Finding) -> Exemption | None:
        """Give the exemption that matches a finding, whenever it was granted (rules.md)."""
        if self._version != self.register.version:
            self._forget()
        if self._exemptions is None:
            self._exemptions = {}
            for (where, _), held in self.register.exemptions.items():
                self._exemptions.setdefault((where, held.rule), []).append(held)
        granted = self._exemptions.get((jurisdiction, rule))
        if granted is None:
            return None
        matching = [held for held in granted if held.covers(finding.occurred_at, finding.about)]
        return min(matching, key=lambda held: held.exemption, default=None)

    def agreement_for(
        self, jurisdiction: str, hospital: str, product: str, named: str | None, day: date
    ) -> Agreement | Missing | None:
        """Give an order's agreement: the one it names if it fits, else the one in force."""
        if named is not None:
            told = self.register.agreements.get((jurisdiction, named))
            if told is None:
                return Missing("agreement")
            if told.hospital == hospital and told.product == product:
                return told
        return in_force(self.register.between(jurisdiction, hospital, product), day)

    def days_in_force(self, policy: Policy) -> Interval:
        """Give the days of a policy as instants."""
        end = calendar.LATEST if policy.until is None else calendar.start_of(policy.until)
        return calendar.start_of(policy.in_force), end


def remembered(derive: Callable[[Law, Unpack[Of]], T]) -> Callable[[Law, Unpack[Of]], T]:
    """Have a law remember what a function derives from its register, until that changes."""

    @wraps(derive)
    def recalled(law: Law, *of: *Of) -> T:
        return law.derived(derive, *of)

    return recalled
