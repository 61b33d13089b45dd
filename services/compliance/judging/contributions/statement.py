"""What an account contributes to its statements, month by month: claims, and what is left of them.

What had to move on of prepayments stands in the month of their day, what they were used for in that
in which the using ends.
"""

from collections import defaultdict
from datetime import date

from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.judging.moment import Moment
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.advances import moving_on, uses
from services.compliance.law.closing import close, closed_in, month_of, reopen
from services.compliance.law.periods import Month
from services.compliance.law.settling import settle
from services.compliance.records.account import Account
from services.compliance.records.statement import Book, Settling, Stamp, Use
from shared.domain import calendar


def contribute_statements(
    account: Account, key: str, terms: AccountTerms, moment: Moment
) -> list[Contribution]:
    """Give a statement of each month of which there is anything to say, and close what is old.

    Closing changes how the account keeps what it holds, never what it says.
    """
    claims: dict[str, list[Settling]] = defaultdict(list)
    advances: dict[str, list[Settling]] = defaultdict(list)
    used: dict[str, list[Use]] = defaultdict(list)
    reopen(account, terms.tolerance)
    settlings = settle(account, terms.tolerance)
    for settling in settlings:
        claims[month_of(settling.claim)].append(settling)
    if account.advances:
        for settling in moving_on(account.advances.values(), settlings):
            advances[str(Month.of(date.fromordinal(settling.claim.day)))].append(settling)
        for use in uses(account.advances.values(), settlings, terms.tolerance):
            used[str(Month.of(calendar.day_of(use.until)))].append(use)
    books: dict[str, Book | Stamp] = {}
    if account.shelf is not None:
        books |= {month: Stamp(stamp) for month, stamp in account.shelf.stamps.items()}
    for month in {*claims, *advances, *used}:
        whole = claims.get(month, [])
        if closed := closed_in(account, month):
            whole = sorted([*closed, *whole], key=_age)
        books[month] = Book(
            month, tuple(whole), tuple(advances.get(month, ())), tuple(used.get(month, ()))
        )
    close(account, settlings, terms.tolerance, moment.now)
    if account.shelf is not None:
        still_open = {month_of(claim) for claim in account.claims()}
        account.shelf.stamps = {
            month: _kept(books[month]).digest
            for month in account.shelf.months
            if month not in still_open
        }
    return [Contribution("statement", month, key, books[month]) for month in sorted(books)]


def _kept(value: Book | Stamp) -> Stamp:
    return value.kept if isinstance(value, Book) else value


def _age(settling: Settling) -> tuple[object, str, str]:
    return settling.claim.age
