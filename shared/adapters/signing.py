"""Ed25519 keys in files of PEM: the private one that signs, the public ones that are trusted."""

from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

from shared.domain.errors import SetupError

UNREADABLE = (OSError, ValueError, TypeError, UnsupportedAlgorithm)


def private_key(path: Path, setting: str, remedy: str) -> Ed25519PrivateKey:
    """Read the key that a setting names; raises SetupError that names setting, file and remedy."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except UNREADABLE as error:
        problem = f"{setting}: {path} holds no private key in PEM without a password ({error})"
        raise SetupError(f"{problem}; {remedy}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SetupError(f"{setting}: the key in {path} is no Ed25519 key; {remedy}")
    return key


def public_keys(paths: Iterable[Path]) -> list[Ed25519PublicKey]:
    """Read public keys, one a file; raises SetupError that names the file."""
    keys = []
    for path in paths:
        try:
            key = load_pem_public_key(path.read_bytes())
        except UNREADABLE as error:
            raise SetupError(f"{path}: holds no public key in PEM ({error})") from error
        if not isinstance(key, Ed25519PublicKey):
            raise SetupError(f"{path}: holds no Ed25519 key")
        keys.append(key)
    return keys
