"""Posts to addresses that somebody else has named: to none that only we can reach.

A name is resolved once, every address that it has is looked at, and the connection goes to one of
these: whoever answers for the name cannot answer otherwise in between. Nothing is followed, and no
more is read than how it was answered.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from shared.domain.errors import InvalidArgumentError

WITHIN: Final = 10.0
"""Seconds that a receiver has in all."""

LONGEST_LINE: Final = 1_024
LONGEST_URL: Final = 2_000

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_URL = re.compile(r"https?://[!-~]+", re.ASCII)
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})\b")
_CARRIES_V4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""Ranges whose last 32 bits are an address of the old kind, which a gateway goes to."""


class RefusedAddressError(InvalidArgumentError):
    """An address to which nothing is sent."""


def networks(text: str) -> tuple[Network, ...]:
    """Read networks, separated by commas; raises ValueError."""
    return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())


class Outward:
    """Posts to the whole internet, and to private addresses in the networks `allowed`."""

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def check(self, url: str) -> SplitResult:
        """Read where to post to; raises RefusedAddressError for what is no such address."""
        if len(url) > LONGEST_URL or _URL.fullmatch(url) is None:
            raise _refused("is no address such as https://host/path, in ASCII, at most 2,000 long")
        try:
            found = urlsplit(url)
            port = found.port
        except ValueError as error:
            raise _refused(f"cannot be read: {error}") from error
        if not found.hostname or found.username is not None or found.fragment or port == 0:
            raise _refused("has no host, or has a user, a fragment or port 0")
        if found.scheme == "http" and not self._allowed:
            raise _refused("is not https: what is told would be read on its way")
        try:
            written = ipaddress.ip_address(found.hostname)
        except ValueError:
            return found  # A name: where it leads is found out each time.
        self._check_address(written, found.scheme)
        return found

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Post, and give the status that it was answered with.

        Raises RefusedAddressError, or OSError, TimeoutError, ValueError where nobody answers so.
        """
        where = self.check(url)
        async with asyncio.timeout(WITHIN):
            address = await self._resolved(where)
            return await _post(where, str(address), headers, body)

    async def _resolved(self, where: SplitResult) -> Address:
        """Give an address of a host, of which none may be one that only we can reach."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(where.hostname, _port(where), type=socket.SOCK_STREAM)
        # The zone of a local address (%eth0) is no part of it.
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        for address in addresses:
            self._check_address(address, where.scheme)
        if not addresses:
            raise OSError("the name has no address")
        return addresses[0]

    def _check_address(self, address: Address, scheme: str) -> None:
        if any(address in network for network in self._allowed):
            return
        if not is_public(address):
            raise _refused(f"leads to {address}, which is private. VBP_WEBHOOK_NETWORKS allows")
        if scheme == "http":
            raise _refused("is not https: what is told would be read on its way")


def is_public(address: Address) -> bool:
    """Say whether anybody on the internet could reach an address, whatever it is wrapped in."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if wrapped is None and any(address in network for network in _CARRIES_V4):
            wrapped = IPv4Address(int(address) & 0xFFFF_FFFF)
        if wrapped is not None:
            return is_public(wrapped)
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def _post(where: SplitResult, address: str, headers: Mapping[str, str], body: bytes) -> int:
    secure = ssl.create_default_context() if where.scheme == "https" else None
    reader, writer = await asyncio.open_connection(
        address,
        _port(where),
        ssl=secure,
        server_hostname=where.hostname if secure else None,
        limit=LONGEST_LINE,
    )
    try:
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        told = {
            "host": where.netloc,
            "content-type": "application/json",
            "content-length": str(len(body)),
            "connection": "close",
            **headers,
        }
        lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode("ascii") + body)
        await writer.drain()
        found = _STATUS.match(await reader.readline())
    finally:
        writer.transport.abort()
    if found is None:
        raise ValueError("the answer is no HTTP/1.1")
    return int(found[1])


def _port(where: SplitResult) -> int:
    return where.port or (443 if where.scheme == "https" else 80)


def _refused(problem: str) -> RefusedAddressError:
    return RefusedAddressError(f"url: {problem}")
