"""What the supply side tells: its answers to orders, deliveries, and supply."""

from services.delivery.taken import TAKEN
from shared.door.app import DoorConfig

DOOR = DoorConfig(
    name="delivery",
    other="orders",
    title="VBP delivery: the supply side's door",
    description="Manufacturers and distributors tell here who delivers for whom, which orders "
    "they take, what was shipped, received and invoiced, and what they lack.",
    types=TAKEN,
)
