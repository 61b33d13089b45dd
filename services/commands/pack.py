"""`vbp verify` and `vbp pack key`: evidence packs, checked without server and database."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from services.commands.terminal import counted, say
from services.compliance.findings import container, pack
from services.compliance.findings.anchor import fingerprint
from shared.adapters import signing
from shared.domain.errors import InvalidArgumentError


def verify(path: Path, trusted: Sequence[Path]) -> bool:
    """Print a line for each thing that is not as it was signed; gives whether all is.

    Raises InvalidArgumentError for a file that holds no key, or a pack beyond all bounds.
    """
    keys = {fingerprint(key): key for key in signing.public_keys(trusted)}
    if path.stat().st_size > container.MOST_BYTES:
        raise InvalidArgumentError(f"{path}: is larger than any pack (1 GiB)")
    verdict = pack.verify(path.read_bytes(), keys)
    for problem in verdict.problems:
        sys.stdout.write(f"{problem}\n")
    if verdict.problems or verdict.manifest is None:
        say(f"{path}: {counted(len(verdict.problems), 'problem')} found")
        return False
    told = verdict.manifest
    then = "" if told.as_of is None else f" as known at {told.as_of}"
    unkept = f", of {verdict.unkept} the data were not kept any more" if verdict.unkept else ""
    files = f", {counted(verdict.attachments, 'attachment')}" if verdict.attachments else ""
    if verdict.left_out:
        files += f", of {verdict.left_out} the hash alone"
    say(
        f"{path}: violation {told.violation}{then}, {counted(told.lines, 'line')} of history, "
        f"{counted(verdict.facts, 'fact')}{unkept}{files}: "
        f"all is as it was signed with key {told.key}"
    )
    return True


def make_key(path: Path) -> None:
    """Write a new private key, for its owner's eyes alone, and beside it the public one.

    Raises InvalidArgumentError where a file is there already.
    """
    public = path.with_name(f"{path.name}.pub")
    for place in (path, public):
        # Before either is written: a public key of another beside a private one would mislead.
        if place.exists():
            raise _there(place)
    key = Ed25519PrivateKey.generate()
    told = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for place, held, mode in (
        (public, _public_pem(key.public_key()), 0o644),
        (path, told, 0o600),
    ):
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            raise _there(place) from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(held)
    say(f"{path}: the private key; set VBP_PACK_KEY to it. Nobody else should read it")
    say(f"{public}: the public key {fingerprint(key.public_key())}, for all who check packs")


def _there(place: Path) -> InvalidArgumentError:
    problem = f"{place}: is there already; packs signed with it could not be checked any more"
    return InvalidArgumentError(f"{problem}. Name another file")


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
