"""Plants prepayments of the pilot that came late, stayed too long, or were not passed on."""

from datetime import date, timedelta
from decimal import Decimal

from services.sources.province.pilot.city import (
    FIRST,
    GIVEN_BACK,
    HALF,
    ORDERED,
    PAID,
    PREPAID,
    City,
    noon,
    yuan,
)
from services.sources.province.plan import midnight
from services.sources.province.truth import Seen

FIRST_DUE = midnight(FIRST + timedelta(days=31))
"""Thirty days after the signing, and their last day is over."""

SECOND_DUE = midnight(date(2019, 10, 9))
"""Six months end in the National Day's holidays, and the eighth is the next working day."""

RETURN_DUE = midnight(date(2020, 7, 1))
ONWARD_DAYS, PASSING_DAYS = 5, 3
KEPT_BY_DISTRIBUTORS = Decimal("0.1")
DAY = timedelta(days=1)
SATURDAY = 5


def prepaid_late_first(city: City) -> None:
    """Prepay the first half weeks after it was due, when the goods were paid already."""
    contract = city.contract(city.medicine())
    city.buy(contract)
    city.pay(contract)
    day = FIRST_DUE.date() + city.random.randint(3, 40) * DAY
    prepayment = city.prepay(contract, day)
    city.give_back(contract, prepayment)
    seen = Seen(FIRST_DUE, noon(day), "0.00", yuan(contract.amount * HALF), "warning")
    city.plant("prepayment-share", (contract.id, "first"), contract.keys, seen, contract.evidence)


def prepaid_late_second(city: City) -> None:
    """Prepay the first half in time, and of the second a part; the rest comes months later."""
    contract = city.contract(city.medicine())
    half = contract.amount * HALF
    part = Decimal(yuan(half * city.random.randint(0, 8) / 10))
    day = SECOND_DUE.date() + city.random.randint(10, 90) * DAY
    paid = [half + part, contract.amount - half - part]
    first = city.prepay(contract, PREPAID, paid[0])
    city.buy(contract)
    city.pay(contract)
    second = city.prepay(contract, day, paid[1])
    for prepayment, amount in zip((first, second), paid, strict=True):
        city.give_back(contract, prepayment, amount=amount)
    seen = Seen(SECOND_DUE, noon(day), yuan(part), yuan(half), "warning")
    city.plant("prepayment-share", (contract.id, "second"), contract.keys, seen, contract.evidence)


def given_back_late(city: City) -> None:
    """Give a part of a prepayment back in time, and the rest weeks too late."""
    contract = city.contract(city.medicine())
    prepayment = city.prepay(contract)
    city.buy(contract)
    city.pay(contract)
    day = RETURN_DUE.date() + city.random.randint(3, 60) * DAY
    city.give_back(contract, prepayment, day)
    seen = Seen(RETURN_DUE, noon(day), "0.00", yuan(contract.amount), "explain")
    about = (prepayment, "return")
    city.plant("prepayment-return", about, contract.keys, seen, contract.evidence)


def spent_on_something_else(city: City) -> None:
    """Pay less for the goods than was prepaid for them, until all of it was given back."""
    contract = city.contract(city.medicine())
    prepayment = city.prepay(contract)
    city.buy(contract)
    used = Decimal(yuan(contract.amount * city.random.randint(0, 8) / 10))
    if used:
        city.pay(contract, PAID, used)
    city.give_back(contract, prepayment)
    over = noon(GIVEN_BACK)
    seen = Seen(over, over, yuan(used), yuan(contract.amount), "explain")
    keys = contract.keys | {"distributor": contract.distributor}
    city.plant("prepayment-use", (contract.id, "use"), keys, seen, contract.evidence)


def passed_on_late_by_a_hospital(city: City) -> None:
    """Have goods unpaid when the second half is prepaid, and pay a week too late."""
    contract = city.contract(city.medicine())
    half = Decimal(yuan(contract.amount * HALF))
    rest = contract.amount - half
    first = city.prepay(contract, PREPAID, half)
    city.buy(contract)
    day = a_weekday(city)
    second = city.prepay(contract, day, rest)
    due = working_days_after(day, ONWARD_DAYS) + DAY
    paid = due + city.random.randint(3, 20) * DAY
    city.pay(contract, paid)
    for prepayment, amount in ((first, half), (second, rest)):
        city.give_back(contract, prepayment, amount=amount)
    seen = Seen(midnight(due), noon(paid), "0.00", yuan(rest), "explain")
    keys = contract.keys | {"distributor": contract.distributor}
    city.plant("late-onward-payment", (second, "onward"), keys, seen, contract.evidence)


def passed_on_late_by_a_distributor(city: City) -> None:
    """Let a distributor be paid, and pass on too late what is the maker's."""
    medicine = city.medicine()
    contract = city.contract(medicine, f"DT{city.number():04d}")
    prepayment = city.prepay(contract)
    city.buy(contract, ORDERED)
    day = a_weekday(city)
    payment = city.pay(contract, day)
    due = working_days_after(day, PASSING_DAYS) + DAY
    passed = due + city.random.randint(3, 20) * DAY
    share = contract.amount * (1 - KEPT_BY_DISTRIBUTORS)
    data: dict[str, object] = {
        "payment": f"{payment}-on",
        "leg": "distributor_to_manufacturer",
        "payer": contract.distributor,
        "payee": medicine.manufacturer,
        "amount": yuan(share),
        "product": medicine.code,
    }
    source = f"/distributors/{contract.distributor}"
    contract.evidence += city.tell("payment.made", source, noon(passed), data)
    city.give_back(contract, prepayment)
    seen = Seen(midnight(due), noon(passed), yuan(share), yuan(share), "warning")
    city.plant(
        "late-onward-payment",
        (payment, "onward"),
        {
            "product": medicine.code,
            "distributor": contract.distributor,
            "manufacturer": medicine.manufacturer,
        },
        seen,
        contract.evidence,
    )


def a_weekday(city: City) -> date:
    """Draw a Monday to Friday of July 2019: no holiday comes before September."""
    return date(2019, 7, 1) + (7 * city.random.randrange(4) + city.random.randrange(5)) * DAY


def working_days_after(day: date, count: int) -> date:
    """Find the last of so many working days after a day, where no holiday is near."""
    while count:
        day += DAY
        count -= day.weekday() < SATURDAY
    return day


PLANTINGS = (
    (prepaid_late_first, 2),
    (prepaid_late_second, 2),
    (given_back_late, 3),
    (spent_on_something_else, 3),
    (passed_on_late_by_a_hospital, 2),
    (passed_on_late_by_a_distributor, 2),
)
