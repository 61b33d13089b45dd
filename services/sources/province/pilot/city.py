"""Tianjin's pilot year, long over by any day that is simulated: who was there, and what was told.

What it says of a contract goes well; plants leave something of it out, or tell it otherwise.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from services.sources.province.plan import midnight
from services.sources.province.telling import Data
from services.sources.province.terms import TERMS
from services.sources.province.truth import Evidence, Keys, Seen
from services.sources.province.world import World

AREA = "1201"
FIRST, END = date(2019, 4, 1), date(2020, 4, 1)
DRAFT_ENDS = date(2020, 3, 1)
"""The first day without the policy: it was a draft for a year."""

PREPAID, ORDERED, PAID, GIVEN_BACK = (
    date(2019, 4, 10),
    date(2019, 4, 12),
    date(2019, 4, 20),
    date(2020, 5, 15),
)
REPORTED_ON = 5
MONTHS = [*(date(2019, month, 1) for month in range(5, 13)), date(2020, 1, 1), date(2020, 2, 1)]
"""The months in which a stock report is due: the first whole span of the cycle ends in May."""

ENOUGH = 9_000_000
HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Medicine:
    """A product selected for the pilot year; the price is yuan per unit."""

    code: str
    variety: str
    manufacturer: str
    price: Decimal


@dataclass(slots=True)
class Contract:
    """What a hospital agreed to buy of a medicine, and of whom."""

    id: str
    hospital: str
    medicine: Medicine
    distributor: str
    quantity: int
    evidence: Evidence = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        """What all of it costs, in yuan."""
        return self.medicine.price * self.quantity

    @property
    def keys(self) -> Keys:
        """The parties of a finding about it."""
        return {"product": self.medicine.code, "area": AREA, "hospital": self.hospital}


class City:
    """Tells what happened in the pilot, and numbers who took part."""

    def __init__(self, world: World) -> None:
        self.world, self.random = world, world.random
        self.mark = f"T{world.plan.mark[:4]}"
        self.count = 0

    def number(self) -> int:
        """Give the next number; whatever carries it is the only one of its kind."""
        self.count += 1
        return self.count

    def tell(self, kind: str, source: str, at: datetime, data: Data) -> Evidence:
        """Tell an event, written down as it happened."""
        data = {**data, "jurisdiction": TERMS.pilot.jurisdiction}
        told = self.world.teller.tell(kind, source, at, data, at)
        self.world.told.append(told)
        return [{"id": told[1]["id"], "source": source}]

    def platform(self, kind: str, day: date, data: Data) -> Evidence:
        """Tell what the platform knows, at noon of a day."""
        source = f"/platforms/{TERMS.pilot.jurisdiction}"
        return self.tell(kind, source, noon(day), data)

    def plant(
        self, rule: str, about: tuple[str, str], keys: Keys, seen: Seen, on: Evidence
    ) -> None:
        """Write down a violation of the pilot; `about` is its subject and its anchor."""
        self.world.truth.plant(rule, *about, keys, seen, on, TERMS.pilot)

    def medicine(
        self, *, silent: tuple[date, ...] = (), stock: dict[date, int] | None = None
    ) -> Medicine:
        """Select a product; its stock is reported each month but the `silent`, as `stock` says."""
        number = self.number()
        code = f"XTJ{self.world.plan.mark[:8].upper()}{number:012d}"
        price = Decimal(self.random.randrange(20, 900)) / 100
        made = Medicine(code, f"TV{number:03d}-{self.mark}", f"MT{number:03d}", price)
        data: Data = {
            "product": code,
            "variety": made.variety,
            "name": f"试点药品{number}",
            "category": "drug",
            "manufacturer": made.manufacturer,
            "unit": "片",
            "round": "4+7",
            "selected_price": str(price),
            "cycle_start": FIRST.isoformat(),
            "cycle_end": END.isoformat(),
        }
        self.platform("product.selected", date(2019, 3, 20), data)
        for month in MONTHS:
            if month not in silent:
                self.report(made, month, (stock or {}).get(month, ENOUGH))
        return made

    def report(self, medicine: Medicine, month: date, quantity: int) -> Evidence:
        """Tell the stock of a month on its fifth."""
        day = month.replace(day=REPORTED_ON)
        data: Data = {
            "product": medicine.code,
            "manufacturer": medicine.manufacturer,
            "quantity": quantity,
            "as_of": day.isoformat(),
        }
        source = f"/manufacturers/{medicine.manufacturer}"
        return self.tell("stock.reported", source, noon(day), data)

    def contract(
        self, medicine: Medicine, distributor: str | None = None, **otherwise: object
    ) -> Contract:
        """Sign a hospital's agreement for the pilot year; the maker delivers unless it is said."""
        number = self.number()
        hospital = f"H{AREA}{number:07d}"
        enrolled: Data = {
            "hospital": hospital,
            "name": f"天津试点医院{number}",
            "area": AREA,
            "remote": False,
            "enrolled_on": "2019-01-01",
        }
        self.platform("hospital.enrolled", date(2018, 12, 20), enrolled)
        quantity = self.random.randrange(40, 400) * 10
        supplier = distributor or medicine.manufacturer
        signed = Contract(f"{self.mark}-A{number:04d}", hospital, medicine, supplier, quantity)
        data: Data = {
            "agreement": signed.id,
            "product": medicine.code,
            "hospital": hospital,
            "agreed_quantity": quantity,
            "start": FIRST.isoformat(),
            "end": END.isoformat(),
            "distributor": supplier,
            **otherwise,
        }
        signed.evidence += self.platform("agreement.signed", date(2019, 3, 25), data)
        return signed

    def prepay(self, contract: Contract, day: date = PREPAID, amount: Decimal | None = None) -> str:
        """Have the insurance prepay, all unless an amount is given; gives the prepayment's id."""
        number = f"{self.mark}-Y{self.number():04d}"
        data: Data = {
            "prepayment": number,
            "agency": AREA,
            "hospital": contract.hospital,
            "amount": yuan(contract.amount if amount is None else amount),
            "agreement": contract.id,
            "product": contract.medicine.code,
        }
        contract.evidence += self.tell("prepayment.made", f"/agencies/{AREA}", noon(day), data)
        return number

    def give_back(
        self,
        contract: Contract,
        prepayment: str,
        day: date = GIVEN_BACK,
        amount: Decimal | None = None,
    ) -> None:
        """Give a prepayment back, all unless an amount is given."""
        data: Data = {
            "prepayment": prepayment,
            "return": f"R{prepayment}",
            "hospital": contract.hospital,
            "amount": yuan(contract.amount if amount is None else amount),
            "kind": "return",
        }
        self.tell("prepayment.returned", f"/agencies/{AREA}", noon(day), data)

    def buy(  # an order has this many things that may differ
        self,
        contract: Contract,
        day: date = ORDERED,
        quantity: int | None = None,
        *,
        product: str | None = None,
        broken: int = 0,
    ) -> None:
        """Order and get goods the day after; `broken` units are refused for their quality first."""
        number = f"{self.mark}-O{self.number():05d}"
        amount = contract.quantity if quantity is None else quantity
        about: Data = {"order": number, "product": product or contract.medicine.code}
        placed = {
            **about,
            "hospital": contract.hospital,
            "area": AREA,
            "distributor": contract.distributor,
            "quantity": amount,
            "unit_price": str(contract.medicine.price),
            "urgency": "normal",
        }
        contract.evidence += self.platform("order.placed", day, placed)
        there = noon(day) + timedelta(days=1)
        if broken:
            refused = {"quantity_rejected": broken, "rejection_reason": "质量不合格"}
            self.receive(
                contract, there, {**about, "quantity_accepted": amount - broken, **refused}
            )
            there, amount = there + timedelta(hours=6), broken
        self.receive(
            contract, there, {**about, "quantity_accepted": amount, "quantity_rejected": 0}
        )

    def receive(self, contract: Contract, at: datetime, data: Data) -> None:
        """Tell that the hospital has checked goods in."""
        receipt: Data = {"receipt": f"{self.mark}-R{self.number():05d}", **data}
        source = f"/hospitals/{contract.hospital}"
        contract.evidence += self.tell("delivery.received", source, at, receipt)

    def pay(self, contract: Contract, day: date = PAID, amount: Decimal | None = None) -> str:
        """Have the hospital pay its supplier, all unless an amount is given; gives the payment."""
        data: Data = {
            "payment": f"{self.mark}-P{self.number():05d}",
            "leg": "hospital_to_distributor",
            "payer": contract.hospital,
            "payee": contract.distributor,
            "amount": yuan(contract.amount if amount is None else amount),
            "product": contract.medicine.code,
        }
        source = f"/hospitals/{contract.hospital}"
        contract.evidence += self.tell("payment.made", source, noon(day), data)
        return str(data["payment"])

    def buy_well(self, contract: Contract, given_back: date = GIVEN_BACK) -> None:
        """Do all as it ought to be done: prepaid, bought, paid, given back."""
        prepayment = self.prepay(contract)
        self.buy(contract)
        self.pay(contract)
        self.give_back(contract, prepayment, given_back)


def noon(day: date) -> datetime:
    """Take noon of a day."""
    return midnight(day) + timedelta(hours=12)


def yuan(amount: Decimal) -> str:
    """Write an amount in yuan, rounded half up to the cent."""
    return str(amount.quantize(Decimal("0.01"), ROUND_HALF_UP))


def first_of(month: date, later: int = 1) -> date:
    """Find the first day of a month that comes so many months later."""
    months = month.year * 12 + month.month - 1 + later
    return date(months // 12, months % 12 + 1, 1)
