"""The settings that say where Apache Kafka is, and as whom a process comes to it."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.adapters.cluster import Cluster


class ClusterSettings(BaseSettings):
    """Where Apache Kafka is, and how a process shows it who it is (VBP_KAFKA, VBP_KAFKA_…)."""

    model_config = SettingsConfigDict(env_prefix="VBP_", frozen=True)

    kafka: str = Field(
        "127.0.0.1:9092",
        min_length=1,
        description="Brokers to bootstrap from, host:port, separated by commas",
    )
    kafka_security: Literal["plaintext", "sasl_ssl"] = Field(
        "plaintext",
        description="plaintext: the brokers ask nobody who they are; sasl_ssl: over TLS, by a "
        "password (SCRAM-SHA-512)",
    )
    kafka_secrets: Path | None = Field(
        None,
        description="Folder with the authority's certificate, ca.pem, and USER.password",
    )
    kafka_user: str = Field(
        "", description="User of the brokers; else each process is the user of its own name"
    )

    @field_validator("kafka_secrets", mode="before")
    @classmethod
    def _named(cls, told: object) -> object:
        # An empty variable is none; as a path it would be the folder one happens to be in.
        return told or None

    @model_validator(mode="after")
    def _whole_security(self) -> Self:
        if (self.kafka_security == "sasl_ssl") != (self.kafka_secrets is not None):
            raise ValueError(
                "VBP_KAFKA_SECURITY=sasl_ssl and VBP_KAFKA_SECRETS go together: set both, or none "
                "where the brokers ask nobody who they are"
            )
        return self

    def cluster(self, usual: str) -> Cluster:
        """Give the brokers, to a process that is the user `usual` unless a setting says another."""
        return Cluster(self.kafka, self.kafka_user or usual, self.kafka_secrets)
