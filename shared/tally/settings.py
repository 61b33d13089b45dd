"""What the environment may set for a worker that tallies."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.adapters.cluster_settings import ClusterSettings

Port = Annotated[int, Field(ge=1, le=65_535)]


class TallySettings(ClusterSettings):
    """Where it reads, where it writes, and where it tells how it is."""

    model_config = SettingsConfigDict(extra="ignore")

    database: str = Field(
        "postgresql://vbp@127.0.0.1:5432/vbp",
        min_length=1,
        repr=False,
        description="DSN of PostgreSQL; it may hold a password, so it is never shown",
    )
    host: str = Field("127.0.0.1", description="the address of /metrics and health")
    metrics_port: Port = Field(9000, description="the port of both")
    group: str = Field("vbp", min_length=1, description="how the names of consumer groups begin")
    log_level: str = Field("info", description="debug, info, warning or error")
