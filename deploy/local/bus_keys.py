"""What closes a bus: an authority, the certificate that it signs for brokers, users' passwords.

ca.pem  ca.key            the authority, and the key that it signs with
broker.pem                the brokers' key and certificate, made anew each time
USER.password             256 random bits
"""

import ipaddress
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.errors import StackError
from shared.adapters.cluster import AUTHORITY, password_file

AUTHORITY_KEY, BROKER = "ca.key", "broker.pem"
BROKER_NAME = "CN=vbp-broker"
"""As whom brokers know each other, and the controller them: by their certificate."""

AUTHORITY_FOR = timedelta(days=3_650)
BROKER_FOR = timedelta(days=397)
_EARLIER = timedelta(hours=1)
"""Certificates hold from then on: clocks of one network differ."""


def make(directory: Path, hosts: Sequence[str], users: Iterable[str]) -> None:
    """Make in a folder what is not there yet, and the brokers' certificate, for `hosts`, anew.

    Files are readable by this account only. Raises StackError where an authority is half there.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority, key = _authority(directory)
    _write(directory / BROKER, _certified(authority, key, hosts))
    for user in users:
        if not password_file(directory, user).exists():
            write_password(directory, user, new_password())


def new_password() -> str:
    """Make a password: 256 random bits."""
    return secrets.token_urlsafe(32)


def write_password(directory: Path, user: str, password: str) -> None:
    """Keep a user's password in a folder."""
    _write(password_file(directory, user), f"{password}\n".encode())


def _authority(directory: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    file, key_file = directory / AUTHORITY, directory / AUTHORITY_KEY
    if file.exists() != key_file.exists():
        raise StackError(f"{directory}: holds one of {AUTHORITY} and {AUTHORITY_KEY}, not both")
    if not file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("vbp authority of the bus")
        made = _begun(name, AUTHORITY_FOR).issuer_name(name).public_key(key.public_key())
        signed = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        signed = signed.add_extension(_usage(signs_certificates=True), critical=True)
        mine = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signed = signed.add_extension(mine, critical=False)
        _write(key_file, _pem(key))
        _write(file, signed.sign(key, hashes.SHA256()).public_bytes(form.Encoding.PEM))
    read = form.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(read, ec.EllipticCurvePrivateKey):
        raise StackError(f"{key_file}: is no key of ours. Move the folder away, and make another")
    return x509.load_pem_x509_certificate(file.read_bytes()), read


def _certified(
    authority: x509.Certificate, signing: ec.EllipticCurvePrivateKey, hosts: Sequence[str]
) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    made = _begun(_name(BROKER_NAME.removeprefix("CN=")), BROKER_FOR)
    made = made.issuer_name(authority.subject).public_key(key.public_key())
    made = made.add_extension(x509.SubjectAlternativeName(map(_host, hosts)), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    made = made.add_extension(_usage(signs_certificates=False), critical=True)
    # Who checks strictly looks for the authority by these.
    mine = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    made = made.add_extension(mine, critical=False)
    theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    made = made.add_extension(theirs, critical=False)
    return _pem(key) + made.sign(signing, hashes.SHA256()).public_bytes(form.Encoding.PEM)


def _begun(subject: x509.Name, lasting: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    begun = x509.CertificateBuilder().subject_name(subject)
    begun = begun.serial_number(x509.random_serial_number())
    return begun.not_valid_before(now - _EARLIER).not_valid_after(now + lasting)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())


def _write(file: Path, content: bytes) -> None:
    """Write a file at once or not at all, readable by this account only."""
    aside = file.with_name(f"{file.name}.new")
    aside.unlink(missing_ok=True)
    aside.touch(mode=0o600)
    aside.write_bytes(content)
    aside.replace(file)
