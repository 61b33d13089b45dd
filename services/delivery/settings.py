"""The settings of the delivery service."""

from pydantic import Field

from shared.adapters.addresses import PORTS
from shared.door.settings import DoorSettings


class Settings(DoorSettings):
    """What the environment may set for the delivery service."""

    port: int = Field(PORTS["delivery"], ge=0, le=65_535, description="the port to listen at")
