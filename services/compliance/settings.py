"""Settings of the compliance service, from the environment: `VBP_DATABASE` and so on."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.adapters.addresses import PORTS
from shared.adapters.cluster_settings import ClusterSettings
from shared.adapters.identity.settings import SignInSettings
from shared.adapters.outward import networks

Port = Annotated[int, Field(ge=1, le=65_535)]


WORKER = "compliance-worker"
"""The user of the brokers that a worker is."""


class LawSettings(BaseSettings):
    """Where the law is read from: all that a replay wants to know of an installation."""

    model_config = SettingsConfigDict(env_prefix="VBP_", frozen=True)

    calendars: Path | None = Field(
        None,
        description="Folder of the operator's own years of working days (vbp calendar import); "
        "they go before the shipped ones. Workers, API and replays must read the same",
    )

    @field_validator(
        "calendars",
        "key_file",
        "anchor_key",
        "anchor_file",
        "sign_in_secret_file",
        "pack_key",
        "kafka_secrets",
        mode="before",
        check_fields=False,
    )
    @classmethod
    def _set(cls, told: object) -> object:
        # An empty variable is none; as a path it would be the folder one happens to be in.
        return told or None


class Settings(LawSettings, SignInSettings, ClusterSettings):
    """What differs between installations; read once at the start and passed down."""

    database: str = Field(
        "postgresql://vbp@127.0.0.1:5432/vbp",
        min_length=1,
        repr=False,
        description="DSN of PostgreSQL; it may hold a password, so it is never shown",
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
    orders_url: str = Field(
        f"http://127.0.0.1:{PORTS['orders']}",
        pattern=r"^https?://[^/]+",
        description="Where the orders service answers, for the bulletin's figures, and takes the "
        "exemptions that officers grant",
    )
    delivery_url: str = Field(
        f"http://127.0.0.1:{PORTS['delivery']}",
        pattern=r"^https?://[^/]+",
        description="Where the delivery service answers, for the bulletin's figures",
    )
    key_file: Path | None = Field(
        None,
        description="File with the API key that is shown to orders and delivery: roles auditor and "
        "publisher, source /console",
    )
    anchor_key: Path | None = Field(
        None,
        description="File of the Ed25519 key that anchors of the history are signed with, once an "
        "hour; without it there are none",
    )
    anchor_file: Path | None = Field(
        None,
        description="File outside the database's reach that anchors are written to, line by line",
    )
    pack_key: Path | None = Field(
        None,
        description="File of the Ed25519 key that evidence packs are signed with (vbp pack key)",
    )
    webhook_networks: str = Field(
        "",
        description="Private networks that webhooks may go to, by http as well, separated by "
        "commas: 10.0.0.0/8,127.0.0.0/8; without it they go to the internet alone",
    )
    log_level: str = Field("info", description="debug, info, warning or error")

    @field_validator("webhook_networks")
    @classmethod
    def _are_networks(cls, told: str) -> str:
        networks(told)
        return told
