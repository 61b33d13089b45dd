"""Ed25519 keys in files of PEM: the private one that signs, the public ones that are trusted."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

from shared.domain.errors import InvalidArgumentError, SetupError

_BEGIN = b"-----BEGIN PUBLIC KEY-----"

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
    """Read public keys, one or several a file; raises InvalidArgumentError that names the file."""
    return [key for path in paths for key in _public_keys(path)]


def _public_keys(path: Path) -> Iterator[Ed25519PublicKey]:
    try:
        _, *told = path.read_bytes().split(_BEGIN)
    except OSError as error:
        raise InvalidArgumentError(f"{path}: holds no public key in PEM ({error})") from error
    if not told:
        raise InvalidArgumentError(f"{path}: holds no public key in PEM (BEGIN PUBLIC KEY)")
    for number, part in enumerate(told, 1):
        try:
            key = load_pem_public_key(_BEGIN + part)
        except UNREADABLE as error:
            raise InvalidArgumentError(f"{path}: key {number} cannot be read ({error})") from error
        if not isinstance(key, Ed25519PublicKey):
            raise InvalidArgumentError(f"{path}: key {number} is no Ed25519 key")
        yield key
