"""The settings that say whom a service asks who they are."""

import ipaddress
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.domain.errors import InvalidArgumentError

Mode = Literal["closed", "local", "required"]


class IdentitySettings(BaseSettings):
    """How a service finds out who asks, from the environment (VBP_IDENTITY, …)."""

    model_config = SettingsConfigDict(env_prefix="VBP_", frozen=True)

    identity: Mode = Field(
        "closed",
        description="closed: nobody is admitted; required: everybody shows a key or a token; local:"
        " whoever reaches 127.0.0.1 may do all, and the service listens nowhere else",
    )
    token_issuer: str = Field("", description="iss of the tokens that are taken beside keys")
    token_audience: str = Field("", description="aud of these tokens: how the issuer names us")
    token_keys: str = Field(
        "",
        pattern=r"^$|^https://[^/@]+|^http://(127\.0\.0\.1|localhost)[:/]",
        description="https address of the issuer's public keys (JWKS)",
    )
    token_type: str = Field("at+jwt", min_length=1, description="typ of these tokens")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [self.token_issuer, self.token_audience, self.token_keys]
        if any(given) and not all(given):
            raise ValueError(
                "VBP_TOKEN_ISSUER, VBP_TOKEN_AUDIENCE and VBP_TOKEN_KEYS go together: set all "
                "three, or none where only keys are taken"
            )
        return self


def check_address(settings: IdentitySettings, host: str) -> None:
    """Raise InvalidArgumentError where nobody is asked who they are, and others can reach us."""
    if settings.identity == "local" and not is_loopback(host):
        raise InvalidArgumentError(
            f"VBP_IDENTITY: local admits whoever reaches the service, and VBP_HOST={host} lets "
            "others do so. Set VBP_IDENTITY=required, or VBP_HOST=127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Say whether an address to listen at is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
