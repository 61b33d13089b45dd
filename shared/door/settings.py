"""The settings of a door, and with them the bounds that no client can move."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.adapters.cluster_settings import ClusterSettings
from shared.adapters.identity.settings import IdentitySettings


class DoorSettings(IdentitySettings, ClusterSettings):
    """The settings of a door, from the environment (VBP_KAFKA, …); unknown keys are ignored."""

    model_config = SettingsConfigDict(extra="ignore")

    database: str = Field(
        "postgresql://vbp@127.0.0.1:5432/vbp",
        min_length=1,
        repr=False,
        description="DSN of PostgreSQL: keys, figures, and who asked for them; it may hold a "
        "password",
    )
    host: str = Field("127.0.0.1", description="the address to listen at")
    port: int = Field(8000, ge=0, le=65_535, description="the port to listen at")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    publish_seconds: float = Field(
        10, gt=0, le=600, description="how long the broker may take before the answer is 503"
    )
    max_connections: int = Field(
        1_000, ge=10, le=50_000, description="open connections; more and the idlest is closed"
    )
    max_connections_per_client: int = Field(
        250,
        ge=2,
        le=50_000,
        description="open connections of one address; all come from one behind a proxy",
    )
    max_requests: int = Field(
        200, ge=1, le=10_000, description="requests with events at a time; more get 429"
    )
    room_mib: int = Field(
        16, ge=8, le=4_096, description="MiB of bodies held at a time; others wait for their turn"
    )
    wait_seconds: float = Field(
        120, gt=0, le=600, description="how long a request may wait for its turn before it gets 429"
    )
    body_seconds: float = Field(
        30,
        gt=0,
        le=600,
        description="how long a body may keep the door waiting in all, beside 1 s for each 16 KiB",
    )
    max_stream_mib: int = Field(
        1_024, ge=1, le=1 << 20, description="MiB that one stream may hold, unpacked"
    )
    max_ratio: int = Field(
        100, ge=1, le=1_100, description="how many times its size gzip may unpack to, above 1 MiB"
    )
    max_refused: int = Field(
        1_000, ge=1, le=10**9, description="refused events after which a request is read no further"
    )
    results_mib: int = Field(
        32, ge=1, le=1 << 20, description="MiB in /tmp for the results of all requests, packed"
    )
