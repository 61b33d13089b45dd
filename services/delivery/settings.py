"""The settings of the delivery service."""

from pydantic import Field

from shared.adapters.addresses import PORTS, TALLY_PORTS
from shared.door.settings import DoorSettings
from shared.tally.settings import Port, TallySettings


class Settings(DoorSettings):
    """What the environment may set for the delivery service."""

    port: int = Field(PORTS["delivery"], ge=0, le=65_535, description="the port to listen at")


class WorkerSettings(TallySettings):
    """What the environment may set for the delivery worker."""

    metrics_port: Port = Field(
        TALLY_PORTS["delivery"], description="the port of metrics and health"
    )
