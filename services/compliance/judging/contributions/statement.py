"""What an account contributes to its statements, month by month: claims, and what is left of them.

What had to move on of prepayments stands in the month of their day, what they were used for in that
in which the using ends.
"""

from collections import defaultdict
from datetime import date

from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.advances import moving_on, uses
from services.compliance.law.periods import Month
from services.compliance.law.settling import settle
from services.compliance.records.account import Account
from services.compliance.records.statement import Book, Settling, Use
from shared.domain import calendar


def contribute_statements(account: Account, key: str, terms: AccountTerms) -> list[Contribution]:
    """Give a statement of each month of which there is anything to say."""
    claims: dict[Month, list[Settling]] = defaultdict(list)
    advances: dict[Month, list[Settling]] = defaultdict(list)
    used: dict[Month, list[Use]] = defaultdict(list)
    settlings = settle(account, terms.tolerance)
    for settling in settlings:
        claims[Month.of(calendar.day_of(settling.claim.stands))].append(settling)
    if account.advances:
        for settling in moving_on(account.advances.values(), settlings):
            advances[Month.of(date.fromordinal(settling.claim.day))].append(settling)
        for use in uses(account.advances.values(), settlings, terms.tolerance):
            used[Month.of(calendar.day_of(use.until))].append(use)
    return [
        Contribution(
            "statement",
            str(month),
            key,
            Book(
                str(month),
                tuple(claims.get(month, ())),
                tuple(advances.get(month, ())),
                tuple(used.get(month, ())),
            ),
        )
        for month in sorted({*claims, *advances, *used})
    ]
