"""`late-settlement`: goods accepted are paid by the end of the next month."""

from collections.abc import Iterator
from datetime import datetime

from shared.domain.ids import pair
from tests.support.oracle.facts import World, day_of, midnight_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.accounts import Owed, account_of, owed_for
from tests.support.oracle.rest.days import add, first_of, is_told_since, money, month_of
from tests.support.oracle.rest.filling import Account
from tests.support.oracle.rest.goods import is_in_scope
from tests.support.oracle.terms import area_of, manufacturer_on

RULE = "late-settlement"


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    for telling in world.first("payment.made", "payment"):
        is_blind = telling.data.get("hospital") is None
        is_agencys = telling.data["leg"] == "agency_to_distributor"
        if is_agencys and is_blind and world.policy.carries(RULE, day_of(telling.time)):
            world.unjudged.add((RULE, "payment.hospital"))
    for order in world.orders:
        accepted = [receipt for receipt in order.receipts if receipt.accepted > 0]
        if not accepted or not is_in_scope(world, order, RULE):
            continue
        for receipt in accepted:
            is_told_since(world, RULE, "payments", day_of(receipt.time))
        account = account_of(world, order.data["hospital"], order.data["distributor"])
        for owed in owed_for(world, order):
            yield from _of(world, account, owed)


def _due(received: datetime, months: int) -> datetime:
    return midnight_of(add(first_of(month_of(day_of(received))), months + 1))


def _of(world: World, account: Account, owed: Owed) -> Iterator[Finding]:
    due = _due(owed.receipt.time, world.policy.settlement_months)
    (claim,) = [claim for claim in account.claims if claim.key == owed.key]
    paid = account.paid_at(claim)
    if world.now <= due or (paid is not None and paid <= due):
        return
    order = owed.order
    yield Finding(
        rule=RULE,
        subject=pair(*owed.key),
        anchor="settlement",
        severity="breach",
        occurred_at=due,
        cured_at=paid,
        observed=money(account.left(claim, due)),
        limit=money(owed.amount_at(due)),
        parties={
            "product": order.data["product"],
            "area": area_of(world, order),
            "hospital": order.data["hospital"],
            "manufacturer": manufacturer_on(world, order.data["product"], order.day),
            "distributor": order.data["distributor"],
            "order": order.id,
        },
    )
