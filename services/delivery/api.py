"""What the supply side tells: its answers to orders, deliveries, and supply."""

from shared.domain.topics import DELIVERIES, SUPPLY
from shared.door.app import DoorConfig

ANSWERS = frozenset({"vbp.order.accepted.v1", "vbp.order.rejected.v1", "vbp.order.voided.v1"})
"""Distributors answer orders here, and take a wrong answer back; both travel with the orders."""

DOOR = DoorConfig(
    name="delivery",
    other="orders",
    title="VBP delivery: the supply side's door",
    description="Manufacturers and distributors tell here who delivers for whom, which orders "
    "they take, what was shipped, received and invoiced, and what they lack.",
    types=frozenset({*DELIVERIES.events, *SUPPLY.events, *ANSWERS}),
)
