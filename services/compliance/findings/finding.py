"""What a rule can say: a finding, a watch, or that a term is missing."""

from datetime import date, datetime
from typing import Any, NamedTuple, NotRequired, TypedDict

from msgspec import Struct

from services.compliance.policies.policy import Policy, Severity, weaker
from services.compliance.records.evidence import Evidence, Term
from shared.domain.calendar import instant_text


class About(Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """The parties of a finding; what a rule does not speak of is None."""

    product: str | None = None
    area: str | None = None
    hospital: str | None = None
    manufacturer: str | None = None
    distributor: str | None = None
    order: str | None = None


class Finding(Struct, frozen=True, kw_only=True, gc=False):
    """What a rule sees in a record at a moment; instants in UTC.

    `cured_at` is None while the breach goes on; `heard_by` is set where the finding rests on
    silence: it counts only when everything until then has been heard. `observed` and `limit` are
    a number, a text, an instant, or what JSON makes of several. `terms` are the values
    used, `limits` those of them that the limit rests on (severity follows their basis). One that
    is `lowered` weighs no more than that. `counted_on` is the day by which another record than the
    one in which it is found counts the order that it is of.
    """

    subject: str
    anchor: str
    about: About
    policy: Policy
    occurred_at: datetime
    cured_at: datetime | None
    observed: Any
    limit: Any
    terms: tuple[Term, ...] = ()
    limits: tuple[Term, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    heard_by: datetime | None = None
    breach: str | None = None
    details: dict[str, Any] = {}
    lowered: Severity | None = None
    counted_on: date | None = None

    def severity(self, rule: str) -> Severity:
        """Weigh the finding of a rule: as its policy does, or less where the rule lowers it."""
        weighed = self.policy.severity(rule, self.limits)
        return weighed if self.lowered is None else weaker(weighed, self.lowered)


class Observation(TypedDict):
    """What a rule saw and what it compared that with: keywords of the `finding()` of all terms."""

    observed: Any
    limit: Any
    terms: tuple[Term, ...]
    evidence: tuple[Evidence, ...]
    limits: NotRequired[tuple[Term, ...]]
    heard_by: NotRequired[datetime]
    details: NotRequired[dict[str, Any]]
    lowered: NotRequired[Severity | None]


class Watch(NamedTuple):
    """Look again when the clock has passed `at`, or (`silent`) when all until `at` is heard."""

    at: datetime
    silent: bool = False


class Missing(NamedTuple):
    """The register lacks a term, so the rule cannot judge."""

    term: str


Outcome = Finding | Watch | Missing
Words = tuple[str, str]


def as_told(value: Any) -> Any:
    """Give what was observed, or its limit, as it is told: an instant as its text."""
    return instant_text(value) if isinstance(value, datetime) else value
