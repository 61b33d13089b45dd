"""The other side of a connection: whose it is, and whether it has left."""

import asyncio
import functools
import socket
from contextlib import suppress
from ipaddress import IPv6Address, ip_address

_CLOSED = {7, 8}
"""The states of TCP whose other side says no more: CLOSE and CLOSE_WAIT."""


@functools.lru_cache(1_024)
def origin_of(host: str) -> str:
    """Name a client by its address; whoever has one address of IPv6 has all 2^64 beside it."""
    with suppress(ValueError):
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address):
            return str(address.ipv4_mapped or int(address) >> 64)
    return host


def has_closed(transport: asyncio.BaseTransport) -> bool:
    """Ask the system, where it tells (Linux): reading would only tell after all that was sent."""
    connection = transport.get_extra_info("socket")
    try:
        state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    except (AttributeError, OSError):
        return False
    return state[0] in _CLOSED
