"""Tells what is taken but hardly judged yet: stock reports and prepayments."""

from datetime import timedelta
from decimal import Decimal

from services.sources.province.market import Product
from services.sources.province.telling import Data
from services.sources.province.world import Agreement, World

MONTH = timedelta(days=30)
REPORTED_ON = 8
SHARES = {"drug": Decimal("0.5"), "consumable": Decimal("0.3")}


def tell(world: World) -> None:
    """Tell each product's monthly stock, and what is prepaid for each agreement."""
    for product in world.products:
        if product.cycles:
            tell_stock(world, product)
    for pair in world.pairs:
        for agreement in pair.agreements:
            at = world.midday(agreement.start + timedelta(days=20))
            if at < world.plan.end - timedelta(days=1):
                agency = f"{world.plan.jurisdiction}-{pair.hospital.area}"
                price = max(Decimal(cycle.price) for cycle in pair.product.cycles)
                amount = price * agreement.quantity * SHARES[pair.product.category]
                data: Data = {
                    "prepayment": f"Y{agreement.id}",
                    "agency": agency,
                    "hospital": pair.hospital.code,
                    "amount": str(amount),
                    "agreement": agreement.id,
                    "product": pair.product.code,
                    "instalment": 1,
                }
                told = world.teller.tell("prepayment.made", f"/agencies/{agency}", at, data)
                world.told.append(told)
                give_back(world, pair.product, agreement, data)


def give_back(world: World, product: Product, agreement: Agreement, prepaid: Data) -> None:
    """Tell that a prepayment comes back in the month after its cycle's end, if that has come."""
    cycle = next(held for held in product.cycles if held.start <= agreement.start < held.end)
    ends = min(cycle.end, product.deselected_on or cycle.end)
    at = world.midday(ends + MONTH)
    if at < world.plan.end - timedelta(days=1):
        data: Data = {
            "prepayment": prepaid["prepayment"],
            "return": f"R{prepaid['prepayment']}",
            "hospital": prepaid["hospital"],
            "amount": prepaid["amount"],
            "kind": "return",
        }
        source = f"/agencies/{prepaid['agency']}"
        world.told.append(world.teller.tell("prepayment.returned", source, at, data))


def tell_stock(world: World, product: Product) -> None:
    """Tell the stock at the beginning of each month, on the eighth."""
    month = world.plan.start.date().replace(day=REPORTED_ON)
    while (at := world.midday(month)) < world.plan.end - timedelta(days=1):
        data: Data = {
            "product": product.code,
            "manufacturer": product.manufacturer,
            "quantity": world.random.randrange(50_000, 900_000),
            "as_of": month.replace(day=1).isoformat(),
            "produced": world.random.randrange(20_000, 400_000),
        }
        source = f"/manufacturers/{product.manufacturer}"
        world.told.append(world.teller.tell("stock.reported", source, at, data))
        month = (month + MONTH + timedelta(days=5)).replace(day=REPORTED_ON)
