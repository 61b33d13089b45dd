"""The settings that say whom a service asks who they are."""

import ipaddress
import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.domain.errors import InvalidArgumentError

Mode = Literal["closed", "local", "required"]


SAFE = re.compile(r"^$|^https://[^/@?#]+|^http://(127\.0\.0\.1|[a-z0-9-]+)(:[0-9]+)?/")
"""An address of the issuer: encrypted, on this machine, or at a host without a dot, such as the
containers of one network have."""


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
        pattern=SAFE.pattern,
        description="https address of the issuer's public keys (JWKS)",
    )
    requests_per_second: int = Field(
        100,
        ge=1,
        le=100_000,
        description="requests of one key or person that a process answers a second, ten seconds' "
        "worth at once; more get 429",
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


class SignInSettings(IdentitySettings):
    """How people sign in to the console: by the issuer of tokens (OpenID Connect)."""

    sign_in_url: str = Field(
        "",
        pattern=r"^$|^https://[^/@?#]+$|^http://(127\.0\.0\.1|localhost)(:[0-9]+)?$",
        description="Where a browser finds the console, without a path: https://vbp.example",
    )
    sign_in_client: str = Field("", description="What the issuer calls the console (client id)")
    sign_in_discovery: str = Field(
        "",
        pattern=SAFE.pattern,
        description="Address of the issuer's openid-configuration, which names where to sign in",
    )
    sign_in_secret_file: Path | None = Field(
        None, description="File with the console's secret at the issuer, where it asks for one"
    )
    sign_in_hours: int = Field(
        8, ge=1, le=24, description="Hours after which somebody who signed in must do so again"
    )

    @property
    def signs_in(self) -> bool:
        """Whether people sign in at the console."""
        return bool(self.sign_in_url)

    @property
    def sign_in_host(self) -> str:
        """The `Host` under which browsers reach the console."""
        return urlsplit(self.sign_in_url).netloc.lower()

    @model_validator(mode="after")
    def _whole_sign_in(self) -> Self:
        given = [self.sign_in_url, self.sign_in_client, self.sign_in_discovery]
        if any(given) and not all(given):
            raise ValueError(
                "VBP_SIGN_IN_URL, VBP_SIGN_IN_CLIENT and VBP_SIGN_IN_DISCOVERY go together: set "
                "all three, or none where nobody signs in at the console"
            )
        if self.signs_in and (self.identity != "required" or not self.token_issuer):
            raise ValueError(
                "VBP_SIGN_IN_URL: people sign in only where VBP_IDENTITY=required and "
                "VBP_TOKEN_ISSUER, …_AUDIENCE and …_KEYS are set. Set them too"
            )
        if self.signs_in and self.sign_in_client == self.token_audience:
            # What proves to the console who signed in must not open the API, nor the reverse.
            raise ValueError(
                "VBP_SIGN_IN_CLIENT: must differ from VBP_TOKEN_AUDIENCE. Have the issuer name "
                "the console and the API differently"
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
