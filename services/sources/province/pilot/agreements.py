"""Plants agreements of the pilot that were signed, bought or followed otherwise than agreed."""

from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from services.sources.province.pilot.city import (
    DRAFT_ENDS,
    END,
    FIRST,
    ORDERED,
    City,
    Contract,
    first_of,
)
from services.sources.province.plan import midnight
from services.sources.province.truth import Seen
from shared.domain.ids import pair

SIGNED_WITHIN = timedelta(days=30)
YEAR_DAYS = (END - FIRST).days
PACE = Decimal("0.8")


def bought_too_little(city: City) -> None:
    """Buy nine tenths of what was agreed."""
    contract = city.contract(city.medicine())
    taken = contract.quantity * 9 // 10
    prepayment = city.prepay(contract)
    city.buy(contract, quantity=taken)
    city.pay(contract)
    city.give_back(contract, prepayment)
    over = midnight(END)
    seen = Seen(over, over, taken, contract.quantity, "explain", "agreement")
    city.plant(
        "volume-shortfall", (contract.id, "shortfall"), contract.keys, seen, contract.evidence
    )


def bought_late(city: City) -> None:
    """Buy a tenth in April, and the rest only months later: behind from May on."""
    contract = city.contract(city.medicine())
    caught_up = date(2019, city.random.randint(6, 11), 15)
    early = contract.quantity // 10
    prepayment = city.prepay(contract)
    city.buy(contract, ORDERED, early)
    city.buy(contract, caught_up, contract.quantity - early)
    city.pay(contract, caught_up + timedelta(days=5))
    city.give_back(contract, prepayment)
    behind_until = first_of(caught_up, 0)
    wanted = PACE * contract.quantity * (behind_until - FIRST).days / YEAR_DAYS
    seen = Seen(
        midnight(date(2019, 6, 1)),
        midnight(first_of(caught_up)),
        early,
        ceil(wanted),
        "warning",
    )
    city.plant("volume-pace", (contract.id, "2019-05"), contract.keys, seen, contract.evidence)


def ended_early(city: City) -> None:
    """Let an agreement end months before its cycle, and sign no other."""
    ends = date(2019, city.random.randint(8, 12), 1)
    medicine = city.medicine()
    contract = city.contract(medicine, end=ends.isoformat())
    city.buy_well(contract, given_back=ends + SIGNED_WITHIN)
    seen = Seen(midnight(ends) + SIGNED_WITHIN, midnight(DRAFT_ENDS), 0, 1, "explain")
    keys = contract.keys | {"manufacturer": medicine.manufacturer}
    about = (pair(contract.hospital, medicine.code), f"gap:{ends}")
    city.plant("agreement-missing", about, keys, seen, contract.evidence)


def signed_by_one_alone(city: City) -> None:
    """Let an agreement lack the hospital's signature."""
    medicine = city.medicine()
    contract = city.contract(medicine, signed_by=["manufacturer"])
    city.buy_well(contract)
    signed = ["manufacturer"]
    seen = Seen(
        midnight(FIRST) + SIGNED_WITHIN,
        midnight(END),
        signed,
        ["hospital", "manufacturer"],
        "explain",
    )
    keys = contract.keys | {"manufacturer": medicine.manufacturer}
    about = (pair(contract.hospital, medicine.code), f"signature:{contract.id}")
    city.plant("agreement-missing", about, keys, seen, contract.evidence)


def signed_for_too_long(city: City) -> None:
    """Sign an agreement for a year and some days."""
    end = END + timedelta(days=city.random.randint(1, 20))
    contract = city.contract(city.medicine(), end=end.isoformat())
    city.buy_well(contract)
    seen = Seen(midnight(FIRST), midnight(end), end.isoformat(), END.isoformat(), "explain")
    _ill_agreed(city, contract, "duration", seen)


def signed_at_another_price(city: City) -> None:
    """Sign an agreement above the selected price."""
    medicine = city.medicine()
    price = medicine.price + Decimal(city.random.randint(1, 9)) / 100
    contract = city.contract(medicine, unit_price=str(price))
    prepayment = city.prepay(contract, amount=price * contract.quantity)
    city.buy(contract)
    city.pay(contract)
    city.give_back(contract, prepayment, amount=price * contract.quantity)
    seen = Seen(midnight(FIRST), midnight(END), str(price), str(medicine.price), "explain")
    _ill_agreed(city, contract, "price", seen)


def _ill_agreed(city: City, contract: Contract, anchor: str, seen: Seen) -> None:
    keys = contract.keys | {
        "manufacturer": contract.medicine.manufacturer,
        "distributor": contract.distributor,
    }
    del keys["area"]
    city.plant("agreement-terms", (contract.id, anchor), keys, seen, contract.evidence)


PLANTINGS = (
    (bought_too_little, 4),
    (bought_late, 4),
    (ended_early, 2),
    (signed_by_one_alone, 2),
    (signed_for_too_long, 2),
    (signed_at_another_price, 2),
)
