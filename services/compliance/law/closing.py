"""Closing what an account was paid long ago, so that it is not judged anew for each payment.

A claim that was paid before the last month began is closed, and with it the sums that paid it. What
is left of others is the same without them: they come first, all of them are paid, and no sum of
later comes to them but one that names them, or a product of theirs that sums without a name paid.
Then, and when a fact is told that is older than the closing, the account opens all again. Claims
that are not paid stay open among them; from the first one on of which a part was paid by a sum that
names no order, all do. `tests/compliance/law/test_closing.py` holds this against accounts that are
never closed.
"""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from services.compliance.law import filling
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.filling import Name
from services.compliance.law.money import less, total
from services.compliance.law.periods import Month
from services.compliance.law.settling import (
    Settled,
    dated,
    debt_of,
    filled_by,
    key_of,
    month_of,
    sum_of,
)
from services.compliance.records.account import (
    PACKED,
    Account,
    Bill,
    Claim,
    Closed,
    Money,
    packed,
    unpacked,
)
from services.compliance.records.statement import Settling
from shared.domain import calendar

MANY = 32
"""How many claims of long ago make an account worth closing: what is open is written each time."""


class Shut(NamedTuple):
    """What was closed of a month: how many claims were paid in time, and those that were not."""

    in_time: int
    others: list[Settled]


def closed_in(account: Account, month: str, terms: AccountTerms) -> Shut:
    """Give what was closed of a month; what was found of it before is given again."""
    shelf, name = account.shelf, (CLOSED, month)
    if shelf is None:
        return Shut(0, [])
    held = account.derived.get(name)
    if held is None or held[0] is not terms.known_policies:
        held = account.derived[name] = (terms.known_policies, _shut(shelf, month, terms))
    found: Shut = held[1]
    return found


def _shut(shelf: Closed, month: str, terms: AccountTerms) -> Shut:
    in_time, others = 0, list[Settled]()
    for raw in shelf.months.get(month, ()):
        found = dated((Settling(*held) for held in unpacked(raw, PACKED)), terms)
        late = [it for it in found if not it.in_time]
        in_time += len(found) - len(late)
        others += late
    return Shut(in_time, others)


CLOSED, TRIED = "closed", ("tried",)
"""The names of what was closed, with its month, and of the instant until which closing was tried
last; the code of an order, which is a text, is another."""


def reopen(account: Account, terms: AccountTerms) -> None:
    """Open an account again that was closed when another amount counted as paid.

    Where the policies moved otherwise, closed months are only told anew.
    """
    shelf, digest = account.shelf, terms.digest
    if shelf is not None and shelf.tolerance != terms.tolerance:
        account.open_shelf()
    elif shelf is not None and shelf.policies != digest:
        shelf.policies, shelf.stamps = digest, {}
        account.rearrange()


def closable(account: Account, known: list[Settled], heard: datetime) -> bool:
    """Whether there is so much in an account that closing it is worth trying."""
    if len(known) < MANY or account.advances:
        return False
    until, shelf = _last_month(heard), account.shelf
    if shelf is not None and shelf.until >= until:
        return False
    # What cannot be closed as the month begins, for want of payments, is not tried at each fact.
    return bool(account.derived.get(TRIED) != until)


def _last_month(heard: datetime) -> datetime:
    """Give when the month began before that until which all was heard."""
    return Month.of(calendar.day_of(heard)).later(-1).start


def close(account: Account, known: list[Settled], terms: AccountTerms, heard: datetime) -> None:
    """Close what was paid before the last month began, of an account where that is much."""
    until, tolerance, shelf = _last_month(heard), terms.tolerance, account.shelf
    account.derived[TRIED] = until
    settlings = [it.settling for it in known]
    old = sorted((it for it in settlings if it.claim.stands <= until), key=_age)
    if sum(filling.value_at(it.left, until) <= tolerance for it in old) < MANY:
        return
    # What went back since then sends money on that had been taken by then.
    moving = (number for number, it in enumerate(old) if it.claim.amounts[-1][0] > until)
    del old[next(moving, len(old)) :]
    sums = [held for held in account.sums() if held.time <= until]
    filled = filled_by(shelf, [it.claim for it in old], sums, tolerance, until)
    parts = [filled.given(number) for number in range(len(old))]
    closing = Closing(account, until, tolerance, old, sums, parts)
    done = closing.paid()
    if done:
        closing.shelve(done)
        if account.shelf is not None:
            account.shelf.policies = terms.digest
        _note_steps(account, settlings, {old[number].claim for number in done})


Part = tuple[filling.Sum, Decimal]
"""A sum, and how much of it pays a claim."""


