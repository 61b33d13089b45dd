"""The settings of the orders service."""

from pydantic import Field

from shared.adapters.addresses import PORTS, TALLY_PORTS
from shared.door.settings import DoorSettings
from shared.tally.settings import Port, TallySettings


class Settings(DoorSettings):
    """What the environment may set for the orders service."""

    port: int = Field(PORTS["orders"], ge=0, le=65_535, description="the port to listen at")


class WorkerSettings(TallySettings):
    """What the environment may set for the orders worker."""

    metrics_port: Port = Field(TALLY_PORTS["orders"], description="of metrics and health")
