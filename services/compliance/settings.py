"""Settings of the compliance service, from the environment: `VBP_DATABASE` and so on."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.adapters.addresses import PORTS

Port = Annotated[int, Field(ge=1, le=65_535)]


class Settings(BaseSettings):
    """What differs between installations; read once at the start and passed down."""

    model_config = SettingsConfigDict(env_prefix="VBP_", frozen=True)

    database: str = Field(
        "postgresql://vbp@127.0.0.1:5432/vbp",
        min_length=1,
        repr=False,
        description="DSN of PostgreSQL; it may hold a password, so it is never shown",
    )
    kafka: str = Field(
        "127.0.0.1:9092",
        min_length=1,
        description="Brokers to bootstrap from, host:port, separated by commas",
    )
    host: str = Field(
        "127.0.0.1", description="Address to serve on; 0.0.0.0 opens it to the network"
    )
    port: Port = Field(PORTS["compliance"], description="Port of the violations API")
    metrics_port: Port = Field(PORTS["worker"], description="Port of the worker's /metrics")
    group: str = Field(
        "vbp-compliance",
        min_length=1,
        description="Consumer group that the workers of one database share",
    )
    accept_dead_letters: int = Field(
        0, ge=0, description="Invalid messages to pass over before their share stops the worker"
    )
    log_level: str = Field("info", description="debug, info, warning or error")
