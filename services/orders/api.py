"""What the purchasing side tells: the register, orders, and money."""

from services.orders.taken import TAKEN
from shared.door.app import DoorConfig

DOOR = DoorConfig(
    name="orders",
    other="delivery",
    title="VBP orders: the purchasing side's door",
    description="Purchasing platforms, hospitals and agencies tell here which products were "
    "selected, who takes part, what was agreed, ordered, cancelled and paid.",
    types=TAKEN,
)