class Closing(NamedTuple):
    """Claims of until an instant, the oldest first, the sums of until then, and who paid whom."""

    account: Account
    until: datetime
    tolerance: Decimal
    old: list[Settling]
    sums: list[Money]
    parts: list[list[Part]]

    def paid(self) -> list[int]:
        """Give which claims can be closed: they were paid, and nothing of before them moves."""
        closing: list[int] = []
        coming = _coming(self.account, self.until)
        for number, (settling, parts) in enumerate(zip(self.old, self.parts, strict=True)):
            if _will_move(settling.claim, parts, coming, self.tolerance):
                break
            if filling.value_at(settling.left, self.until) <= self.tolerance:
                closing.append(number)
            elif any(not _names_order(given) for given, _ in parts):
                break
        return closing

    def shelve(self, closing: list[int]) -> None:
        """Put claims on the shelf, with what paid them."""
        account = self.account
        shelf = account.shelf = account.shelf or Closed(self.until, self.tolerance)
        taken: dict[str, list[Decimal]] = defaultdict(list)
        for number in closing:
            for given, part in self.parts[number]:
                taken[given.id].append(part)
                if not given.names:
                    shelf.loose.add(self.old[number].claim.product)
        _shelve_claims(account, shelf, [self.old[number] for number in closing])
        spent = {name: total(those) for name, those in taken.items()}
        _shelve_sums(account, shelf, self.sums, spent)
        shelf.until = self.until
        account.rearrange()


def _age(settling: Settling) -> tuple[datetime, str, str]:
    return settling.claim.age


def _names_order(given: filling.Sum) -> bool:
    """Whether a sum can pay no order but one."""
    return any(name == "order" for name, _ in given.names)


def _note_steps(account: Account, settlings: list[Settling], gone: set[Claim]) -> None:
    """Keep until when what was left of the claims that stay open."""
    shelf = account.shelf
    if shelf is not None:
        shelf.steps = {
            key_of(it.claim): tuple(step for step in it.left if step[0] <= shelf.until)
            for it in settlings
            if it.claim.stands <= shelf.until and it.claim not in gone
        }


def _coming(account: Account, until: datetime) -> dict[Name, list[filling.Sum]]:
    """Give the sums of after an instant that name something, by what they name most narrowly."""
    coming: dict[Name, list[filling.Sum]] = defaultdict(list)
    for held in account.sums():
        if held.time > until:
            given = sum_of(held)
            coming[given.narrowest].append(given)
    coming.pop(filling.NOTHING, None)
    return coming


def _will_move(
    held: Claim,
    parts: list[Part],
    coming: dict[Name, list[filling.Sum]],
    tolerance: Decimal,
) -> bool:
    """Whether a sum that is known already comes to what broader ones have paid of a claim."""
    claim = debt_of(held)
    for given in (given for name in claim.names for given in coming.get(name, ())):
        turn = filling.PASSES[given.narrowest[0]]
        paid = total(part for it, part in parts if filling.PASSES[it.narrowest[0]] <= turn)
        if given.names <= claim.names and less(held.amounts[-1][1], paid) > tolerance:
            return True
    return False


def _shelve_claims(account: Account, shelf: Closed, closing: list[Settling]) -> None:
    months: dict[str, list[Settling]] = defaultdict(list)
    for settling in closing:
        claim = settling.claim
        months[month_of(claim)].append(settling)
        if not claim.receipt:
            del account.owing[claim.order]
            continue
        bill = account.bills[claim.order]
        left = tuple(held for held in bill.claims if held.receipt != claim.receipt)
        account.bills[claim.order] = Bill(claim.order, left, bill.paid)
    for month, held in months.items():
        whole = [(settling.claim, settling.left) for settling in held]
        shelf.months.setdefault(month, []).append(packed(whole))


def _shelve_sums(
    account: Account, shelf: Closed, sums: list[Money], taken: dict[str, Decimal]
) -> None:
    done: list[Money] = []
    for held in sums:
        spent = total(
            [shelf.spent.get(held.payment, Decimal(0)), taken.get(held.payment, Decimal(0))]
        )
        if spent < held.amount:
            if spent:
                shelf.spent[held.payment] = spent
            continue
        shelf.spent.pop(held.payment, None)
        done.append(held)
        if held.order is None:
            del account.paid[held.payment]
    gone = {held.payment for held in done}
    for order, bill in list(account.bills.items()):
        paid = tuple(held for held in bill.paid if held.payment not in gone)
        if bill.claims or paid:
            account.bills[order] = Bill(order, bill.claims, paid)
        else:
            del account.bills[order]
    if done:
        shelf.sums.append(packed(done))
