"""What a rule is: a clause made a function."""

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Generic, Literal, TypeAlias

from msgspec import Struct
from typing_extensions import TypeVar

from services.compliance.findings.accused import Role, Unit
from services.compliance.findings.finding import Finding, Outcome, Words
from services.compliance.policies.policy import Policy, Severity, weaker
from services.compliance.records.commitment import Breach
from services.compliance.records.evidence import Term

Record = TypeVar("Record", default=Any)
Terms = TypeVar("Terms", default=Any)

_Given: TypeAlias = Literal["stock_out", "owed", "settlement", "delivered", "punctual", "quality"]
_Paid: TypeAlias = Literal["passed_on", "advance", "use", "agreed"]
Taken: TypeAlias = Breach | _Given | _Paid | Literal["accepted", "failed", "bought", "consumed"]
"""What a record can give to another one, if a rule that the policy carries takes it: an order, but
for `settlement` and `passed_on` (a payment), `advance` and `use` (a prepayment), `agreed` (an
agreement)."""


class Rule(Struct, Generic[Record, Terms], frozen=True):
    """A clause made a function; a plain `Rule` is one on whatever record.

    `record` is what it reads; `accused` as what somebody is accused, the first that a finding
    names; `unit` is what it judges one by one; `takes` what others must give to that record for it;
    `values` the policy values it needs, `options` those that a policy may leave out;
    `judge(record, terms, now)` gives its outcomes, `now` in UTC; `words(finding)` explains one, in
    Chinese and English. What an
    `interval` rule finds lasts from its anchor, and may take the place of what overlaps it.
    `lowers` is to what some of its findings are lowered. `judge_goods(record, terms, now)` looks at
    goods that came before their order. One `of_shippers` judges also whoever ships for an order
    beside its distributor.
    """

    name: str
    title_zh: str
    title_en: str
    record: type[Record]
    accused: tuple[Role, ...]
    unit: Unit
    values: tuple[str, ...]
    judge: Callable[[Record, Terms, datetime], Iterator[Outcome]]
    words: Callable[[Finding], Words]
    takes: tuple[Taken, ...] = ()
    interval: bool = False
    lowers: tuple[Severity, ...] = ()
    judge_goods: Callable[[Record, Any, datetime], Iterator[Outcome]] | None = None
    options: tuple[str, ...] = ()
    of_shippers: bool = False

    @property
    def reads(self) -> str:
        """The kind of the record, as subjects and the catalogue name it."""
        return self.record.__name__.removesuffix("Entry").lower()

    @property
    def explanation(self) -> str:
        """The rule as an officer would say it, its clause and reading: its module's docstring."""
        return (sys.modules[self.judge.__module__].__doc__ or "").strip()

    def severities(self, policy: Policy) -> set[Severity]:
        """Give what its findings can weigh under a policy: it follows the basis of a limit."""
        assumed = Term("", 0, "assumption", policy.id)
        full = {policy.severity(self.name, limits) for limits in ((), (assumed,))}
        return full | {weaker(weight, lowered) for weight in full for lowered in self.lowers}
