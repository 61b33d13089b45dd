"""What an account contributes to its statements: month by month its claims, and what is left."""

from collections import defaultdict

from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.periods import Month
from services.compliance.law.settling import settle
from services.compliance.records.account import Account
from services.compliance.records.statement import Book, Settling
from shared.domain import calendar


def contribute_statements(account: Account, key: str, terms: AccountTerms) -> list[Contribution]:
    """Give a statement of each month in which something began to be owed."""
    months: dict[str, list[Settling]] = defaultdict(list)
    for settling in settle(account, terms.tolerance):
        months[str(Month.of(calendar.day_of(settling.claim.stands)))].append(settling)
    return [
        Contribution("statement", month, key, Book(month, tuple(claims)))
        for month, claims in months.items()
    ]
