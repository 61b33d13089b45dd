"""`unappointed-distributor`: goods ordered from, or shipped by, one who was not entrusted."""

from collections.abc import Iterator
from datetime import datetime

from tests.support.oracle.facts import Order, World, day_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.cycles import agreements
from tests.support.oracle.rest.goods import is_in_scope
from tests.support.oracle.terms import appointments, area_of, area_on, is_live, manufacturer_on

RULE = "unappointed-distributor"


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    for order in world.orders:
        if not is_in_scope(world, order, RULE):
            continue
        named = order.data["distributor"]
        if not _is_entrusted(world, order, named, order.placed) and not _came_to_nothing(order):
            yield from _finding(world, order, named, order.placed, "placed")
        for distributor, at in _foreign_shipments(world, order).items():
            yield from _finding(world, order, distributor, at, f"shipped:{distributor}")


def _foreign_shipments(world: World, order: Order) -> dict[str, datetime]:
    """By distributor the first shipment by another that was not entrusted."""
    first: dict[str, datetime] = {}
    for shipment in order.told["shipments"]:
        distributor = shipment.data["distributor"]
        if distributor == order.data["distributor"]:
            continue
        instants = (order.placed, shipment.time)
        if not any(_is_entrusted(world, order, distributor, at) for at in instants):
            first[distributor] = min(first.get(distributor, shipment.time), shipment.time)
    return first


def _came_to_nothing(order: Order) -> bool:
    was_ended = order.cancelled is not None or bool(order.rejections)
    return was_ended and not (order.accepted or order.shipped or order.receipts)


def _is_entrusted(world: World, order: Order, distributor: str, at: datetime) -> bool:
    winner = manufacturer_on(world, order.data["product"], order.day)
    return distributor == winner or distributor in _entrusted(world, order, at)


def _entrusted(world: World, order: Order, at: datetime) -> set[str]:
    """Whom an appointment or an agreement entrusts with the order at an instant."""
    hospital, product = order.data["hospital"], order.data["product"]
    area = area_on(world, hospital, day_of(at)) or order.data["area"]
    found = set()
    for appointment in appointments(world, product):
        listed = appointment["hospitals"]
        covers = appointment["area"] == area if listed is None else hospital in listed
        if covers and is_live(appointment, at):
            found.add(appointment["distributor"])
    return found | _named_in_agreements(world, order, at)


def _named_in_agreements(world: World, order: Order, at: datetime) -> set[str]:
    return {
        agreement.data["distributor"]
        for agreement in agreements(world, order.data["hospital"], order.data["product"])
        if agreement.is_in_force(day_of(at)) and agreement.data.get("distributor") is not None
    }


def _is_known_who(world: World, order: Order, at: datetime) -> bool:
    hospital = order.data["hospital"]
    told = [t for t in world.every("hospital.enrolled") if t.data["hospital"] == hospital]
    stood = {telling.data["area"] for telling in told} or {order.data["area"]}
    about = appointments(world, order.data["product"])
    return bool(_named_in_agreements(world, order, at)) or any(
        appointment["area"] in stood or hospital in (appointment["hospitals"] or ())
        for appointment in about
    )


def _finding(
    world: World, order: Order, distributor: str, at: datetime, anchor: str
) -> Iterator[Finding]:
    if not _is_known_who(world, order, at):
        world.unjudged.add((RULE, "appointments"))
        return
    yield Finding(
        rule=RULE,
        subject=order.id,
        anchor=anchor,
        severity="breach",
        occurred_at=at,
        cured_at=at,
        observed=distributor,
        limit=sorted(_entrusted(world, order, at)),
        parties={
            "product": order.data["product"],
            "area": area_of(world, order),
            "hospital": order.data["hospital"],
            "manufacturer": manufacturer_on(world, order.data["product"], order.day),
            "distributor": distributor,
            "order": order.id,
        },
    )
