"""Apache Kafka's brokers: where they are, and by what a process shows them who it is."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from shared.domain.errors import SetupError

MECHANISM = "SCRAM-SHA-512"
AUTHORITY = "ca.pem"
"""The file in the folder of secrets that says which brokers are ours."""


@dataclass(frozen=True)
class Cluster:
    """Brokers as one user of them sees them; without `secrets` they ask nobody who they are.

    `servers` is `host:port`, separated by commas. `secrets` is the folder with `ca.pem` and the
    user's password, `USER.password`.
    """

    servers: str
    user: str = ""
    secrets: Path | None = None

    @override
    def __str__(self) -> str:
        return f"{self.servers} (as {self.user})" if self.secrets else self.servers

    def security(self) -> dict[str, Any]:
        """Give what aiokafka's clients must know to be let in; raises SetupError for a file.

        The files are read each time: who connects anew does so by what they hold then.
        """
        if self.secrets is None:
            return {}
        return {
            "security_protocol": "SASL_SSL",
            "ssl_context": self._trusting(self.secrets / AUTHORITY),
            "sasl_mechanism": MECHANISM,
            "sasl_plain_username": self.user,
            "sasl_plain_password": _read(password_file(self.secrets, self.user)),
        }

    @staticmethod
    def _trusting(file: Path) -> ssl.SSLContext:
        # The file's own text: OpenSSL says of a file that is not there only that something is not.
        try:
            return ssl.create_default_context(cadata=_read(file))
        except ssl.SSLError as error:
            raise SetupError(
                f"{file}: holds no certificate ({error.reason}). Put there the certificate of the "
                "authority that signed the brokers' own, as PEM"
            ) from error


Bootstrap = str | Cluster
"""Brokers to connect to: by their mere address they are ones that ask nobody who they are."""


def options(bootstrap: Bootstrap) -> dict[str, Any]:
    """Give where to connect to, and all that it takes, as aiokafka's clients are told it."""
    if isinstance(bootstrap, str):
        return {"bootstrap_servers": bootstrap}
    return {"bootstrap_servers": bootstrap.servers, **bootstrap.security()}


def password_file(secrets: Path, user: str) -> Path:
    """Name the file that holds a user's password."""
    return secrets / f"{user}.password"


def _read(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SetupError(f"{file}: cannot be read ({reason}). {_REMEDY}") from error
    if not text:
        raise SetupError(f"{file}: is empty. {_REMEDY}")
    return text


_REMEDY = "VBP_KAFKA_SECRETS names its folder; `vbp bus keys` makes what belongs there"
