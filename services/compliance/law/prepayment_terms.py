"""The terms under which a prepayment is judged: the agreement that it is for, and its return."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from services.compliance.findings.finding import Missing
from services.compliance.law.account_terms import tolerance
from services.compliance.law.agreements import Agreed, cycle_end, judged_under
from services.compliance.law.law import Law, remembered
from services.compliance.law.money import less, total
from services.compliance.law.order_terms import enrolled
from services.compliance.law.periods import deadline_of_months
from services.compliance.law.terms import Terms
from services.compliance.law.working_days import Provisional
from services.compliance.policies.policy import NOTHING, Policy
from services.compliance.records.account import Step
from services.compliance.records.prepayment import GivenBack, Made
from shared.domain import calendar
from shared.domain.records.agreement import Agreement

DAY = timedelta(days=1)
RETURN = ("return_months", "return_after", "return_years", "last_day_rolls")
"""The values by which the return of a prepayment falls due."""


class PrepaymentTerms(Terms):
    """What holds for one prepayment."""

    def __init__(self, law: Law, jurisdiction: str, prepayment: str, made: Made) -> None:
        super().__init__(law, jurisdiction)
        self.prepayment = prepayment
        self.made = made
        self.on_its_day: Policy = law.policies.on(jurisdiction, made.day) or NOTHING

    @property
    def tolerance(self) -> Decimal:
        """Give what may be left of something that is done."""
        return tolerance(self._law, self.jurisdiction)

    def named(self) -> Agreement | Missing:
        """Give the agreement that it names, if that is one of its hospital; void or not."""
        named = self.made.agreement
        told = None if named is None else self._told(named)
        if told is not None and told.hospital == self.made.hospital:
            return told
        return Missing("prepayment.agreement")

    def meant(self) -> Agreement | Missing:
        """Give the agreement that it names, or that its product points to."""
        made = self.made
        if made.agreement is not None:
            return Missing("agreement") if self._told(made.agreement) is None else self.named()
        if made.product is None:
            return Missing("prepayment.agreement")
        register = self._law.register
        own = register.between(self.jurisdiction, made.hospital, made.product)
        held = sorted(
            (agreement for agreement in own if not agreement.is_void),
            key=lambda agreement: agreement.telling.order_key,
        )
        in_force = [agreement for agreement in held if agreement.in_force(made.day)]
        if in_force:
            return in_force[-1]
        later = [agreement for agreement in reversed(held) if agreement.start > made.day]
        if later:
            return min(later, key=lambda agreement: agreement.start)
        return Missing("prepayment.agreement")

    def _told(self, name: str) -> Agreement | None:
        return self._law.register.agreements.get((self.jurisdiction, name))

    def agreed(self, agreement: Agreement) -> Agreed | Missing | None:
        """Give an agreement under its policy; None where nothing is said of it."""
        found = judged_under(self._law, self.jurisdiction, agreement.agreement)
        return None if found is None or agreement.is_void else found[1]

    def policy_of(self, agreement: Agreement) -> Policy:
        """Give the policy of an agreement."""
        found = judged_under(self._law, self.jurisdiction, agreement.agreement)
        return NOTHING if found is None else found[0]

    def return_base(self, agreed: Agreed) -> date:
        """Give the last day of the agreement's cycle, or of the agreement, as its policy says."""
        if agreed.policy.term("return_after").value == "agreement":
            return agreed.agreement.end - DAY
        return _last_day(self._law, self.jurisdiction, agreed.agreement.product, agreed.cycle.start)

    def return_due(self, agreed: Agreed) -> datetime | Provisional:
        """Give when prepayments for an agreement must be back."""
        policy = agreed.policy
        months, rolls = int(policy.number("return_months")), policy.term("last_day_rolls").value
        base = self.return_base(agreed)
        return deadline_of_months(base, months, self.calendar, rolls=bool(rolls))

    def area_on(self, instant: datetime) -> str | None:
        """Give the area of the hospital on a day, None if it was never enrolled."""
        held = self._law.register.hospitals.get((self.jurisdiction, self.made.hospital))
        known = enrolled(held)
        return None if known is None else known.on(calendar.day_of(instant)).area

    def heard_by(self, deadline: datetime, told: datetime) -> datetime:
        """Until when all must have been heard before a silence counts."""
        return self._law.heard_by(deadline, told)


@remembered
def _last_day(law: Law, jurisdiction: str, product: str, start: date) -> date:
    """Give the last day of the cycle of a product that starts on a day."""
    held = law.register.products[jurisdiction, product]
    return cycle_end(held, held.cycles[start]) - DAY


def returned(back: list[GivenBack]) -> tuple[Step, ...]:
    """Give how much has come back in all, from when on; `back` in order."""
    steps: dict[datetime, Decimal] = {}
    for count, fact in enumerate(back, start=1):
        steps[fact.telling.time] = total(one.amount for one in back[:count])
    return tuple(steps.items())


def done_at(
    made: datetime, amount: Decimal, back: tuple[Step, ...], tolerance: Decimal
) -> datetime | None:
    """Give when all of an amount was back, not before it was made; None if it is not."""
    for instant, gone in ((made, Decimal(0)), *back):
        if less(amount, gone) <= tolerance:
            return max(made, instant)
    return None
