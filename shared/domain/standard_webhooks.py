"""How messages over HTTP are signed, as Standard Webhooks 1.0 has it (HMAC-SHA-256, `v1`)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

PREFIX = "whsec_"


def shown(secret: bytes) -> str:
    """Write a secret as its receiver is given it."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(secrets: Iterable[bytes], message: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """Give the headers of a message that is sent at an instant, signed with each secret."""
    stamp = str(int(at.timestamp()))
    content = f"{message}.{stamp}.".encode() + body
    signed = (hmac.digest(secret, content, hashlib.sha256) for secret in secrets)
    return {
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signed),
    }
