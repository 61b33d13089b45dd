"""Accounts that close what was paid long ago, held against such as never do."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest

from services.compliance.findings.finding import Watch
from services.compliance.judging import engine
from services.compliance.judging.contributions.contribution import Contribution, Tidying
from services.compliance.judging.contributions.statement import contribute_statements
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject
from services.compliance.law import closing
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.law import Law
from services.compliance.policies import setting
from services.compliance.records import statement
from services.compliance.records.account import Account, Bill, Claim, Entry, Money
from services.compliance.records.statement import Stamp
from services.compliance.register.register import Register
from tests.support.builders import POLICIES, law_of

BEGINNING = datetime(2022, 1, 1, tzinfo=UTC)
KEY = "supply/H1%2FD1"
TERMS = AccountTerms(law_of(), "cn-sx", KEY)
STRICTER = AccountTerms(
    Law(setting.put({"rounding_tolerance": "0"}, POLICIES), Register()), "cn-sx", KEY
)
LATER = AccountTerms(
    Law(setting.put({"settlement_months": "2"}, POLICIES), Register()), "cn-sx", KEY
)
AMOUNTS = tuple(map(Decimal, ("0.5", "1", "3", "5", "9.99", "10", "20")))
SEEDS = 25


class Book:
    """The keeper of one account: what orders and payments contributed last, as of a day."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.given: dict[str, Entry] = {}
        self.day = 0

    def at(self, day: int) -> datetime:
        return BEGINNING + timedelta(days=day)

    def some_day(self) -> int:
        """Mostly of late, sometimes told long after."""
        back = self.chance.choice((0, 0, 0, 1, 5, 20, 90))
        return max(0, self.day - self.chance.randint(0, back))

    def change(self) -> tuple[Entry | None, Entry | None]:
        """Something is contributed anew, otherwise, or no more."""
        chance = self.chance
        name = chance.choice([f"O{chance.randrange(40)}", f"F{chance.randrange(40)}"])
        old = self.given.pop(name, None)
        if old is not None and chance.random() < 0.7:
            # Most that is contributed stays as it is.
            self.given[name] = old
            return old, old
        if old is not None and chance.random() < 0.3:
            return old, None
        new = self.bill(name, old) if name[0] == "O" else self.money(name)
        self.given[name] = new
        return old, new

    def bill(self, order: str, old: Entry | None) -> Bill:
        chance = self.chance
        claims = list(old.claims) if isinstance(old, Bill) else []
        paid = list(old.paid) if isinstance(old, Bill) else []
        if not claims or chance.random() < 0.4:
            claims.append(self.claim(order, f"R{len(claims)}{chance.randrange(3)}"))
        if chance.random() < 0.6:
            receipt = chance.choice([None, claims[-1].receipt, claims[0].receipt])
            day = self.at(self.some_day())
            name = f"{order}-{len(paid)}"
            paid.append(Money(name, day, chance.choice(AMOUNTS), order, receipt))
        if chance.random() < 0.15:
            # A return.
            claim = claims[0]
            day = max(claim.stands, self.at(self.some_day()))
            amounts = dict(claim.amounts) | {day: Decimal("0.4")}
            steps = tuple(sorted((at, min(a, claim.amounts[0][1])) for at, a in amounts.items()))
            claims[0] = msgspec.structs.replace(claim, amounts=falling(steps))
        return Bill(order, tuple({c.receipt: c for c in claims}.values()), tuple(paid))

    def claim(self, order: str, receipt: str) -> Claim:
        day = self.some_day()
        product = self.chance.choice(("P1", "P2"))
        amounts = ((self.at(day), self.chance.choice(AMOUNTS)),)
        return Claim(order, receipt, product, amounts, 738156 + day, "1401", "M1", self.at(day), ())

    def money(self, name: str) -> Money:
        chance = self.chance
        names = chance.choice(
            ({}, {}, {}, {"product": "P1"}, {"receipt": f"R0{chance.randrange(3)}"})
        )
        return Money(
            name, self.at(self.some_day()), chance.choice((*AMOUNTS, Decimal(60))), **names
        )


def falling(steps: tuple[tuple[datetime, Decimal], ...]) -> tuple[tuple[datetime, Decimal], ...]:
    """Amounts that only fall."""
    least = steps[0][1]
    found = []
    for instant, amount in steps:
        least = min(least, amount)
        found.append((instant, least))
    return tuple(found)


