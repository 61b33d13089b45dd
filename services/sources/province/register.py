"""Tells the register: products, hospitals, agreements, and the distributors that always stand."""

from datetime import datetime, timedelta

from services.sources.province import companies
from services.sources.province.market import Cycle, Product
from services.sources.province.places import Hospital
from services.sources.province.planting.appointing import stand
from services.sources.province.telling import Data
from services.sources.province.world import Agreement, Pair, World

DAY = timedelta(days=1)
CORRECTED = 0.03
SIGNED_AHEAD = 10 * DAY
STANDING = {None, "shortage"}
"""Cells with another purpose tell their own appointments."""


def tell(world: World) -> None:
    """Tell the whole register, after the plants have changed it."""
    for product in world.products:
        tell_product(world, product)
    for hospital in world.hospitals:
        tell_hospital(world, hospital)
    for pair in world.pairs:
        for agreement in pair.agreements:
            tell_agreement(world, pair, agreement)
    for cell in world.all_cells:
        if cell.purpose in STANDING and cell.product.cycles:
            stand(world, cell)
    tell_companies(world)


def say(world: World, kind: str, at: datetime, data: Data) -> str:
    """Tell one event of the platform, at latest a day before the end; returns its id."""
    told = world.teller.tell(kind, world.teller.platform, min(at, world.plan.end - DAY), data)
    world.told.append(told)
    return str(told[1]["id"])


def tell_product(world: World, product: Product) -> None:
    """Tell a product's cycles, price and payment standard, and its end if it was deselected."""
    about: Data = {
        "product": product.code,
        "variety": product.variety,
        "name": product.name,
        "category": product.category,
        "manufacturer": product.manufacturer,
        "unit": product.unit,
        "consistency_passed": bool(product.cycles),
        "class": product.variety,
    }
    for cycle in product.cycles:
        tell_cycle(world, product, cycle, about)
    if not product.cycles:
        say(world, "product.listed", world.plan.start, {**about, "price": product.price})
    if product.deselected_on is not None:
        data: Data = {
            "product": product.code,
            "on": product.deselected_on.isoformat(),
            "reason": "企业申请退出",
        }
        say(world, "product.deselected", world.midday(product.deselected_on - 4 * DAY), data)


def tell_companies(world: World) -> None:
    """Tell who is meant by the codes of makers and distributors."""
    makers = {product.manufacturer for product in world.products}
    codes = makers.union(*world.distributors.values())
    for code, kind, name in companies.named(codes):
        say(
            world, "party.registered", world.plan.start, {"party": code, "kind": kind, "name": name}
        )


def tell_cycle(world: World, product: Product, cycle: Cycle, about: Data) -> None:
    """Tell one cycle and what follows its price."""
    begins = {"product": product.code, "effective_on": cycle.start.isoformat()}
    at = world.midday(cycle.start - 40 * DAY)
    data = {
        **about,
        "round": cycle.round,
        "selected_price": cycle.price,
        "cycle_start": cycle.start.isoformat(),
        "cycle_end": cycle.end.isoformat(),
    }
    say(world, "product.selected", at, data)
    say(world, "price.listed", at + 20 * DAY, {**begins, "price": cycle.price})
    say(world, "standard.set", at + 22 * DAY, {**begins, "standard_price": cycle.price})


def tell_hospital(world: World, hospital: Hospital) -> None:
    """Tell a hospital, its change of remoteness on the day itself, and its leaving."""
    data: Data = {
        "hospital": hospital.code,
        "name": hospital.name,
        "area": hospital.area,
        "remote": hospital.remote,
        "enrolled_on": hospital.enrolled_on.isoformat(),
        "ownership": hospital.ownership,
    }
    say(world, "hospital.enrolled", world.midday(hospital.enrolled_on - 9 * DAY), data)
    if hospital.remote_changes_on is not None:
        changed = {**data, "remote": not hospital.remote}
        say(world, "hospital.enrolled", world.midday(hospital.remote_changes_on), changed)
    if hospital.withdrawn_on is not None:
        left: Data = {
            "hospital": hospital.code,
            "withdrawn_on": hospital.withdrawn_on.isoformat(),
        }
        say(world, "hospital.withdrawn", world.midday(hospital.withdrawn_on - 6 * DAY), left)


def tell_agreement(world: World, pair: Pair, agreement: Agreement) -> None:
    """Tell an agreement; a few were told otherwise a day before, and the last telling holds."""
    cycle = next(c for c in pair.product.cycles if c.start <= agreement.start < c.end)
    signed = world.midday(agreement.start) - SIGNED_AHEAD
    data: Data = {
        "agreement": agreement.id,
        "product": pair.product.code,
        "hospital": pair.hospital.code,
        "agreed_quantity": agreement.quantity,
        "start": agreement.start.isoformat(),
        "end": agreement.end.isoformat(),
        "unit_price": cycle.price,
        "signed_on": signed.date().isoformat(),
        "signed_by": ["manufacturer", "distributor", "hospital"],
        "distributor": world.cell(pair).standing[0],
        **agreement.hours,
    }
    if world.random.random() < CORRECTED:
        wrong = {**data, "agreed_quantity": 1, "delivery_hours": 5, "response_hours": 1}
        pair.evidence.append(
            {
                "id": say(world, "agreement.signed", signed - DAY, wrong),
                "source": world.teller.platform,
            }
        )
    told = say(world, "agreement.signed", signed, data)
    pair.evidence.append({"id": told, "source": world.teller.platform})
