"""The settings of the orders service."""

from pydantic import Field

from shared.adapters.addresses import PORTS
from shared.door.settings import DoorSettings


class Settings(DoorSettings):
    """What the environment may set for the orders service."""

    port: int = Field(PORTS["orders"], ge=0, le=65_535, description="the port to listen at")