def stored(account: Account) -> Account:
    """The account as it is read again."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(account), type=Account)


def stamps(account: Account, moment: Moment, terms: AccountTerms = TERMS) -> dict[str, Any]:
    """What an account says of each month."""
    return {one.of: one.kept.value for one in books(account, moment, terms)}


def books(account: Account, moment: Moment, terms: AccountTerms = TERMS) -> list[Contribution]:
    """What an account gives to its statements, which is then tidied as one that is stored."""
    said = contribute_statements(account, KEY, terms, moment)
    for one in said:
        if isinstance(one, Tidying):
            one.tidy()
    return [one for one in said if isinstance(one, Contribution)]


def never_closed(entries: Iterable[Entry], now: datetime, terms: AccountTerms) -> dict[str, Any]:
    account = Account()
    for entry in entries:
        account.put(None, entry)
    return stamps(account, Moment(now, now), terms)


def test_what_an_account_says_does_not_depend_on_what_it_has_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(closing, "MANY", 1)
    closed = [seed for seed in range(SEEDS) if says_the_same(Random(seed), TERMS)]
    assert len(closed) > SEEDS / 2


def test_nor_does_it_on_what_counted_as_paid_when_it_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(closing, "MANY", 1)
    closed = [seed for seed in range(SEEDS) if says_the_same(Random(seed), TERMS, STRICTER)]
    assert len(closed) > SEEDS / 2


def test_nor_on_whether_it_was_read_again_or_remembers_what_it_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(closing, "MANY", 1)
    seeds = range(SEEDS, SEEDS + 8)
    closed = [says_the_same(Random(seed), TERMS, LATER, read_again=0.1) for seed in seeds]
    assert sum(closed) > len(seeds) / 2


def says_the_same(chance: Random, *known: AccountTerms, read_again: float = 1) -> bool:
    """Tell an account many things, and compare what it says; gives whether it ever closed."""
    book, account, closed = Book(chance), Account(), False
    for _ in range(chance.randrange(20, 60)):
        book.day += chance.choice((0, 0, 1, 3, 10, 25))
        for _ in range(chance.randrange(5)):
            account.put(*book.change())
        now, terms = book.at(book.day), chance.choice(known)
        if chance.random() < read_again:
            account = stored(account)
        heard = now - timedelta(days=chance.choice((0, 0, 20, 70)))
        said = stamps(account, Moment(now, heard), terms)
        assert said == never_closed(book.given.values(), now, terms)
        closed |= account.shelf is not None
    return closed


def test_an_account_of_many_claims_closes_and_gives_closed_months_no_more() -> None:
    account, now = Account(), BEGINNING + timedelta(days=120)
    moment = Moment(now, now)
    for number in range(closing.MANY):
        paid_for(account, number, 0)
    (whole,) = books(account, moment)
    assert isinstance(whole.value, statement.Book)
    assert account.claims() == []
    paid_for(account, closing.MANY, 119)
    said = books(account, moment)
    assert [(it.of, type(it.value)) for it in said] == [
        ("2022-01", Stamp),
        ("2022-04", statement.Book),
    ]


def test_an_account_that_is_judged_once_closes_nothing_and_says_the_same() -> None:
    now = BEGINNING + timedelta(days=120)
    kept, judged_once = (Dossier(Subject("cn-sx", "account", KEY)) for _ in range(2))
    for number in range(closing.MANY):
        for held in (kept, judged_once):
            paid_for(account_of(held), number, 0)
    first = engine.judge(kept, law_of(), Moment(now, now))
    second = engine.judge(judged_once, law_of(), Moment(now, now), once=True)
    assert account_of(kept).shelf is not None
    assert account_of(judged_once).shelf is None
    assert first.transfers == second.transfers != []


def account_of(held: Dossier) -> Account:
    assert isinstance(held.record, Account)
    return held.record


def test_what_is_told_next_of_a_backlog_does_not_open_what_was_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(closing, "MANY", 4)
    account, now, closed = Account(), BEGINNING + timedelta(days=400), set[datetime]()
    for day in range(120):
        paid_for(account, day, day)
        assert not closed or account.shelf is not None
        books(account, Moment(now, BEGINNING + timedelta(days=day)))
        if account.shelf is not None:
            closed.add(account.shelf.until)
    assert closed == {
        datetime(2022, month, last, 16, tzinfo=UTC) for month, last in ((1, 31), (2, 28))
    }


def paid_for(account: Account, number: int, day: int) -> None:
    at, order = BEGINNING + timedelta(days=day), f"O{number:04}"
    claim = Claim(order, "R", "P1", ((at, Decimal(5)),), 738156, None, None, at, ())
    account.put(None, Bill(order, (claim,), (Money(f"F{number}", at, Decimal(5), order),)))


def test_a_statement_is_told_of_receipts_only_once_they_are_late_and_else_of_how_many() -> None:
    account = Account()
    paid_for(account, 1, 0)
    claim = Claim("O2", "R", "P1", ((BEGINNING, Decimal(5)),), 738156, None, None, BEGINNING, ())
    account.put(None, Bill("O2", (claim,), ()))
    due = datetime(2022, 2, 28, 16, tzinfo=UTC)
    watch, before = contribute_statements(account, KEY, TERMS, Moment(due, due))
    assert watch == Watch(due)
    assert isinstance(before, Contribution)
    assert before.value == statement.Book("2022-01", (), others=2, waits=due)
    after = due + timedelta(microseconds=1)
    (found,) = contribute_statements(account, KEY, TERMS, Moment(after, after))
    assert isinstance(found, Contribution)
    assert isinstance(found.value, statement.Book)
    assert [it.claim for it in found.value.claims] == [claim]
    assert (found.value.others, found.value.waits) == (1, None)
