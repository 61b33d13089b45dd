"""Plants what makers of the pilot owed: reports, reserves, notices, quality; and other goods."""

from datetime import date, timedelta

from services.sources.province.pilot.city import (
    AREA,
    DRAFT_ENDS,
    END,
    FIRST,
    MONTHS,
    ORDERED,
    REPORTED_ON,
    City,
    Contract,
    Medicine,
    first_of,
    noon,
)
from services.sources.province.plan import midnight
from services.sources.province.truth import Evidence, Keys, Seen, instant_text
from shared.domain.ids import pair

DAY = timedelta(days=1)
REPORT_DUE_ON, RESERVE_DAYS, WINDOW = 10, 30, timedelta(days=89)
NOTICE_MONTHS = 6


def stock_not_reported(city: City) -> None:
    """Let a maker say nothing of its stock for a month or more, and then report again."""
    first = city.random.randrange(len(MONTHS) - 4)
    silent = MONTHS[first : first + city.random.randint(1, 3)]
    medicine = city.medicine(silent=tuple(silent))
    heard = noon(first_of(silent[-1]).replace(day=REPORTED_ON))
    begun = silent[0].replace(day=REPORT_DUE_ON + 1)
    last = first_of(silent[0], -1).replace(day=REPORTED_ON).isoformat() if first else None
    due = silent[-1].replace(day=REPORT_DUE_ON).isoformat()
    seen = Seen(midnight(begun), heard, last, due, "warning")
    about = (medicine.code, begun.isoformat())
    city.plant("stock-report-missing", about, of_maker(medicine), seen, told_of(city, medicine))


def reserve_too_small(city: City) -> None:
    """Let a maker report little in a month or two after much was used."""
    low = MONTHS[: city.random.randint(1, 2)]
    medicine = city.medicine(stock=dict.fromkeys(low, 1))
    contract = city.contract(medicine)
    city.buy_well(contract)
    last = low[-1].replace(day=REPORTED_ON)
    days = (last - max(FIRST, last - WINDOW)).days + 1
    wanted = -(-RESERVE_DAYS * contract.quantity // days)
    after = first_of(low[-1]).replace(day=REPORTED_ON)
    begun = low[0].replace(day=REPORTED_ON)
    seen = Seen(midnight(begun + DAY), midnight(after + DAY), 1, wanted, "warning")
    about = (medicine.code, begun.isoformat())
    city.plant("reserve-below", about, of_maker(medicine), seen, contract.evidence)


def stop_told_late(city: City) -> None:
    """Tell of a planned stop when it is nearer than half a year."""
    medicine = city.medicine()
    stop = date(2019, city.random.randint(9, 12), city.random.randint(1, 28))
    due = first_of(stop, -NOTICE_MONTHS).replace(day=stop.day) + DAY
    told = noon(due + city.random.randint(1, 90) * DAY)
    notice = f"{city.mark}-N{city.number():03d}"
    data: dict[str, object] = {
        "notice": notice,
        "product": medicine.code,
        "manufacturer": medicine.manufacturer,
        "reason": "生产线改造",
        "stop_on": stop.isoformat(),
    }
    on = city.tell("production.stopping", f"/manufacturers/{medicine.manufacturer}", told, data)
    seen = Seen(midnight(due), told, instant_text(told), instant_text(midnight(due)), "warning")
    about = (medicine.code, f"notice:{notice}")
    city.plant("stop-notice-late", about, of_maker(medicine), seen, on)


def quality_refused(city: City) -> None:
    """Refuse some units for their quality, which are replaced the same day."""
    medicine = city.medicine()
    contract = city.contract(medicine)
    broken = city.random.randint(1, 30)
    prepayment = city.prepay(contract)
    city.buy(contract, broken=broken)
    city.pay(contract)
    city.give_back(contract, prepayment)
    month = first_of(ORDERED)
    seen = Seen(midnight(month), midnight(first_of(month)), broken, 0, "warning")
    about = (medicine.code, f"{medicine.manufacturer}:{ORDERED:%Y-%m}")
    city.plant("quality-rejection", about, of_maker(medicine), seen, contract.evidence)


def others_used_more(city: City) -> None:
    """Buy more of what was not selected than of the selected, once the policy is over."""
    medicine = city.medicine()
    contract = city.contract(medicine)
    city.buy_well(contract)
    _use_others(city, contract, DRAFT_ENDS + city.random.randint(2, 20) * DAY)


def others_used_more_for_months(city: City) -> None:
    """Buy more of what was not selected in a month of the policy: for months, and for the year."""
    medicine = city.medicine()
    contract = city.contract(medicine)
    city.buy_well(contract)
    month = date(2019, city.random.randint(6, 11), 1)
    used = _use_others(city, contract, month + 9 * DAY)
    seen = Seen(midnight(first_of(month)), midnight(DRAFT_ENDS), used, contract.quantity, "warning")
    about = (pair(contract.hospital, medicine.variety), f"{FIRST}/{END}:{month:%Y-%m}")
    keys = of_hospital(contract)
    city.plant("non-selected-excess", about, keys, seen, contract.evidence)


def _use_others(city: City, contract: Contract, day: date) -> int:
    """Buy more of a listed product of the variety than was bought of the selected; how much."""
    medicine = contract.medicine
    other = f"XTJ{city.world.plan.mark[:8].upper()}{city.number():012d}"
    data: dict[str, object] = {
        "product": other,
        "variety": medicine.variety,
        "name": "试点非中选药品",
        "category": "drug",
        "manufacturer": f"MT{city.number():03d}",
        "unit": "片",
        "price": str(medicine.price * 2),
    }
    city.platform("product.listed", date(2019, 3, 21), data)
    used = contract.quantity + city.random.randint(1, 500)
    city.buy(contract, day, used, product=other)
    over = midnight(END)
    seen = Seen(over, over, used, contract.quantity, "explain")
    about = (pair(contract.hospital, medicine.variety), f"{FIRST}/{END}")
    city.plant("non-selected-excess", about, of_hospital(contract), seen, contract.evidence)
    return used


def of_maker(medicine: Medicine) -> Keys:
    """Give the parties of a finding about a maker."""
    return {"product": medicine.code, "manufacturer": medicine.manufacturer}


def of_hospital(contract: Contract) -> Keys:
    """Give the parties of a finding about what a hospital used."""
    return {"hospital": contract.hospital, "area": AREA}


def told_of(city: City, medicine: Medicine) -> Evidence:
    """Give what was told of a medicine's cycle."""
    return [
        {"id": event["id"], "source": event["source"]}
        for _, event in city.world.told
        if event["subject"] == medicine.code
    ]


PLANTINGS = (
    (stock_not_reported, 4),
    (reserve_too_small, 3),
    (stop_told_late, 4),
    (quality_refused, 3),
    (others_used_more, 2),
    (others_used_more_for_months, 2),
)
