"""`off-platform`: ordered by another way, or delivered without an order."""

from collections.abc import Iterator
from datetime import timedelta

from tests.support.oracle.facts import Telling, World, day_of, text_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.cycles import is_known
from tests.support.oracle.rest.days import add, feed_since
from tests.support.oracle.rest.goods import is_in_scope
from tests.support.oracle.terms import area_of, governing, manufacturer_on

RULE = "off-platform"


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    yield from _channels(world)
    yield from _without_order(world)


def _channels(world: World) -> Iterator[Finding]:
    for order in world.orders:
        channel = order.data.get("channel")
        if not is_in_scope(world, order, RULE) or channel in (None, "platform"):
            continue
        yield Finding(
            rule=RULE,
            subject=order.id,
            anchor="channel",
            severity=world.policy.off_platform_severity,
            occurred_at=order.placed,
            cured_at=order.placed,
            observed=channel,
            limit="platform",
            parties={
                "product": order.data["product"],
                "area": area_of(world, order),
                "hospital": order.data["hospital"],
                "manufacturer": manufacturer_on(world, order.data["product"], order.day),
                "distributor": order.data["distributor"],
                "order": order.id,
            },
        )


def _facts(world: World) -> dict[str, list[Telling]]:
    """By order the receipts that accepted something, and the invoices."""
    found: dict[str, list[Telling]] = {}
    received = world.first("delivery.received", "order", "receipt")
    told = [t for t in received if t.data["quantity_accepted"] > 0]
    for telling in told + world.first("invoice.issued", "order", "invoice"):
        found.setdefault(telling.data["order"], []).append(telling)
    return found


def _rank(telling: Telling) -> tuple[object, ...]:
    is_invoice = telling.kind == "invoice.issued"
    return (telling.time, is_invoice, telling.data["invoice" if is_invoice else "receipt"])


def _without_order(world: World) -> Iterator[Finding]:
    placed = {order.id: order.placed for order in world.orders}
    for order, facts in sorted(_facts(world).items()):
        fact = min(facts, key=_rank)
        last = fact.time + timedelta(days=world.policy.settle_days)
        ordered = placed.get(order)
        if world.now <= last or (ordered is not None and ordered <= last):
            continue
        if not _is_judged(world, fact):
            continue
        product = fact.data["product"]
        yield Finding(
            rule=RULE,
            subject=order,
            anchor="no-order",
            severity="warning",
            occurred_at=last,
            cured_at=ordered,
            observed=None if ordered is None else text_of(ordered),
            limit=text_of(last),
            parties={
                "product": product,
                "manufacturer": manufacturer_on(world, product, day_of(fact.time)),
                "order": order,
                "hospital": fact.data.get("hospital"),
            },
        )


def _is_judged(world: World, fact: Telling) -> bool:
    day, product = day_of(fact.time), fact.data["product"]
    if not world.policy.carries(RULE, day):
        return False
    if not is_known(world, product):
        world.unjudged.add((RULE, "product"))
        return False
    if governing(world, product, day) is None:
        return False
    since = feed_since(world, "orders")
    if since is None:
        world.unjudged.add((RULE, "feed.orders"))
    return since is not None and day >= add(since, 2)
