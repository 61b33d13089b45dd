"""What an account contributes to its statements, month by month: claims, and what is left of them.

A statement is told of the claims alone of which something can be found: most are paid before they
fall due, and many that stand fall due weeks later. Of those it is told how many there are, and when
to look again. What had to move on of prepayments stands in the month of their day, what they were
used for in that in which the using ends.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from functools import partial

from services.compliance.findings.finding import Watch
from services.compliance.judging.contributions.contribution import Contribution, Given, Tidying
from services.compliance.judging.moment import Moment
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.advances import moving_on, uses
from services.compliance.law.closing import closable, close, closed_in, reopen
from services.compliance.law.periods import Month
from services.compliance.law.settling import Settled, settled
from services.compliance.records.account import Account
from services.compliance.records.statement import Book, Settling, Stamp, Use
from shared.domain import calendar


class MonthOfAccount:
    """What an account says of a month."""

    def __init__(self) -> None:
        self.claims: list[Settling] = []
        self.advances: list[Settling] = []
        self.uses: list[Use] = []
        self.others = 0
        self.waits: datetime | None = None

    def take(self, known: Settled, now: datetime) -> None:
        """Take a claim in; it is only counted where nothing can be found of it yet."""
        if known.in_time:
            self.others += 1
        elif known.due is not None and now <= known.due:
            self.others += 1
            self.waits = known.due if self.waits is None else min(self.waits, known.due)
        else:
            self.claims.append(known.settling)

    def book(self, month: str) -> Book:
        """Give it as it is contributed."""
        whole = sorted(self.claims, key=_age) if len(self.claims) > 1 else self.claims
        advances, used = tuple(self.advances), tuple(self.uses)
        return Book(month, tuple(whole), advances, used, self.others, self.waits)


def contribute_statements(
    account: Account, key: str, terms: AccountTerms, moment: Moment
) -> list[Given]:
    """Give a statement of each month of which there is anything to say, and close what is old."""
    reopen(account, terms)
    known, now = settled(account, terms), moment.now
    pages: dict[str, MonthOfAccount] = defaultdict(MonthOfAccount)
    for one in known:
        pages[one.month].take(one, now)
    if account.advances:
        _take_advances(pages, account, known, terms)
    books: dict[str, Book | Stamp] = {}
    if account.shelf is not None:
        books |= {month: Stamp(stamp) for month, stamp in account.shelf.stamps.items()}
        for month in account.shelf.months.keys() - books.keys() | pages.keys():
            shut = closed_in(account, month, terms)
            pages[month].others += shut.in_time
            for one in shut.others:
                pages[month].take(one, now)
    books |= {month: page.book(month) for month, page in pages.items()}
    waits = [page.waits for page in pages.values() if page.waits is not None]
    given: list[Given] = [Watch(min(waits))] if waits else []
    given += [Contribution("statement", month, key, books[month]) for month in sorted(books)]
    # Only what has been heard is long ago: in a backlog, what is told next is of before now.
    heard = min(now, moment.heard)
    if account.shelf is not None or closable(account, known, heard):
        given.append(Tidying(partial(_close, account, known, books, terms, heard)))
    return given


def _take_advances(
    pages: dict[str, MonthOfAccount],
    account: Account,
    known: Iterable[Settled],
    terms: AccountTerms,
) -> None:
    settlings = sorted((one.settling for one in known), key=_age)
    for settling in moving_on(account.advances.values(), settlings):
        pages[str(Month.of(date.fromordinal(settling.claim.day)))].advances.append(settling)
    for use in uses(account.advances.values(), settlings, terms.tolerance):
        pages[str(Month.of(calendar.day_of(use.until)))].uses.append(use)


def _close(
    account: Account,
    known: list[Settled],
    books: dict[str, Book | Stamp],
    terms: AccountTerms,
    heard: datetime,
) -> None:
    """Close what is old, and note what was said of months that are closed whole.

    This changes how the account keeps what it holds, never what it says.
    """
    if closable(account, known, heard):
        close(account, known, terms, heard)
        known = settled(account, terms)
    if account.shelf is not None:
        still_open = {one.month for one in known}
        stamps = {
            month: _kept(books[month]).digest
            for month in account.shelf.months
            if month not in still_open
        }
        if stamps != account.shelf.stamps:
            account.shelf.stamps = stamps
            account.rearrange()


def _kept(value: Book | Stamp) -> Stamp:
    return value.kept if isinstance(value, Book) else value


def _age(settling: Settling) -> tuple[object, str, str]:
    return settling.claim.age
