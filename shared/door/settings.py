"""The settings of a door."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DoorSettings(BaseSettings):
    """The settings of a door, from the environment (VBP_KAFKA, …); unknown keys are ignored."""

    model_config = SettingsConfigDict(env_prefix="VBP_", extra="ignore", frozen=True)

    kafka: str = Field("127.0.0.1:9092", description="where Apache Kafka listens, host:port")
    host: str = Field("127.0.0.1", description="the address to listen at")
    port: int = Field(8000, ge=0, le=65_535, description="the port to listen at")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    publish_seconds: float = Field(
        10, gt=0, le=600, description="how long the broker may take before the answer is 503"
    )
